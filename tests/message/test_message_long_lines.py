"""Lines that mail programs cannot take are broken; nothing is lost, and no other octet changes."""

import base64
import email
import poplib
import random
import time

import pytest

from app.message.long_lines import LONGEST, LineBreaker

SEED = 20_261_127


def broken(octets: bytes, step: int = 0) -> bytes:
    breaker = LineBreaker()
    size = step or max(1, len(octets))
    pieces = [breaker.feed(octets[at : at + size]) for at in range(0, len(octets), size)]
    return b"".join(pieces) + breaker.end()


def longest(octets: bytes) -> int:
    return max(len(line) + 1 for line in octets.split(b"\n"))


@pytest.mark.parametrize("step", [0, 1, 999, 2000, 2001])
@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"a\r\nb",
        b"x" * (LONGEST - 2) + b"\r\n",
        (b"y" * (LONGEST - 2) + b"\r\n") * 3,
        (b"z" * 74 + b"\r\n") * 1000,
    ],
)
def test_lines_up_to_the_limit_are_left_as_they_are(octets: bytes, step: int) -> None:
    assert broken(octets, step) == octets


@pytest.mark.parametrize("step", [0, 1, 997, 5000])
def test_a_line_of_words_is_broken_before_a_blank(step: int) -> None:
    line = b"Subject: " + b"word " * 10_000 + b"\r\n"
    got = broken(line + b"next\r\n", step)
    assert got.replace(b"\r\n ", b" ") == line + b"next\r\n"
    assert longest(got) <= LONGEST
    assert email.message_from_bytes(got)["Subject"].split() == ["word"] * 10_000


@pytest.mark.parametrize("step", [0, 1, 997, 5000])
def test_a_line_without_a_blank_is_broken_anywhere(step: int) -> None:
    octets = random.Random(SEED).randbytes(30_000)
    line = base64.b64encode(octets) + b"\r\n"
    got = broken(line, step)
    assert got.replace(b"\r\n ", b"") == line
    assert longest(got) <= LONGEST + 1
    assert base64.b64decode(got) == octets


def test_no_character_is_broken_and_no_line_begins_with_a_dot() -> None:
    got = broken("€".encode() * 10_000 + b"." * 10_000 + b"\r\n")
    for line in got.split(b"\r\n"):
        line.decode("utf-8")
        assert not line.startswith(b".")


def test_whatever_the_octets_are_only_breaks_are_added() -> None:
    chance = random.Random(SEED)
    for _ in range(300):
        octets = b"".join(
            bytes([chance.choice(b"a \t.\x80\xe2")]) * chance.randrange(3000)
            + b"\r\n" * chance.randrange(2)
            for _ in range(8)
        )
        got = broken(octets)
        assert got == broken(octets, chance.randrange(1, 3000))
        assert longest(got + b"\r\n") <= poplib._MAXLINE  # type: ignore[attr-defined]
        assert got.replace(b"\r\n", b"").replace(b" ", b"") == octets.replace(b"\r\n", b"").replace(
            b" ", b""
        )


@pytest.mark.parametrize("octets", [b"a" * 10_000_000, b" " * 10_000_000, b"\r\n" * 5_000_000])
def test_it_costs_the_same_for_each_octet(octets: bytes) -> None:
    begun = time.process_time()
    broken(octets, 65_536)
    assert time.process_time() - begun < 1.0, "ten megabytes take a few hundredths of a second"
