"""The PCM port over ALSA: two streams of one sound card, one period at a time.

drivers/linux.py opens the two streams, so this file imports no hardware library.
On the wire a frame is interleaved (slot 0, slot 1, ... as 16-bit little endian); the program works
planar, an array (slots, PERIOD). Playback keeps two periods of lead, written at the start in one
piece: ALSA starts at the first frame it is given.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from drivers.buses import PERIOD, Samples

LEAD_PERIODS = 2
"""Played ahead of what is heard: 20 ms, against a late beat."""

_OCTETS_PER_SAMPLE = 2
_WIRE = np.dtype("<i2")

log = logging.getLogger(__name__)


class AlsaStream(Protocol):
    """What we use of alsaaudio.PCM in non-blocking mode; a negative count is an xrun (-EPIPE)."""

    def read(self) -> tuple[int, bytes]:
        """Frames and octets of at most one period; (0, b"") when there are none."""
        ...

    def write(self, data: bytes) -> int:
        """How many frames were taken: 0 when the buffer is full."""
        ...

    def polldescriptors(self) -> Sequence[tuple[int, int]]:
        """Descriptors with their poll masks."""
        ...

    def close(self) -> None:
        """Stop and let the device go."""
        ...


def planar(octets: bytes, slots: int) -> Samples:
    """One interleaved period as (slots, PERIOD)."""
    frames = np.frombuffer(octets, dtype=_WIRE).reshape(-1, slots)
    return np.ascontiguousarray(frames.T, dtype=np.int16)


def interleaved(period: Samples) -> bytes:
    """One planar period in the interleaved form of ALSA."""
    return np.ascontiguousarray(period.T, dtype=_WIRE).tobytes()


class AlsaPcm:
    """PcmPort over a capture and a playback stream, with a number of `slots` in each frame."""

    def __init__(self, playback: AlsaStream, capture: AlsaStream, slots: int) -> None:
        self.slots = slots
        self.lost_periods = 0
        self._playback = playback
        self._capture = capture
        self._period_octets = PERIOD * slots * _OCTETS_PER_SAMPLE
        self._silence = bytes(self._period_octets)
        self._heard = b""
        """Octets of a period that is not complete yet."""
        self._open = True

    def start(self) -> None:
        """Playback with its lead in one write, then capture: from now on the chips have a clock."""
        self._playback.write(self._silence * LEAD_PERIODS)
        self._take(self._capture.read())

    def fileno(self) -> int:
        """Readable when ALSA has a period for us."""
        return self._capture.polldescriptors()[0][0]

    def read(self) -> Samples | None:
        """The next period; after an overrun one of silence, so that the beat goes on."""
        while len(self._heard) < self._period_octets:
            if not self._take(self._capture.read()):
                return None
        octets = self._heard[: self._period_octets]
        self._heard = self._heard[self._period_octets :]
        return planar(octets, self.slots)

    def _take(self, piece: tuple[int, bytes]) -> bool:
        """Keep what was captured; False when there was nothing."""
        frames, octets = piece
        if frames < 0:
            self._lost("capture overrun")
            self._heard = self._silence
            # The stream is prepared but stands still until it is read: its descriptor would never
            # be readable again, and whoever waits for that would wait for ever.
            frames, octets = self._capture.read()
            self._heard += octets if frames > 0 else b""
            return True
        self._heard += octets
        return frames > 0

    def write(self, period: Samples) -> None:
        """Queue a period. A full buffer drops it; after an underrun the lead is written anew."""
        octets = interleaved(period)
        taken = self._playback.write(octets)
        if taken == 0:
            self._lost("playback buffer full")
        elif taken < 0:
            self._lost("playback underrun")
            self._playback.write(self._silence * LEAD_PERIODS + octets)

    def _lost(self, what: str) -> None:
        self.lost_periods += 1
        log.warning("PCM: %s, %d periods lost since start", what, self.lost_periods)

    def close(self) -> None:
        """Stop the clock and let the devices go; calling it twice is harmless."""
        if self._open:
            self._open = False
            self._capture.close()
            self._playback.close()
