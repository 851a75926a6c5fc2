"""Steady dial tone ends a call whose far end has hung up; speech, notes, other tones do not."""

import numpy as np
import pytest

from app.phone.sound import dsp
from app.phone.sound.dial_tone import LOOK_EVERY, DialToneWatch
from app.phone.sound.tone_bank import ToneBank
from app.phone.timers import DIAL_TONE_IN_CALL, SUSPECT_TONE
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import codes, country
from drivers.models.tones import sines
from drivers.tones import Tone
from tests.kit.hearing import PACK, read_wav
from tests.phone.test_phone_end_tones import lasting, noisy

NEEDED = DIAL_TONE_IN_CALL.periods
STEADY = [code for code in codes() if not country(code).tones.dial.cadence_ms]
"""Where dial tone has a beat of its own it is not listened for."""
KINDS = sorted({country(code).tones.dial.hz for code in STEADY})


def ends_after(hertz: tuple[float, ...], sound: Samples) -> float | None:
    """After how many seconds of this a call is ended; None: not at all."""
    bank = ToneBank(1)
    watch, gone = DialToneWatch(bank, hertz), []
    watch.watch(0, NEEDED, lambda: gone.append(True))
    for number, row in enumerate(sound[: len(sound) // PERIOD * PERIOD].reshape(-1, 1, PERIOD)):
        bank.hear(row)
        watch.hear()
        if gone:
            return (number + 1) / 100
    return None


def dial(code: str) -> Tone:
    return country(code).tones.dial


@pytest.mark.parametrize("code", STEADY)
@pytest.mark.parametrize("part", [1.0, 0.6])
def test_dial_tone_of_every_country_ends_a_call_after_three_seconds(code: str, part: float) -> None:
    sound = np.rint(lasting(dial(code), 4) * part).astype(np.int16)
    ended = ends_after(dial(code).hz, noisy(sound, -50.0))
    assert ended is not None
    assert 3.0 - LOOK_EVERY / 100 <= ended <= 3.0 + LOOK_EVERY / 100


@pytest.mark.parametrize("part", [0.96, 1.04])
def test_dial_tone_of_an_office_that_is_off_by_four_per_cent_ends_a_call(part: float) -> None:
    assert ends_after((425.0,), lasting(Tone((425.0 * part,), dbm0=-18.0), 4)) is not None


@pytest.mark.parametrize("code", STEADY)
@pytest.mark.parametrize("name", ["busy", "reorder", "ringback", "call_waiting"])
def test_no_other_tone_of_a_country_ends_a_call(code: str, name: str) -> None:
    tone: Tone = getattr(country(code).tones, name)
    assert ends_after(dial(code).hz, lasting(tone, 40)) is None


@pytest.fixture(scope="module")
def speech() -> Samples:
    """All that the sound pack says, on 48 lines at once: (periods, 48, 80)."""
    said = np.concatenate([read_wav(path) for path in sorted(PACK.glob("**/*.wav"))])
    return np.resize(said, (48, len(said) // (48 * PERIOD), PERIOD)).swapaxes(0, 1)


@pytest.mark.parametrize("hertz", KINDS)
def test_no_speech_of_the_sound_pack_ends_a_call_or_is_suspected(
    hertz: tuple[float, ...], speech: Samples
) -> None:
    bank = ToneBank(48)
    watch, ended, longest = DialToneWatch(bank, hertz), [], 0
    for slot in range(48):
        watch.watch(slot, NEEDED, lambda: ended.append(hertz))
    assert len(speech) > 1000
    for heard in speech:
        bank.hear(heard)
        watch.hear()
        longest = max(longest, *map(watch.lasted, range(48)))
    assert ended == []
    assert 0 < longest < SUSPECT_TONE.periods, "no digit of a handset ends a call in speech"


def swelling(sound: Samples, hz: float, by: float) -> Samples:
    """A sound whose loudness goes up and down, `hz` times a second, by this part of it."""
    time = np.arange(len(sound)) / SAMPLE_RATE
    return np.rint(sound * (1 - by * (1 + np.sin(2 * np.pi * hz * time)) / 2)).astype(np.int16)


@pytest.mark.parametrize("hertz", KINDS)
def test_held_notes_and_keys_end_no_call(hertz: tuple[float, ...]) -> None:
    tone = sines(hertz, -15, 20 * SAMPLE_RATE)
    fading = np.rint(tone * np.exp(-np.arange(len(tone)) / SAMPLE_RATE / 4)).astype(np.int16)
    assert ends_after(hertz, fading) is None
    for beat in (0.5, 1.0, 2.0):
        assert ends_after(hertz, swelling(tone, beat, 0.5)) is None
    assert ends_after(hertz, dsp.dtmf("1" * 20, on_ms=900, off_ms=50)) is None


@pytest.mark.parametrize("hz", [350.0, 440.0])
def test_one_of_two_frequencies_is_no_dial_tone(hz: float) -> None:
    """440 Hz is the note that orchestras tune to."""
    assert ends_after((350.0, 440.0), sines((hz,), -13, 20 * SAMPLE_RATE)) is None


def test_tone_behind_a_note_of_its_own_pitch_is_heard_all_the_same() -> None:
    note = swelling(sines((425.0,), -12, 5 * SAMPLE_RATE), 1.0, 0.6)
    sound = np.concatenate([note, lasting(dial("de"), 6)])
    ended = ends_after((425.0,), sound)
    assert ended is not None and 5 < ended < 11.1


def test_tone_too_soft_or_too_short_ends_nothing() -> None:
    assert ends_after((425.0,), lasting(Tone((425.0,), dbm0=-40.0), 20)) is None
    almost = lasting(dial("de"), 2.85)
    pause = np.zeros(4 * PERIOD, np.int16)
    assert ends_after((425.0,), np.concatenate([almost, pause] * 6)) is None


def test_lines_are_told_apart_and_each_is_told_once() -> None:
    bank = ToneBank(4)
    watch, gone = DialToneWatch(bank, (425.0,)), []
    for slot in range(4):
        watch.watch(slot, NEEDED, lambda slot=slot: gone.append(slot))  # type: ignore[misc]
    watch.watch(2, 0, None)
    tone = lasting(dial("de"), 8).reshape(-1, PERIOD)
    quiet = np.zeros(PERIOD, np.int16)
    for number, row in enumerate(tone):
        bank.hear(np.stack([quiet, row, row, row if number >= 100 else quiet]))
        watch.hear()
    assert gone == [1, 3] and watch.lasted(2) == 0
    assert watch.lasted(1) - watch.lasted(3) in range(100 - LOOK_EVERY, 101 + LOOK_EVERY)


def test_tone_is_counted_from_where_it_may_have_begun() -> None:
    """A handset's digits end a call at once when there is dial tone: no look comes too late."""
    for quiet in range(LOOK_EVERY):
        bank = ToneBank(1)
        watch = DialToneWatch(bank, (425.0,))
        watch.watch(0, NEEDED, lambda: None)
        for _ in range(quiet):
            bank.hear(np.zeros((1, PERIOD), np.int16))
            watch.hear()
        for number, row in enumerate(lasting(dial("de"), 0.3).reshape(-1, 1, PERIOD), 1):
            bank.hear(row)
            watch.hear()
            assert number < LOOK_EVERY or number <= watch.lasted(0) < number + LOOK_EVERY


def test_line_whose_tone_ends_the_call_of_another_does_not_disturb_the_watch() -> None:
    bank = ToneBank(2)
    watch, gone = DialToneWatch(bank, (425.0,)), []

    def both_over() -> None:
        gone.append(True)
        watch.watch(0, 0, None)
        watch.watch(1, 0, None)

    watch.watch(0, NEEDED, both_over)
    watch.watch(1, NEEDED, both_over)
    for row in lasting(dial("de"), 4).reshape(-1, PERIOD):
        bank.hear(np.stack([row, row]))
        watch.hear()
    assert gone == [True]
