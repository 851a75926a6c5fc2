"""What each kind of mail program is told, in the form that its own documents give."""

import plistlib
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import dns.rdatatype
import dns.zone
import pytest

from app.web.clients import apple, autoconfig, autodiscover, dns_records
from app.web.clients.access import MailAccess, MailPort, as_now

NOW = datetime(2026, 11, 27, 16, 56, 32, 616402, UTC)
TLS = MailAccess(
    "box.test",
    ("box.test", "Example.org"),
    (
        MailPort("pop3", "pop3", 110, "starttls"),
        MailPort("pop3s", "pop3", 995, "tls"),
        MailPort("submission", "smtp", 587, "starttls"),
        MailPort("submissions", "smtp", 465, "tls"),
        MailPort("smtp", "smtp", 25, "none", login=False),
    ),
    14,
)
PLAIN = replace(
    TLS,
    ports=(
        MailPort("pop3", "pop3", 110, "none"),
        MailPort("smtp", "smtp", 25, "none", login=False),
    ),
)
QUESTION = (
    '<?xml version="1.0" encoding="utf-8"?>'
    f'<Autodiscover xmlns="{autodiscover.REQUEST}"><Request>'
    "<EMailAddress>anna@box.test</EMailAddress>"
    f"<AcceptableResponseSchema>{autodiscover.OUTLOOK}</AcceptableResponseSchema>"
    "</Request></Autodiscover>"
)


def test_ways_are_told_best_first_and_plain_ones_only_where_there_is_nothing_else() -> None:
    assert [way.port for way in TLS.incoming()] == [995, 110]
    assert [way.port for way in TLS.outgoing()] == [465, 587]
    assert [way.port for way in PLAIN.incoming() + PLAIN.outgoing()] == [110, 25]


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("anna@box.test", True),
        ("Anna.Lind+shop@EXAMPLE.ORG", True),
        ("anna@elsewhere.test", False),
        ("anna@box.test.elsewhere.test", False),
        ("box.test", False),
        ("@box.test", False),
        ("a b@box.test", False),
        ("<b>@box.test", False),
        ("a" * 65 + "@box.test", False),
    ],
)
def test_address_is_ours_by_its_domain(address: str, ours: bool) -> None:
    assert TLS.is_ours(address) is ours


def test_ports_are_those_really_listened_on(tmp_path: Path) -> None:
    told = tmp_path / "mail-ports.json"
    assert as_now(TLS, told) == TLS
    told.write_text('{"host": "127.0.0.1", "pop3s": 40995, "smtp": 40025}')
    found = {way.name: way.port for way in as_now(TLS, told).ports}
    assert found == {
        "pop3": 110,
        "pop3s": 40995,
        "submission": 587,
        "submissions": 465,
        "smtp": 40025,
    }
    told.write_text("torn")
    assert as_now(TLS, told) == TLS


# ---- Thunderbird


def server(found: ElementTree.Element) -> dict[str, str | None]:
    return {child.tag: child.text for child in found if not len(child)}


def test_autoconfig_says_what_a_thunderbird_asks_for() -> None:
    """Elements and their order of draft-ietf-mailmaint-autoconfig §3, `<pop3>` of Thunderbird."""
    root = ElementTree.fromstring(autoconfig.document(TLS, "http://box.test/setup"))
    assert (root.tag, root.attrib) == ("clientConfig", {"version": "1.1"})
    (provider,) = root
    assert (provider.tag, provider.get("id")) == ("emailProvider", "box.test")
    assert [domain.text for domain in provider.findall("domain")] == ["box.test", "Example.org"]
    incoming, outgoing = provider.findall("incomingServer"), provider.findall("outgoingServer")
    assert [one.get("type") for one in incoming + outgoing] == ["pop3", "pop3", "smtp", "smtp"]
    common = {
        "hostname": "box.test",
        "username": "%EMAILADDRESS%",
        "authentication": "password-cleartext",
    }
    assert [server(one) for one in incoming + outgoing] == [
        {**common, "port": "995", "socketType": "SSL"},
        {**common, "port": "110", "socketType": "STARTTLS"},
        {**common, "port": "465", "socketType": "SSL"},
        {**common, "port": "587", "socketType": "STARTTLS"},
    ]
    for one in incoming:
        (keeping,) = one.findall("pop3")
        assert server(keeping) == {
            "leaveMessagesOnServer": "true",
            "downloadOnBiff": "true",
            "daysToLeaveMessagesOnServer": "14",
        }
    assert (
        provider.find("documentation[@url='http://box.test/setup']/descr[@lang='en']") is not None
    )


def test_autoconfig_of_a_box_without_tls_names_no_login_to_send() -> None:
    provider = ElementTree.fromstring(autoconfig.document(replace(PLAIN, leave_days=0), "x"))[0]
    incoming, outgoing = provider.find("incomingServer"), provider.find("outgoingServer")
    assert incoming is not None and outgoing is not None
    assert server(incoming)["socketType"] == "plain"
    assert incoming.findtext("pop3/leaveMessagesOnServer") == "false"
    assert incoming.find("pop3/daysToLeaveMessagesOnServer") is None
    assert server(outgoing)["authentication"] == "client-IP-address"
    assert "username" not in server(outgoing)


SCHEMA = Path(__file__).with_name("autoconfig.rng")


def is_valid(document: bytes) -> bool:
    """Whether xmllint finds that a document keeps to the schema."""
    done = subprocess.run(
        ["xmllint", "--noout", "--relaxng", SCHEMA, "-"],
        input=document, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode in (0, 3), "3: it does not keep to it [xmllint(1)]"
    return done.returncode == 0


@pytest.mark.parametrize("access", [TLS, PLAIN, replace(TLS, leave_days=0)])
def test_autoconfig_keeps_to_what_thunderbird_reads(access: MailAccess) -> None:
    document = autoconfig.document(access, "http://192.0.2.1:2080/setup")
    assert is_valid(document)
    assert not is_valid(document.replace(b"<port>110</port>", b"<port>0</port>"))


# ---- Outlook


def answered(question: str | bytes, access: MailAccess = TLS) -> ElementTree.Element:
    octets = question.encode() if isinstance(question, str) else question
    root = ElementTree.fromstring(autodiscover.answer(access, octets, NOW))
    assert root.tag == f"{{{autodiscover.RESPONSE}}}Autodiscover"
    return root


def test_autodiscover_tells_an_outlook_both_servers() -> None:
    """[MS-OXDSCLI 2.2.4.1.1]; without SPA Outlook would ask for a Windows login."""
    space = {"o": autodiscover.OUTLOOK}
    root = answered(QUESTION)
    account = root.find("o:Response/o:Account", space)
    assert account is not None
    assert account.findtext("o:AccountType", "", space) == "email"
    assert account.findtext("o:Action", "", space) == "settings"
    found = [
        {child.tag.partition("}")[2]: child.text for child in protocol}
        for protocol in account.findall("o:Protocol", space)
    ]
    common = {
        "Server": "box.test", "DomainRequired": "off", "SPA": "off", "SSL": "on",
        "Encryption": "SSL", "AuthRequired": "on", "LoginName": "anna@box.test",
    }  # fmt: skip
    assert found == [
        {"Type": "POP3", "Port": "995", **common},
        {"Type": "SMTP", "Port": "465", **common, "UsePOPAuth": "on", "SMTPLast": "off"},
    ]


def test_autodiscover_of_a_box_without_tls_says_so() -> None:
    told = autodiscover.answer(PLAIN, QUESTION.encode(), NOW)
    assert told.count(b"<SSL>off</SSL><Encryption>None</Encryption>") == 2
    assert b"<AuthRequired>off</AuthRequired>" in told


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("", "600"),
        ("rubbish", "600"),
        ("<x/>", "600"),
        (QUESTION.replace(autodiscover.REQUEST, "urn:other"), "600"),
        (QUESTION.replace("anna@box.test", ""), "600"),
        (QUESTION[:-5], "600"),
        (QUESTION + " " * autodiscover.LONGEST, "600"),
        (b"\xff\xfe" + b"\xd8\x00" * 40, "600"),
        (QUESTION.replace("utf-8", "no-such-coding"), "600"),
        (
            QUESTION.replace("?>", '?><!DOCTYPE a [<!ENTITY b "bbbb">]>', 1).replace("anna", "&b;"),
            "600",
        ),
        (QUESTION.replace("outlook/responseschema", "mobilesync/responseschema"), "601"),
        (QUESTION.replace("anna@box.test", "anna@elsewhere.test"), "500"),
        (QUESTION.replace("anna@box.test", "&lt;b&gt;@box.test"), "500"),
    ],
)
def test_autodiscover_answers_what_it_cannot_serve_by_code(
    question: str | bytes, code: str
) -> None:
    error = answered(question).find(f"{{{autodiscover.RESPONSE}}}Response/*")
    assert error is not None and error.get("Time") == "16:56:32.616402"
    assert [child.tag.partition("}")[2] for child in error] == ["ErrorCode", "Message", "DebugData"]
    assert error[0].text == code and error[1].text


def test_autodiscover_reads_utf_16_as_well() -> None:
    octets = QUESTION.replace("utf-8", "utf-16").encode("utf-16")
    assert b"anna@box.test" in autodiscover.answer(TLS, octets, NOW)


# ---- Apple

MAIL_KEYS = {
    "EmailAccountType", "EmailAccountDescription", "EmailAddress", "disableMailRecentsSyncing",
    "IncomingMailServerHostName", "IncomingMailServerPortNumber", "IncomingMailServerUseSSL",
    "IncomingMailServerAuthentication", "IncomingMailServerUsername",
    "OutgoingMailServerHostName", "OutgoingMailServerPortNumber", "OutgoingMailServerUseSSL",
    "OutgoingMailServerAuthentication", "OutgoingMailServerUsername",
    "OutgoingPasswordSameAsIncomingPassword",
}  # fmt: skip
"""[Apple: Device Management, Mail]."""
PAYLOAD_KEYS = {"PayloadType", "PayloadVersion", "PayloadUUID", "PayloadIdentifier"}


def test_profile_sets_up_mail_and_brings_the_authority() -> None:
    found = plistlib.loads(apple.profile(TLS, "anna@box.test", b"certificate"))
    assert (found["PayloadType"], found["PayloadVersion"]) == ("Configuration", 1)
    authority, mail = found["PayloadContent"]
    assert authority["PayloadType"] == "com.apple.security.root"
    assert authority["PayloadContent"] == b"certificate"
    assert mail["PayloadType"] == "com.apple.mail.managed"
    assert mail.keys() == MAIL_KEYS | PAYLOAD_KEYS | {"PayloadDisplayName"}
    assert mail["EmailAccountType"] == "EmailTypePOP"
    assert (mail["IncomingMailServerPortNumber"], mail["IncomingMailServerUseSSL"]) == (995, True)
    assert (mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUseSSL"]) == (465, True)
    assert mail["IncomingMailServerUsername"] == mail["EmailAddress"] == "anna@box.test"
    assert mail["OutgoingPasswordSameAsIncomingPassword"] is True
    ids = [payload["PayloadUUID"] for payload in (found, authority, mail)]
    assert len(set(ids)) == 3


def test_profile_is_read_by_plistutil(tmp_path: Path) -> None:
    """By the library that others use for a telephone's files; told apart by the binary form."""
    octets, binary = apple.profile(TLS, "anna@box.test", bytes(range(256))), tmp_path / "binary"
    subprocess.run(["plistutil", "-i", "-", "-o", binary, "-f", "bin"], input=octets, check=True)
    assert binary.read_bytes().startswith(b"bplist00")
    assert plistlib.loads(binary.read_bytes()) == plistlib.loads(octets)


def test_profile_for_anybody_lets_the_device_ask_and_holds_no_password() -> None:
    (mail,) = plistlib.loads(apple.profile(PLAIN, "", None))["PayloadContent"]
    assert not {"EmailAddress", "IncomingMailServerUsername"} & mail.keys()
    assert mail["OutgoingMailServerAuthentication"] == "EmailAuthNone"
    assert not {"IncomingPassword", "OutgoingPassword"} & mail.keys()


def test_profile_replaces_itself_and_no_other() -> None:
    def identity(access: MailAccess, address: str) -> str:
        return str(plistlib.loads(apple.profile(access, address, None))["PayloadIdentifier"])

    assert identity(TLS, "anna@box.test") == identity(PLAIN, "anna@box.test")
    others = {identity(TLS, "ben@box.test"), identity(replace(TLS, host="b.test"), "anna@box.test")}
    assert identity(TLS, "anna@box.test") not in others and len(others) == 2


# ---- DNS


def services(access: MailAccess, https_port: int) -> dict[str, list[str]]:
    """What dnspython reads in the records, by name."""
    soa = ["@ 3600 IN SOA ns.test. a.test. 1 1 1 1 1", "@ 3600 IN NS ns.test."]
    lines = soa + dns_records.records(access, "example.org", https_port)
    zone = dns.zone.from_text("\n".join(lines) + "\n", origin="example.org.", relativize=False)
    kinds = (dns.rdatatype.SRV, dns.rdatatype.CNAME)
    return {
        str(name).removesuffix(".example.org."): sorted(str(data) for data in found)
        for kind in kinds
        for name, found in zone.iterate_rdatasets(kind)
    }


def test_dns_records_name_every_way_with_the_best_one_first() -> None:
    assert services(TLS, 443) == {
        "_pop3s._tcp": ["0 1 995 box.test."],
        "_pop3._tcp": ["1 1 110 box.test."],
        "_submissions._tcp": ["0 1 465 box.test."],
        "_submission._tcp": ["1 1 587 box.test."],
        "_imap._tcp": ["0 0 0 ."],
        "_imaps._tcp": ["0 0 0 ."],
        "_autodiscover._tcp": ["0 0 443 box.test."],
        "autoconfig": ["box.test."],
    }


def test_dns_records_send_nobody_to_a_port_that_takes_no_login() -> None:
    found = services(PLAIN, 0)
    assert found.keys() == {"_pop3._tcp", "_imap._tcp", "_imaps._tcp", "autoconfig"}
