"""What the box writes to people is in their language; what programs read of it stays English."""

import email
import email.policy
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

import pytest

from app.message import failure_report, notice, quota_warning
from app.message.failure_report import FailedRecipient, FailureReport
from app.message.notice import Notice
from app.message.notification import SMS_MOST, Told, subject_of, text_of
from app.message.quota_warning import QuotaWarning

NOW = 1_790_000_000.0
HEADER = "From: Anna <anna@box.test>\r\nSubject: Grüße\r\nMessage-ID: <1@c>\r\n".encode()
LANGUAGES = ("es", "fr", "it", "ru")


def read(octets: bytes) -> EmailMessage:
    found = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    assert octets.split(b"\r\n\r\n")[0].isascii(), "a header is ASCII"
    return found


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    said = part.get_content()
    assert isinstance(said, str)
    return said


WARNING = QuotaWarning(
    "anna@box.test",
    "postmaster@box.test",
    "box.test",
    90,
    900_000,
    1_000_000,
    3,
    5,
    False,
    NOW,
    "en",
)


@pytest.mark.parametrize(
    ("language", "subject", "words"),
    [
        ("es", "Su buzón está lleno al 90 %", "Contiene 3 de 5 mensajes de voz."),
        ("fr", "Votre boîte est pleine à 90 %", "Elle contient 3 messages vocaux sur 5."),
        ("it", "La tua casella è piena al 90%", "Contiene 3 messaggi vocali su 5."),
        ("ru", "Ваш ящик заполнен на 90%", "В нём 3 голосовых сообщений из 5."),
        ("de", "Your inbox is 90% full", "It holds 3 of 5 voicemails."),  # there is no catalogue
    ],
)
def test_a_quota_warning_is_in_its_readers_language(
    language: str, subject: str, words: str
) -> None:
    message = read(quota_warning.compose(replace(WARNING, language=language)))
    assert message["Subject"] == subject
    assert words in text(message)
    assert max(map(len, text(message).splitlines())) <= 72


def reported(purpose: str, language: str, until: float | None = None) -> EmailMessage:
    action = "relayed" if purpose == "success" else "failed"
    failed = FailedRecipient("x@far.test", "451 4.3.0 try later", action=action)
    report = FailureReport(
        purpose, "anna@box.test", "postmaster@box.test", "box.test", HEADER, NOW - 60, NOW,
        (failed,), delivered=("y@far.test",), retried_until=until, language=language,
    )  # fmt: skip
    return read(failure_report.compose(report))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("until", [None, NOW + 3600])
@pytest.mark.parametrize("purpose", ["custody", "copy", "relay", "list", "success"])
def test_a_report_has_words_for_a_person_in_their_language_and_english_for_programs(
    purpose: str, until: float | None, language: str
) -> None:
    english, other = (reported(purpose, one, until) for one in ("en", language))
    for part in (1, 2):
        theirs = other.get_payload(part)
        assert theirs.as_bytes() == english.get_payload(part).as_bytes()  # type: ignore[union-attr]
    assert other["Subject"] != english["Subject"] and "Grüße" in other["Subject"]
    was, said = (set(text(one).splitlines()) - {""} for one in (english, other))
    assert was & said <= {"  x@far.test", "  y@far.test", "    451 4.3.0 try later"}
    assert {"  x@far.test", "  y@far.test"} <= said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "told",
    [
        notice.full("pop.far.test"),
        notice.too_large("pop.far.test", 30_000_000, 25_000_000),
        notice.password_made_anew("anna", "console"),
    ],
)
def test_a_notice_is_in_its_readers_language(told: notice.Told, language: str) -> None:
    english = Notice("anna@box.test", "postmaster@box.test", "box.test", told, "en", NOW)
    was, said = (
        read(notice.compose(english)),
        read(notice.compose(replace(english, language=language))),
    )
    assert said["Subject"] == replace(english, language=language).subject != was["Subject"]
    assert said["From"] != was["From"]
    assert not set(text(said).splitlines()) & set(text(was).splitlines()) - {""}


@pytest.mark.parametrize(
    ("language", "subject", "text"),
    [
        ("en", "Urgent voicemail", "Anna: from Bob 202, Sat 28 Nov 09:05, 1:02. New: 3"),
        ("fr", "Message vocal urgent", "Anna : de Bob 202, 28/11 09:05, 1:02. Nouveaux : 3"),
        ("ru", "Срочное голосовое сообщение", "Anna: от Bob 202, 28.11 09:05, 1:02. Новых: 3"),
    ],
)
def test_a_text_that_tells_of_a_message_is_in_its_owners_language(
    language: str, subject: str, text: str
) -> None:
    at = datetime(2026, 11, 28, 9, 5)
    told = Told("Anna", True, "Bob 202", at, 62, unheard=3, urgent=True, language=language)
    assert (subject_of(told), text_of(told)) == (subject, text)
    assert len(text_of(replace(told, owner="A" * 99, caller="B" * 200))) < SMS_MOST
