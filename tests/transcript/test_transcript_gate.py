"""What is speech in a recording and what is not, whatever the detector of voices says."""

from dataclasses import replace
from itertools import cycle, pairwise
from typing import Any

import numpy as np
import pytest

from app.transcript.gate import FRAME, LONGEST_S, Floats, Span, doubled, pieces, speech, tones
from drivers.countries import codes, country
from drivers.sampling import FULL_SCALE, SAMPLE_RATE, amplitude
from drivers.tones import Tone
from tests.kit import foreign_tones
from tests.kit.hearing import prompt

SOME_S = 1.2


def sound_of(wave: Any) -> Floats:
    return (np.asarray(wave) / FULL_SCALE).astype(np.float32)


def sounding(tone: Tone) -> Floats:
    """The first part of a tone, for SOME_S, with its cadence."""
    time = np.arange(int(SOME_S * SAMPLE_RATE)) / SAMPLE_RATE
    wave = np.zeros(len(time))
    for hz, dbm0 in zip(tone.hz, tone.levels_dbm0, strict=True):
        wave += amplitude(dbm0) * np.sin(2 * np.pi * hz * time)
    beat = np.concatenate(
        [np.full(ms * SAMPLE_RATE // 1000, on) for ms, on in zip(tone.cadence_ms, cycle((1, 0)))]
        or [np.ones(1)]
    )
    return sound_of(wave * np.resize(beat, len(time)))


def voice_everywhere(sound: Floats) -> list[float]:
    """A detector of voices that takes everything for one."""
    return [1.0] * (len(sound) // (2 * FRAME))


def test_tones_of_no_country_are_speech() -> None:
    """But for those of three frequencies, which are modulated: see app/transcript/gate.py."""
    every = (country(code).tones for code in codes())
    parts = {
        replace(part, dbm0=-18.0)
        for tones in every
        for tone in (tones.dial, tones.busy, tones.reorder, tones.ringback)
        for part in tone.chain
        if len(part.hz) < 3
    }
    assert len(parts) > 20
    heard = []
    for part in parts:
        sound = sounding(part)
        if spans := speech(sound, voice_everywhere(sound)):
            heard.append((part, spans))
    assert not heard


def test_keys_are_no_speech_loud_weak_and_short() -> None:
    for level, on_ms, off_ms in ((-6, 300, 200), (-30, 70, 70), (-38, 50, 50)):
        keys = [
            part
            for name in foreign_tones.KEYS
            for part in (
                foreign_tones.key(name, on_ms, (level, level)),
                foreign_tones.silence(off_ms),
            )
        ]
        sound = sound_of(np.concatenate(keys))
        assert not speech(sound, voice_everywhere(sound)), level


def test_silence_and_what_is_too_soft_are_none() -> None:
    for sound in (np.zeros(40_000), foreign_tones.noise(40_000, -60), np.zeros(0), np.zeros(5)):
        heard = sound_of(sound)
        assert not speech(heard, voice_everywhere(heard))


def test_a_voice_is_no_tone() -> None:
    for name in ("vm-intro", "tt-weasels", "vm-theperson"):
        sound = sound_of(prompt(name))
        assert tones(sound).mean() < 0.1, name


def test_a_click_is_no_message_and_voice_alone_is_kept() -> None:
    sound = sound_of(foreign_tones.noise(10 * SAMPLE_RATE, -15))
    likely = np.zeros(len(sound) // (2 * FRAME))
    likely[100:104] = 0.9
    assert speech(sound, likely) == []
    likely[200:240] = 0.9
    (span,) = speech(sound, likely)
    assert span.start < 200 * 2 * FRAME < 240 * 2 * FRAME < span.end
    assert span.seconds < 2.5


def test_a_long_span_is_cut_where_it_is_quiet() -> None:
    sound = sound_of(foreign_tones.noise(26 * SAMPLE_RATE, -15))
    for quiet_s in (8.0, 15.5):
        at = int(quiet_s * SAMPLE_RATE)
        sound[at : at + 2000] = 0.0
    cut = pieces(sound, [Span(0, len(sound))])
    assert all(piece.seconds <= LONGEST_S for piece in cut)
    assert all(one.end == other.start for one, other in pairwise(cut))
    assert (cut[0].start, cut[-1].end) == (0, len(sound))
    assert [piece.start / SAMPLE_RATE for piece in cut[1:3]] == pytest.approx(
        [8.125, 15.625], abs=0.03
    )


def test_twice_the_rate_is_the_same_sound() -> None:
    time = np.arange(4000) / SAMPLE_RATE
    for hz in (300.0, 1000.0, 3300.0):
        twice = doubled(np.sin(2 * np.pi * hz * time).astype(np.float32))
        wanted = np.sin(np.pi * hz * np.arange(8000) / SAMPLE_RATE)
        assert np.abs(twice - wanted)[200:-200].max() < 0.03, hz
