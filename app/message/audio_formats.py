"""Sound of WAVE files as S16LE mono 8 kHz, converted while it is read.

Understands RIFF WAVE [RFC 2361] with PCM of 8 or 16 bit, mu-law or A-law, one or two channels, and
such samples without a header. Anything else raises UnknownSound (app/clerk/decoding.py has
libraries for more). A chunk is a name of 4 octets, a length of 4 (little-endian), its octets, and a
pad octet if the length is odd [Microsoft/IBM Multimedia Programming Interface 1.0, chapter 2]. A
program that cannot go back when the sound has ended leaves the length of the samples 0 or the
largest there is; then they go on to the end of the file.
"""

import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from app.message.resample import Values, resampled
from drivers import g711
from drivers.sampling import SAMPLE_RATE

PCM, A_LAW, MU_LAW, EXTENSIBLE = 1, 6, 7, 0xFFFE  # format tags [RFC 2361 annex A]

_NAMES = {
    1: "PCM", 2: "ADPCM", 3: "floating point", 6: "A-law", 7: "mu-law", 17: "IMA ADPCM",
    49: "GSM 06.10", 80: "MPEG", 85: "MP3", 255: "AAC",
}  # fmt: skip
_OTHERS = {
    b"ID3": "an MP3 file",
    b"\xff\xfb": "an MP3 file",
    b"OggS": "an Ogg file",
    b"fLaC": "a FLAC file",
    b"ftyp": "an MP4 or M4A file",
    b"FORM": "an AIFF file",
    b"\x1aE\xdf\xa3": "a Matroska or WebM file",
    b"#!AMR": "an AMR file",
}
"""What other files begin with: people upload what their telephone records."""
CHUNKS_LIMIT = 100
"""Chunks before the samples that are passed over; programs write a handful."""
FORMAT_LIMIT = 1024
"""Octets of a "fmt " chunk that are read; formats have 16 to 50."""
UNFINISHED = 0x7FFF_0000
"""Lengths of samples from here on are what programs write that do not know it yet."""
RATES = (1_000, 192_000)
"""Samples a second, at least and at most."""


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

    def __str__(self) -> str:
        name = _NAMES.get(self.tag, f"format {self.tag}")
        return f"{name}, {self.channels} channels, {self.rate} Hz, {self.bits} bits"

    @property
    def frame(self) -> int:
        """Octets of one sample of all channels."""
        return self.channels * self.bits // 8


@dataclass(frozen=True, slots=True)
class WaveHeader:
    """What stands before the samples of a WAVE file."""

    form: Format
    chunk: bytes
    """The octets of the "fmt " chunk."""
    size: int
    """Octets of samples; sys.maxsize if only the end of the file tells."""


def samples(source: Readable) -> Iterator[bytes]:
    """The sound of a WAVE file as S16LE mono 8 kHz, in pieces. Raises UnknownSound, at once."""
    header = read_header(source)
    return converted(source, header.form, header.size)


def wave_head(samples: int) -> bytes:
    """What stands before so many samples of S16LE mono 8 kHz in a WAVE file."""
    # RIFF size "WAVE" "fmt " 16: PCM, 1 channel, rate, octets/s, octets a frame, bits; "data" size
    octets = samples * 2
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, PCM, 1, SAMPLE_RATE, SAMPLE_RATE * 2, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", 36 + octets, b"WAVE")
        + form
        + struct.pack("<4sI", b"data", octets)
    )


def converted(source: Readable, form: Format, size: int = sys.maxsize) -> Iterator[bytes]:
    """`size` octets of samples of this format as S16LE mono 8 kHz. Raises UnknownSound, at once."""
    convert = _CONVERT.get((form.tag, form.bits))
    if convert is None or form.channels not in (1, 2):
        raise UnknownSound(f"it has {form}")
    return at_8_khz(
        (_mono(convert(raw), form.channels) for raw in _frames(source, form.frame, size)), form.rate
    )


def at_8_khz(pieces: Iterable[Values], rate: int) -> Iterator[bytes]:
    """Samples at `rate` Hz as S16LE at 8 kHz. Raises UnknownSound, at once, for an absurd rate."""
    if not RATES[0] <= rate <= RATES[1]:
        raise UnknownSound(f"{rate} samples a second")
    if rate == SAMPLE_RATE:
        return (_little_endian(piece) for piece in pieces)
    return (_little_endian(piece) for piece in resampled(pieces, rate, SAMPLE_RATE))


def is_plain(source: Readable) -> bool:
    """Whether this WAVE file is 16-bit PCM, one channel, 8 kHz: samples() only copies it."""
    try:
        header = read_header(source)
    except UnknownSound:
        return False
    return header.form == Format(PCM, 1, SAMPLE_RATE, 16)


def is_converted(form: Format) -> bool:
    """Whether converted() knows this format."""
    return (form.tag, form.bits) in _CONVERT and form.channels in (1, 2)


def read_header(source: Readable) -> WaveHeader:
    """Read up to the first sample. Raises UnknownSound."""
    head = _exactly(source, 12)
    if head[:4] not in (b"RIFF", b"RF64"):
        found = next((name for mark, name in _OTHERS.items() if mark in head), None)
        raise UnknownSound(f"it is {found}" if found else "not a RIFF file")
    chunk = b""
    for _ in range(CHUNKS_LIMIT):
        name, size = struct.unpack("<4sI", _exactly(source, 8))
        if name == b"data" and chunk:
            return WaveHeader(_format(chunk), chunk, size if 0 < size < UNFINISHED else sys.maxsize)
        if name == b"data":
            raise UnknownSound("samples before their format")
        if name == b"fmt " and size <= FORMAT_LIMIT:
            chunk = _exactly(source, size + size % 2)
        else:
            _pass_over(source, size + size % 2)
    raise UnknownSound(f"{CHUNKS_LIMIT} chunks before the samples")


def _format(chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise UnknownSound("format chunk too short")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)  # a sub-format's first octets are the old tag
    return Format(tag, channels, rate, 8 if tag in (A_LAW, MU_LAW) else bits)


def _exactly(source: Readable, count: int) -> bytes:
    read = bytearray()
    while len(read) < count:
        piece = source.read(count - len(read))
        if not piece:
            raise UnknownSound("ends within its header")
        read += piece
    return bytes(read)


def _pass_over(source: Readable, count: int) -> None:
    while count > 0:
        piece = source.read(min(count, 16_384))
        if not piece:
            raise UnknownSound("ends within its header")
        count -= len(piece)


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


def _from_pcm16(raw: bytes) -> Values:
    values = array("h", raw)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _from_pcm8(raw: bytes) -> Values:
    return array("h", [(octet - 128) << 8 for octet in raw])


def _from_mu_law(raw: bytes) -> Values:
    return g711.decoded(raw, g711.MU_LAW)


def _from_a_law(raw: bytes) -> Values:
    return g711.decoded(raw, g711.A_LAW)


_CONVERT = {
    (PCM, 16): _from_pcm16,
    (PCM, 8): _from_pcm8,
    (MU_LAW, 8): _from_mu_law,
    (A_LAW, 8): _from_a_law,
}


def _mono(values: Values, channels: int) -> Values:
    if channels == 1:
        return values
    left, right = values[0::2], values[1::2]
    return array("h", [(a + b) // 2 for a, b in zip(left, right, strict=True)])


def _little_endian(values: Values) -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()
