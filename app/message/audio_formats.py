"""Sound of files and mail parts, converted to S16LE mono 8 kHz while it is read.

Understands RIFF WAVE [RFC 2361] with PCM of 8 or 16 bit, mu-law or A-law, one or two channels,
and headerless mu-law (audio/basic [RFC 2046 §4.3]). Anything else raises UnknownSound. A chunk is a
name of 4 octets, a length of 4 (little-endian), its octets, and a pad octet if the length is odd
[RIFF, Microsoft/IBM Multimedia Programming Interface 1.0, chapter 2].
"""

import struct
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from app.message.resample import resampled
from drivers import g711
from drivers.sampling import SAMPLE_RATE

PCM, A_LAW, MU_LAW, EXTENSIBLE = 1, 6, 7, 0xFFFE  # format tags [RFC 2361 annex A]


class UnknownSound(Exception):
    """The sound is in a format that we do not play; the text says which."""


class Readable(Protocol):
    """Where octets come from, at most so many at a time; b"" is the end."""

    def read(self, most: int) -> bytes:
        """The next octets, at least one unless it is the end."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """What a WAVE file's "fmt " chunk says."""

    tag: int
    """What the samples are: the wFormatTag of RFC 2361."""
    channels: int
    """Number of channels; their samples alternate."""
    rate: int
    """Samples of one channel a second, Hz."""
    bits: int
    """Bits of one sample."""

    @property
    def frame(self) -> int:
        """Octets of one sample of all channels."""
        return self.channels * self.bits // 8


def samples(source: Readable, content_type: str = "audio/wav") -> Iterator[bytes]:
    """The sound as S16LE mono 8 kHz, in pieces. Raises UnknownSound, at once or never."""
    if content_type == "audio/basic":
        form, left = Format(MU_LAW, 1, SAMPLE_RATE, 8), sys.maxsize
    else:
        form, left = _read_header(source)
    convert = _CONVERT.get((form.tag, form.bits))
    if convert is None or form.channels not in (1, 2) or not 4000 <= form.rate <= 48000:
        raise UnknownSound(f"{content_type}, WAVE format {form}")
    pieces = (_mono(convert(raw), form.channels) for raw in _frames(source, form.frame, left))
    if form.rate == SAMPLE_RATE:
        return (_little_endian(piece) for piece in pieces)
    return (_little_endian(piece) for piece in resampled(pieces, form.rate, SAMPLE_RATE))


def is_plain(source: Readable) -> bool:
    """Whether this WAVE file is 16-bit PCM, one channel, 8 kHz: samples() only copies it."""
    try:
        form, _ = _read_header(source)
    except UnknownSound:
        return False
    return form == Format(PCM, 1, SAMPLE_RATE, 16)


def _read_header(source: Readable) -> tuple[Format, int]:
    if _exactly(source, 12)[:4] != b"RIFF":
        raise UnknownSound("not a RIFF file")
    form: Format | None = None
    while True:
        name, size = struct.unpack("<4sI", _exactly(source, 8))
        if name == b"data" and form is not None:
            return form, size
        if name == b"data" or size > 65_536:
            raise UnknownSound(f"chunk {name!r} of {size} octets before the format")
        body = _exactly(source, size + size % 2)
        if name == b"fmt ":
            form = _format(body)


def _format(body: bytes) -> Format:
    if len(body) < 16:
        raise UnknownSound("format chunk too short")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)  # the sub-format's first octets are the old tag
    return Format(tag, channels, rate, bits)


def _exactly(source: Readable, count: int) -> bytes:
    read = b""
    while len(read) < count:
        piece = source.read(count - len(read))
        if not piece:
            raise UnknownSound("ends within its header")
        read += piece
    return read


def _frames(source: Readable, frame: int, left: int) -> Iterator[bytes]:
    kept = b""
    while left > 0:
        piece = source.read(min(left, 16_384))
        if not piece:
            return
        left -= len(piece)
        kept += piece
        whole = len(kept) // frame * frame
        yield kept[:whole]
        kept = kept[whole:]


def _from_pcm16(raw: bytes) -> "array[int]":
    values = array("h", raw)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _from_pcm8(raw: bytes) -> "array[int]":
    return array("h", [(octet - 128) << 8 for octet in raw])


def _from_mu_law(raw: bytes) -> "array[int]":
    return g711.decoded(raw, g711.MU_LAW)


def _from_a_law(raw: bytes) -> "array[int]":
    return g711.decoded(raw, g711.A_LAW)


_CONVERT = {
    (PCM, 16): _from_pcm16,
    (PCM, 8): _from_pcm8,
    (MU_LAW, 8): _from_mu_law,
    (A_LAW, 8): _from_a_law,
}


def _mono(values: "array[int]", channels: int) -> "array[int]":
    if channels == 1:
        return values
    left, right = values[0::2], values[1::2]
    return array("h", [(a + b) // 2 for a, b in zip(left, right, strict=True)])


def _little_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()
