"""What the box says of strangers' senders: in the mail, and in the ARC set of what is sent on."""

import asyncio
import re
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


def test_a_mail_waits_for_the_dns_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def late(names: object, host: str, sender: str, helo: str) -> str:
        if "slow" in sender:
            await answered.wait()
        return "spf=none"

    async def answer() -> None:
        answered.set()

    monkeypatch.setattr(sender, "say", late)
    with MailBox(tmp_path, lan=()) as box, box.client() as client:
        client.ehlo()
        client.mail("carl@slow.net")
        client.rcpt("anna@box.test")
        client.docmd("DATA")
        client.send(REST + b".\r\n")
        box.send(REST, "anna@box.test", sender="carl@quick.net")
        assert len(box.inbox("anna")) == 1
        box.in_loop(answer())
        assert client.getreply()[0] == 250
        assert len(box.inbox("anna")) == 2
