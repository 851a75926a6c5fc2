"""The audio part of messages, as samples from any place on.

A message is decoded only as far as it is played, and the last few stay decoded: going back, and the
next piece of two seconds, cost nothing. Kept by content, so a message to five people is kept once.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from app.message import audio_formats
from app.message.voice import find_audio
from drivers.sampling import SAMPLE_RATE

KEEP_OCTETS = 12 * 1024 * 1024  # of decoded sound: 13 minutes
LONGEST = 60 * 60 * SAMPLE_RATE * 2  # octets of one message that are played: an hour


class NoAudio(Exception):
    """The message has no audio part that we can play."""


class Playback:
    """The sound of messages."""

    def __init__(self) -> None:
        self._recent: OrderedDict[int, _Sound] = OrderedDict()

    def samples(self, content: int, octets: Iterable[bytes], start: int, count: int) -> bytes:
        """S16LE at 8 kHz from sample `start` on, fewer than `count` samples at the end.

        `octets` is the message; it is read only if the content is not kept. Raises NoAudio.
        """
        sound = self._recent.pop(content, None) or _Sound(octets)
        self._recent[content] = sound
        piece = sound.piece(start * 2, count * 2)
        while sum(len(kept) for kept in self._recent.values()) > KEEP_OCTETS:
            if len(self._recent) == 1:
                break
            self._recent.popitem(last=False)
        return piece


class _Sound:
    def __init__(self, octets: Iterable[bytes]) -> None:
        part = find_audio(octets)
        if part is None:
            raise NoAudio("no audio part")
        try:
            self._more = audio_formats.samples(_Reader(part.octets), part.content_type)
        except audio_formats.UnknownSound as problem:
            raise NoAudio(str(problem)) from problem
        self._decoded = bytearray()

    def __len__(self) -> int:
        return len(self._decoded)

    def piece(self, start: int, count: int) -> bytes:
        """Octets of sound from `start` on."""
        while len(self._decoded) < min(start + count, LONGEST):
            more = next(self._more, None)
            if more is None:
                break
            self._decoded += more
        return bytes(self._decoded[start : start + count])


class _Reader:
    """Reads from an iterator as from a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._kept = b""

    def read(self, most: int) -> bytes:
        while not self._kept:
            more = next(self._pieces, None)
            if more is None:
                return b""
            self._kept = more
        given, self._kept = self._kept[:most], self._kept[most:]
        return given
