"""The PCM port over ALSA: two streams of one sound card, one period at a time.

drivers/linux.py opens the two streams, so this file imports no hardware library.
In the card's memory a frame is as `Stream` says (drivers/slot_map.py); the program works planar,
an array (slots, PERIOD) of linear samples. Playback keeps two periods of lead, written at the start
in one piece: ALSA starts at the first frame it is given.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from drivers.buses import PERIOD, Samples
from drivers.law import law_of
from drivers.slot_map import Coding, Stream

LEAD_PERIODS = 2
"""Played ahead of what is heard: 20 ms, against a late beat."""

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

    def drop(self) -> object:
        """Stop at once, forget what waits, and be ready to start anew."""
        ...

    def polldescriptors(self) -> Sequence[tuple[int, int]]:
        """Descriptors with their poll masks."""
        ...

    def close(self) -> None:
        """Stop and let the device go."""
        ...


def planar(octets: bytes, stream: Stream) -> Samples:
    """Whole frames from the card's memory as linear samples (slots, frames)."""
    if stream.coding is Coding.LINEAR:
        frames = np.frombuffer(octets, dtype=_WIRE).reshape(-1, stream.slots)
        return np.ascontiguousarray(frames.T, dtype=np.int16)
    words = np.frombuffer(octets, np.uint8).reshape(-1, stream.channels, stream.word_octets)
    codes = words[:, :, ::-1].reshape(-1, stream.slots)
    return law_of(stream.coding).decode(np.ascontiguousarray(codes.T))


def interleaved(period: Samples, stream: Stream) -> bytes:
    """Linear samples (slots, frames) as frames in the card's memory."""
    if stream.coding is Coding.LINEAR:
        return np.ascontiguousarray(period.T, dtype=_WIRE).tobytes()
    codes = law_of(stream.coding).encode(period).T
    words = codes.reshape(-1, stream.channels, stream.word_octets)
    return words[:, :, ::-1].tobytes()


class AlsaPcm:
    """PcmPort over a capture and a playback stream of the same shape."""

    def __init__(self, playback: AlsaStream, capture: AlsaStream, stream: Stream) -> None:
        self.slots = stream.slots
        self.lost_periods = 0
        self.xruns = 0
        self.short_writes = 0
        """Periods that the card took in two pieces."""
        self._playback = playback
        self._capture = capture
        self._stream = stream
        self._period_octets = PERIOD * stream.frame_octets
        self._silence = interleaved(np.zeros((stream.slots, PERIOD), np.int16), stream)
        self._heard = b""
        """Octets of a period that is not complete yet."""
        self._unsent = b""
        """The end of a period that the card had no room for yet."""
        self._open = True

    def start(self) -> None:
        """Playback with its lead in one write, then capture: from now on the chips have a clock."""
        self._play(self._silence * LEAD_PERIODS)
        self._take(self._capture.read())

    def restart(self) -> None:
        """Stop both streams and start them as at first: the port finds its slots anew."""
        self._playback.drop()
        self._capture.drop()
        self._heard = self._unsent = b""
        self.start()

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
        return planar(octets, self._stream)

    def _take(self, piece: tuple[int, bytes]) -> bool:
        """Keep what was captured; False when there was nothing."""
        frames, octets = piece
        if frames < 0:
            self._stopped("capture overrun")
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
        octets = interleaved(period, self._stream)
        if self._play(self._unsent + octets):
            return
        self._stopped("playback underrun")
        self._unsent = b""
        if not self._play(self._silence * LEAD_PERIODS + octets):
            self._stopped("playback underrun at its start")

    def _play(self, octets: bytes) -> bool:
        """Give the card octets and keep the end that it had no room for; False after an underrun.

        Of that end only less than a period is kept: more would be heard later and later.
        """
        frames = self._playback.write(octets)
        if frames < 0:
            return False
        self._unsent = octets[frames * self._stream.frame_octets :]
        if len(self._unsent) >= self._period_octets:
            self._unsent = self._unsent[: -self._period_octets]
            self._lost("playback buffer full")
        elif self._unsent:
            self.short_writes += 1
        return True

    def _stopped(self, what: str) -> None:
        self.xruns += 1
        self._lost(what)

    def _lost(self, what: str) -> None:
        self.lost_periods += 1
        log.warning("PCM: %s, %d periods lost since start", what, self.lost_periods)

    def close(self) -> None:
        """Stop the clock and let the devices go; calling it twice is harmless."""
        if self._open:
            self._open = False
            self._capture.close()
            self._playback.close()
