"""What scanners, cron, old servers and a carrier's customers really send: it is taken."""

import poplib
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from app.inbox.store import Entry
from app.mail.smtp.envelope import Peer
from tests.kit.mail_box import MailBox
from tests.kit.smtp_talk import LAN, OUTSIDE, Talk, codes

REST = (
    b"From: Carl <carl@far.test>\r\nTo: anna@box.test\r\n"
    b"Date: Mon, 21 Sep 2026 12:00:00 +0000\r\nMessage-ID: <case@far.test>\r\n"
)
BODY = b"\r\nbody\r\n"


def taken(directory: Path, octets: bytes, **changes: Any) -> tuple[Entry, bytes]:
    """What anna has of a mail that came over a socket: the entry, and the author's part of it."""
    with MailBox(directory, **changes) as box:
        with socket.create_connection(("127.0.0.1", box.ports.smtp), 30) as peer:
            peer.sendall(
                b"EHLO c\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna@box.test>\r\nDATA\r\n"
                + octets
                + b".\r\nQUIT\r\n"
            )
            said = b"".join(iter(lambda: peer.recv(4096), b""))
        assert codes(said)[-2:] == [250, 221], said
        (entry,) = box.inbox("anna")
        return entry, box.octets(entry)[len(entry.prefix) :]


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        (b"=?utf-8?B?A?=", "=?utf-8?B?A?="),  # one base64 character carries no octet
        (b"=?utf\xe98?Q?hello?=", "=?utf\ufffd8?Q?hello?="),
        (b"=?utf-8?Q?a=00b?=", "=?utf-8?Q?a=00b?="),
        (b"=?utf-8?B?YQ1i?=", "=?utf-8?B?YQ1i?="),  # a CR alone
        (b"=?utf-7?Q?+2AA-?=", "=?utf-7?Q?+2AA-?="),  # half a surrogate pair
    ],
)
def test_a_broken_subject_is_taken_and_shown_as_it_came(
    tmp_path: Path, subject: bytes, shown: str
) -> None:
    entry, octets = taken(tmp_path, REST + b"Subject: " + subject + b"\r\n" + BODY)
    assert (entry.subject, entry.sender) == (shown, "Carl <carl@far.test>")
    assert octets == REST + b"Subject: " + subject + b"\r\n" + BODY


@pytest.mark.parametrize("first", [b"From root Mon Sep 21 12:00:00 2026", b">From MAILER-DAEMON"])
@pytest.mark.parametrize("lan", [("127.0.0.0/8",), ()])
def test_the_first_line_of_a_mailbox_file_is_dropped(
    tmp_path: Path, first: bytes, lan: tuple[str, ...]
) -> None:
    mail = REST + b"Subject: cron job\r\n" + BODY
    entry, octets = taken(tmp_path, first + b"\r\n" + mail, lan=lan)
    assert (entry.subject, entry.sender) == ("cron job", "Carl <carl@far.test>")
    assert octets == mail


def test_text_that_begins_with_from_is_text(tmp_path: Path) -> None:
    text = b"From today on the door is locked at night\r\nand so is the gate\r\n"
    assert taken(tmp_path, text)[1] == text


def test_a_mail_of_the_lan_without_date_and_id_gets_them(tmp_path: Path) -> None:
    entry, octets = taken(tmp_path, b"Subject: scan\r\n" + BODY)
    assert re.search(rb"^Date: .+\r\nMessage-ID: <.+@box.test>\r\n", entry.prefix, re.MULTILINE)
    assert octets == b"Subject: scan\r\n" + BODY


def test_mail_that_another_server_has_delivered_before_is_no_loop(tmp_path: Path) -> None:
    old = (
        b"Return-Path: <carl@far.test>\r\nDelivered-To: anna@box.test\r\n"
        b"Received: from a.far.test by mx.provider.test; Mon, 21 Sep 2026 12:00:00 +0000\r\n"
    )
    mail = old + REST + b"Subject: s\r\n" + BODY
    assert taken(tmp_path, mail)[1] == mail


def test_a_web_page_in_one_line_can_be_fetched_by_a_client_with_a_buffer(tmp_path: Path) -> None:
    page = b"<p>" + b"words and more " * 4000 + b"</p>\r\n"
    with MailBox(tmp_path) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.set_password(tx, anna.id, "a long password"))
        box.send(REST + b"Subject: page\r\n\r\n" + page, "anna")
        box.send(b"Subject: behind it\r\n\r\nx\r\n", "anna")
        client = poplib.POP3("127.0.0.1", box.ports.pop3, timeout=30)
        client.user("anna")
        client.pass_("a long password")
        lines = client.retr(1)[1]  # raises "line too long" beyond 2,048 octets
        assert b"".join(lines[lines.index(b"") + 1 :]) == page.rstrip()
        assert b"Subject: behind it" in client.retr(2)[1]
        client.quit()


def test_what_follows_a_plus_sign_is_the_persons_own_affair(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.alias("team", "bob")
        box.send(
            b"x\r\n", "anna+shop@box.test", "202+x@box.test", "team+y", "carl+a+b@[192.0.2.99]"
        )
        assert [len(box.inbox(who)) for who in ("anna", "bob", "carl")] == [1, 1, 1]
        box.send(b"x\r\n", "bob+news@public.test")
        assert len(box.inbox("bob")) == 2
        with box.client() as client:
            client.ehlo()
            client.mail("x@y.test")
            assert client.rcpt("+anna@box.test")[0] == 550
            assert client.rcpt("nobody+anna@box.test")[0] == 550


# ---- what a host calls itself never refuses its mail [RFC 5321 §4.1.4]

NAMES = [b"M\xdcLLER-PC", "büro".encode(), b"my scanner (2)", b"<x>", b"n" * 900, b"a\x01b", b"-"]


@pytest.mark.parametrize("peer", [LAN, OUTSIDE])
@pytest.mark.parametrize("verb", [b"EHLO", b"HELO"])
@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_host_calls_itself_its_mail_is_taken(
    name: bytes, verb: bytes, peer: Peer
) -> None:
    talk = Talk(peer)
    answers = talk.send(verb + b" " + name + b"\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<anna>\r\n")
    assert codes(answers) == [250, 250, 250]


@pytest.mark.parametrize("verb", [b"EHLO", b"HELO"])
def test_only_a_host_of_the_lan_may_have_no_name(verb: bytes) -> None:
    assert codes(Talk(LAN).send(verb + b"\r\n")) == [250]
    assert codes(Talk(OUTSIDE).send(verb + b"\r\n")) == [501]


def test_an_odd_name_leaves_received_well_formed(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        with socket.create_connection(("127.0.0.1", box.ports.smtp), 30) as peer:
            peer.sendall(
                b"EHLO M\xdcLLER (x;y)\r\nMAIL FROM:<x@y.test>\r\nRCPT TO:<anna>\r\nDATA\r\n"
                b"a\r\n.\r\nQUIT\r\n"
            )
            assert b"221 " in b"".join(iter(lambda: peer.recv(4096), b""))
        (entry,) = box.inbox("anna")
        assert b"Received: from unknown ([127.0.0.1])" in entry.prefix


# ---- addresses

HELLO = b"EHLO x\r\n"


@pytest.mark.parametrize("peer", [LAN, OUTSIDE])
@pytest.mark.parametrize(
    "address", [b"aaa..bbbb.cc@carrier.test", b".a@carrier.test", b"a.@carrier.test"]
)
def test_dots_where_a_carrier_puts_them_are_taken_and_kept(address: bytes, peer: Peer) -> None:
    talk = Talk(peer)
    told = talk.send(
        HELLO + b"MAIL FROM:<" + address + b">\r\nRCPT TO:<anna>\r\nDATA\r\nx\r\n.\r\n"
    )
    assert codes(told) == [250, 250, 250, 354, 250]
    assert talk.kept[0].sender == address.decode()


ODD = [
    (b'MAIL FROM:"Scanner 2" <scan@far.test>', "scan@far.test"),
    (b"MAIL FROM:Scanner <scan@far.test>", "scan@far.test"),
    (b"MAIL FROM:<scan@far.test.>", "scan@far.test"),
    (b"MAIL FROM:<a@b.test>BODY=8BITMIME", "a@b.test"),
    (b"MAIL FROM :<a@b.test>", "a@b.test"),
    (b"MAIL FROM: < a@b.test >", "a@b.test"),
]


@pytest.mark.parametrize(("line", "sender"), ODD)
def test_odd_paths_are_taken_from_the_lan_and_refused_from_strangers(
    line: bytes, sender: str
) -> None:
    rest = b"\r\nRCPT TO:<anna>\r\nDATA\r\nx\r\n.\r\n"
    talk = Talk(LAN)
    assert codes(talk.send(HELLO + line + rest)) == [250, 250, 250, 354, 250]
    assert talk.kept[0].sender == sender
    assert codes(Talk(OUTSIDE).send(HELLO + line + b"\r\n")) == [250, 501]


@pytest.mark.parametrize(
    "line", [b'RCPT TO:"Anna" <anna@box.test>', b"RCPT TO :<anna@box.test.>", b"RCPT TO:<anna.>"]
)
def test_odd_recipients_of_the_lan(line: bytes) -> None:
    talk = Talk(LAN, people=("anna", "anna."))
    assert codes(talk.send(HELLO + b"MAIL FROM:<a@b.test>\r\n" + line + b"\r\n")) == [250] * 3


@pytest.mark.parametrize(
    "line", [b"MAIL FROM:x <a@b.test", b"MAIL FROM:<<a@b.test>", b"MAIL FROM:< >"]
)
def test_what_is_no_path_is_refused_from_the_lan_too(line: bytes) -> None:
    assert codes(Talk(LAN).send(HELLO + line + b"\r\n")) == [250, 501]
