"""Our own people's mail leaves with their public address; voice mail from elsewhere is voice."""

import smtplib
from pathlib import Path

import pytest

from app.inbox.store import Kind
from app.mail.smtp.public_sender import PublicSenders
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


@pytest.mark.parametrize("cut", [1, 7, len(MESSAGE)])
def test_only_from_and_sender_change_however_the_blocks_are_cut(cut: int) -> None:
    senders = PublicSenders(PUBLIC.get)
    passed = b"".join(senders.feed(MESSAGE[at : at + cut]) for at in range(0, len(MESSAGE), cut))
    passed += senders.end()
    assert passed == PASSED
    assert senders.grown == len(PASSED) - len(MESSAGE)


def test_a_message_without_an_empty_line_is_let_go_at_its_end() -> None:
    senders = PublicSenders(PUBLIC.get)
    assert senders.feed(b"From: bob@box.test\r\n") == b""
    assert senders.end() == b"From: bob@public.test\r\n"


def test_a_message_without_a_head_is_not_touched() -> None:
    senders = PublicSenders(PUBLIC.get)
    assert senders.feed(b"\r\nFrom: bob@box.test\r\n") == b"\r\nFrom: bob@box.test\r\n"


def test_a_head_that_never_ends_is_not_held_for_ever() -> None:
    senders = PublicSenders(PUBLIC.get)
    octets = b"From: bob@box.test\r\n" + b"X: y\r\n" * 30_000
    assert senders.feed(octets) == octets


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
