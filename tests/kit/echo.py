"""Lines with echo around what takes it out, and what is left of it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.echo import EchoCanceller
from drivers.buses import PERIOD, Samples
from drivers.models.hybrid import Hybrid
from drivers.sampling import amplitude
from tests.kit.hearing import as_played, at_8_khz, spoken

Wide = NDArray[np.int32]


def speech(name: str, dbm0: float, seconds: float) -> Samples:
    """A prompt of the pack, repeated to this length; `dbm0` is its mean while it is active."""
    return at_level(as_played(name), dbm0, seconds)


def voice(language: str, text: str, folder: Path, dbm0: float, seconds: float) -> Samples:
    """espeak-ng saying this in a language, as `speech` is of the pack's prompts."""
    said = at_8_khz(spoken(text, folder / f"{language}.wav", language))
    return at_level(said, dbm0, seconds)


def at_level(said: Samples, dbm0: float, seconds: float) -> Samples:
    """This repeated to a length; `dbm0` is its mean while it is active."""
    samples = said.astype(np.float64)
    active = samples[np.abs(samples) > 200]
    wanted = amplitude(dbm0) / np.sqrt(2)
    louder = samples * wanted / np.sqrt(np.mean(active**2))
    return np.resize(np.clip(louder, -32_000, 32_000), round(seconds * 8000)).astype(np.int16)


def noise(dbm0: float, seconds: float, seed: int = 5) -> Samples:
    """White noise of this level."""
    rms = amplitude(dbm0) / np.sqrt(2)
    made = np.random.default_rng(seed).normal(0, rms, round(seconds * 8000))
    return np.clip(made, -32_000, 32_000).astype(np.int16)


def power_db(samples: Samples | Wide) -> float:
    """Mean square in decibels; of silence it is far below any sound."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-3))


class EchoLine:
    """One line in slot 1 of three, its echo, and the canceller; `delay` samples lie between."""

    def __init__(self, loss_db: float = 12.0, shape: str = "a", delay: int = 0) -> None:
        self.canceller = EchoCanceller(3)
        self.canceller.want(1, True)
        self.hybrid = Hybrid(shape, loss_db)
        self._way = np.zeros(delay, np.int16)

    def talk(self, sent: Samples, spoken: Samples | None = None) -> tuple[Wide, Wide]:
        """Send this while that is spoken at the line's end: (the echo, what is left of it).

        Both are what was heard, before and after, less what was spoken.
        """
        count = len(sent) // PERIOD
        near = np.zeros(len(sent), np.int16) if spoken is None else spoken
        echo, left = [], []
        for row, said in zip(
            sent[: count * PERIOD].reshape(-1, PERIOD),
            near[: count * PERIOD].reshape(-1, PERIOD),
            strict=True,
        ):
            heard = self.period(row, said)
            echo.append(heard[1].astype(np.int32) - said)
            self.canceller.cancel(heard)
            left.append(heard[1].astype(np.int32) - said)
        return np.concatenate(echo), np.concatenate(left)

    def period(self, row: Samples, said: Samples) -> Samples:
        """What is heard of all three slots, with echo, when this is sent and that is said."""
        played = np.zeros((3, PERIOD), np.int16)
        played[1] = row
        self.canceller.sent(played if row.any() else None)
        way = np.concatenate((self._way, row))
        self._way = way[PERIOD:]
        returned = self.hybrid.returned(said, way[:PERIOD])
        heard = np.zeros((3, PERIOD), np.int16)
        heard[1] = said if returned is None else returned
        return heard


def loss(echo: Wide, left: Wide, begin_s: float, end_s: float) -> float:
    """By how many decibels the echo is softer than it was, between these seconds."""
    part = slice(round(begin_s * 8000), round(end_s * 8000))
    return power_db(echo[part]) - power_db(left[part])
