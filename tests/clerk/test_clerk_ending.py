"""The office's tone after the caller has gone is cut off the recording; what was said is not."""

from array import array
from pathlib import Path

import numpy as np
import pytest

from app.clerk.ending import PIECES, Ending, tone_begins
from app.phone.sound.end_tones import end_tones
from app.voicemail.jobs import RecordingResult
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.models.tones import tone_periods
from drivers.tones import Tone
from tests.kit.hearing import PACK, prompt, read_wav
from tests.kit.voicemail import House

US = end_tones(country("us").tones)
WORDS = prompt("vm-nobodyavail")
PAUSE = np.zeros(30 * PERIOD, np.int16)


def lasting(tone: Tone, seconds: float) -> Samples:
    """So much of a tone from the start of its cadence."""
    rows = tone_periods(tone)
    return rows[np.arange(round(seconds * 100)) % len(rows)].reshape(-1)


def values(*sounds: Samples) -> "array[int]":
    return array("h", np.concatenate(sounds).tobytes())


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("name", ["busy", "reorder"])
def test_tone_is_cut_off_where_it_begins(code: str, name: str) -> None:
    tones = country(code).tones
    recording = values(WORDS[: 200 * PERIOD], PAUSE, lasting(getattr(tones, name), 5.03))
    begins = tone_begins(recording, end_tones(tones))
    assert begins / PERIOD == pytest.approx(230, abs=1)


@pytest.mark.parametrize("seconds", [1.0, 1.3, 3.0, 6.0])
def test_tone_that_was_there_before_the_recording_is_all_of_it(seconds: float) -> None:
    sound = lasting(country("us").tones.reorder, 7)
    recording = values(sound[13 * PERIOD : 13 * PERIOD + round(seconds * 8000)])
    assert tone_begins(recording, US) <= 25 * PERIOD  # but for a gap that it may begin with


def test_tone_with_clicks_in_it_is_cut_off_where_it_begins() -> None:
    tone = lasting(country("us").tones.reorder, 3)
    tone[9 * PERIOD :: 40 * PERIOD] = 20_000
    assert tone_begins(values(WORDS, PAUSE, tone), US) == pytest.approx(
        len(WORDS) + len(PAUSE), abs=PERIOD
    )


def test_nothing_is_cut_off_what_ends_in_words_or_silence() -> None:
    for path in sorted(PACK.glob("*.wav")):
        said = read_wav(path)
        for recording in (values(said), values(said, PAUSE)):
            assert tone_begins(recording, US) == len(recording), path.name


def test_tone_in_the_midst_of_a_message_stays_in_it() -> None:
    recording = values(lasting(country("us").tones.busy, 3), WORDS)
    assert tone_begins(recording, US) == len(recording)


def test_recording_passes_on_unchanged_but_for_its_tone() -> None:
    said = np.concatenate([np.resize(WORDS, 11 * 8000), PAUSE])
    sound = np.concatenate([said, lasting(country("us").tones.reorder, 3)]).tobytes()
    ending, passed = Ending(US), []
    for at in range(0, len(sound), 16_000):
        passed.append(ending.add(sound[at : at + 16_000]))
    assert not any(passed[:PIECES])
    whole = b"".join(passed) + ending.rest()
    assert abs(len(whole) - 2 * len(said)) <= 4 * PERIOD
    assert sound.startswith(whole)


@pytest.mark.parametrize(
    ("said", "becomes"),
    [(WORDS, RecordingResult.DELIVERED), (WORDS[:0], RecordingResult.MISSED_CALL)],
)
def test_tone_alone_is_a_missed_call_and_words_before_it_are_a_message_of_their_length(
    tmp_path: Path, said: Samples, becomes: RecordingResult
) -> None:
    house = House(tmp_path)
    sound = np.concatenate([said, PAUSE, lasting(country("us").tones.reorder, 3.5)]).tobytes()
    recording = house.begin("201")
    for number, at in enumerate(range(0, len(sound), 16_000)):
        house.clerk.samples(recording, number, sound[at : at + 16_000]).result()
    assert house.clerk.end_recording(recording, "hung up").result() is becomes
    lengths = [entry.duration_s for entry in house.voicemails("anna")]
    assert lengths == ([pytest.approx(len(said) / 8000, abs=1)] if len(said) else [])
