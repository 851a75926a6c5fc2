"""A reply to a voicemail is taken and answered in words; a forwarded voicemail is its owner's."""

import email
import email.policy
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from app.inbox.entries import Entry, EntryState, Facts, Kind
from tests.kit.mail_box import MailBox
from tests.kit.sink import Sink

SUBJECT = "Voicemail from MARTA KOVACS 5551234 (0:05)"
VOICEMAIL = (
    b"From: MARTA KOVACS <voicemail@box.test>\r\nTo: Anna <anna@box.test>\r\n"
    b"Subject: " + SUBJECT.encode() + b"\r\nMessage-Context: voice-message\r\n"
    b"\r\nvoicemail@box.test\r\n"
)
REPLY = (
    b"From: Anna <anna@box.test>\r\nTo: MARTA KOVACS <voicemail@box.test>\r\n"
    b"Subject: Re: " + SUBJECT.encode() + b"\r\nMessage-ID: <reply-1@anna>\r\nDate: now\r\n"
    b"\r\nYes!\r\n"
)


def leave(box: MailBox, login: str) -> None:
    """A voicemail as the clerk delivers it."""
    facts = Facts(box.clock.now(), "MARTA KOVACS 5551234", SUBJECT, "5551234", "MARTA KOVACS", 5)
    person = box.people.by_login(login)
    assert person is not None
    content = box.db.now(lambda tx: box.store.contents.write(tx, (VOICEMAIL,)))
    state = EntryState.NEW
    box.db.now(
        lambda tx: box.store.add_entry(tx, person.id, content, b"", Kind.VOICEMAIL, state, facts)
    )


def answers(box: MailBox, login: str) -> list[Entry]:
    return [entry for entry in box.inbox(login) if entry.kind is Kind.EMAIL]


def read(box: MailBox, entry: Entry) -> EmailMessage:
    message = email.message_from_bytes(box.octets(entry), policy=email.policy.default)
    assert isinstance(message, EmailMessage) and not message.defects
    return message


def contents(box: MailBox) -> int:
    return int(box.db.reader().execute("SELECT count(*) FROM content").fetchone()[0])


def test_reply_to_a_voicemail_is_answered_with_the_number_to_call(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        leave(box, "anna")
        box.send(REPLY, "voicemail@box.test", sender="anna@box.test")
        (entry,) = answers(box, "anna")
        answer = read(box, entry)
        assert answer["Return-Path"] == "<>" and answer["Auto-Submitted"] == "auto-replied"
        assert answer["From"] == "Voicemail <voicemail@box.test>"
        assert answer["To"] == "anna@box.test"
        assert answer["Subject"] == entry.subject == f"Auto: Re: {SUBJECT}"
        assert answer["In-Reply-To"] == answer["References"] == "<reply-1@anna>"
        text = answer.get_content()
        assert "To answer it, call 5551234." in text and "MARTA KOVACS 5551234" in text
        assert contents(box) == 2, "the reply itself is kept nowhere"


def test_reply_about_no_voicemail_of_ours_is_answered_without_a_number(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        leave(box, "anna")
        box.send(REPLY, "voicemail", sender="bob@public.test")
        (entry,) = answers(box, "bob")
        assert "The caller's number is not known." in read(box, entry).get_content()


def test_reply_about_another_matter_does_not_name_the_caller_of_the_last_voicemail(
    tmp_path: Path,
) -> None:
    with MailBox(tmp_path) as box:
        leave(box, "anna")
        other = REPLY.replace(SUBJECT.encode(), b"the invoice of May")
        assert other != REPLY
        box.send(other, "voicemail@box.test", sender="anna@box.test")
        (entry,) = answers(box, "anna")
        assert "The caller's number is not known." in read(box, entry).get_content()


def test_reply_with_other_recipients_reaches_them(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.send(REPLY, "voicemail", "bob", sender="anna")
        (mail,), (answer,) = answers(box, "bob"), answers(box, "anna")
        assert box.octets(mail).endswith(REPLY)
        assert answer.subject.startswith("Auto: ")


@pytest.mark.parametrize(
    "field", [b"Auto-Submitted: auto-replied", b"Precedence: bulk", b"List-Id: <x>"]
)
def test_mail_of_programs_and_lists_is_taken_and_never_answered(
    tmp_path: Path, field: bytes
) -> None:
    with MailBox(tmp_path) as box:
        box.send(field + b"\r\n" + REPLY, "voicemail", sender="anna@box.test")
        assert box.inbox("anna") == [] and contents(box) == 0


@pytest.mark.parametrize("sender", ["", "x@y.test", "nobody@box.test"])
def test_null_sender_and_strangers_are_refused(tmp_path: Path, sender: str) -> None:
    with MailBox(tmp_path) as box:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as told:
            box.send(REPLY, "voicemail@box.test", sender=sender)
        assert told.value.recipients["voicemail@box.test"][0] == 550


def test_outside_the_lan_nobody_can_have_answers_sent_to_people_here(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as told:
            box.send(REPLY, "voicemail@box.test", sender="anna@box.test")
        assert b"Nobody reads this address" in told.value.recipients["voicemail@box.test"][1]


def test_forwarded_voicemail_is_from_its_owner_with_the_caller_as_name(tmp_path: Path) -> None:
    with Sink() as sink, MailBox(tmp_path, smarthost=("127.0.0.1", sink.port)) as box:
        box.alias("bob", "bob@far.test")
        box.send(VOICEMAIL, "bob", sender="voicemail@box.test")
        (mail,) = sink.wait(1)
        box.settle()
        assert mail.sender == "bob@public.test"
        assert b"\r\nFrom: MARTA KOVACS <bob@public.test>\r\n" in mail.octets
        assert mail.octets.endswith(b"\r\n\r\nvoicemail@box.test\r\n"), "the text stays as it is"
        size = next(line for line in sink.commands if line.startswith("MAIL")).split("SIZE=")[1]
        assert int(size.split()[0]) == len(mail.octets)


def test_other_forwarded_mail_keeps_its_header(tmp_path: Path) -> None:
    text = VOICEMAIL.replace(b"voicemail@box.test", b"marta@y.test")
    with Sink() as sink, MailBox(tmp_path, smarthost=("127.0.0.1", sink.port)) as box:
        box.alias("anna", "anna@far.test")
        box.send(text, "anna", sender="marta@y.test")
        assert sink.wait(1)[0].octets.endswith(text)
