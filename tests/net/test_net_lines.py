"""The line reader: whatever a peer sends, lines or one clear error come out, and no memory goes."""

import tracemalloc

import pytest

from app.net.lines import BareLineEnd, LineError, LineReader, LineTooLong, NulInLine


def drain(reader: LineReader) -> list[bytes | type[LineError]]:
    """Every line and error that the reader has now."""
    found: list[bytes | type[LineError]] = []
    while True:
        try:
            line = reader.line()
        except LineError as error:
            found.append(type(error))
            continue
        if line is None:
            return found
        found.append(line)


CASES: list[tuple[str, bytes, list[bytes | type[LineError]]]] = [
    ("lines", b"STAT\r\nLIST 1\r\n", [b"STAT", b"LIST 1"]),
    ("no end yet", b"STAT\r\nLI", [b"STAT"]),
    ("empty line", b"\r\n", [b""]),
    ("longest line", b"x" * 18 + b"\r\n", [b"x" * 18]),
    ("one octet more", b"x" * 19 + b"\r\nNOOP\r\n", [LineTooLong, b"NOOP"]),
    ("far too long", b"x" * 500 + b"\r\nNOOP\r\n", [LineTooLong, b"NOOP"]),
    ("NUL", b"ST\0AT\r\nNOOP\r\n", [NulInLine, b"NOOP"]),
    ("NUL in a long line", b"\0" * 500 + b"\r\nNOOP\r\n", [LineTooLong, b"NOOP"]),
    ("bare LF", b"STAT\nNOOP\r\n", [BareLineEnd, b"NOOP"]),
    ("bare CR", b"ST\rAT\r\nNOOP\r\n", [BareLineEnd, b"NOOP"]),
    ("two CRs", b"STAT\r\r\nNOOP\r\n", [BareLineEnd, b"NOOP"]),
]


@pytest.mark.parametrize("step", [1, 2, 7, 10_000])
@pytest.mark.parametrize(("data", "lines"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_lines_however_they_are_cut(
    data: bytes, lines: list[bytes | type[LineError]], step: int
) -> None:
    reader = LineReader(limit=20)
    found = []
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
        found += drain(reader)
    assert found == lines


def test_a_bare_line_feed_ends_a_line_where_the_session_allows_it() -> None:
    reader = LineReader(limit=20, lf_ends=True)
    reader.feed(b"STAT\nNOOP\r\nL\rIST\n")
    assert drain(reader) == [b"STAT", b"NOOP", BareLineEnd]
    reader.feed(b"\n")
    assert drain(reader) == [b""]


def test_a_line_of_ten_megabytes_costs_one_error_and_no_memory() -> None:
    reader = LineReader(limit=255)
    piece = b"x" * 65_536
    tracemalloc.start()
    found = []
    for _ in range(160):
        reader.feed(piece)
        found += drain(reader)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    reader.feed(b"\r\nNOOP\r\n")
    assert found + drain(reader) == [LineTooLong, b"NOOP"]
    assert most < 10_000


def test_octets_can_be_taken_as_they_lie() -> None:
    reader = LineReader(limit=20)
    reader.feed(b"DATA\r\nabc\0def")
    assert reader.line() == b"DATA"
    assert reader.buffered == 7
    assert reader.take(3) == b"abc"
    assert reader.take() == b"\0def"
    assert reader.take() == b""
    reader.feed(b"QUIT\r\n")
    assert drain(reader) == [b"QUIT"]


def test_the_limit_may_change_between_lines() -> None:
    reader = LineReader(limit=8)
    reader.feed(b"x" * 20 + b"\r\n" + b"y" * 20 + b"\r\n")
    with pytest.raises(LineTooLong):
        reader.line()
    reader.limit = 100
    assert reader.line() == b"y" * 20
