"""What the box says of strangers' senders: in the mail, and in the ARC set of what is sent on."""

import asyncio
import re
import smtplib
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.mail.spf import sender
from app.message.authentication_results import made, own_spf, without_forged
from app.message.headers import fields
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox

ZONE = {("good.net", "TXT"): ['"v=spf1 ip4:127.0.0.1 -all"'], ("bad.net", "TXT"): ['"v=spf1 -all"']}
REST = b"From: Carl <carl@good.net>\r\nSubject: x\r\n\r\nbody\r\n"


def kept(directory: Path, octets: bytes, sender: str, lan: tuple[str, ...] = ()) -> bytes:
    with DnsZone(ZONE) as zone, MailBox(directory, resolver=zone.resolver(), lan=lan) as box:
        box.send(octets, "anna@box.test", sender=sender)
        (entry,) = box.inbox("anna")
        return box.octets(entry)


@pytest.mark.parametrize(("domain", "result"), [("good.net", "pass"), ("bad.net", "fail")])
def test_a_strangers_mail_says_what_spf_found_and_is_taken(
    tmp_path: Path, domain: str, result: str
) -> None:
    octets = kept(tmp_path, REST, f"carl@{domain}")
    told = f"Authentication-Results: box.test;\r\n\tspf={result} smtp.mailfrom={domain}\r\n"
    assert re.search(rb"Delivered-To: [^\n]+\n" + re.escape(told.encode()) + rb"Received: ", octets)
    assert octets.endswith(REST)


def test_mail_of_the_lan_says_nothing(tmp_path: Path) -> None:
    octets = kept(tmp_path, REST, "carl@bad.net", lan=("127.0.0.0/8",))
    assert b"Authentication-Results" not in octets


@pytest.mark.parametrize("lan", [("127.0.0.0/8",), ()])
def test_what_a_mail_says_in_our_name_is_taken_out(tmp_path: Path, lan: tuple[str, ...]) -> None:
    forged = b"Authentication-Results: box.test;\r\n\tspf=pass smtp.mailfrom=bank.net\r\n"
    other = b"Authentication-Results: mx.else.net; spf=pass smtp.mailfrom=anna@box.test\r\n"
    octets = kept(tmp_path, forged + other + forged + REST, "carl@bad.net", lan)
    assert b"bank.net" not in octets
    assert octets.endswith(other + REST)


def test_a_header_too_long_to_be_read_whole_is_cleaned_as_far_as_it_is_read(
    tmp_path: Path,
) -> None:
    forged = b"Authentication-Results: box.test; spf=pass smtp.mailfrom=bank.net\r\n"
    octets = kept(tmp_path, forged + b"X-Y: z\r\n" * 20_000 + REST, "carl@bad.net")
    assert b"bank.net" not in octets and octets.endswith(REST)


@pytest.mark.parametrize(
    "value",
    [
        b"box.test; spf=pass", b" BOX.TEST 1; spf=pass", b"\r\n (a; b) box.test (c) ; spf=pass",
        b'"box.test"; spf=pass', b'"b\\ox.test"; spf=pass', b"box.test", b"(;)box.test;spf=pass",
    ],
)  # fmt: skip
def test_a_forged_field_is_known_however_it_is_written(value: bytes) -> None:
    head = b"authentication-RESULTS:" + value + b"\r\n" + REST[:28]
    assert without_forged(head, "box.test") == REST[:28]


@pytest.mark.parametrize(
    "value",
    [
        b"mybox.test; spf=pass",
        b"box.test.far.net; spf=pass",
        b"far.net; spf=pass smtp.helo=box.test",
    ],
)
def test_what_others_say_stays(value: bytes) -> None:
    head = b"Authentication-Results: " + value + b"\r\n" + REST[:28]
    assert without_forged(head, "box.test") == head


def test_only_our_own_words_are_handed_on() -> None:
    own = made("box.test", "spf=pass smtp.mailfrom=far.net")
    assert own_spf(fields(own + REST), "box.test") == "spf=pass smtp.mailfrom=far.net"
    assert own_spf(fields(REST), "box.test") == ""
    assert own_spf(fields(b"Authentication-Results: x.net; spf=pass\r\n" + own), "box.test") == ""
    assert own_spf(fields(made("box.test", "spf=pass; dkim=pass")), "box.test") == ""


@pytest.fixture
def slow_dns(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What the DNS says of domains with "slow" in their names waits for this event."""
    answered = asyncio.Event()

    async def late(names: object, host: str, sender: str, helo: str) -> str:
        if "slow" in sender:
            await answered.wait()
        return "spf=none"

    monkeypatch.setattr(sender, "say", late)
    return answered


async def answer(slow_dns: asyncio.Event) -> None:
    slow_dns.set()


def whole_mail(client: smtplib.SMTP, after: bytes = b"") -> None:
    """A mail from slow.net up to its end, whose answer is not waited for."""
    client.ehlo()
    client.mail("carl@slow.net")
    client.rcpt("anna@box.test")
    client.docmd("DATA")
    client.send(REST + b".\r\n" + after)


def test_a_mail_waits_for_the_dns_and_holds_up_no_other(
    tmp_path: Path, slow_dns: asyncio.Event
) -> None:
    with MailBox(tmp_path, lan=()) as box, box.client() as client:
        whole_mail(client)
        box.send(REST, "anna@box.test", sender="carl@quick.net")
        assert len(box.inbox("anna")) == 1
        box.in_loop(answer(slow_dns))
        assert client.getreply()[0] == 250
        assert len(box.inbox("anna")) == 2


def test_who_hangs_up_while_the_dns_is_asked_has_sent_nothing(
    tmp_path: Path, slow_dns: asyncio.Event
) -> None:
    with MailBox(tmp_path, lan=()) as box:
        client = box.client()
        whole_mail(client)
        box.send(REST, "anna@box.test", sender="carl@quick.net")  # by now the end has been read
        client.close()
        box.in_loop(answer(slow_dns))
        box.send(REST, "anna@box.test", sender="carl@slow.net")
        assert len(box.inbox("anna")) == 2


@pytest.mark.parametrize(("after", "code", "mails"), [(b"", 451, 0), (b"QUIT\r\n", 250, 1)])
def test_who_sends_no_more_hears_what_became_of_the_mail(
    tmp_path: Path, slow_dns: asyncio.Event, after: bytes, code: int, mails: int
) -> None:
    with MailBox(tmp_path, lan=()) as box, box.client() as client:
        whole_mail(client, after)
        assert client.sock is not None
        client.sock.shutdown(socket.SHUT_WR)
        box.send(REST, "bob@box.test", sender="carl@quick.net")
        box.in_loop(answer(slow_dns))
        assert client.getreply()[0] == code
        assert len(box.inbox("anna")) == mails


def test_mails_that_wait_for_the_dns_shut_no_other_host_out(
    tmp_path: Path, slow_dns: asyncio.Event
) -> None:
    with MailBox(tmp_path, lan=(), connections=4, strangers_percent=75) as box, ExitStack() as held:
        for _ in range(3):
            client = box.client("127.0.1.1")
            held.callback(client.close)
            whole_mail(client)
        box.send(REST, "anna@box.test", sender="carl@quick.net")
        assert len(box.inbox("anna")) == 1
        box.in_loop(answer(slow_dns))
