"""The sounds of a message as one: in order, with a pause between, as far as they can be played."""

import select
import time
from collections.abc import Iterable, Iterator
from email.message import EmailMessage

import numpy as np
import pytest

from app.clerk import media
from app.clerk.api import NotReady
from app.clerk.media import InlineMedia, Media, MediaFailed, MediaWorkers, Source, SourceFailed
from app.clerk.playback import BETWEEN, SOUNDS_LIMIT, Playback, message_sound
from app.core.clock import ManualClock
from tests.kit.foreign_sound import encoded
from tests.kit.hearing import find, prompt, prompt_file
from tests.kit.voicemail import tone

LOW, HIGH = tone(1, hz=300), tone(1, hz=900)


def mail(*parts: tuple[bytes, str, str]) -> bytes:
    """A mail with these parts: octets, type, file name."""
    message = EmailMessage()
    message.set_content("Listen.\n")
    for octets, kind, name in parts:
        maintype, subtype = kind.split("/")
        message.add_attachment(octets, maintype=maintype, subtype=subtype, filename=name)
    return message.as_bytes()


def heard(octets: bytes) -> bytes:
    return b"".join(message_sound(Source([octets])))


def test_introduction_and_message_with_a_pause_between() -> None:
    both = mail((LOW, "audio/x-sln", "intro.sln"), (HIGH, "application/octet-stream", "msg.sln"))
    assert heard(both) == LOW + BETWEEN + HIGH


def test_what_is_no_sound_at_all_is_passed_over() -> None:
    with_others = mail(
        (b"%PDF-1.4", "application/pdf", "invoice.pdf"),
        (HIGH, "audio/x-sln", "msg.sln"),
        (b"BEGIN:VCARD", "text/vcard", "anna.vcf"),
        (b"\x30\x82", "application/pkcs7-signature", "smime.p7s"),
    )
    assert heard(with_others) == HIGH


@pytest.mark.parametrize("order", [1, -1])
def test_sound_that_cannot_be_played_is_no_reason_not_to_hear_the_other_one(order: int) -> None:
    parts = [(LOW, "audio/x-sln", "msg.sln"), (b"\0\0\0\x20ftypM4A ", "audio/mp4", "msg.m4a")]
    sound = message_sound(Source([mail(*parts[::order])]))
    made = b""
    with pytest.raises(MediaFailed, match="AAC in an MP4 file"):
        for piece in sound:
            made += piece
    assert made == LOW


@pytest.mark.parametrize("octets", [mail(), mail((b"", "audio/x-sln", "empty.sln")), b""])
def test_message_without_sound(octets: bytes) -> None:
    with pytest.raises(MediaFailed, match="no sound"):
        heard(octets)


def test_so_many_sounds_of_a_message_are_heard() -> None:
    many = [(b"\1\1", "audio/x-sln", "msg.sln")] * (SOUNDS_LIMIT + 1)
    assert heard(mail(*many)).count(b"\1\1") == SOUNDS_LIMIT


# ---- in workers, and in this process

UNKNOWN = (b"\0\0\0\x20ftypM4A ", "audio/mp4", "msg.m4a")
WITHIN_S = 30


@pytest.fixture(params=["workers", "inline"])
def kind(request: pytest.FixtureRequest) -> Iterator[Media]:
    if request.param == "inline":
        yield InlineMedia()
        return
    workers = MediaWorkers(ManualClock())
    yield workers
    workers.close()


def played(playback: Playback, kind: Media, octets: Iterable[bytes], seconds: int) -> bytes:
    """What is heard of content 1 in so many seconds from its start."""
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        try:
            return playback.samples(1, octets, 0, seconds * 8000)
        except NotReady:
            assert isinstance(kind, MediaWorkers)
            kind.serve(*select.select(kind.readers(), kind.writers(), [], 0.5)[:2])
    raise AssertionError("no end")


def test_message_that_breaks_off_is_heard_so_far_every_time(kind: Media) -> None:
    playback = Playback(kind)
    octets = [mail((LOW, "audio/x-sln", "msg.sln"), UNKNOWN)]
    for _ in range(2):
        assert played(playback, kind, octets, 10) == LOW
        assert playback.broken_off(1)
    assert playback.samples(1, (), 3000, 80_000) == LOW[6000:]
    assert playback.samples(1, (), 80_000, 10) == b""


def test_message_that_is_whole_does_not_break_off(kind: Media) -> None:
    playback = Playback(kind)
    assert played(playback, kind, [mail((LOW, "audio/x-sln", "msg.sln"))], 10) == LOW
    assert not playback.broken_off(1)


def test_message_that_is_too_long_breaks_off(kind: Media, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "LONGEST", len(LOW))
    playback = Playback(kind)
    heard = played(playback, kind, [mail((LOW * 60, "audio/x-sln", "msg.sln"))], 10)
    assert heard.startswith(LOW) and len(heard) < len(LOW) * 60
    assert playback.broken_off(1)


def test_message_that_cannot_be_read_is_not_called_unplayable_and_is_read_anew(kind: Media) -> None:
    def broken() -> Iterator[bytes]:
        yield mail((LOW, "audio/x-sln", "msg.sln"))[:20_000]
        raise OSError("the disk")

    playback = Playback(kind)
    with pytest.raises(SourceFailed, match="the disk"):
        played(playback, kind, broken(), 10)
    assert played(playback, kind, [mail((LOW, "audio/x-sln", "msg.sln"))], 10) == LOW


def test_message_that_cannot_be_played_is_tried_anew(kind: Media) -> None:
    playback = Playback(kind)
    for _ in range(2):
        with pytest.raises(MediaFailed, match="AAC in an MP4 file"):
            played(playback, kind, [mail(UNKNOWN)], 10)
    assert not playback.broken_off(1)


@pytest.mark.parametrize("name", ["wav49", "opus", "amr"])
def test_libraries_work_within_a_workers_limits(name: str, kind: Media) -> None:
    octets = encoded(name, prompt_file("tt-weasels"))
    sound = played(Playback(kind), kind, [mail((octets, "audio/x-wav", "msg0000.WAV"))], 10)
    spoken = prompt("tt-weasels")[400:-1200]
    assert find(spoken, np.frombuffer(sound, "<i2").astype(np.int16))[0] >= 0.8
