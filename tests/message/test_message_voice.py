"""A voicemail as a message: what Python's mail parser, soxi and our own reader make of it."""

import email
import email.policy
import struct
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from app.message.voice import (
    VoiceMessage,
    clean_name,
    clean_number,
    compose,
    composed_size,
)

ENDED = datetime(2026, 9, 21, 16, 13, 20, tzinfo=timezone(timedelta(hours=2)))


def voice(samples: int = 16_000, **changes: object) -> VoiceMessage:
    values: dict[str, object] = {
        "to_name": "Anna A.",
        "to_address": "anna@example.org",
        "mailbox": "201",
        "from_address": "voicemail@example.org",
        "caller_number": "5551234",
        "caller_name": "CARL CALLER",
        "ended_at": ENDED,
        "samples": samples,
        "token": "0123456789abcdef0123",
    }
    return VoiceMessage(**{**values, **changes})  # type: ignore[arg-type]


def sound(samples: int) -> bytes:
    return b"".join((n * 7919 % 65536).to_bytes(2, "little") for n in range(samples))


def octets(message: VoiceMessage, raw: bytes | None = None) -> bytes:
    raw = sound(message.samples) if raw is None else raw
    return b"".join(compose(message, [raw]))


def parsed(message: VoiceMessage) -> EmailMessage:
    return email.message_from_bytes(octets(message), policy=email.policy.default)


def in_pieces(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[at : at + size] for at in range(0, len(whole), size))


# ---- composing


def test_the_head_says_it_all() -> None:
    head = parsed(voice())
    assert head["From"] == "CARL CALLER <voicemail@example.org>"
    assert head["To"] == '"Anna A." <anna@example.org>'
    assert head["Subject"] == "Voicemail from CARL CALLER 5551234 (0:02)"
    assert head["Date"] == "Mon, 21 Sep 2026 16:13:20 +0200"
    assert head["Message-ID"] == "<0123456789abcdef0123.voicemail@example.org>"
    assert head["Message-Context"] == "voice-message"
    assert head["Content-Duration"] == "2"
    assert head["X-CallingTelephoneNumber"] == "5551234"
    assert head["X-VoiceMessageSenderName"] == "CARL CALLER"
    assert head["X-VoiceMessageDuration"] == "2"
    assert head["MIME-Version"] == "1.0"
    assert not head.defects


def test_text_first_then_sound() -> None:
    message = parsed(voice(3 * 8000))
    text, audio = message.iter_parts()
    assert message.get_content_type() == "multipart/mixed"
    assert text.get_content_type() == "text/plain"
    assert "Caller:   CARL CALLER 5551234" in text.get_content()
    assert "Length:   0:03" in text.get_content()
    assert audio.get_content_type() == "audio/wav"
    assert audio["Content-Duration"] == "3"
    assert audio.get_filename() == "voicemail-20260921-161320-5551234-01234567.wav"
    assert "For:      Anna A. (mailbox 201)" in text.get_content()
    wav = cast(bytes, audio.get_payload(decode=True))
    assert wav[44:] == sound(3 * 8000)
    # PCM, one channel, rate, octets a second, octets a frame, bits a sample
    assert struct.unpack("<HHIIHH", wav[20:36]) == (1, 1, 8000, 16000, 2, 16)


def test_a_voicemail_is_in_the_language_of_who_gets_it() -> None:
    message = parsed(voice(language="it", caller_name=None, caller_number=None, urgent=True))
    text = next(iter(message.iter_parts())).get_content()
    assert message["Subject"] == "Messaggio vocale da chiamante sconosciuto (0:02)"
    assert message["From"] == "Chiamante sconosciuto <voicemail@example.org>"
    assert text.splitlines()[:5] == [
        "Chiamante: chiamante sconosciuto",
        "Per:       Anna A. (casella 201)",
        "Ricevuto:  2026-09-21 16:13:20 +0200",
        "Durata:    0:02",
        "Urgente:   sì, dice chi chiama",
    ]


def test_what_is_said_stands_below_in_short_lines() -> None:
    said = "Please call me back about the roof. " * 4
    message = parsed(voice(said=said, said_number="+1 555-0142"))
    text = next(iter(message.iter_parts())).get_content()
    top, below, number = text.replace("\r\n", "\n").split("\n\n")
    assert "Length:" in top
    assert below.splitlines()[0] == "Written down by a machine, which may have misheard:"
    assert " ".join(below.splitlines()[1:]) == said.strip()
    assert max(map(len, below.splitlines())) <= 72
    assert number.strip() == "Possible number, said in the message: +15550142"


def test_soxi_understands_the_sound(tmp_path: Path) -> None:
    _, audio = parsed(voice(20_000)).iter_parts()
    wav = tmp_path / "message.wav"
    wav.write_bytes(cast(bytes, audio.get_payload(decode=True)))
    said = subprocess.run(["soxi", wav], capture_output=True, text=True, check=True).stdout
    assert "Channels       : 1" in said
    assert "Sample Rate    : 8000" in said
    assert "Precision      : 16-bit" in said
    assert "20000 samples" in said


@pytest.mark.parametrize("samples", [0, 1, 5, 6, 7, 8000, 85_499, 85_500, 85_501, 300_000])
def test_the_size_is_known_before(samples: int) -> None:
    assert len(octets(voice(samples))) == composed_size(voice(samples))


@pytest.mark.parametrize("size", [1, 2, 57, 16_000, 999_999])
def test_pieces_of_any_length_make_the_same_message(size: int) -> None:
    raw = sound(9000)
    assert b"".join(compose(voice(9000), in_pieces(raw, size))) == octets(voice(9000))


def test_blocks_are_small_however_long_the_recording() -> None:
    pieces = (bytes(16_000) for _ in range(600))
    blocks = [len(block) for block in compose(voice(600 * 8000), pieces)]
    assert max(blocks) <= 262_144
    assert len(blocks) > 40


def test_lines_are_crlf_and_short() -> None:
    whole = octets(voice(4000, caller_name="Ünal Çağlar " * 5))
    assert whole.count(b"\n") == whole.count(b"\r\n") == whole.count(b"\r")
    assert max(map(len, whole.split(b"\r\n"))) <= 998
    assert whole.isascii()


@pytest.mark.parametrize("samples", [15_999, 16_001])
def test_a_length_that_is_not_the_announced_one_is_refused(samples: int) -> None:
    with pytest.raises(ValueError, match="octets of audio"):
        octets(voice(16_000), sound(samples))


@pytest.mark.parametrize(
    ("samples", "seconds", "shown"),
    [(100, 1, "(0:01)"), (11_999, 1, "(0:01)"), (12_000, 2, "(0:02)"), (8000 * 61, 61, "(1:01)")],
)
def test_whole_seconds(samples: int, seconds: int, shown: str) -> None:
    assert voice(samples).seconds == seconds
    assert voice(samples).subject.endswith(shown)


# ---- names from outside


@pytest.mark.parametrize(
    "name",
    [
        "EVIL\r\nBcc: everybody@example.org",
        "EVIL\nBcc: everybody@example.org",
        "EVIL\rBcc: x\r\n\r\n<html>",
        "EVIL\x00\x0b\x0c\x85\u2028Bcc: x",
        'EVIL" <boss@example.org>, "x',
        "=?utf-8?q?EVIL=0D=0ABcc=3A_x?=",
        "EVIL\u202eRENNO",
        "\ud800EVIL",
    ],
)
def test_a_caller_cannot_write_into_the_head(name: str) -> None:
    message = voice(8000, caller_name=name, caller_number="555\r\nBcc: 1234")
    clean = parsed(voice(8000))
    evil = parsed(message)
    assert evil.keys() == clean.keys()
    assert len(evil["From"].addresses) == 1
    assert evil["From"].addresses[0].addr_spec == "voicemail@example.org"
    assert evil["X-CallingTelephoneNumber"] == "5551234"
    assert len(list(evil.iter_parts())) == 2
    assert not evil.defects


def test_names_of_other_scripts_arrive() -> None:
    message = parsed(voice(8000, caller_name="Łukasz Żółć", to_name="Анна"))
    assert message["From"].addresses[0].display_name == "Łukasz Żółć"
    assert message["To"].addresses[0].display_name == "Анна"
    assert message["Subject"] == "Voicemail from Łukasz Żółć 5551234 (0:01)"
    text, _ = message.iter_parts()
    assert "Łukasz Żółć" in text.get_content()


@pytest.mark.parametrize(
    ("number", "name", "shown", "sender"),
    [
        (None, None, "unknown caller", "Unknown caller"),
        ("5551234", None, "5551234", "5551234"),
        (None, "CARL", "CARL", "CARL"),
        ("\r\n", " \x00 ", "unknown caller", "Unknown caller"),
    ],
)
def test_what_is_not_known(number: str, name: str, shown: str, sender: str) -> None:
    message = parsed(voice(8000, caller_number=number, caller_name=name))
    assert message["Subject"] == f"Voicemail from {shown} (0:01)"
    assert message["From"].addresses[0].display_name == sender
    assert ("X-CallingTelephoneNumber" in message) == (number == "5551234")
    assert ("X-VoiceMessageSenderName" in message) == (name == "CARL")


def test_cleaning() -> None:
    assert clean_name("  A \t B\r\n") == "A B"
    assert clean_name("x" * 500) == "x" * 64
    assert clean_name("") is None
    assert clean_number("+49 (30) 123-45*#") == "+493012345*#"
    assert clean_number("1" * 99) == "1" * 32
    assert clean_number("private") is None


def test_urgency_what_has_broken_off_and_a_clock_that_was_not_set_are_told() -> None:
    def told(**changes: object) -> tuple[EmailMessage, str]:
        mail = parsed(voice(**changes))  # type: ignore[arg-type]
        return mail, next(mail.iter_parts()).get_content()

    head, text = told(urgent=True, broken_off=True, clock_set=False)
    assert (head["Importance"], head["X-Priority"]) == ("high", "1")
    assert head["X-VoiceMessage-Broken-Off"] == "yes" and head["Date"] is None
    assert "1970" not in f"{text} {head['Content-Type']}" and "clock of the box was not set" in text
    assert "Urgent:   yes" in text and "line or power failed" in text
    head, text = told()
    assert head["Importance"] is None and head["X-VoiceMessage-Broken-Off"] is None
    assert head["Date"] is not None and "Urgent" not in text
