"""Sound: what is found in a mail, files of sound, and the tones of a telephone line."""

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from app.clerk import decoding
from app.clerk.media import MediaFailed, Source
from app.clerk.playback import message_sound
from app.message import audio_formats
from app.message.audio_formats import UnknownSound
from app.message.voice import NAME_LIMIT, NUMBER_LIMIT, clean_name, clean_number
from app.phone.lines import caller_id
from app.phone.sound import dsp
from drivers.buses import PERIOD, Samples
from tests.fuzz.shaping import cut, grown
from tests.kit.detecting import DigitEar

READ = 131_072
"""Octets of a message or a file; what is repeated shows its cost long before."""

CUT = 3_000
"""Octets below which an input is read in pieces, too."""
AWAITED = 32_000
"""Octets of sound, two seconds, that are made before anything is heard."""
SAYABLE = 250
"""Octets of a message's body that the sender's modem takes."""


def mime(data: bytes) -> None:
    """A message's first audio part, as the worker decodes it."""
    octets = grown(data, READ)
    whole = _sound_of([octets])
    assert len(octets) >= CUT or _sound_of(cut(octets)) == whole


def _sound_of(pieces: Iterable[bytes]) -> bytes | None:
    try:
        return _beginning(message_sound(Source(pieces)))
    except (MediaFailed, UnknownSound):
        return None


BARE = {1: "audio/basic", 2: "audio/32kadpcm", 3: "audio/gsm", 4: "audio/vox"}
"""By the first octet, which some of these kinds may begin with."""


def wav(data: bytes) -> None:
    """A file of sound, and samples without a header, at once and in pieces: the same samples."""
    octets = grown(data, READ)
    kind = BARE.get(data[0] if data else 0, "audio/wav")
    whole = _samples([octets], kind)
    assert len(octets) >= CUT or _samples(cut(octets), kind) == whole
    audio_formats.is_plain(Source([octets]))


def _samples(pieces: Iterable[bytes], kind: str) -> bytes | None:
    try:
        return _beginning(decoding.samples(Source(pieces), kind))
    except UnknownSound:
        return None


def _beginning(pieces: Iterator[bytes]) -> bytes:
    """What a listener waits for; the rest is made while that is heard."""
    sound = b""
    for piece in pieces:
        assert len(piece) % 2 == 0
        sound += piece
        if len(sound) >= AWAITED:
            break
    return sound[:AWAITED]


def fsk(data: bytes) -> None:
    """What an outside line brings before the second ring.

    The first octet: 1, the rest is what a sender says in a message; 2, a message that has arrived;
    else samples.
    """
    how, octets = data[:1], data[1:]
    if how == b"\x02":
        _check_caller(octets)
        return
    if how == b"\x01":
        samples = _said(octets[:SAYABLE])
    else:
        samples = np.frombuffer(octets[: len(octets) // 2 * 2], "<i2").astype(np.int16)
    receiver, ear = _line()
    receiver.begin_again()
    ear.begin_again()
    samples = np.concatenate((samples, np.zeros(PERIOD - len(samples) % PERIOD, np.int16)))
    for at in range(0, len(samples), PERIOD):
        period = np.ascontiguousarray(samples[at : at + PERIOD])
        for message in receiver.hear(period):
            _check_caller(message)
        assert set(ear.hear(period)) <= set("0123456789*#ABCD")


@cache
def _line() -> tuple[dsp.FskReceiver, DigitEar]:
    """What listens to a line. It begins again for each input, as it does for each call."""
    return dsp.FskReceiver(), DigitEar()


def _said(body: bytes) -> Samples:
    kind = caller_id.SDMF_CALLER if len(body) % 3 == 0 else caller_id.MDMF_CALLER
    return dsp.fsk_message(bytes((kind, len(body))) + body)


def _check_caller(message: bytes) -> None:
    """Whoever calls: what goes into headers and lists is short and printable."""
    caller = caller_id.parse(message)
    if caller is None:
        return
    for text in (caller.name, caller.number):
        assert text is None or (text.isprintable() and text), repr(text)
    name, number = clean_name(caller.name), clean_number(caller.number)
    assert name is None or (len(name) <= NAME_LIMIT and name.isprintable()), repr(name)
    assert number is None or len(number) <= NUMBER_LIMIT
    caller_id.parse(caller_id.caller_message(caller))
