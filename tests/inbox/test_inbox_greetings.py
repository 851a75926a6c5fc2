"""Greetings as files: which one is played when, and the last day of a temporary one."""

from datetime import date
from pathlib import Path

import pytest

from app.core.presence import Presence
from app.inbox.greetings import COMPANY, GreetingKind, Greetings, Situation

ANNA = 1
TODAY = date(2026, 12, 24)


@pytest.fixture
def greetings(tmp_path: Path) -> Greetings:
    return Greetings(tmp_path / "greetings")


def record(greetings: Greetings, *names: str) -> None:
    """By the names that playable() gives."""
    for name in names:
        person = COMPANY if "/" in name else ANNA
        greetings.write(person, GreetingKind(name.rpartition("/")[2]), b"RIFF")


@pytest.mark.parametrize(
    ("there", "now", "heard"),
    [
        ("", Situation(), ""),
        ("name", Situation(), ""),
        ("unavailable busy night out", Situation(), "unavailable"),
        ("unavailable busy", Situation(busy=True), "busy unavailable"),
        ("unavailable busy night", Situation(busy=True, night=True), "night busy unavailable"),
        ("busy night", Situation(), ""),
        ("unavailable out", Situation(presence=Presence.OUT), "out unavailable"),
        ("unavailable meeting", Situation(presence=Presence.MEETING), "meeting unavailable"),
        ("unavailable away", Situation(presence=Presence.AWAY, busy=True), "away unavailable"),
        (
            "unavailable dnd night",
            Situation(presence=Presence.DND, night=True),
            "dnd night unavailable",
        ),
        ("unavailable dnd", Situation(presence=Presence.OUT), "unavailable"),
        (
            "unavailable out temporary",
            Situation(presence=Presence.OUT),
            "temporary out unavailable",
        ),
        ("unavailable company/busy", Situation(busy=True), "company/busy unavailable"),
        ("company/temporary unavailable out", Situation(), "company/temporary unavailable"),
        ("company/unavailable unavailable", Situation(), "unavailable company/unavailable"),
    ],
)
def test_first_kind_that_is_recorded_and_holds_is_played(
    greetings: Greetings, there: str, now: Situation, heard: str
) -> None:
    record(greetings, *there.split())
    assert greetings.playable(ANNA, now, TODAY) == tuple(heard.split())


@pytest.mark.parametrize(
    ("until", "today", "holds"),
    [
        (None, TODAY, True),
        (TODAY, TODAY, True),
        (TODAY, date(2026, 12, 25), False),
        (date(2027, 1, 2), TODAY, True),
        (TODAY, None, True),  # nobody knows the day
    ],
)
def test_temporary_greeting_is_over_after_its_last_day(
    greetings: Greetings, until: date | None, today: date | None, holds: bool
) -> None:
    greetings.write(ANNA, GreetingKind.TEMPORARY, b"RIFF", until)
    assert greetings.until(ANNA) == until
    assert greetings.playable(ANNA, Situation(), today) == (("temporary",) if holds else ())


def test_another_temporary_greeting_replaces_the_one_before(greetings: Greetings) -> None:
    temporary = GreetingKind.TEMPORARY
    for until in (TODAY, None, date(2026, 1, 1), date(2027, 1, 1)):
        greetings.write(ANNA, temporary, str(until).encode(), until)
        assert greetings.read(ANNA, temporary) == str(until).encode()
        assert len(list(greetings.path(ANNA, temporary).parent.iterdir())) == 1
    assert greetings.remove(ANNA, temporary) and greetings.recorded(ANNA) == ()


def test_day_that_is_none_is_no_end(greetings: Greetings) -> None:
    path = greetings.path(ANNA, GreetingKind.DAY).with_name("temporary-20261399.wav")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF")
    assert greetings.playable(ANNA, Situation(), TODAY) == ("temporary",)
