"""Byte-stuffing and TOP over every way of cutting a message into pieces."""

import random
from collections.abc import Iterator

import pytest

from app.message.dot_stuffing import (
    DotCounter,
    dots_in,
    ended,
    stuffed,
    top,
    unstuffed,
    whole_lines,
)

DOTTED = b".a\r\n..b\r\n\r\n.\r\nc.d\r\n.\r\n"


def cuts(octets: bytes) -> Iterator[list[bytes]]:
    """Every way to cut the octets in three, and octet by octet."""
    yield [octets[i : i + 1] for i in range(len(octets))]
    for i in range(len(octets) + 1):
        for j in range(i, len(octets) + 1):
            yield [octets[:i], octets[i:j], octets[j:]]


def by_line_stuffed(octets: bytes) -> bytes:
    """The rule, line by line."""
    return b"\r\n".join(
        b"." + line if line.startswith(b".") else line for line in octets.split(b"\r\n")
    )


def test_stuffing_over_every_cut() -> None:
    wanted = by_line_stuffed(DOTTED)
    assert wanted.count(b"..") == 4
    for pieces in cuts(DOTTED):
        assert b"".join(stuffed(pieces)) == wanted, pieces


MESSAGE = b"From: a\r\nTo: b\r\n\r\none\r\n\r\nthree\r\n"


@pytest.mark.parametrize(
    ("message", "lines", "wanted"),
    [
        (MESSAGE, 0, b"From: a\r\nTo: b\r\n\r\n"),
        (MESSAGE, 1, b"From: a\r\nTo: b\r\n\r\none\r\n"),
        (MESSAGE, 2, b"From: a\r\nTo: b\r\n\r\none\r\n\r\n"),
        (MESSAGE, 3, MESSAGE),
        (MESSAGE, 10**9, MESSAGE),
        (b"\r\nno header\r\nat all\r\n", 0, b"\r\n"),
        (b"\r\nno header\r\nat all\r\n", 1, b"\r\nno header\r\n"),
        (b"From: a\r\n", 5, b"From: a\r\n"),
        (b"", 5, b""),
    ],
)
def test_top_over_every_cut(message: bytes, lines: int, wanted: bytes) -> None:
    for pieces in cuts(message):
        assert b"".join(top(pieces, lines)) == wanted, pieces


def test_top_reads_no_further_than_it_must() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"From: a\r\n\r\n", b"one\r\n", b"two\r\n"):
            taken.append(piece)
            yield piece

    assert b"".join(top(pieces(), 1)) == b"From: a\r\n\r\none\r\n"
    assert len(taken) == 2


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\r", b"a\r\r\n.\r\n"),
    ],
)
def test_the_end_stands_on_a_line_of_its_own(message: bytes, wanted: bytes) -> None:
    for pieces in cuts(message):
        assert b"".join(ended(pieces)) == wanted, pieces


@pytest.mark.parametrize(
    "text, dots",
    [
        (b"", 0),
        (b".", 1),
        (b"..\r\n", 1),
        (b"a.\r\n", 0),
        (b"a\r\n.\r\n.b\r\nc", 2),
        (b"a\n.b\r.c", 0),
        (b"\r\n.\r\n", 1),
    ],
)
def test_dotted_lines_are_counted_however_the_octets_are_cut(text: bytes, dots: int) -> None:
    assert dots_in(text) == dots
    for size in range(1, len(text) + 1):
        counter = DotCounter()
        for at in range(0, len(text), size):
            counter.feed(text[at : at + size])
        assert counter.count == dots, size


def test_unstuffed_undoes_stuffed_and_counts_the_dots_that_stay() -> None:
    octets, dots = unstuffed(b"\r\n" + by_line_stuffed(DOTTED))
    assert octets == b"\r\n" + DOTTED
    assert dots == dots_in(DOTTED) == 4


@pytest.mark.parametrize(("octets", "added"), [(b"", b""), (b"a", b"\r\n"), (b"a\r\n", b"")])
def test_whole_lines_adds_a_missing_last_line_end(octets: bytes, added: bytes) -> None:
    for pieces in cuts(octets):
        assert b"".join(whole_lines(pieces)) == octets + added


def test_stuffing_of_random_text_at_random_cuts() -> None:
    chance = random.Random(3)
    for _ in range(3000):
        text = b"".join(chance.choice([b".", b"\r\n", b"a", b"\r\n."]) for _ in range(10))
        cuts = sorted(chance.randrange(len(text) + 1) for _ in range(chance.randrange(6)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        whole = (b"\r\n" + text).replace(b"\r\n.", b"\r\n..")[2:]
        assert b"".join(stuffed(pieces)) == whole
