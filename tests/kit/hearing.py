"""Ears of a test: is what was played in what was heard? (drivers/models/comparison.py judges)"""

import subprocess
import wave
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from app.clerk.levels import levelled
from drivers.buses import PERIODS_PER_SECOND, SAMPLE_RATE, Samples
from drivers.models.comparison import SAME as SAME
from drivers.models.comparison import find as find
from drivers.models.comparison import likeness as likeness
from drivers.models.party import Party
from drivers.models.sound import LineRecording

PACK = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
LOOK_EACH = 50  # periods between looks; each costs a few milliseconds


def prompt_file(name: str) -> Path:
    """The file of a prompt of the sound pack."""
    return PACK / f"{name}.wav"


def prompt(name: str) -> Samples:
    """The samples of a prompt of the sound pack."""
    return read_wav(prompt_file(name))


@cache
def as_played(name: str) -> Samples:
    """A prompt of the sound pack as the box plays it: at the level of all, no silence around."""
    return np.frombuffer(levelled(prompt(name).tobytes()), "<i2").astype(np.int16)


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
        sound = as_played(wanted) if isinstance(wanted, str) else wanted
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
        sound = as_played(wanted) if isinstance(wanted, str) else wanted
        return likeness(sound, self._heard) >= SAME

    def _take(self) -> None:
        """Gather what was heard since the last look; a recording ends with the call."""
        self._heard = np.concatenate([self._heard, self._recording.samples])
        if not self._recording.closed:
            self._recording.close()
            self._recording = self._party.hear()
        else:
            self._recording = LineRecording()
