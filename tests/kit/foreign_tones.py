"""Tones that sox makes, and what is put together of them: digits as other equipment sends them."""

import subprocess
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from drivers.buses import SAMPLE_RATE, Samples
from drivers.sampling import amplitude

Wave = NDArray[np.float64]

LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)
"""Hz [Q.23]."""
KEYS = "123A456B789C*0#D"
SECONDS = 2.0


@cache
def _waves(hertz: tuple[float, ...]) -> Wave:
    """Sines of amplitude 1, (frequencies, samples), of SECONDS each, by sox."""
    tones = [word for hz in hertz for word in ("sine", f"{hz:g}")]
    shape = ["-r", str(SAMPLE_RATE), "-b", "32", "-e", "float", "-t", "raw", "-c", str(len(hertz))]
    made = subprocess.run(
        ["sox", "-V1", "-n", *shape, "-", "synth", str(SECONDS), *tones],
        capture_output=True,
        check=True,
        timeout=30,
    )
    waves: Wave = np.frombuffer(made.stdout, "<f4").reshape(-1, len(hertz)).T.astype(np.float64)
    waves /= np.sqrt(2 * np.mean(waves**2, axis=1, keepdims=True))  # sox leaves 3 dB of room
    return waves


def key(
    name: str, ms: float, levels: tuple[float, float] = (-10.0, -10.0),
    off: tuple[float, float] = (0.0, 0.0), start: int = 0,
) -> Wave:  # fmt: skip
    """One key's tones, low and high: levels in dBm0, deviation as a part, sample begun at."""
    low, high = divmod(KEYS.index(name), 4)
    lows = _waves(tuple(hz * (1 + off[0]) for hz in LOW))[low]
    highs = _waves(tuple(hz * (1 + off[1]) for hz in HIGH))[high]
    piece = slice(start, start + round(ms * SAMPLE_RATE / 1000))
    whole: Wave = amplitude(levels[0]) * lows[piece] + amplitude(levels[1]) * highs[piece]
    return whole


def tones(hertz: Sequence[float], ms: float, dbm0: float) -> Wave:
    """These frequencies together, each at this level."""
    waves: Wave = _waves(tuple(hertz))[:, : round(ms * SAMPLE_RATE / 1000)]
    whole: Wave = amplitude(dbm0) * waves.sum(0)
    return whole


def noise(samples: int, dbm0: float, seed: int = 1) -> Wave:
    """White noise up to 4 kHz of this level."""
    return np.random.default_rng(seed).normal(0, amplitude(dbm0) / np.sqrt(2), samples)


def silence(ms: float) -> Wave:
    """Nothing, for so long."""
    return np.zeros(round(ms * SAMPLE_RATE / 1000))


def as_samples(wave: Wave) -> Samples:
    """Rounded, and clipped where it is too loud, as a codec does."""
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
