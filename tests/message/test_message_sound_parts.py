"""The sounds of mails, in order: ours, those of other systems, and what people really send."""

import binascii
import email.policy
from base64 import b64encode, encodebytes
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from app.message.sound_parts import DEPTH_LIMIT, PARTS_LIMIT, sound_parts
from app.message.voice import VoiceMessage, compose


def sound(samples: int) -> bytes:
    return b"".join((n * 7919 % 65536).to_bytes(2, "little") for n in range(samples))


def our_own(samples: int) -> bytes:
    voice = VoiceMessage(
        to_name="Anna A.",
        to_address="anna@example.org",
        mailbox="201",
        from_address="voicemail@example.org",
        caller_number="5551234",
        caller_name="CARL CALLER",
        ended_at=datetime(2026, 9, 21, 16, 13, 20, tzinfo=UTC),
        samples=samples,
        token="0123456789abcdef0123",
    )
    return b"".join(compose(voice, [sound(samples)]))


def in_pieces(whole: bytes, size: int) -> Iterator[bytes]:
    return (whole[at : at + size] for at in range(0, len(whole), size))


def sounds_of(whole: bytes, size: int = 1000) -> list[tuple[str, bytes]]:
    return [
        (part.content_type, b"".join(part.octets)) for part in sound_parts(in_pieces(whole, size))
    ]


def audio_of(whole: bytes, size: int = 1000) -> tuple[str, bytes]:
    (found,) = sounds_of(whole, size)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 77, 4096, 10_000_000])
def test_our_own_message_is_read_back(size: int) -> None:
    kind, wav = audio_of(our_own(5000), size)
    assert kind == "audio/wav"
    assert wav[:4] == b"RIFF"
    assert wav[44:] == sound(5000)


def by_hand(audio: bytes = b"RIFFsound", cte: str = "base64") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "from elsewhere"
    message.set_content("text")
    message.add_attachment(audio, maintype="audio", subtype="wav", cte=cte)
    return message


def test_what_python_composes_is_found() -> None:
    assert audio_of(by_hand(bytes(range(256)) * 100).as_bytes(policy=email.policy.SMTP)) == (
        "audio/wav",
        bytes(range(256)) * 100,
    )


def test_bare_line_feeds_are_understood() -> None:
    assert audio_of(by_hand().as_bytes())[1] == b"RIFFsound"


@pytest.mark.parametrize("cte", ["quoted-printable", "base64"])
def test_transfer_encodings(cte: str) -> None:
    raw = b"a=b\x00\xff sound" * 20
    assert audio_of(by_hand(raw, cte).as_bytes(policy=email.policy.SMTP))[1] == raw


def test_sound_in_a_multipart_in_a_forwarded_message() -> None:
    inner = by_hand(b"inner sound")
    outer = EmailMessage()
    outer.set_content("look what I got")
    outer.add_alternative("<p>look</p>", subtype="html")
    outer.add_attachment(inner)
    assert audio_of(outer.as_bytes(policy=email.policy.SMTP))[1] == b"inner sound"


def test_a_multipart_that_never_ends_does_not_hide_what_follows() -> None:
    whole = (
        b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n"
        b"--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
        b"--inner\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--outer\r\nContent-Type: audio/basic\r\n\r\nsound\r\n--outer--\r\n"
    )
    assert audio_of(whole) == ("audio/basic", b"sound")


def test_line_that_looks_like_the_boundary_of_a_multipart_left_open_is_sound() -> None:
    whole = (
        b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n"
        b"--outer\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
        b"--inner\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--outer\r\nContent-Type: audio/basic\r\n\r\nso\r\n--inner\r\nund\r\n--outer--\r\n"
    )
    assert audio_of(whole) == ("audio/basic", b"so\r\n--inner\r\nund")


def test_base64_with_one_character_too_many_gives_the_whole_octets_before_it() -> None:
    whole = (
        b"Content-Type: audio/basic\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"c291bmQhc291bmQhc\r\n"
    )
    assert audio_of(whole) == ("audio/basic", b"sound!sound!")


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        b"no header at all",
        b"Subject: x\r\n\r\ntext",
        b"Content-Type: multipart/mixed\r\n\r\n--x\r\nContent-Type: audio/wav\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nnever begins",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
        b"A" * 300_000,
        b"X: " + b"y" * 300_000 + b"\r\n\r\n",
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 50),
    ],
)
def test_no_sound_is_no_error(whole: bytes) -> None:
    assert sounds_of(whole, 999) == []


def test_a_message_cut_off_gives_what_is_there() -> None:
    whole = our_own(5000)
    wav = audio_of(whole[: len(whole) // 2])[1]
    assert 44 < len(wav) < 10_044
    assert sound(5000).startswith(wav[44:])


# ---- what else people send

MIXED = b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
RAW = bytes(range(256)) * 3


def part(*head: str, body: bytes = b"") -> bytes:
    """A part of MIXED with these header lines; its body is RAW in base64 if none is given."""
    text = body or b64encode(RAW) + b"\r\n"
    return b"--b\r\n" + "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + text


BASE64 = "Content-Transfer-Encoding: base64"


@pytest.mark.parametrize("size", [1, 1000, 65_536, 100_000])
@pytest.mark.parametrize("block", [1, 2, 3, 1000, 1024, 5000])
def test_base64_in_blocks_that_each_end_is_decoded_block_by_block(block: int, size: int) -> None:
    raw = RAW * 50
    text = b"".join(b64encode(piece) + b"\r\n" for piece in in_pieces(raw, block))
    whole = MIXED + part("Content-Type: audio/wav", BASE64, body=text) + b"--b--\r\n"
    assert audio_of(whole, size) == ("audio/wav", raw)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.rstrip(b"="),
        lambda text: b"\x00 \xa0!\t" + text,
        lambda text: b"\r\n".join(b"> " + text[at : at + 60] for at in range(0, len(text), 60)),
        lambda text: text.replace(b"A", b"A \r\n\r\n"),
        lambda text: text + b"====\r\n\r\n",
    ],
)
def test_base64_with_stray_characters_or_without_padding(spoil: Callable[[bytes], bytes]) -> None:
    raw = RAW + b"xy"
    whole = MIXED + part("Content-Type: audio/wav", BASE64, body=spoil(b64encode(raw)) + b"\r\n")
    assert audio_of(whole) == ("audio/wav", raw)


@pytest.mark.parametrize(
    "head",
    [
        ("Content-Type: application/octet-stream",),
        ("Content-Type: application/octet-stream; name=msg0000.WAV",),
        ("Content-Type: application/x-unknown",),
        ("Content-Type: audio/x-wav name=msg.wav",),
        ("Content-Type: AUDIO/WAV ; x",),
        ('Content-Disposition: attachment; filename="msg.wav"',),
        ("Content-Type: text/plain", "Content-Disposition: attachment; filename=my voice.mp3"),
        ("Content-Type: text/plain; name*0=voi; name*1=ce.wav",),
        ("Content-Type: image/x; name==?utf-8?q?Gr=C3=BC=C3=9Fe=2Ewav?=",),
        ("Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.wav",),
        (),
    ],
)
def test_sound_of_a_wrong_type_or_of_none_is_tried(head: tuple[str, ...]) -> None:
    assert [octets for _, octets in sounds_of(MIXED + part(*head, BASE64))] == [RAW]


@pytest.mark.parametrize(
    "head",
    ["text/plain", "text/html; name=index.html", "image/png; name=logo.png", "text/x-vcard"],
)
def test_what_is_text_or_a_picture_is_not_taken_for_a_sound(head: str) -> None:
    assert sounds_of(MIXED + part(f"Content-Type: {head}", BASE64)) == []


def test_name_of_a_file_is_known_as_its_sender_wrote_it() -> None:
    (found,) = sound_parts([MIXED + part("Content-Type: audio/x-gsm; name=msg0000.GSM", BASE64)])
    assert (found.file_name, found.ending, found.claimed) == ("msg0000.GSM", "gsm", True)
    (found,) = sound_parts([MIXED + part("Content-Type: application/pdf; name=a.pdf", BASE64)])
    assert (found.ending, found.claimed) == ("pdf", False)


def test_spoken_name_is_no_message() -> None:
    """RFC 3801 §4.4.3; the example of §14 has the name first."""
    name = "Content-Disposition: inline; voice=Originator-Spoken-Name; filename=name.726"
    message = "Content-Disposition: inline; voice=Voice-Message; filename=msg1.726"
    kind = "Content-Type: Audio/32KADPCM"
    whole = (
        MIXED
        + part(kind, name, BASE64, body=b"bmFtZQ==\r\n")
        + part(kind, name.replace("Originator", "Recipient"), BASE64)
        + part(kind, message, BASE64, body=b"bWVzc2FnZQ==\r\n")
    )
    assert sounds_of(whole) == [("audio/32kadpcm", b"message")]


def test_introduction_comes_before_the_message_that_is_forwarded_with_it() -> None:
    inner = by_hand(b"the message").as_bytes(policy=email.policy.SMTP)
    again = MIXED.replace(b"=b", b"=c") + (
        part("Content-Type: audio/wav", body=b"second\r\n")
        + b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
    ).replace(b"--b", b"--c")
    whole = (
        MIXED
        + part("Content-Type: audio/wav", body=b"first\r\n")
        + part("Content-Type: message/rfc822", body=again + inner + b"\r\n--c--\r\n")
        + part("Content-Type: audio/wav", body=b"afterwards\r\n")
        + b"--b--\r\n"
    )
    heard = [octets for _, octets in sounds_of(whole)]
    assert heard == [b"first", b"second", b"the message", b"afterwards"]


def test_sound_that_is_not_read_to_its_end_does_not_hide_the_next_one() -> None:
    kind = "Content-Type: audio/wav"
    long = encodebytes(RAW * 900)
    whole = MIXED + part(kind, BASE64, body=long) + part(kind, BASE64)
    first, second = (next(found.octets) for found in sound_parts(in_pieces(whole, 999)))
    assert (RAW * 900).startswith(first) and 0 < len(first) < len(RAW) * 900
    assert second == RAW


def test_message_in_a_message_may_be_encoded_itself() -> None:
    inner = b64encode(by_hand(b"inner").as_bytes(policy=email.policy.SMTP))
    whole = MIXED + part("Content-Type: message/rfc822", BASE64, body=inner + b"\r\n")
    assert audio_of(whole) == ("audio/wav", b"inner")


@pytest.mark.parametrize("played", ["first", "second"])
def test_of_alternatives_the_one_that_can_be_played_is_enough(played: str) -> None:
    whole = MIXED.replace(b"mixed", b"alternative") + (
        part("Content-Type: audio/amr", body=b"first\r\n")
        + part("Content-Type: audio/wav", body=b"second\r\n")
        + part("Content-Type: audio/mpeg", body=b"third\r\n")
    )
    given = []
    for found in sound_parts([whole]):
        given.append(b"".join(found.octets).decode())
        found.played = given[-1] == played
    assert given == ["first", "second"][: 1 if played == "first" else 2]


def uuencoded(raw: bytes, name: str = "msg.wav") -> bytes:
    """As the program uuencode writes it."""
    lines = [binascii.b2a_uu(raw[at : at + 45], backtick=True) for at in range(0, len(raw), 45)]
    return b"begin 644 " + name.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


def test_uuencoded_sound() -> None:
    coded = "Content-Transfer-Encoding: x-uuencode"
    whole = MIXED + part("Content-Type: audio/wav", coded, body=uuencoded(RAW))
    assert audio_of(whole) == ("audio/wav", RAW)
    text = b"Subject: x\r\n\r\nListen to this:\r\n\r\n"
    two = uuencoded(RAW) + b"and\n" + uuencoded(b"text", "notes.txt") + uuencoded(b"B", "b.au")
    assert sounds_of(text + two.replace(b"\n", b"\r\n")) == [("", RAW), ("", b"B")]


@pytest.mark.parametrize("width", [77, 78, 79, 100_000])
def test_long_base64_is_decoded_wherever_its_lines_end(width: int) -> None:
    raw = RAW * 200
    text = b64encode(raw)
    body = b"".join(line + b"\r\n" for line in in_pieces(text, width))
    assert audio_of(MIXED + part("Content-Type: audio/wav", BASE64, body=body))[1] == raw


def test_uuencoded_lines_with_check_signs_and_without_their_last_blanks() -> None:
    coded = "Content-Transfer-Encoding: x-uuencode"
    lines = uuencoded(RAW[:300] + bytes(10)).replace(b"`", b" ").splitlines()
    body = b"".join(
        (line if n % 2 else line.rstrip() or b" ") + (b"#" if 0 < n < 3 else b"") + b"\r\n"
        for n, line in enumerate(lines)
    )
    whole = MIXED + part("Content-Type: audio/wav", coded, body=body)
    assert audio_of(whole) == ("audio/wav", RAW[:300] + bytes(10))


def nested(depth: int) -> bytes:
    """A sound within so many multiparts."""
    return (
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(depth)
        )
        + b"Content-Type: audio/wav\r\n\r\nsound\r\n"
        + b"".join(b"--b%d--\r\n" % n for n in reversed(range(depth)))
    )


def encoded(depth: int) -> bytes:
    """A sound within so many messages, each encoded."""
    message = b"Content-Type: audio/wav\r\n\r\nsound\r\n"
    for _ in range(depth):
        head = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        message = head + encodebytes(message)
    return message


@pytest.mark.parametrize("within", [nested, encoded])
def test_multiparts_and_encoded_messages_are_followed_so_deep(
    within: Callable[[int], bytes],
) -> None:
    assert len(sounds_of(within(DEPTH_LIMIT))) == 1
    assert sounds_of(within(DEPTH_LIMIT + 1)) == []


def test_so_many_parts_are_looked_at() -> None:
    sound = part("Content-Type: audio/wav", body=b"sound\r\n")
    others = part("Content-Type: text/plain", body=b"text\r\n")
    assert len(sounds_of(MIXED + others * (PARTS_LIMIT - 2) + sound)) == 1
    assert sounds_of(MIXED + others * (PARTS_LIMIT - 1) + sound) == []
