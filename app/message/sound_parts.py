"""The sounds in a message, in the order in which they are meant to be heard [RFC 3801, RFC 2046].

    for part in sound_parts(octets):
        part.content_type, part.file_name       # "audio/wav", "msg0000.WAV"
        part.octets                             # transfer coding taken off, in pieces
        part.played = True                      # of alternatives, no other is given then

A voice message may begin with the sender's spoken name, which is no message and is left out; a
forward has a spoken introduction and then the message it forwards [RFC 3801 §4.4, §5]. What a part
is called by its sender is a hint: whoever decodes it looks at its octets. No function here raises,
each takes time linear in the octets, and the most of headers, of parts and of their depth that is
looked at is bounded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.message.mime import (
    DEPTH_LIMIT,
    PARTS_LIMIT,
    Multipart,
    PartHead,
    body,
    ending,
    next_part,
    read_head,
)
from app.message.transfer import UUENCODE, Lines, decoded, from_uuencode, uuencoded_name

__all__ = ["DEPTH_LIMIT", "PARTS_LIMIT", "SoundPart", "sound_parts"]

SPOKEN_NAMES = frozenset({"originator-spoken-name", "recipient-spoken-name"})
"""What the parameter "voice" of Content-Disposition calls what is no message [RFC 3801 §4.4.3]."""

SOUND_ENDINGS = frozenset(
    (
        "726", "3ga", "3gp", "aif", "aiff", "al", "alaw", "amr", "au", "awb", "caf", "flac", "g726",
        "gsm", "m4a", "mp2", "mp3", "mpga", "oga", "ogg", "opus", "sln", "snd", "ul", "ulaw", "vox",
        "wav", "wav49", "wave", "wma",
    )
)  # fmt: skip
"""How the names of sound files end; some of them nobody here can play, which is said then."""


@dataclass(slots=True)
class SoundPart:
    """A part that may be a sound."""

    content_type: str
    """In lower case, without parameters; "" if the sender gave none that can be read."""
    file_name: str
    octets: Iterator[bytes]
    """Decoded as they are read; a message that ends early ends them early."""
    claimed: bool = True
    """The sender calls it a sound, by its type or its name."""
    played: bool = field(default=False, init=False)
    """Set by whoever has played some of it."""

    @property
    def ending(self) -> str:
        """How the file's name ends, in lower case, without the dot."""
        return ending(self.file_name)


def sound_parts(octets: Iterable[bytes]) -> Iterator[SoundPart]:
    """All parts of a message that may be sounds; reads no further than it is asked for."""
    return _Walk().parts(Lines(octets), 0)


class _Walk:
    """One way through a message."""

    def __init__(self) -> None:
        self._left = PARTS_LIMIT

    def parts(self, lines: Lines, depth: int) -> Iterator[SoundPart]:
        inside: list[Multipart] = []
        while self._left > 0:
            self._left -= 1
            head = read_head(lines)
            if head.is_message and head.coding not in ("base64", "quoted-printable"):
                continue
            if head.boundary and len(inside) < DEPTH_LIMIT:
                alternative = head.kind == "multipart/alternative"
                inside.append(Multipart(b"--" + head.boundary, alternative))
            else:
                yield from self._leaf(head, body(lines, inside), inside[-1:], depth)
            if not inside or not next_part(lines, inside):
                return

    def _leaf(
        self, head: PartHead, body: Iterator[bytes], around: list[Multipart], depth: int
    ) -> Iterator[SoundPart]:
        content = decoded(body, head.coding)
        if any(one.done for one in around):
            return
        if head.is_message and depth < DEPTH_LIMIT:
            yield from self.parts(Lines(content), depth + 1)
        elif _may_be_sound(head):
            part = SoundPart(head.kind, head.file_name, content, _claims_sound(head))
            yield part
            for one in around:
                one.done = part.played and one.alternative
        elif head.kind.startswith("text/") or not head.kind:
            yield from _within_text(body if content is body else iter(Lines(content)))


def _within_text(lines: Iterator[bytes]) -> Iterator[SoundPart]:
    """Files that a program without MIME has put into the text [POSIX uuencode]."""
    for line in lines:
        name = uuencoded_name(line)
        if name and ending(name) in SOUND_ENDINGS:
            yield SoundPart("", name, from_uuencode(lines))


def _claims_sound(head: PartHead) -> bool:
    return head.kind.startswith("audio/") or ending(head.file_name) in SOUND_ENDINGS


def _may_be_sound(head: PartHead) -> bool:
    """Also what is called nothing or anything: application/octet-stream, say."""
    if head.voice in SPOKEN_NAMES or head.kind.startswith(("multipart/", "message/")):
        return False
    if _claims_sound(head):
        return True
    if not head.kind:
        return head.coding in ("base64", *UUENCODE)
    return not head.kind.startswith(("text/", "image/"))
