"""Sounds from elsewhere as S16LE mono 8 kHz; runs in workers only (app/clerk/media.py).

What a sound is, its own octets say; what its sender calls it counts only where samples have no
header. PCM and G.711 in WAVE are converted while they are read. The rest is gathered in a memory
file and decoded by libraries that others keep well:

    libsndfile      GSM 6.10, MS and IMA ADPCM, G.726, float and wide PCM, AU, AIFF, FLAC, MP3,
                    Ogg with Vorbis or Opus [libsndfile.github.io, api.html]
    opencore-amrnb  AMR [RFC 4867 §5]

libsndfile is given WAVE files with a header of our own, so that it reads the samples of files whose
header is unfinished, cut off or wrong. Both are in C and read what anybody may have sent: a worker
has limits of memory and time, no open files but ours, and ends with the sound.
"""

import contextlib
import ctypes
import os
import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from app.clerk.media import Source
from app.message import audio_formats
from app.message.audio_formats import A_LAW, MU_LAW, Format, UnknownSound, WaveHeader
from app.message.resample import Values
from drivers.sampling import SAMPLE_RATE

LARGEST = 32 * 1024 * 1024
"""Octets of one sound that are gathered; what follows is not heard."""
LOOKED_AT = 64
"""Octets at the start of a sound that say what it is."""
CHANNELS_MOST = 8
FRAMES = 4096
"""Samples of each channel that are decoded at a time."""

IMA_ADPCM, MS_ADPCM, GSM_610 = 0x11, 0x02, 0x31
OKI_ADPCM, DIALOGIC_ADPCM = 0x10, 0x17
G721, G726, G726_APICOM = 0x40, 0x45, 0x64
MPEG, MP3 = 0x50, 0x55
"""Format tags of WAVE [RFC 2361 annex A]."""

Decoder = Callable[[Source], Iterator[bytes]]


def samples(source: Source, content_type: str, ending: str = "") -> Iterator[bytes]:
    """The sound in pieces. `ending` is how its file's name ends, in lower case.

    Raises UnknownSound, perhaps only when the first piece is asked for.
    """
    start = source.peek(LOOKED_AT)
    if start[:4] in (b"RIFF", b"RF64") and start[8:12] == b"WAVE":
        return _wave(source)
    if start.startswith(b"#!AMR\n"):
        return _amr(source)
    if (name := _not_played(start)) is not None:
        raise UnknownSound(f"{name}, which is not played here")
    if start.startswith(_MAGIC):
        return _file(source)
    bare = _BARE.get(content_type) or _BARE_ENDINGS.get(ending)
    if bare is not None:
        return bare(source)
    if _is_mpeg(start):
        return _file(source)
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        raise UnknownSound("AAC, which is not played here")  # ADTS [ISO 14496-3 §1.A.2]
    raise UnknownSound(f"{content_type or 'a part without a type'} {ending}: no sound that we know")


_MAGIC = (
    b"OggS",
    b"fLaC",
    b".snd",
    b"dns.",
    b"FORM",
    b"ID3",
    b"caff",
    b"riff",
    b"RIFX",
    b"Creative",
)


_NOT_PLAYED = (
    (0, b"#!AMR-WB", "AMR-WB"),
    (0, b"#!AMR_MC", "AMR of several channels"),
    (4, b"ftyp", "AAC in an MP4 file (.m4a, .3gp)"),
    (28, b"Speex   ", "Speex"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (.wma)"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (0, b"#!SILK", "SILK"),
    (0, b"ADIF", "AAC"),
)
"""Sounds that telephones and other systems send and no library of the image plays: where their
octets say it. Their decoders are patented, or would take as much room as all the others do."""


def _not_played(start: bytes) -> str | None:
    """The name of a sound that is not played; None for any other."""
    return next((name for at, magic, name in _NOT_PLAYED if start[at:].startswith(magic)), None)


def _is_mpeg(start: bytes) -> bool:
    """A frame header of MPEG audio [ISO 11172-3 §2.4.1.3], layer II or III.

    Layer I is left out: nobody sends it, and text in UTF-16 begins as it does.
    """
    if len(start) < 4 or start[0] != 0xFF or start[1] & 0xE0 != 0xE0:
        return False
    version, layer = start[1] >> 3 & 3, start[1] >> 1 & 3
    return version != 1 and layer in (1, 2) and start[2] >> 4 != 15 and start[2] >> 2 & 3 != 3


# ---- WAVE


def _wave(source: Source) -> Iterator[bytes]:
    header = audio_formats.read_header(source)
    form = header.form
    if audio_formats.is_converted(form):
        return audio_formats.converted(source, form, header.size)
    if form.tag in (MPEG, MP3):
        return _file(source, most=header.size)
    if form.tag in (G721, G726, G726_APICOM):
        return _g726(source, form, header.size)
    if form.tag in (OKI_ADPCM, DIALOGIC_ADPCM):
        return _file(source, RAW_VOX, form.rate, header.size)
    return _file(source, most=header.size, before=_wave_head(header))


def _wave_head(header: WaveHeader) -> Callable[[int], bytes]:
    """A WAVE header for so many octets of samples, with the format as it came."""

    def head(size: int) -> bytes:
        chunk = struct.pack("<4sI", b"fmt ", len(header.chunk)) + header.chunk
        data = struct.pack("<4sI", b"data", size)
        riff = struct.pack("<4sI4s", b"RIFF", 4 + len(chunk) + len(data) + size, b"WAVE")
        return riff + chunk + data

    return head


# ---- samples without a header


def _mu_law(source: Source) -> Iterator[bytes]:
    return audio_formats.converted(source, Format(MU_LAW, 1, SAMPLE_RATE, 8))


def _a_law(source: Source) -> Iterator[bytes]:
    return audio_formats.converted(source, Format(A_LAW, 1, SAMPLE_RATE, 8))


def _linear(source: Source) -> Iterator[bytes]:
    return audio_formats.converted(source, Format(audio_formats.PCM, 1, SAMPLE_RATE, 16))


def _gsm(source: Source) -> Iterator[bytes]:
    return _file(source, RAW_GSM)


def _vox(source: Source) -> Iterator[bytes]:
    return _file(source, RAW_VOX)


def _bare_g726(source: Source) -> Iterator[bytes]:
    return _g726(source, Format(G726, 1, SAMPLE_RATE, 4), sys.maxsize)


_BARE: dict[str, Decoder] = {
    "audio/basic": _mu_law,
    "audio/pcmu": _mu_law,
    "audio/ulaw": _mu_law,
    "audio/x-ulaw": _mu_law,
    "audio/x-mulaw": _mu_law,
    "audio/pcma": _a_law,
    "audio/alaw": _a_law,
    "audio/x-alaw": _a_law,
    "audio/gsm": _gsm,
    "audio/x-gsm": _gsm,
    "audio/32kadpcm": _bare_g726,
    "audio/g726-32": _bare_g726,
    "audio/x-g726": _bare_g726,
    "audio/vox": _vox,
    "audio/x-vox": _vox,
    "audio/x-sln": _linear,
}
"""By type: RFC 2046 §4.3, RFC 3551 §4.5, RFC 3802; "x-" and a codec is what Asterisk says."""

_BARE_ENDINGS: dict[str, Decoder] = {
    "ulaw": _mu_law,
    "ul": _mu_law,
    "alaw": _a_law,
    "al": _a_law,
    "sln": _linear,
    "gsm": _gsm,
    "vox": _vox,
    "726": _bare_g726,
    "g726": _bare_g726,
}


def _g726(source: Source, form: Format, size: int) -> Iterator[bytes]:
    """G.726, the first code word in the lowest bits [RFC 3802 §2], as in a file of Sun's."""
    encoding = {4: 23, 3: 25, 5: 26}.get(form.bits)
    if encoding is None:
        raise UnknownSound(f"WAVE format {form}")
    head = struct.pack(">4sIIIII", b".snd", 24, 0xFFFF_FFFF, encoding, form.rate, form.channels)
    return _file(source, most=size, before=lambda _: head)


# ---- libsndfile

RAW_VOX, RAW_GSM = 0x04_0021, 0x04_0020
"""Formats of libsndfile for what has no header."""
_READ = 0x10


class _Info(ctypes.Structure):
    """SF_INFO of sndfile.h."""

    _fields_ = (
        ("frames", ctypes.c_int64),
        ("rate", ctypes.c_int),
        ("channels", ctypes.c_int),
        ("format", ctypes.c_int),
        ("sections", ctypes.c_int),
        ("seekable", ctypes.c_int),
    )


@cache
def _sndfile() -> Any:
    library = _opened("libsndfile.so.1", "libsndfile1")
    library.sf_open_fd.restype = ctypes.c_void_p
    library.sf_strerror.restype = ctypes.c_char_p
    library.sf_readf_float.restype = ctypes.c_int64
    library.sf_readf_float.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    library.sf_close.argtypes = (ctypes.c_void_p,)
    return library


def _opened(name: str, package: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(name)
    except OSError as missing:
        raise UnknownSound(f"{missing}: install the package {package}") from missing


def _file(
    source: Source,
    raw: int = 0,
    rate: int = SAMPLE_RATE,
    most: int = sys.maxsize,
    before: Callable[[int], bytes] = lambda _: b"",
) -> Iterator[bytes]:
    """`most` octets of the source as libsndfile reads them behind a header.

    `before` makes the header, if they have none of their own, from their number; `raw` is the
    format, at `rate` Hz, of what needs none.
    """
    sound, whole = _gathered(source, most, before)
    try:
        info = _Info(0, rate if raw else 0, 1 if raw else 0, raw, 0, 0)
        # what it cannot open it closes [seen with 1.2.0], whatever its last argument says
        with _quiet():
            handle = _sndfile().sf_open_fd(os.dup(sound), _READ, ctypes.byref(info), 1)
        if not handle:
            why = _sndfile().sf_strerror(None).decode("ascii", "replace")
            raise UnknownSound(f"libsndfile: {why}")
        try:
            if not 1 <= info.channels <= CHANNELS_MOST:
                raise UnknownSound(f"{info.channels} channels")
            yield from audio_formats.at_8_khz(_decoded(handle, info.channels), info.rate)
        finally:
            _sndfile().sf_close(handle)
    finally:
        os.close(sound)
    if not whole:
        raise UnknownSound(f"more than {LARGEST} octets of sound")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let a library print nothing: libmpg123 has a line for each bad frame of a stranger's."""
    ours, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(ours, 2)
        os.close(ours)
        os.close(nothing)


def _gathered(source: Source, most: int, before: Callable[[int], bytes]) -> tuple[int, bool]:
    """A file in memory with a header and the octets, and whether that is all of them."""
    sound = os.memfd_create("sound", os.MFD_CLOEXEC)
    room = len(before(0))
    size, limit = 0, min(most, LARGEST)
    os.lseek(sound, room, os.SEEK_SET)
    while size < limit and (piece := source.read(limit - size)):
        os.write(sound, piece)
        size += len(piece)
    os.pwrite(sound, before(size), 0)
    os.lseek(sound, 0, os.SEEK_SET)
    return sound, size < LARGEST or most <= LARGEST or not source.read(1)


def _decoded(handle: int, channels: int) -> Iterator[Values]:
    buffer = array("f", bytes(4 * FRAMES * channels))
    address, _ = buffer.buffer_info()
    while True:
        with _quiet():
            count = _sndfile().sf_readf_float(handle, address, FRAMES)
        if not count:
            return
        values = buffer[: count * channels]
        rows = [values[n::channels] for n in range(channels)]
        mono = rows[0] if channels == 1 else map(sum, zip(*rows, strict=True))
        full = 32768 / channels
        yield array("h", [_int16(value * full) for value in mono])


def _int16(value: float) -> int:
    """The nearest sample; what is beyond the largest is cut, what is no number is silence."""
    if -32768.0 <= value <= 32767.0:
        return round(value)
    return 32767 if value > 0 else -32768 if value < 0 else 0


# ---- AMR

_AMR_OCTETS = (12, 13, 15, 17, 19, 20, 26, 31, 5)
"""Octets of a frame's speech by its type, 4.75 to 12.2 kbit/s and silence [RFC 4867 §5.3]."""
_AMR_FRAME = 160
"""Samples in a frame."""
_AMR_AT_ONCE = 25
"""Frames in a piece."""


def _amr(source: Source) -> Iterator[bytes]:
    """AMR of one channel, frame by frame [RFC 4867 §5]; it ends with a frame of no speech type."""
    library = _opened("libopencore-amrnb.so.0", "libopencore-amrnb0")
    library.Decoder_Interface_init.restype = ctypes.c_void_p
    library.Decoder_Interface_Decode.argtypes = (
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int,
    )  # fmt: skip
    library.Decoder_Interface_exit.argtypes = (ctypes.c_void_p,)
    state = library.Decoder_Interface_init()
    out = (ctypes.c_int16 * _AMR_FRAME)()
    piece = bytearray()
    try:
        for frame in _amr_frames(source):
            library.Decoder_Interface_Decode(state, frame, out, 0)
            piece += bytes(out)
            if len(piece) >= 2 * _AMR_FRAME * _AMR_AT_ONCE:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)
    finally:
        library.Decoder_Interface_exit(state)


def _amr_frames(source: Source) -> Iterator[bytes]:
    source.exactly(6)  # "#!AMR\n"
    while head := source.exactly(1):
        kind = head[0] >> 3 & 15
        if kind == 15:  # no data
            yield head
            continue
        if kind >= len(_AMR_OCTETS):
            return
        speech = source.exactly(_AMR_OCTETS[kind])
        if len(speech) < _AMR_OCTETS[kind]:
            return
        yield head + speech
