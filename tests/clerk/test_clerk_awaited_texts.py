"""Voicemail whose owner wants its text in the mail: it waits for it, and never for too long."""

from email import message_from_bytes
from pathlib import Path

import pytest

from app.clerk.recordings import TEXT_LOOK_S
from app.core import pack
from app.inbox.transcripts import Outcome, Transcript
from app.phone.calls.caller import Caller
from app.voicemail.jobs import RecordingResult
from tests.kit.voicemail import House, tone

WAIT_MIN = 5
SAID = Transcript(Outcome.SAID, "Please call me back about the roof.", "5550142")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(pack, "found", lambda: tmp_path)
    house = House(tmp_path)
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, text_wait_min=WAIT_MIN))
    return house


def left(house: House, seconds: float = 2.0) -> int:
    """A message is left for Anna; the number of its recording."""
    recording = house.begin("201", caller=Caller("5551234"))
    house.clerk.samples(recording, 0, tone(1)).result()
    house.clerk.samples(recording, 1, tone(seconds - 1)).result()
    assert house.clerk.end_recording(recording, "hung up").result() is RecordingResult.KEPT
    return recording


def passes(house: House, seconds: float) -> None:
    house.kit.clock.advance(seconds)
    while house.jobs.work():
        pass


def written(house: House, recording: int, transcript: Transcript = SAID) -> None:
    house.kit.db.now(lambda tx: house.kit.store.awaited_texts.keep(tx, recording, transcript))


def text_of(house: House) -> str:
    (entry,) = house.voicemails("anna")
    first = next(iter(message_from_bytes(house.kit.text(entry)).walk()), None)
    assert first is not None
    part = first.get_payload(0)
    return str(part.get_payload())  # type: ignore[union-attr]


def test_voicemail_comes_with_its_text_as_soon_as_that_is_there(house: House) -> None:
    recording = left(house)
    passes(house, 60)
    assert house.voicemails("anna") == []
    written(house, recording)
    passes(house, TEXT_LOOK_S)
    assert "Please call me back about the roof." in text_of(house)
    assert "Possible number, said in the message: 5550142" in text_of(house)
    (entry,) = house.voicemails("anna")
    assert house.kit.store.transcripts.get(entry.content) == SAID, "it is not written down again"
    assert house.kit.store.awaited_texts.get(recording) is None
    assert len(house.kit.text(entry)) == entry.size


def test_voicemail_without_text_comes_when_the_time_is_over(house: House) -> None:
    left(house)
    passes(house, 60 * WAIT_MIN - 1)
    assert house.voicemails("anna") == []
    passes(house, 1 + TEXT_LOOK_S)
    assert "Length:   0:02" in text_of(house) and "machine" not in text_of(house)


@pytest.mark.parametrize("outcome", [Outcome.NOTHING, Outcome.FOREIGN, Outcome.FAILED])
def test_voicemail_that_has_no_text_comes_as_soon_as_that_is_known(
    house: House, outcome: Outcome
) -> None:
    recording = left(house)
    written(house, recording, Transcript(outcome))
    passes(house, TEXT_LOOK_S)
    (entry,) = house.voicemails("anna")
    assert (house.kit.store.transcripts.get(entry.content) is None) is (outcome is Outcome.FAILED)


def test_voicemail_waits_on_after_the_clerk_has_died(house: House) -> None:
    recording = left(house)
    house.restart()
    house.jobs.recover(set())
    passes(house, 1)
    assert house.voicemails("anna") == []
    written(house, recording)
    passes(house, TEXT_LOOK_S)
    assert "about the roof" in text_of(house)


def test_clock_of_the_box_that_is_set_does_not_make_it_wait_longer(house: House) -> None:
    left(house)
    house.kit.clock.step(-86_400)
    passes(house, 60 * WAIT_MIN + TEXT_LOOK_S)
    assert len(house.voicemails("anna")) == 1


def test_nothing_waits_where_nothing_writes_it_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "found", lambda: None)
    house.leave("201", tone(2))
    assert len(house.voicemails("anna")) == 1


def test_who_does_not_want_it_does_not_wait(house: House) -> None:
    house.leave("202", tone(2))
    assert len(house.voicemails("bob")) == 1
