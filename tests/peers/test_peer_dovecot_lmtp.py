"""Dovecot is the mail store that takes what leaves, by LMTP: an answer for each recipient."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.mail.outbound import smtp_client
from app.mail.outbound.client_session import Tls
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.dovecot import Dovecot
from tests.kit.mail_box import MailBox

HEAD = b"From: Bob <bob@public.test>\r\nTo: anna@far.test\r\nSubject: list\r\n"
HEAD += b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@public.test>\r\n\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def dovecot(keys: BoxKeys, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    smtp_client.context.cache_clear()
    with Dovecot(keys) as running:
        yield running
    smtp_client.context.cache_clear()


def by_lmtp(directory: Path, dovecot: Dovecot, **changes: Any) -> MailBox:
    smarthost = ("localhost", dovecot.lmtp)
    return MailBox(directory, smarthost=smarthost, smarthost_lmtp=True, **changes)


def send(box: MailBox, body: bytes, *recipients: str) -> None:
    box.send(HEAD + body, *recipients, sender="bob@box.test")
    box.settle()


@pytest.mark.parametrize("tls", [Tls.TRY, Tls.STARTTLS, Tls.NONE])
def test_a_mail_arrives_as_it_is(tmp_path: Path, dovecot: Dovecot, tls: Tls) -> None:
    body = b".\r\n..\r\n.hidden\r\nFrom here\r\n" + b"x" * 70 + b"\r\n" * 20_000 + b"last\r\n"
    with by_lmtp(tmp_path, dovecot, smarthost_tls=tls) as box:
        send(box, body, "anna@far.test")
        assert (box.rows(), box.inbox("bob")) == ([], []), dovecot.said()
    (mail,) = dovecot.mails("anna")
    assert mail.endswith((HEAD + body).replace(b"\r\n", b"\n"))
    trace = mail[: mail.index(b"From: Bob")]
    assert (b"with LMTPS" in trace) is (tls is not Tls.NONE), trace
    assert b"Return-Path: <bob@public.test>" in trace


def test_each_recipient_has_an_answer_of_its_own(tmp_path: Path, dovecot: Dovecot) -> None:
    """One is taken, one refused after the message, and one not known at all."""
    with by_lmtp(tmp_path, dovecot) as box:
        send(box, b"hi\r\n", "full@far.test", "anna@far.test", "nobody-here@far.test")
        assert box.rows() == []
        told = b"".join(box.octets(notice) for notice in box.inbox("bob"))
    assert len(dovecot.mails("anna")) == 1 and dovecot.mails("full") == []
    for who, why in (("full", b"552 5.2.2"), ("nobody-here", b"550 5.1.1")):
        assert b"Final-Recipient: rfc822; %s@far.test" % who.encode() in told
        assert why in told
    assert b"anna@far.test\r\nAction: failed" not in told


def test_many_mails_by_one_connection(tmp_path: Path, dovecot: Dovecot) -> None:
    with by_lmtp(tmp_path, dovecot) as box:
        for number in range(10):
            box.send(HEAD + b"%d\r\n" % number, "anna@far.test", sender="bob@box.test")
        box.settle()
        assert box.rows() == []
    found = sorted(int(mail.split()[-1]) for mail in dovecot.mails("anna"))
    assert found == list(range(10))


def test_a_store_that_is_spoken_to_by_smtp_keeps_the_mail_waiting(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    with MailBox(tmp_path, smarthost=("localhost", dovecot.lmtp)) as box:
        send(box, b"hi\r\n", "anna@far.test")
        (row,) = box.rows()
    assert row.reply.startswith("451 4.4.1") and "500 5.5.1 Unknown command" in row.reply
    assert dovecot.mails("anna") == []
