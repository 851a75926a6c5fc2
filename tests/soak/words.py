"""Something to say: noise, which no silence detection cuts short."""

import wave
from pathlib import Path

import numpy as np

from drivers.buses import SAMPLE_RATE


def noise_file(path: Path, seconds: float, seed: int) -> Path:
    """A WAV file of so much noise, at telephone level; the same for the same seed."""
    dice = np.random.default_rng(seed)
    samples = dice.integers(-6000, 6000, round(seconds * SAMPLE_RATE)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())
    return path
