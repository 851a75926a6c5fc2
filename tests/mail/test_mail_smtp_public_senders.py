"""Our own people's mail leaves with their public address; voice mail from elsewhere is voice."""

import smtplib
from pathlib import Path

import pytest

from app.inbox.store import Kind
from app.mail.smtp.trace import with_public_senders
from tests.kit.mail_box import MailBox

PUBLIC = {"bob@box.test": "bob@public.test", "bob@[192.0.2.99]": "bob@public.test"}

MESSAGE = (
    b"Received: from bob@box.test\r\n"
    b'From: "bob@box.test (Bob)"\r\n <bob@box.test>, eva@example.org\r\n'
    b"Subject: From: bob@box.test\r\n"
    b"Sender: bob@[192.0.2.99]\r\n"
    b"\r\n"
    b"From: bob@box.test\r\n"
)
PASSED = (
    b"Received: from bob@box.test\r\n"
    b'From: "bob@public.test (Bob)"\r\n <bob@public.test>, eva@example.org\r\n'
    b"Subject: From: bob@box.test\r\n"
    b"Sender: bob@public.test\r\n"
    b"\r\n"
    b"From: bob@box.test\r\n"
)


def test_public_senders_change_from_and_sender_only() -> None:
    head, text = MESSAGE.split(b"\r\n\r\n")
    changed = with_public_senders(head + b"\r\n", PUBLIC.get)
    assert changed + b"\r\n" + text == PASSED


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"From: bob@box.test\r\n", b"From: bob@public.test\r\n"),
        (b"\r\nFrom: bob@box.test\r\n", b"\r\nFrom: bob@box.test\r\n"),
        (b"Hello,\r\nFrom: bob@box.test\r\n", b"Hello,\r\nFrom: bob@box.test\r\n"),
    ],
)
def test_mail_without_an_empty_line_or_a_header_is_kept_whole(
    tmp_path: Path, sent: bytes, kept: bytes
) -> None:
    with MailBox(tmp_path) as box:
        box.send(sent, "anna")
        (entry,) = box.inbox("anna")
        octets = box.octets(entry)
        assert octets.endswith(kept) and entry.size == len(octets)


def test_mail_with_an_endless_header_is_kept_as_it_came(tmp_path: Path) -> None:
    octets = b"From: bob@box.test\r\n" + b"X: y\r\n" * 30_000
    with MailBox(tmp_path) as box:
        box.send(octets, "anna")
        (entry,) = box.inbox("anna")
        assert box.octets(entry).endswith(octets)


def test_a_neighbour_sees_the_public_address_and_the_size_is_exact(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        with smtplib.SMTP("127.0.0.1", box.ports.smtp) as client:
            client.sendmail("bob@box.test", ["anna@box.test"], MESSAGE)
        (entry,) = box.inbox("anna")
        octets = box.octets(entry)
        assert octets.endswith(PASSED)
        assert octets.startswith(b"Return-Path: <bob@public.test>\r\n")
        assert entry.size == len(octets)
        assert "bob@public.test" in entry.sender


def test_from_outside_nothing_changes(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=("192.0.2.0/24",)) as box:
        with smtplib.SMTP("127.0.0.1", box.ports.smtp) as client:
            client.sendmail("bob@box.test", ["anna@box.test"], MESSAGE)
        (entry,) = box.inbox("anna")
        assert box.octets(entry).endswith(MESSAGE)


def test_a_voice_message_from_elsewhere_is_a_voicemail(tmp_path: Path) -> None:
    voice = b"From: 5551234@vpim.example\r\nMessage-Context: voice-message\r\n"
    voice += b"Content-Duration: 31\r\nMIME-Version: 1.0 (Voice 2.0)\r\n\r\n\r\n"
    with MailBox(tmp_path) as box:
        with smtplib.SMTP("127.0.0.1", box.ports.smtp) as client:
            client.sendmail("5551234@vpim.example", ["anna@box.test"], voice)
        (entry,) = box.inbox("anna")
        assert (entry.kind, entry.duration_s) == (Kind.VOICEMAIL, 31)
