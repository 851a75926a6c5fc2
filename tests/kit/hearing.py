"""Ears of a test: is what was played in what was heard, whatever its level and its offset?

The judge is the normalized cross-correlation: 1 is the same sound, unrelated speech gives less
than about 0.3. Samples are 1/8000 s.
"""

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np

from drivers.buses import PERIODS_PER_SECOND, SAMPLE_RATE, Samples
from drivers.models.party import Party
from drivers.models.sound import Recording

PACK = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
SAME = 0.95
LOOK_EACH = 50  # periods between looks; each costs a few milliseconds


def prompt_file(name: str) -> Path:
    """The file of a prompt of the sound pack."""
    return PACK / f"{name}.wav"


def prompt(name: str) -> Samples:
    """The samples of a prompt of the sound pack."""
    return read_wav(prompt_file(name))


def read_wav(source: Path | IO[bytes]) -> Samples:
    """The samples of a mono 16-bit WAV of 8 kHz."""
    with wave.open(str(source) if isinstance(source, Path) else source, "rb") as file:
        shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
        assert shape == (1, 2, SAMPLE_RATE), f"{source}: {shape}"
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)


def spoken(text: str, path: Path, voice: str = "en") -> Path:
    """Let espeak-ng say this into a WAV of 22.05 kHz."""
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(path), text], check=True, timeout=30)
    return path


def at_8_khz(path: Path) -> Samples:
    """The sound of a WAV as sox makes it for a telephone."""
    low = path.with_suffix(".8k.wav")
    subprocess.run(["sox", "-D", str(path), "-r", "8000", "-b", "16", str(low)], check=True)
    return read_wav(low)


def find(wanted: Samples, heard: Samples) -> tuple[float, int]:
    """(likeness, where): the best normalized cross-correlation, and at which sample of `heard`."""
    count = len(wanted)
    if not count or len(heard) < count:
        return 0.0, 0
    pattern = wanted - wanted.mean()
    size = 1 << (len(heard) + count).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(pattern, size))
    scalar = np.fft.irfft(product, size)[: len(heard) - count + 1]
    sums = np.concatenate([[0.0], np.cumsum(heard, dtype=np.float64)])
    squares = np.concatenate([[0.0], np.cumsum(heard.astype(np.float64) ** 2)])
    total = sums[count:] - sums[:-count]
    energy = squares[count:] - squares[:-count] - total * total / count
    norm = np.sqrt(np.maximum(energy, 1.0) * max(float(pattern @ pattern), 1.0))
    likeness = scalar / norm
    best = int(np.argmax(likeness))
    return float(likeness[best]), best


def likeness(wanted: Samples, heard: Samples) -> float:
    """How much one sound is in another: 1 is whole and clear."""
    return find(wanted, heard)[0]


class Hearing:
    """What one party hears from the moment this is made; sounds are taken in their order.

    `period` lets 10 ms pass.
    """

    def __init__(self, party: Party, period: Callable[[], None]) -> None:
        self._party, self._period = party, period
        self._recording = party.hear()
        self._heard: Samples = np.zeros(0, np.int16)  # since the last sound that was waited for

    def hears(self, wanted: str | Samples, within_s: float = 30.0) -> float:
        """Let time pass until a prompt, or these samples, have been heard; the likeness.

        What was heard before them does not count any more. AssertionError if they do not come.
        """
        sound = prompt(wanted) if isinstance(wanted, str) else wanted
        best, looked_to = 0.0, 0
        for period in range(round(within_s * PERIODS_PER_SECOND) + 1):
            if period % LOOK_EACH == 0:
                self._take()
                start = max(0, looked_to - len(sound))
                likeness, at = find(sound, self._heard[start:])
                if likeness >= SAME:
                    self._heard = self._heard[start + at + len(sound) :]
                    return likeness
                best, looked_to = max(best, likeness), len(self._heard)
            self._period()
        name = wanted if isinstance(wanted, str) else "the sound"
        raise AssertionError(
            f"{self._party.name} did not hear {name} within {within_s:g} s (likeness {best:.2f})"
        )

    def heard(self, wanted: str | Samples) -> bool:
        """Whether it has been heard already, since the last sound that was waited for."""
        self._take()
        sound = prompt(wanted) if isinstance(wanted, str) else wanted
        return likeness(sound, self._heard) >= SAME

    def _take(self) -> None:
        """Gather what was heard since the last look; a recording ends with the call."""
        self._heard = np.concatenate([self._heard, self._recording.samples])
        if not self._recording.closed:
            self._recording.close()
            self._recording = self._party.hear()
        else:
            self._recording = Recording()
