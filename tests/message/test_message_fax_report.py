"""What is told of a fax that was mailed in: all of it in the language of who mailed it."""

import email
import email.policy
from datetime import UTC, datetime
from itertools import count

import pytest

from app.core.fax_page import FaxPage
from app.core.sentences import Sentence
from app.message import fax, fax_reasons
from app.message.fax_report import FaxReport, compose
from app.message.words import FOLDER, said
from app.phone.sound import dsp, t30
from app.phone.sound.spandsp_declared import ffi

LANGUAGES = sorted(path.stem for path in FOLDER.glob("*.mo"))
REASONS = (
    fax_reasons.BUSY,
    fax_reasons.NO_NUMBER,
    fax_reasons.NO_ANSWER,
    fax_reasons.NOT_ALLOWED,
    *map(fax_reasons.broken_off, ("", *fax_reasons._MEANT)),
    *map(fax_reasons.no_pages, ("", *fax_reasons._DOCUMENTS)),
)


def report(language: str, why: Sentence | None, pages: int = 2) -> tuple[str, str]:
    """Subject and text of a report."""
    at = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    about = FaxReport(
        "anna@box.test", "mailer-daemon@box.test", "box.test", "Договор", "5552000", "+1 555 2000",
        pages, 61, 3, why, at, language,
    )  # fmt: skip
    message = email.message_from_bytes(compose(about), policy=email.policy.default)
    return message["Subject"], message.get_content()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_a_report_is_english_to_who_reads_another_language(language: str) -> None:
    for why in (None, *REASONS):
        for pages in (1, 2):
            english, theirs = report("en", why, pages), report(language, why, pages)
            assert english[0] != theirs[0]
            both = {*english[1].splitlines()} & {*theirs[1].splitlines()}
            assert both <= {""}, both
            assert "5552000" in theirs[1] and "Договор" in theirs[1] and "+1 555 2000" in theirs[1]


def part_of_a_fax(language: str) -> tuple[str, list[str]]:
    """Subject and lines of a fax that came in from nobody knows whom, and not whole."""
    at = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    message = fax.FaxMessage(
        "Anna", "anna@box.test", "201", "voicemail@box.test", None, None, "", "line1", at, 61, 2,
        False, "The call dropped prematurely", "t" * 24, language,
    )  # fmt: skip
    whole = email.message_from_bytes(
        b"".join(fax.compose(message, (FaxPage(8, 1, 204, 196, b"x") for _ in range(2)))),
        policy=email.policy.default,
    )
    body = whole.get_body()
    assert body is not None
    return whole["Subject"], body.get_content().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fax_that_came_in_is_told_of_in_the_language_of_who_gets_it(language: str) -> None:
    english, theirs = part_of_a_fax("en"), part_of_a_fax(language)
    assert english[0] == "Fax from unknown (2 pages, broken off)" != theirs[0]
    assert {*english[1]} & {*theirs[1]} <= {""}
    assert "broke off: the other end hung up" in " ".join(english[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_is_another_sentence(language: str) -> None:
    told = {said(language, why) for why in REASONS}
    assert len(told) == len(set(REASONS)) and not told & set(REASONS)


def test_all_that_spandsp_says_of_an_end_means_something() -> None:
    assert t30.__doc__, "it declares the function"
    words = (
        ffi.string(dsp.library().t30_completion_code_to_str(code)).decode() for code in count(1)
    )
    unclear = []
    for text in words:
        if text == "???":
            break
        if fax_reasons._OWN_TROUBLE in fax_reasons.broken_off(text):
            unclear.append(text)
    own = ("TIFF/F", "allocate memory")
    assert all(any(sign in text for sign in own) for text in unclear), unclear
    assert unclear
