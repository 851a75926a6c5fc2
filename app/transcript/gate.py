"""Where somebody speaks in a recording, and where to cut it for a model that takes some 10 s.

A model of speech makes fluent sentences of dial tone, of keys and of music, and is as sure of them
as of speech. So a piece of sound must pass two judges before it gets there: a detector of voices
(Silero, in the pack), and ours, which knows tones: keys, and sound whose power lies at a few
frequencies that stand still for a fifth of a second, as it does in the tones of offices and fax
machines, are no speech, whatever the other one says. Dial tones that are modulated are left to the
detector of voices, which hears nothing in them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.dtmf import DtmfDetector
from app.phone.sound.tone_bank import ToneBank
from drivers.sampling import FULL_SCALE, PERIOD, SAMPLE_RATE, amplitude

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

FRAME = SAMPLE_RATE * 16 // 1000
"""Samples of a frame: 16 ms, half of what the detector of voices looks at."""
VOICE = 0.5
"""Likelihood from which on the detector of voices is believed."""
WINDOW = 480
"""Samples in which frequencies are measured: 60 ms, a step of a frame apart."""
PEAKS = 3
"""Frequencies of a tone at most."""
PURE = 0.95
"""Part of a window's power that lies at its strongest frequencies, which were the same before; with
noise of 15 dB a tone has 0.97. Of vowels, which stand still for as long, a tenth has as much."""
LATER = 4
"""Frames between two windows that are compared: 64 ms, for which few voices keep their pitch."""
TONE_FRAMES = 8
"""Frames in a row of a tone: 128 ms. The shortest bursts of offices have 167, keys less."""
AT_ONCE = 1000
"""Frames that are measured at once, so that a long recording takes no more memory: 16 s."""
KEY_PERIODS = 5
"""Periods that a key sounds before it is recognized."""
FLOOR = amplitude(-45.0) / FULL_SCALE
"""Peak of what is too soft to be said to somebody."""
AROUND_S = 0.4
"""Seconds that are kept before and behind speech: consonants are soft."""
TOGETHER_S = 0.7
"""Seconds of a pause that does not part two sentences."""
LEAST_VOICE_S = 0.25
"""Seconds of voice in a span at least: less is a click, or a breath."""
LEAST_S = 1.0
"""Seconds of voice in a whole recording at least: in five minutes of music there are 0.8."""
LONGEST_S = 10.0
"""Seconds of a piece at most: longer ones make the model lose its thread."""
QUIET_S = 0.2
"""Seconds of the quietest part of a piece, where it is cut."""


@dataclass(frozen=True)
class Span:
    """A stretch of a recording, in samples at SAMPLE_RATE."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start) / SAMPLE_RATE


def tones(sound: Floats) -> Flags:
    """Which frames of a recording are tones; `sound` is of -1 to 1, at SAMPLE_RATE."""
    frames = len(sound) // FRAME
    padded = np.pad(sound, (WINDOW // 2, WINDOW))
    still = np.zeros(frames, np.bool_)
    for first in range(LATER, frames, AT_ONCE):
        end = min(frames, first + AT_ONCE)
        still[first:end] = _still(padded, first, end)
    still[: max(0, frames - LATER)] |= still[LATER:]  # both ends of what stood still
    return _wide(np.logical_or(_lasting(still, TONE_FRAMES), _keys(sound)), 2)


def _still(padded: Floats, first: int, end: int) -> Flags:
    """Which of these frames have their power where those LATER before them have it."""
    starts = np.arange(first - LATER, end) * FRAME + FRAME // 2
    windows = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW).astype(np.float32)
    power = np.abs(np.fft.rfft(windows, 2 * WINDOW, axis=1)) ** 2
    where = _strongest(power)
    now = power[LATER:]
    held = (now * (where[LATER:] & where[:-LATER])).sum(axis=1)
    return np.asarray(held > PURE * (now.sum(axis=1) + 1e-9))


def _strongest(power: NDArray[np.float64]) -> Flags:
    """Where each frame's strongest frequencies lie, with what a window smears of them."""
    left, where = power.copy(), np.zeros(power.shape, np.bool_)
    rows = np.arange(len(power))[:, None]
    for _ in range(PEAKS):
        at = left.argmax(axis=1)[:, None]
        where[rows, np.clip(at + np.arange(-2, 3), 0, power.shape[1] - 1)] = True
        left[rows, np.clip(at + np.arange(-4, 5), 0, power.shape[1] - 1)] = 0.0
    return where


def _keys(sound: Floats) -> Flags:
    """Which frames have the tones of a telephone's key, by the detector that all calls have."""
    bank = ToneBank(1)
    keys = DtmfDetector(bank)
    keys.listen(0, True)
    samples = sound[: len(sound) // PERIOD * PERIOD].reshape(-1, 1, PERIOD) * FULL_SCALE
    found = np.zeros(len(sound), np.bool_)
    for number, period in enumerate(samples.astype(np.int16)):
        bank.hear(period)
        if keys.hear() or keys.sounds(0):
            found[max(0, number - KEY_PERIODS) * PERIOD : (number + 1) * PERIOD] = True
    frames = len(sound) // FRAME
    return np.asarray(found[: frames * FRAME].reshape(frames, FRAME).any(axis=1))


def speech(sound: Floats, likelihoods: Iterable[float]) -> list[Span]:
    """Where somebody speaks, in order; nothing if it is too little to be a message.

    `likelihoods` of a voice are one a 2 frames, as many as the sound has of these.
    """
    frames = len(sound) // FRAME
    voice = np.repeat(np.fromiter(likelihoods, np.float32) >= VOICE, 2)[:frames]
    voice = np.pad(voice, (0, frames - len(voice)))
    rows = sound[: frames * FRAME].reshape(frames, FRAME)
    voice &= np.abs(rows).max(axis=1, initial=0.0) > FLOOR
    voice &= ~tones(sound)
    if voice.sum() * FRAME < LEAST_S * SAMPLE_RATE:
        return []
    return _spans(voice, len(sound))


def _spans(voice: Flags, samples: int) -> list[Span]:
    """Stretches with voice, with some sound around them and short pauses in them."""
    around, spans = int(AROUND_S * SAMPLE_RATE), list[Span]()
    for start, end in _runs(voice):
        first, last = max(0, start * FRAME - around), min(samples, end * FRAME + around)
        if spans and first - spans[-1].end < TOGETHER_S * SAMPLE_RATE:
            first = spans.pop().start
        spans.append(Span(first, last))
    least = LEAST_VOICE_S * SAMPLE_RATE / FRAME
    return [s for s in spans if voice[s.start // FRAME : s.end // FRAME].sum() >= least]


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """First frame and the frame behind the last of each run of True."""
    edges = np.flatnonzero(np.diff(np.pad(flags, 1).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _lasting(flags: Flags, least: int) -> Flags:
    """Runs of at least so many frames."""
    kept = np.zeros_like(flags)
    for start, end in _runs(flags):
        if end - start >= least:
            kept[start:end] = True
    return kept


def _wide(flags: Flags, frames: int) -> Flags:
    """The same, so many frames wider on both sides."""
    wide = flags.copy()
    for start, end in _runs(flags):
        wide[max(0, start - frames) : end + frames] = True
    return wide


def pieces(sound: Floats, spans: Sequence[Span]) -> list[Span]:
    """The spans, each of them cut where it is quietest into pieces of LONGEST_S at most."""
    cut = list[Span]()
    for span in spans:
        while span.seconds > LONGEST_S:
            at = _quietest(sound, span)
            cut.append(Span(span.start, at))
            span = Span(at, span.end)
        cut.append(span)
    return cut


def _quietest(sound: Floats, span: Span) -> int:
    """Where a long span is cut: in the middle of the quietest part of its last half of a piece."""
    longest, width = int(LONGEST_S * SAMPLE_RATE), int(QUIET_S * SAMPLE_RATE)
    first = span.start + longest // 2
    part = sound[first : span.start + longest].astype(np.float64) ** 2
    sums = np.concatenate(([0.0], np.cumsum(part)))
    return first + int((sums[width:] - sums[:-width]).argmin()) + width // 2


def doubled(sound: Floats) -> Floats:
    """The same at twice the rate: a sample between each two, by a windowed sinc of 32 of them."""
    step = np.arange(-16, 16) + 0.5
    taps = np.sinc(step) * np.cos(np.pi * step / 33) ** 2
    taps = (taps / taps.sum()).astype(np.float32)
    between = np.convolve(sound, taps)[16 : 16 + len(sound)]
    return np.stack((sound, between), axis=1).reshape(-1)
