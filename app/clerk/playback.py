"""The audio part of messages, as samples from any place on.

A message is decoded only as far as it is played, and the last few stay decoded: going back, and the
next piece of two seconds, cost nothing. Kept by content, so a message to five people is kept once.
The decoding of what anybody may have sent is done by app/clerk/media.py.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice

from app.clerk import decoding
from app.clerk.media import Conversion, Media, MediaFailed, Source, SourceFailed
from app.message.audio_formats import UnknownSound
from app.message.sound_parts import sound_parts
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

KEEP_OCTETS = 12 * 1024 * 1024  # of decoded sound: 13 minutes
SOUNDS_LIMIT = 40  # parts of a message that are tried
BETWEEN = bytes(SAMPLE_RATE)  # half a second of silence between an introduction and its message


class Playback:
    """The sound of messages."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._recent: OrderedDict[int, Conversion] = OrderedDict()

    def samples(self, content: int, octets: Iterable[bytes], start: int, count: int) -> bytes:
        """S16LE at 8 kHz from sample `start` on, fewer than `count` samples at the end.

        `octets` is the message; it is read only if the content is not kept. Raises NotReady while
        it is decoded, MediaFailed if the message has no sound that can be played, and SourceFailed
        if it cannot be read. A sound that breaks off ends there: see `broken_off`.
        """
        kept = self._recent.pop(content, None)
        if kept is None or kept.dropped:
            kept = self._media.convert(message_sound, octets)
        self._recent[content] = kept
        self._forget_oldest()
        try:
            return kept.piece(start * 2, count * 2)
        except MediaFailed as problem:
            if isinstance(problem, SourceFailed) or not len(kept):
                del self._recent[content]  # whoever asks again may be luckier
                raise
            log.warning("content %d breaks off: %s", content, problem)
            return kept.made(start * 2, count * 2)

    def broken_off(self, content: int) -> bool:
        """Whether a message that was just played had more sound, which cannot be played."""
        kept = self._recent.get(content)
        return kept is not None and not kept.dropped and kept.failure is not None

    def _forget_oldest(self) -> None:
        while sum(map(len, self._recent.values())) > KEEP_OCTETS and len(self._recent) > 1:
            self._recent.popitem(last=False)[1].close()


def message_sound(message: Source) -> Iterator[bytes]:
    """The sounds of a message as S16LE at 8 kHz, in pieces, with a pause between them.

    Raises MediaFailed if there is none that can be played, and after those that can if there was
    one more, or its end, that cannot.
    """
    trouble, heard = "", False
    for part in islice(sound_parts(message), SOUNDS_LIMIT):
        try:
            for piece in decoding.samples(Source(part.octets), part.content_type, part.ending):
                if piece:
                    yield BETWEEN + piece if heard and not part.played else piece
                    part.played = heard = True
        except UnknownSound as problem:
            if part.claimed or part.played:
                trouble = trouble or str(problem)
    if trouble or not heard:
        raise MediaFailed(trouble or "no sound in it")
