"""Greetings by telephone: drafts that are heard before they are kept, with and without a store."""

from pathlib import Path

import pytest

from app.clerk import drafts
from app.clerk.cleaning import Survey
from app.clerk.desk import DRAFT_LONGEST_S
from app.clerk.drafts import MOST
from app.clerk.levels import LEVEL_DBM0
from app.inbox.greetings import GreetingKind
from app.message.audio_formats import wave_head
from app.phone.calls.caller import WhyVoicemail
from app.phone.jobs import Draft, JobFailed
from app.voicemail.jobs import GreetingResult, OwnGreeting
from drivers.sampling import amplitude
from tests.kit import voicemail
from tests.kit.voicemail import House, silence


def tone(seconds: float, hz: float = 440.0) -> bytes:
    """A sine that is as loud as a greeting is made."""
    return voicemail.tone(seconds, hz, round(amplitude(LEVEL_DBM0)))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def draft(house: House, sound: bytes) -> int:
    """Recorded as the telephone does it, a second at a time."""
    number = house.clerk.begin_draft().result()
    for seq, start in enumerate(range(0, len(sound), 16_000)):
        house.clerk.draft_samples(number, seq, sound[start : start + 16_000]).result()
    return number


def test_draft_is_heard_kept_and_told_in_the_history(house: House) -> None:
    anna = house.kit.person("anna").id
    number = draft(house, tone(2.5))
    heard = house.clerk.sound(Draft(number), 0, 100_000).result()
    assert heard == tone(2.5)
    kept = house.clerk.keep_greeting(anna, "temporary", number, "2026-12-24").result()
    assert kept is GreetingResult.KEPT
    assert house.clerk.greetings(anna).result() == (OwnGreeting("temporary", 2.5, "2026-12-24"),)
    path = house.jobs._greetings.path(anna, GreetingKind.TEMPORARY)
    assert path.read_bytes() == wave_head(20_000) + tone(2.5)
    row = house.kit.store.history()[-1]
    assert (row.verb, row.door, row.by, row.person, row.detail) == (
        "greeting set", "phone", "anna", anna, "temporary, 2 s, until 2026-12-24"
    )  # fmt: skip
    assert house.clerk.remove_greeting(anna, "temporary").result()
    assert not house.clerk.remove_greeting(anna, "temporary").result()
    assert house.verbs()[-1] == "greeting removed"


def test_draft_in_which_nothing_was_said_leaves_the_old_greeting(house: House) -> None:
    anna = house.kit.person("anna").id
    house.clerk.keep_greeting(anna, "busy", draft(house, tone(1))).result()
    for empty in (b"", silence(3)):
        result = house.clerk.keep_greeting(anna, "busy", draft(house, empty)).result()
        assert result is GreetingResult.EMPTY
    assert house.clerk.greetings(anna).result() == (OwnGreeting("busy", 1.0),)


def test_piece_that_comes_twice_or_beyond_the_longest_changes_nothing(house: House) -> None:
    number = draft(house, tone(DRAFT_LONGEST_S) + tone(5, hz=1000))
    house.clerk.draft_samples(number, 0, tone(1)).result()
    assert house.clerk.sound(Draft(number), 0, 1 << 21).result() == tone(DRAFT_LONGEST_S)


def test_draft_that_is_heard_piece_by_piece_is_cleaned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveys: list[Survey] = []

    class Counted(Survey):
        def __init__(self) -> None:
            super().__init__()
            surveys.append(self)

    monkeypatch.setattr(drafts, "Survey", Counted)
    kept = drafts.Drafts(tmp_path, 60)
    kept.begin(5)
    kept.add(5, 0, tone(1))
    first = kept.sound(5)
    assert first and kept.sound(5) == first and len(surveys) == 1
    kept.add(5, 1, tone(1))
    assert len(kept.sound(5)) > len(first) and len(surveys) == 2


def test_drafts_outlive_the_clerk_and_the_oldest_go_when_there_are_many(house: House) -> None:
    first = draft(house, tone(1))
    house.restart()
    assert house.clerk.sound(Draft(first), 0, 100_000).result() == tone(1)
    house.clerk.drop_draft(first).result()
    for _ in range(MOST + 5):
        draft(house, tone(0.1))
    assert len(list((house.directory / "spool/drafts").iterdir())) == MOST
    with pytest.raises(JobFailed):
        house.clerk.sound(Draft(first), 0, 1).result()


@pytest.mark.parametrize(("kind", "until"), [("../x", ""), ("evening", ""), ("temporary", "soon")])
def test_kind_or_day_that_there_is_not_is_refused(house: House, kind: str, until: str) -> None:
    wait = house.clerk.keep_greeting(1, kind, draft(house, tone(1)), until)
    with pytest.raises(JobFailed):
        wait.result()
    assert house.clerk.greetings(1).result() == ()


def test_greeting_is_kept_and_played_while_the_store_is_away(house: House) -> None:
    anna = house.kit.person("anna").id
    house.clerk.directory().result()  # which is remembered
    (house.directory / "inbox.db").rename(house.directory / "elsewhere.db")
    number = draft(house, tone(1))
    assert house.clerk.keep_greeting(anna, "busy", number).result() is GreetingResult.KEPT
    box = house.clerk.mailbox("201", WhyVoicemail.BUSY).result()
    assert box is not None and box.greetings == ("busy",)
