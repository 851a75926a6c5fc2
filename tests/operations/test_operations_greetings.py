"""Greetings: whose they are to change, what is a greeting, and that nothing else touches them."""

import struct
from datetime import date

import pytest

from app.appliance import Inbox
from app.message.audio_formats import wave_head
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.greetings import (
    LONGEST_S,
    CallerGreetings,
    GreetingKind,
    Sound,
    as_telephone_sound,
    last_day,
    list_greetings,
    read_greeting,
    remove_greeting,
    set_greeting,
    set_night,
)
from app.operations.people import NewPerson, add_person
from tests.kit.actors import ADMIN, owner
from tests.kit.voicemail import silence, tone

DAY, NIGHT = GreetingKind.DAY, GreetingKind.NIGHT
HELLO = Sound(tone(0.5))


@pytest.fixture
def house(box: Inbox) -> Inbox:
    """With Anna and Ben."""
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101"))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202"))
    return box


def stereo(rate: int, seconds: float) -> bytes:
    """A WAVE file as an editor saves it: two channels of 16 bits, with a chunk of its own."""
    samples = b"".join(
        struct.pack("<hh", value, value)
        for (value,) in struct.iter_unpack("<h", tone(seconds * rate / 8000, 440 * 8000 / rate))
    )
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, rate, rate * 4, 4, 16)
    body = b"WAVE" + b"LIST\x04\0\0\0INFO" + form + struct.pack("<4sI", b"data", len(samples))
    return struct.pack("<4sI", b"RIFF", len(body) + len(samples)) + body + samples


def test_greeting_is_heard_as_it_was_given_until_it_is_removed(house: Inbox) -> None:
    set_greeting(house, ADMIN, "ben", DAY, HELLO)
    set_greeting(house, ADMIN, None, NIGHT, HELLO)
    assert list_greetings(house, ADMIN) == CallerGreetings(
        (NIGHT,), (("anna", ()), ("ben", (DAY,))), night=False
    )
    assert read_greeting(house, ADMIN, "ben", DAY) == wave_head(4000) + HELLO.samples
    remove_greeting(house, ADMIN, "ben", DAY)
    with pytest.raises(NotFound):
        read_greeting(house, ADMIN, "ben", DAY)
    with pytest.raises(NotFound):
        remove_greeting(house, ADMIN, "ben", DAY)


def test_history_says_who_has_set_and_removed_a_greeting(house: Inbox) -> None:
    set_greeting(house, owner(house, "ben"), "ben", DAY, HELLO)
    remove_greeting(house, ADMIN, "ben", DAY)
    ben = house.people.by_login("ben")
    assert ben is not None
    told = [(row.verb, row.by, row.detail) for row in house.store.history(ben.id)][-2:]
    assert told == [
        ("greeting set", "ben", "unavailable, 0 s"), ("greeting removed", "root", "unavailable")
    ]  # fmt: skip


def test_people_use_their_own_greetings_only(house: Inbox) -> None:
    ben = owner(house, "ben")
    set_greeting(house, ben, "ben", NIGHT, HELLO)
    assert list_greetings(house, ben).people == (("ben", (NIGHT,)),)
    set_greeting(house, ADMIN, "anna", DAY, HELLO)
    set_greeting(house, ADMIN, None, DAY, HELLO)
    for login in ("anna", None, "nobody"):
        for attempt in (
            lambda: read_greeting(house, ben, login, DAY),  # noqa: B023 (called at once)
            lambda: set_greeting(house, ben, login, DAY, HELLO),  # noqa: B023
            lambda: remove_greeting(house, ben, login, DAY),  # noqa: B023
            lambda: set_night(house, ben, True),
        ):
            with pytest.raises(NotAllowed):
                attempt()
    assert read_greeting(house, ADMIN, "anna", DAY) and read_greeting(house, ADMIN, None, DAY)


def test_who_looks_after_the_telephones_uses_all_greetings(house: Inbox) -> None:
    cora = Actor("cora", "web", frozenset({Role.USER, Role.PHONE}))
    for login in ("ben", None):
        set_greeting(house, cora, login, DAY, HELLO)
        assert read_greeting(house, cora, login, DAY) == HELLO.wave
    assert set_night(house, cora, True)
    assert list_greetings(house, cora).people == (("anna", ()), ("ben", (DAY,)))
    with pytest.raises(NotFound):
        read_greeting(house, cora, "nobody", DAY)


def test_greetings_come_in_pages_and_are_found_by_whose_they_are(house: Inbox) -> None:
    def logins(words: str, page: int, size: int | None) -> tuple[list[str], int, int]:
        found = list_greetings(house, ADMIN, words, page, size)
        return [login for login, _ in found.people], found.page, found.pages

    assert logins("", 1, 1) == (["anna"], 1, 2) and logins("", 9, 1) == (["ben"], 2, 2)
    assert logins("", 0, None) == (["anna", "ben"], 1, 1)
    assert logins("BE", 1, 25) == (["ben"], 1, 1) and logins("nobody", 1, 25) == ([], 1, 1)


def test_night_lasts_until_somebody_ends_it(house: Inbox) -> None:
    assert set_night(house, ADMIN, True) and not set_night(house, ADMIN, True)
    assert list_greetings(house, ADMIN).night
    assert set_night(house, ADMIN, False) and not set_night(house, ADMIN, False)
    assert not list_greetings(house, ADMIN).night


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_file_of_an_editor_becomes_a_sound_of_the_telephone(rate: int) -> None:
    sound = as_telephone_sound(stereo(rate, 0.5))
    assert sound.seconds == pytest.approx(0.5, abs=0.001)
    loudest = max(abs(value) for (value,) in struct.iter_unpack("<h", sound.samples))
    assert loudest == pytest.approx(8000, rel=0.05)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "no WAVE file"),
        (b"ID3\x04not a wave" * 100, "no WAVE file"),
        (b"RIFF....WAVE" + b"junk\0\0\0\0" * 1000, "no WAVE file"),
        (b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90" * 100, "it is an MP3 file"),
        (b"\0\0\0 ftypM4A " + bytes(100), "it is an MP4 or M4A file"),
        (
            wave_head(8000)[:20] + b"\x55\0" + wave_head(8000)[22:] + tone(1),
            "it has MP3, 1 channel",
        ),
        (wave_head(0), "nothing to hear"),
        (wave_head(8000) + silence(1), "nothing to hear"),
        (wave_head(8000 * 61) + tone(61), f"at most {LONGEST_S} seconds"),
        (bytes(13 * 1024 * 1024), "larger than 12 MB"),
    ],
)
def test_what_is_no_greeting_is_said(octets: bytes, said: str) -> None:
    with pytest.raises(OperationError, match=said) as problem:
        as_telephone_sound(octets)
    assert problem.value.field == "file"


def test_greeting_that_cannot_be_kept_leaves_the_old_one(house: Inbox) -> None:
    set_greeting(house, ADMIN, "ben", DAY, HELLO)
    path = house.greetings.path(2, DAY)
    path.with_name(f"{path.name}.new").mkdir()  # so the new file cannot be made
    with pytest.raises(OperationError, match="cannot be kept") as problem:
        set_greeting(house, ADMIN, "ben", DAY, Sound(tone(1)))
    assert problem.value.field == "file"
    assert read_greeting(house, ADMIN, "ben", DAY) == HELLO.wave


def test_temporary_greeting_has_a_last_day(house: Inbox) -> None:
    day = date(2026, 12, 24)
    ben = owner(house, "ben")
    set_greeting(house, ben, "ben", GreetingKind.TEMPORARY, HELLO, day)
    set_greeting(house, ADMIN, None, GreetingKind.TEMPORARY, HELLO, day)
    assert list_greetings(house, ADMIN).temporary == ((None, day), ("ben", day))
    assert house.store.history()[-1].detail == "temporary, 0 s, until 2026-12-24"
    with pytest.raises(OperationError, match="only a temporary greeting") as problem:
        set_greeting(house, ben, "ben", DAY, HELLO, day)
    assert problem.value.field == "until"
    remove_greeting(house, ben, "ben", GreetingKind.TEMPORARY)
    assert list_greetings(house, ben).people == (("ben", ()),)


def test_company_has_no_presence_and_no_name(house: Inbox) -> None:
    for kind in (GreetingKind.MEETING, GreetingKind.NAME):
        with pytest.raises(OperationError, match="the company has no greeting") as problem:
            set_greeting(house, ADMIN, None, kind, HELLO)
        assert problem.value.field == "kind"


@pytest.mark.parametrize("text", ["24.12.2026", "2026-02-30", "tomorrow"])
def test_what_is_no_day_is_said(text: str) -> None:
    with pytest.raises(OperationError, match="is no day") as problem:
        last_day(text)
    assert problem.value.field == "until"
