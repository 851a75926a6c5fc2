"""Outlook's autodiscovery by plain XML (POX) [MS-OXDSCLI]: an address in, the settings out.

Answers are given with HTTP's status 200 also when they tell an error, as Exchange does. What is not
understood gets the code 600, what asks for another kind of answer 601, and an
address that is not ours 500 [MS-OXDSCLI 2.2.4.1.1.3, ErrorCode]. Nobody learns who is here.
"""

from datetime import datetime
from xml.etree import ElementTree

from app.web.clients.access import MailAccess, MailPort

PATH = "/autodiscover/autodiscover.xml"
"""In lower case; programs write it in capitals, too."""
REQUEST = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
RESPONSE = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
LONGEST = 8_192
"""Octets of a question at most."""

_ENCRYPTION = {"tls": "SSL", "starttls": "TLS", "none": "None"}


class _NoDoctype(ElementTree.TreeBuilder):
    """Entities could make much of little; nobody needs them here."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ElementTree.ParseError("no document type is expected")


class _Refused(Exception):
    """What was asked cannot be answered: code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def answer(access: MailAccess, question: bytes, now: datetime) -> bytes:
    """The answer to a POST of this, as UTF-8; every octet string has one."""
    try:
        address = _address(question, access)
    except _Refused as problem:
        return _error(problem.code, str(problem), now)
    root = ElementTree.Element("Autodiscover", xmlns=RESPONSE)
    response = ElementTree.SubElement(root, "Response", xmlns=OUTLOOK)
    _add(ElementTree.SubElement(response, "User"), DisplayName=address)
    account = ElementTree.SubElement(response, "Account")
    _add(account, AccountType="email", Action="settings")
    for way in access.incoming()[:1]:
        _protocol(account, "POP3", access, way, address)
    for way in access.outgoing()[:1]:
        _protocol(account, "SMTP", access, way, address)
    return _octets(root)


def _address(question: bytes, access: MailAccess) -> str:
    """Whose settings are asked for. Raises _Refused."""
    if len(question) > LONGEST:
        raise _Refused(600, "Invalid Request")
    try:
        parser = ElementTree.XMLParser(target=_NoDoctype())
        root = ElementTree.fromstring(question, parser)
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise _Refused(600, "Invalid Request") from problem
    space = f"{{{REQUEST}}}"
    if root.tag != f"{space}Autodiscover":
        raise _Refused(600, "Invalid Request")
    address = (root.findtext(f"{space}Request/{space}EMailAddress") or "").strip()
    wanted = (root.findtext(f"{space}Request/{space}AcceptableResponseSchema") or "").strip()
    if not address:
        raise _Refused(600, "Invalid Request")
    if wanted != OUTLOOK:
        raise _Refused(601, "There is no provider for this kind of answer")
    if not access.is_ours(address):
        raise _Refused(500, "The e-mail address cannot be found")
    return address


def _protocol(
    account: ElementTree.Element, kind: str, access: MailAccess, way: MailPort, address: str
) -> None:
    protocol = ElementTree.SubElement(account, "Protocol")
    _add(
        protocol,
        Type=kind,
        Server=access.host,
        Port=str(way.port),
        DomainRequired="off",
        SPA="off",  # without it Outlook asks for a Windows login
        SSL="off" if way.security == "none" else "on",
        Encryption=_ENCRYPTION[way.security],
        AuthRequired="on" if way.login else "off",
    )
    if way.login:
        _add(protocol, LoginName=address)
    if kind == "SMTP":
        _add(protocol, UsePOPAuth="on" if way.login else "off", SMTPLast="off")


def _error(code: int, text: str, now: datetime) -> bytes:
    root = ElementTree.Element("Autodiscover", xmlns=RESPONSE)
    response = ElementTree.SubElement(root, "Response")
    at = now.strftime("%H:%M:%S.%f")
    error = ElementTree.SubElement(response, "Error", Time=at, Id="1")
    _add(error, ErrorCode=str(code), Message=text, DebugData="")
    return _octets(root)


def _add(parent: ElementTree.Element, **elements: str) -> None:
    for tag, text in elements.items():
        ElementTree.SubElement(parent, tag).text = text


def _octets(root: ElementTree.Element) -> bytes:
    octets: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets
