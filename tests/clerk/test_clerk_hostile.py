"""Mails and files made to keep the clerk busy: read in a worker, in little time and memory."""

import resource
import select
import struct
import time
from base64 import encodebytes
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from app.clerk.api import NotReady
from app.clerk.media import MediaFailed, MediaWorkers, Source
from app.clerk.playback import message_sound
from app.clerk.prompt_store import PromptStore
from app.clerk.speech import Speaker
from app.core.clock import ManualClock
from app.core.confined import data_now
from tests.kit.voicemail import PACKS

CPU_S = 2  # of a worker; each of these mails takes 0.2 s at most on a laptop
MEMORY_MORE = 32 * 1024 * 1024  # octets that a worker may take beyond those it begins with
WITHIN_S = 60
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def encoded_messages(depth: int) -> bytes:
    """A message in base64 within a message, and so on, around a megabyte."""
    message = b"Subject: x\r\n\r\n" + b"text\r\n" * 10_000
    for _ in range(depth):
        head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        message = head + encodebytes(message)
    return message


HOSTILE = {
    "parameters": b"Content-Type: multipart/mixed; " + b"a=b; " * 144_000 + b"\r\n\r\n--b\r\n",
    "semicolons": b"Content-Type: multipart/mixed" + b";" * 720_000 + b"\r\n\r\n",
    "open quotes": b"Content-Type: multipart/mixed" + b';a="' * 180_000 + b"\r\n\r\n",
    "quoted pairs": b'Content-Type: multipart/mixed; boundary="' + b"\\\\" * 360_000 + b"\r\n\r\n",
    "continuations": b"Content-Type: multipart/mixed"
    + b";\r\n boundary*0*=b" * 50_000
    + b"\r\n\r\n",
    "folds": b"Content-Type: audio/wav" + b"\r\n " * 300_000 + b"\r\n\r\n",
    "fields": b"A: b\r\n" * 200_000 + b"\r\n",
    "one line": b"Content-Type:" + b" " * 1_000_000,
    "large heads": MIXED + (b"--b\r\nContent-Type: x/y" + b";" * 100_000 + b"\r\n\r\n") * 50,
    "many parts": MIXED + b"--b\r\n\r\n" * 200_000,
    "depth": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(10_000)
    ),
    "messages in messages": b"Content-Type: message/rfc822\r\n\r\n" * 30_000,
    "almost boundaries": MIXED + b"--c\r\n" * 300_000,
    "empty lines": MIXED + b"\n" * 1_000_000,
    "base64 without end": b"Content-Type: audio/wav\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"=\r\n" * 300_000,
    "chunks before the sound": b"Content-Type: audio/wav\r\n\r\nRIFF....WAVE"
    + b"junk\0\0\0\0" * 100_000,
    "rate of nothing": b"Content-Type: audio/wav\r\n\r\n"
    + b"RIFF....WAVEfmt "
    + struct.pack("<IHHIIHH", 16, 1, 0, 0, 0, 0, 0)
    + b"data\xff\xff\xff\xff"
    + bytes(100_000),
    "many sounds that are none": MIXED
    + (b"--b\r\nContent-Type: audio/ogg\r\n\r\nOggS" + bytes(900) + b"\r\n") * 1_000,
    "encoded messages in messages": encoded_messages(12),
    "parameters of file names": MIXED
    + b"--b\r\n"
    + b"Content-Disposition: attachment"
    + b"; filename*0=a; voice=b" * 30_000
    + b"\r\n\r\n",
    "files in text": b"Subject: x\r\n\r\n" + b"begin 644 a.wav\r\n" * 50_000,
    "a thousand channels": b"Content-Type: audio/x-caf\r\n\r\n"
    + b".snd"
    + struct.pack(">IIIII", 24, 0xFFFF_FFFF, 6, 8000, 1024)
    + bytes(900_000),
    "blocks of nothing": b"Content-Type: audio/wav\r\n\r\nRIFF....WAVEfmt "
    + struct.pack("<IHHIIHHHH", 20, 0x11, 1, 8000, 4000, 0, 4, 2, 0)
    + b"data\xff\xff\xff\xff"
    + bytes(900_000),
}


def sparing(message: Source) -> Iterator[bytes]:
    """message_sound, in a worker whose limits are much tighter than those it really has."""
    limit = data_now() + MEMORY_MORE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    yield from message_sound(message)


@pytest.fixture
def media() -> Iterator[MediaWorkers]:
    media = MediaWorkers(ManualClock())
    yield media
    media.close()


def first_sound(media: MediaWorkers, pieces: Iterable[bytes]) -> bytes:
    conversion = media.convert(sparing, pieces)
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        try:
            return conversion.piece(0, 2)
        except NotReady:
            media.serve(*select.select(media.readers(), media.writers(), [], 0.5)[:2])
    raise AssertionError("no end")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_known_to_have_no_sound_in_little_time_and_memory(
    name: str, media: MediaWorkers
) -> None:
    mail = HOSTILE[name]
    pieces = [mail[at : at + 250_000] for at in range(0, len(mail), 250_000)]
    try:
        assert first_sound(media, pieces) == b""
    except MediaFailed as problem:
        assert "died" not in str(problem), f"{name}: over {CPU_S} s of CPU time"
        assert "memory" not in str(problem), f"{name}: over {MEMORY_MORE} octets"


def test_greeting_that_is_huge_or_hostile_is_left_to_a_worker(
    tmp_path: Path, media: MediaWorkers
) -> None:
    prompts = PromptStore(PACKS, Speaker(tmp_path), media)
    for name, octets in {
        "chunks": b"RIFF....WAVE" + b"junk\0\0\0\0" * 100_000,
        "huge": (PACKS / "en_US_f_Allison/vm-intro.wav").read_bytes() + bytes(5_000_000),
    }.items():
        path = tmp_path / f"{name}.wav"
        path.write_bytes(octets)
        with pytest.raises(NotReady):
            prompts.file(path)
    assert prompts.prompt("vm-intro", "en"), "a plain file of a pack waits for a worker, too"
