"""Busy and reorder tone end a call on an outside line; speech, music and other tones do not."""

from collections.abc import Iterator

import numpy as np
import pytest

from app.phone.lines import line_events
from app.phone.lines.trunk_states import TrunkState
from app.phone.sound import dsp
from app.phone.sound.end_tones import end_tones, tone_basis
from app.phone.sound.far_end import FarEndWatch
from app.phone.sound.tone_bank import ToneBank
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import codes, country
from drivers.models.tones import sines, tone_periods
from drivers.sampling import amplitude
from drivers.tones import Tone
from tests.kit import everyday
from tests.kit.hearing import PACK, prompt, read_wav
from tests.phone.test_phone_lines import OneTrunk

ALL = ("us", "de", "gb", "fr", "in", "se", "es")  # each frequency, and each odd cadence


def lasting(tone: Tone, seconds: float) -> Samples:
    """So much of a tone, begun in the midst of its cadence: nobody hears it from its start."""
    rows = tone_periods(tone)
    count = round(seconds * 100)
    return rows[np.arange(37, 37 + count) % len(rows)].reshape(-1)


def noisy(sound: Samples, dbm0: float) -> Samples:
    noise = np.random.default_rng(1).normal(0, amplitude(dbm0) / 2**0.5, len(sound))
    return np.clip(np.rint(sound + noise), -32768, 32767).astype(np.int16)


def ends_after(code: str, sound: Samples, slots: int = 1) -> float | None:
    """After how many seconds of this the far end is taken for gone; None: not at all.

    It is heard in the first of so many slots, the only one that is watched.
    """
    bank = ToneBank(slots)
    watch, gone = FarEndWatch(bank, end_tones(country(code).tones)), []
    watch.watch(0, lambda: gone.append(True))
    for number, row in enumerate(sound[: len(sound) // PERIOD * PERIOD].reshape(-1, 1, PERIOD)):
        bank.hear(row)
        watch.hear()
        if gone:
            return (number + 1) / 100
    return None


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("name", ["busy", "reorder"])
def test_busy_and_reorder_of_every_country_end_a_call_within_seven_seconds(
    code: str, name: str
) -> None:
    tone: Tone = getattr(country(code).tones, name)
    ended = ends_after(code, noisy(lasting(tone, 7), -50.0))
    assert ended is not None
    assert ended >= 3


@pytest.mark.parametrize("code", everyday.cases(codes()))
@pytest.mark.parametrize("name", ["dial", "stutter", "ringback", "call_waiting", "howler"])
def test_no_other_tone_of_a_country_ends_a_call(code: str, name: str) -> None:
    assert ends_after(code, lasting(getattr(country(code).tones, name), 40)) is None


@pytest.mark.parametrize("part", [0.96, 1.04])
def test_tone_of_an_office_that_is_off_by_four_per_cent_ends_a_call(part: float) -> None:
    off = Tone((425 * part,), (round(480 * part), round(480 * part)), dbm0=-18.0)
    assert ends_after("de", lasting(off, 7)) is not None


def test_tone_as_soft_as_the_echo_of_one_that_we_play_ends_nothing() -> None:
    assert ends_after("de", lasting(Tone((425.0,), (480, 480), dbm0=-40.0), 20)) is None


@pytest.mark.parametrize("code", ALL)
@pytest.mark.parametrize("name", ["busy", "reorder"])
@pytest.mark.parametrize("slots", [1, 8])
def test_tone_is_heard_through_the_echo_of_a_greeting_and_clicks(
    code: str, name: str, slots: int
) -> None:
    tone = lasting(getattr(country(code).tones, name), 9)
    echo = np.resize(prompt("vm-nobodyavail"), len(tone)) / 15  # 24 dB softer
    sound = np.rint(tone + echo).astype(np.int16)
    sound[30 * PERIOD :: 90 * PERIOD] = 20_000
    assert ends_after(code, sound, slots) is not None


def test_two_cycles_end_nothing() -> None:
    busy = lasting(country("de").tones.busy, 0.96 * 2)
    speech = prompt("vm-goodbye")
    assert ends_after("de", np.concatenate([busy, speech] * 5)) is None


@pytest.fixture(scope="module")
def speech() -> Samples:
    """All that the sound pack says, on 48 lines at once: (periods, 48, 80)."""
    said = np.concatenate([read_wav(path) for path in sorted(PACK.glob("**/*.wav"))])
    return np.resize(said, (48, len(said) // (48 * PERIOD), PERIOD)).swapaxes(0, 1)


@pytest.mark.parametrize("code", ALL)
def test_no_speech_of_the_sound_pack_ends_a_call(code: str, speech: Samples) -> None:
    bank = ToneBank(48)
    watch, ended = FarEndWatch(bank, end_tones(country(code).tones)), []
    for slot in range(48):
        watch.watch(slot, lambda: ended.append(code))
    assert len(speech) > 1000
    for heard in speech:
        bank.hear(heard)
        watch.hear()
    assert ended == []


def gated(sound: Samples, ms: int) -> Samples:
    """A sound that comes and goes in an even beat."""
    on = (np.arange(len(sound)) // (ms * 8)) % 2 == 0
    return np.where(on, sound, 0).astype(np.int16)


def note(hz: float, ms: int, harmonics: int = 1, fades: float = 0.0) -> Samples:
    """One note; each harmonic n is 1/n as strong, and it fades by e in 1/`fades` seconds."""
    time = np.arange(ms * 8) / SAMPLE_RATE
    wave = np.zeros(len(time))
    for n in range(1, harmonics + 1):
        wave += np.sin(2 * np.pi * hz * n * time) / n
    return np.rint(amplitude(-14) * wave * np.exp(-fades * time)).astype(np.int16)


def music(hz: float, beat_ms: int) -> Iterator[tuple[str, Samples]]:
    """20 s each of one note repeated in a beat, in the timbres that come nearest to a tone."""
    rest = np.zeros(beat_ms * 8, np.int16)
    times = 20_000 // (2 * beat_ms)
    yield "plucked", np.tile(np.concatenate([note(hz, beat_ms, fades=6), rest]), times)
    yield "organ", np.tile(np.concatenate([note(hz, beat_ms, harmonics=5), rest]), times)
    yield "reed", np.tile(np.concatenate([note(hz, beat_ms, harmonics=2), rest]), times)
    yield "legato", np.tile(np.concatenate([note(hz, beat_ms), note(hz * 1.26, beat_ms)]), times)
    scale = [hz * 2 ** (step / 12) for step in (0, 4, 7, 12)]
    tune = np.concatenate([np.concatenate([note(one, beat_ms), rest]) for one in scale])
    yield "arpeggio", np.tile(tune, times // 4)
    accents = [note(hz, beat_ms), rest, note(hz, beat_ms) // 2, rest]
    yield "accents", np.tile(np.concatenate(accents), times // 2)
    uneven = [note(hz, beat_ms), rest, note(hz, beat_ms * 2), rest]
    yield "rhythm", np.tile(np.concatenate(uneven), times // 2)


@pytest.mark.parametrize("code", ALL)
def test_music_in_the_tones_own_pitch_and_beat_ends_no_call(code: str) -> None:
    busy, reorder = country(code).tones.busy, country(code).tones.reorder
    for tone in (busy, reorder):
        for timbre, sound in music(tone.hz[0], tone.cadence_ms[0]):
            assert ends_after(code, sound) is None, timbre


@pytest.mark.parametrize("code", ALL)
@pytest.mark.parametrize("ms", [200, 250, 375, 480, 500])
def test_what_comes_and_goes_in_the_tones_beat_ends_no_call(code: str, ms: int) -> None:
    speech = np.tile(prompt("vm-nobodyavail"), 5)
    noise = np.random.default_rng(2).normal(0, 3000, 20 * SAMPLE_RATE).astype(np.int16)
    for sound in (speech, noise, sines((440, 480), -18, 20 * SAMPLE_RATE)):
        assert ends_after(code, gated(sound, ms)) is None
    assert ends_after(code, dsp.dtmf("1" * 20, on_ms=ms, off_ms=ms)) is None


def test_lines_are_told_apart_and_one_that_is_watched_no_longer_is_not_told_of() -> None:
    bank = ToneBank(3)
    watch, gone = FarEndWatch(bank, end_tones(country("us").tones)), []
    for slot in range(3):
        watch.watch(slot, lambda slot=slot: gone.append(slot))  # type: ignore[misc]
    watch.watch(2, None)
    tone = lasting(country("us").tones.reorder, 7).reshape(-1, PERIOD)
    for row in tone:
        bank.hear(np.stack([np.zeros(PERIOD, np.int16), row, row]))
        watch.hear()
    assert set(gone) == {1}


def test_places_that_come_meanwhile_change_nothing_of_what_was_found() -> None:
    bank, tones = ToneBank(3), country("us").tones
    busy, dial = (bank.judge(tone_basis(hz), 0.85, 1e4) for hz in (tones.busy.hz, tones.dial.hz))
    for place in range(3):
        bank.ask([busy, dial], place, True)
    rows = [lasting(tone, 1)[:PERIOD] for tone in (tones.busy, tones.dial, tones.busy)]
    bank.hear(np.stack(rows))
    assert (bank.found(busy), bank.found(dial)) == (0b101, 0b010)
    bank.grow(11)
    third = bank.judge(tone_basis((1000.0,)), 0.85, 1e4)
    assert (bank.found(busy), bank.found(dial), bank.found(third)) == (0b101, 0b010, 0)
    bank.ask([busy], 2, False)
    assert (bank.found(busy), bank.found(dial)) == (0b001, 0b010)


def test_far_end_that_ends_another_lines_call_does_not_disturb_the_watch() -> None:
    bank = ToneBank(2)
    watch, gone = FarEndWatch(bank, end_tones(country("us").tones)), []

    def both_over() -> None:
        gone.append(True)
        watch.watch(0, None)
        watch.watch(1, None)

    watch.watch(0, both_over)
    watch.watch(1, both_over)
    for row in lasting(country("us").tones.reorder, 7).reshape(-1, PERIOD):
        bank.hear(np.stack([row, row]))
        watch.hear()
    assert gone == [True]


@pytest.mark.parametrize("code", ["us", "de", "gb"])
def test_call_on_a_line_ends_with_the_tone_as_with_cpc(code: str) -> None:
    office = OneTrunk(code)
    office.burst()
    assert office.line.seize()
    office.run(100)
    office.events()
    office.say(lasting(country(code).tones.reorder, 7))
    office.run(700)
    assert office.events() == [line_events.CallerGone()]
    assert not office.port.seized
    assert office.state is TrunkState.IDLE


def test_tone_on_a_line_at_rest_is_nobodys_end() -> None:
    office = OneTrunk()
    office.say(lasting(country("us").tones.reorder, 7))
    office.run(700)
    assert office.events() == []
    assert office.state is TrunkState.IDLE
