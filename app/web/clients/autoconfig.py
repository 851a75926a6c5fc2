"""Thunderbird's autoconfiguration, which Evolution, KMail, K-9 and others read, too.

The format is that of draft-ietf-mailmaint-autoconfig §3 ("config-v1.1.xml"); `<pop3>` with the days
that messages stay on the server is Thunderbird's [mail/components/accountcreation, readFromXML].
The file names nobody: a program puts the address in by itself where it says %EMAILADDRESS%.
"""

from xml.etree import ElementTree

from app.web.clients.access import MailAccess, MailPort

PATHS = ("/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml")
"""Of autoconfig.DOMAIN, and of DOMAIN itself."""

_SOCKET = {"tls": "SSL", "starttls": "STARTTLS", "none": "plain"}


def document(access: MailAccess, page: str) -> bytes:
    """The file, as UTF-8; `page` is the URL of the page that tells people more."""
    root = ElementTree.Element("clientConfig", version="1.1")
    provider = ElementTree.SubElement(root, "emailProvider", id=access.domains[0])
    for domain in access.domains:
        _add(provider, "domain", domain)
    _add(provider, "displayName", f"Mail and voicemail of {access.host}")
    _add(provider, "displayShortName", access.host)
    for way in access.incoming():
        server = _server(provider, "incomingServer", access.host, way)
        keeping = ElementTree.SubElement(server, "pop3")
        _add(keeping, "leaveMessagesOnServer", str(access.leave_days > 0).lower())
        _add(keeping, "downloadOnBiff", "true")
        if access.leave_days:
            _add(keeping, "daysToLeaveMessagesOnServer", str(access.leave_days))
    for way in access.outgoing():
        _server(provider, "outgoingServer", access.host, way)
    documentation = ElementTree.SubElement(provider, "documentation", url=page)
    _add(documentation, "descr", "How to set up a mail program", lang="en")
    octets: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets


def _server(
    provider: ElementTree.Element, tag: str, host: str, way: MailPort
) -> ElementTree.Element:
    server = ElementTree.SubElement(provider, tag, type=way.protocol)
    _add(server, "hostname", host)
    _add(server, "port", str(way.port))
    _add(server, "socketType", _SOCKET[way.security])
    if way.login:
        _add(server, "username", "%EMAILADDRESS%")
        _add(server, "authentication", "password-cleartext")
    else:
        _add(server, "authentication", "client-IP-address")
    return server


def _add(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = text
