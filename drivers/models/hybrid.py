"""What a telephone line sends back of the sound that is put on it: the echo of its hybrid.

A hybrid divides two wires into a way there and a way back. Where its balance does not meet the
line's impedance, a part of what is sent returns; how much softer it returns is the echo return
loss. The response lasts a few milliseconds, as those of the echo paths in ITU-T G.168, annex D.
"""

from random import Random

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, SAMPLE_RATE, Samples

LOSS_DB = 20.0
"""Echo return loss of a line if nobody has said anything else. A line that its balance meets well
has 20 dB and more, one that it meets badly 6 to 12."""
LEAST_LOSS_DB, MOST_LOSS_DB = 6.0, 30.0
"""Losses that lines have."""
TAPS = 7 * SAMPLE_RATE // 1000
"""Length of the response: 7 ms, of which the last is 30 dB below the first."""
_PARTS = ((0.4, 1.0, 8), (1.2, 0.5, 16))
"""Time constant (ms), weight and latest begin (samples) of what comes back: from the mismatch at
hand, and from the line's farther parts."""

_SILENT = bytes(2 * PERIOD)


class Hybrid:
    """One line's hybrid. `seed` makes the shape of its response, which no two lines share."""

    def __init__(self, seed: str, loss_db: float | None = LOSS_DB) -> None:
        self._shape = _response(seed)
        self._tail = np.zeros(TAPS - 1, np.float32)
        self._quiet = True
        self.loss_db = loss_db

    @property
    def loss_db(self) -> float | None:
        """Echo return loss in dB, 6 to 30; None: nothing comes back.

        It holds for sound of all frequencies alike; of speech some dB more or less come back.
        Setting it raises ValueError out of range.
        """
        return self._loss_db

    @loss_db.setter
    def loss_db(self, loss_db: float | None) -> None:
        """Make the line so; see above."""
        if loss_db is not None and not LEAST_LOSS_DB <= loss_db <= MOST_LOSS_DB:
            raise ValueError(
                f"an echo return loss of {loss_db:g} dB is not {LEAST_LOSS_DB:g} to "
                f"{MOST_LOSS_DB:g}"
            )
        self._loss_db = loss_db
        self._taps = self._shape * (0.0 if loss_db is None else 10 ** (-loss_db / 20))

    def change(self, seed: str) -> None:
        """Give the response another shape, as when a second telephone on the line is lifted."""
        self._shape = _response(seed)
        self.loss_db = self._loss_db

    def returned(self, spoken: Samples | None, sent: Samples | None) -> Samples | None:
        """One period of what comes from the line: what is spoken there and the echo of `sent`.

        None is silence.
        """
        silent = sent is None or sent.tobytes() == _SILENT  # any() takes ten times as long
        if self._loss_db is None or (silent and self._quiet):
            return spoken
        row = np.zeros(PERIOD, np.float32) if sent is None else sent.astype(np.float32)
        heard = np.concatenate((self._tail, row))
        self._tail = heard[PERIOD:]
        self._quiet = not self._tail.any()
        wide = np.convolve(heard, self._taps, "valid")
        if spoken is not None:
            wide = wide + spoken
        mixed: Samples = np.clip(np.rint(wide), -32_768, 32_767).astype(np.int16)
        return mixed


def _response(seed: str) -> NDArray[np.float32]:
    """A response of TAPS samples whose loss is 0 dB: the squares add up to 1."""
    random = Random(seed)
    response = np.zeros(TAPS)
    for decay_ms, weight, latest in _PARTS:
        begin = random.randrange(latest)
        time = np.arange(TAPS - begin) / SAMPLE_RATE
        hertz, phase = random.uniform(300, 2400), random.uniform(-1.5, 1.5)
        wave = np.exp(-time / (decay_ms / 1000)) * np.cos(2 * np.pi * hertz * time + phase)
        response[begin:] += weight * random.choice((1, -1)) * wave
    scaled: NDArray[np.float32] = (response / np.sqrt(np.sum(response**2))).astype(np.float32)
    return scaled
