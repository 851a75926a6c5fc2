"""What a server says, cut anywhere; and what no server may say."""

from typing import Any

import pytest

from app.imap.net import reader
from app.imap.net.reader import (
    BadResponse,
    Continue,
    Data,
    Response,
    ResponseReader,
    Status,
)
from app.imap.net.tokens import Atom


def read(octets: bytes, size: int = 0) -> list[Response]:
    """All responses, fed in pieces of so many octets."""
    found: list[Response] = []
    reading = ResponseReader()
    for at in range(0, len(octets), size or len(octets)):
        reading.feed(octets[at : at + (size or len(octets))])
        while (response := reading.next()) is not None:
            found.append(response)
    assert not reading.buffered
    return found


SAID: list[tuple[bytes, Response]] = [
    (b"+ go on\r\n", Continue(b"go on")),
    (b"+\r\n", Continue(b"")),
    (b"* OK hello {5}\r\n", Status(b"", "OK", [], "hello {5}")),
    (b"a1 OK\r\n", Status(b"a1", "OK", [], "")),
    (b"A7 no [OVERQUOTA] full\r\n", Status(b"A7", "NO", [Atom(b"OVERQUOTA")], "full")),
    (
        b"* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n",
        Status(b"", "OK", [Atom(b"PERMANENTFLAGS"), [Atom(b"\\Seen"), Atom(b"\\*")]], "x"),
    ),
    (
        b"A2 OK [APPENDUID 38505 3955] done\r\n",
        Status(b"A2", "OK", [Atom(b"APPENDUID"), Atom(b"38505"), Atom(b"3955")], "done"),
    ),
    (b"* 23 EXISTS\r\n", Data("EXISTS", 23, [])),
    (b"* search\r\n", Data("SEARCH", None, [])),
    (
        b"* VANISHED (EARLIER) 41,43:116\r\n",
        Data("VANISHED", None, [[Atom(b"EARLIER")], Atom(b"41,43:116")]),
    ),
    (
        b'* LIST (\\NoSelect) "/" "a \\"b\\\\"\r\n',
        Data("LIST", None, [[Atom(b"\\NoSelect")], b"/", b'a "b\\']),
    ),
    (
        b'* LIST () NIL {7}\r\nfoo\r\n{}\r\n',
        Data("LIST", None, [[], Atom(b"NIL"), b"foo\r\n{}"]),
    ),
    (
        b"* 1 FETCH (BODY[HEADER.FIELDS (\"To\" DATE)]<0> {0}\r\n UID 4)\r\n",
        Data("FETCH", 1, [[Atom(b'BODY[HEADER.FIELDS ("To" DATE)]<0>'), b"", Atom(b"UID"), b"4"]]),
    ),
    (
        b"* 1 FETCH (BODY[] {3}\r\na)\r FLAGS (x[y] $a))\r\n",
        Data("FETCH", 1, [[Atom(b"BODY[]"), b"a)\r", Atom(b"FLAGS"), [b"x[y]", b"$a"]]]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "response"), SAID)
def test_response_is_read_wherever_it_is_cut(octets: bytes, response: Response) -> None:
    assert read(octets) == [response]
    assert read(octets, 1) == [response]
    for at in range(1, len(octets)):
        reading = ResponseReader()
        reading.feed(octets[:at])
        assert reading.next() is None
        reading.feed(octets[at:])
        assert reading.next() == response


def test_responses_follow_each_other() -> None:
    octets = b"".join(one for one, _ in SAID)
    for size in (0, 1, 7):
        assert read(octets, size) == [response for _, response in SAID]


def test_nil_is_told_from_a_string_that_says_so() -> None:
    (data,) = read(b'* X NIL "NIL"\r\n')
    assert isinstance(data, Data)
    assert [isinstance(one, Atom) for one in data.fields] == [True, False]


WRONG: list[Any] = [
    b"hello\r\n",
    b"220 smtp\r\n",
    b"* \r\n",
    b"* 12\r\n",
    b"* 99999999999999999999 EXISTS\r\n",
    b"* LIST (\r\n",
    b"* LIST )\r\n",
    b'* LIST "\r\n',
    b'* LIST "a\\b"\r\n',
    b"* LIST a\0b\r\n",
    b"* OK [\r\n",
    b"* OK [] x\r\n",
    b"* OK [(A)] x\r\n",
    b"a1 BYE x\r\n",
    b"* 1 FETCH (BODY[ x)\r\n",
    b"* X " + b"(" * 30 + b")" * 30 + b"\r\n",
]


@pytest.mark.parametrize("octets", WRONG)
def test_what_no_server_may_say_is_refused(octets: bytes) -> None:
    with pytest.raises(BadResponse):
        read(octets)
    with pytest.raises(BadResponse):
        read(octets, 1)


def test_line_without_end_is_refused_while_it_comes() -> None:
    reading = ResponseReader()
    reading.feed(b"* SEARCH" + b" 1" * (reader.LINE_LIMIT // 2))
    with pytest.raises(BadResponse):
        reading.next()


def test_lines_of_one_response_count_together() -> None:
    half = b"x" * (reader.LINE_LIMIT // 2)
    with pytest.raises(BadResponse):
        read(b"* X " + half + b" {0}\r\n " + half + b"\r\n")


def test_literal_that_is_too_long_is_refused_before_it_comes() -> None:
    with pytest.raises(BadResponse):
        read(b"* X {%d}\r\n" % (reader.LITERALS_LIMIT + 1))
    with pytest.raises(BadResponse):
        read(b"* X {99999999999999999999}\r\n")


def test_literals_without_end_are_refused() -> None:
    with pytest.raises(BadResponse):
        read(b"* X" + b" {0}\r\n" * (reader.LITERALS + 2))


def test_literals_of_one_response_count_together() -> None:
    half = reader.LITERALS_LIMIT // 2 + 1
    with pytest.raises(BadResponse):
        read((b" {%d}\r\n" % half + b"x" * half).join([b"* X", b"", b""]))
