"""The audio part of messages, as samples from any place on.

A message is decoded only as far as it is played, and the last few stay decoded: going back, and the
next piece of two seconds, cost nothing. Kept by content, so a message to five people is kept once.
The decoding of what anybody may have sent is done by app/clerk/media.py.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from app.clerk.media import Conversion, Media, MediaFailed, Source
from app.message import audio_formats
from app.message.voice import find_audio

KEEP_OCTETS = 12 * 1024 * 1024  # of decoded sound: 13 minutes


class Playback:
    """The sound of messages."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._recent: OrderedDict[int, Conversion] = OrderedDict()

    def samples(self, content: int, octets: Iterable[bytes], start: int, count: int) -> bytes:
        """S16LE at 8 kHz from sample `start` on, fewer than `count` samples at the end.

        `octets` is the message; it is read only if the content is not kept. Raises NotReady while
        it is decoded, and MediaFailed if the message has no sound that can be played.
        """
        kept = self._recent.pop(content, None)
        if kept is None or kept.dropped:
            kept = self._media.convert(message_sound, octets)
        self._recent[content] = kept
        self._forget_oldest()
        return kept.piece(start * 2, count * 2)

    def _forget_oldest(self) -> None:
        while sum(map(len, self._recent.values())) > KEEP_OCTETS and len(self._recent) > 1:
            self._recent.popitem(last=False)[1].close()


def message_sound(message: Source) -> Iterator[bytes]:
    """The first audio part of a message as S16LE at 8 kHz, in pieces.

    Raises MediaFailed if there is none, UnknownSound if its format is none of ours.
    """
    part = find_audio(message)
    if part is None:
        raise MediaFailed("no audio part")
    return audio_formats.samples(Source(part.octets), part.content_type)
