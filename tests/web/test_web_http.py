"""HTTP/1.1 without sockets: what is taken, what is refused and with which status [RFC 9112]."""

from dataclasses import dataclass, field

import pytest

from app.web.http import (
    ANSWER_S,
    BODY,
    DISCARD_MOST_S,
    DISCARD_S,
    HEAD,
    HIGH,
    REQUEST_S,
    Arrived,
    Drained,
    HttpSession,
    Request,
)

GET = b"GET /a?b=c HTTP/1.1\r\nHost: box.test\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: box.test\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /p HTTP/1.1\r\nHost: box.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
)


@dataclass
class Talk:
    """A session, and what came of it."""

    session: HttpSession = field(default_factory=lambda: HttpSession(0.0))
    requests: list[Request] = field(default_factory=list)

    def hear(self, octets: bytes) -> None:
        """Octets arrive; requests that are whole are collected."""
        self.session.receive(octets)
        self.collect()

    def collect(self) -> None:
        while (event := self.session.next_event()) is not None:
            assert isinstance(event, Request | Arrived)
            if isinstance(event, Request):
                self.requests.append(event)

    def answer(self, body: bytes = b"ok", status: int = 200) -> None:
        self.session.start(status, [(b"content-length", b"%d" % len(body))])
        self.session.send(body)
        self.session.finish()
        self.collect()

    def said(self) -> bytes:
        pieces = []
        while piece := self.session.to_send():
            pieces.append(piece)
        return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("octets", "method", "body"),
    [(GET, "GET", b""), (POST, "POST", b"hello"), (CHUNKED, "POST", b"hello")],
)
def test_request_is_given_out_once_and_whole_however_it_is_cut(
    octets: bytes, method: str, body: bytes, size: int
) -> None:
    talk = Talk()
    for start in range(0, len(octets), size):
        assert talk.requests == []
        talk.hear(octets[start : start + size])
    (request,) = talk.requests
    assert (request.method, request.body, request.version) == (method, body, "1.1")
    assert (b"host", b"box.test") in request.headers
    talk.answer()
    assert talk.said() == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    assert not talk.session.closed and talk.session.wants_input


def test_second_request_waits_until_the_first_is_answered() -> None:
    talk = Talk()
    talk.hear(GET + POST)
    assert [request.method for request in talk.requests] == ["GET"]
    assert not talk.session.wants_input and talk.session.waits_since is None
    talk.answer()
    assert [request.method for request in talk.requests] == ["GET", "POST"]
    talk.answer()
    assert talk.said().count(b"200 OK") == 2
    assert talk.session.wants_input


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), b"400"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"CONNECT a.test:25 HTTP/1.1\r\nHost: a.test\r\n\r\nEHLO x\r\n", b"501"),
        (b"GET /" + b"a" * HEAD + b" HTTP/1.1\r\n", b"431"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1000\r\n%s\r\n" % (b"x" * 0x1000) * 17,
            b"413",
        ),
        (
            b"HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"1000\r\n%s\r\n" % (b"x" * 0x1000) * 17,
            b"413",
        ),
    ],
    ids=[
        "TLS",
        "rubbish",
        "no host",
        "two lengths",
        "negative",
        "coding",
        "proxy",
        "long",
        "chunks",
        "body beside HEAD",
    ],
)
def test_what_cannot_be_taken_is_answered_and_ends_the_session(
    octets: bytes, status: bytes
) -> None:
    talk = Talk()
    for start in range(0, len(octets), 4096):
        talk.hear(octets[start : start + 4096])
    said = talk.said()
    assert said.startswith(b"HTTP/1.1 " + status + b" ") and b"connection: close" in said.lower()
    talk.hear(GET)
    assert talk.requests == [] and talk.said() == b""
    talk.session.tick(DISCARD_S)
    assert talk.session.closed


def test_body_is_asked_for_when_the_client_waits_for_that() -> None:
    """[RFC 9110 §10.1.1]."""
    talk = Talk()
    head, _, body = POST.partition(b"\r\n\r\n")
    talk.hear(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert talk.said().startswith(b"HTTP/1.1 100 ")
    talk.hear(body)
    assert talk.requests[0].body == b"hello"


LONG = b"POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("size", [1000, 300_000])
def test_long_body_is_taken_in_pieces_and_read_no_faster(size: int) -> None:
    talk = Talk()
    body = bytes(range(256)) * 1000
    talk.hear(LONG % len(body))
    (request,) = talk.requests
    assert (request.length, request.body) == (len(body), b"")
    assert talk.said() == b"", "whoever answers may not want it"
    taken = talk.session.take_body()
    assert taken == b"" and talk.said().startswith(b"HTTP/1.1 100 ")
    for start in range(0, len(body), size):
        talk.session.receive(body[start : start + size])
        while talk.session.next_event() is not None:
            continue
        if not talk.session.wants_input:
            assert size > BODY or start + size >= BODY
        while piece := talk.session.take_body():
            taken += piece
    assert taken == body and talk.session.take_body() is None
    talk.answer()
    talk.hear(GET)
    assert len(talk.requests) == 2


def test_long_body_that_is_not_taken_waits_and_ends_the_connection_with_the_answer() -> None:
    talk = Talk()
    talk.session.receive(LONG % 1_000_000 + bytes(BODY))
    assert not talk.session.wants_input
    talk.answer()
    said = talk.said()
    assert said.startswith(b"HTTP/1.1 200 ") and b"connection: close" in said.lower()
    # the client may be in the middle of sending: a close now would cost it the answer
    assert talk.session.wants_input and not talk.session.closed
    talk.hear(bytes(1_000_000))
    assert talk.said() == b"" and len(talk.requests) == 1
    talk.session.tick(DISCARD_S)
    assert talk.session.closed


def test_client_that_still_sends_what_was_refused_is_heard_out_for_a_minute() -> None:
    """A form of 2 MB by a slow line: if it were cut off, the browser would show no answer."""
    talk = Talk()
    talk.hear(LONG % 2_000_000)
    talk.answer(b"no", status=403)
    assert b" 403 " in talk.said()
    seconds = 0.0
    while not talk.session.closed:
        talk.hear(bytes(30_000))
        seconds += DISCARD_S - 1
        talk.session.tick(seconds)
    assert seconds == DISCARD_MOST_S


def test_answer_to_somebody_known_may_take_any_time_in_which_something_moves() -> None:
    talk = Talk()
    talk.hear(GET)
    talk.session.patient = True
    for number in range(1, 5):
        talk.session.tick(number * (ANSWER_S - 1))
        talk.session.start(200, []) if number == 1 else talk.session.send(b"more")
        assert talk.said() and not talk.session.closed
    talk.session.tick(5 * ANSWER_S)
    assert talk.session.closed


def test_header_alone_is_sent_when_only_that_is_asked_for() -> None:
    talk = Talk()
    talk.hear(GET.replace(b"GET", b"HEAD"))
    talk.answer(b"words")
    assert talk.said() == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    assert talk.session.wants_input


@pytest.mark.parametrize(
    "request_", [GET.replace(b"1.1", b"1.0"), GET[:-2] + b"Connection: close\r\n\r\n"]
)
def test_connection_ends_after_the_answer_where_the_client_wants_it(request_: bytes) -> None:
    talk = Talk()
    talk.hear(request_)
    talk.answer()
    assert talk.session.closed and b"connection: close" in talk.said().lower()


@pytest.mark.parametrize(("came", "said"), [(b"", b""), (GET[:-2], b"HTTP/1.1 408 ")])
def test_request_that_does_not_come_in_time_ends_the_session(came: bytes, said: bytes) -> None:
    talk = Talk()
    if came:
        talk.hear(came)
    talk.session.tick(REQUEST_S - 0.1)
    assert not talk.session.closed
    talk.session.tick(REQUEST_S)
    assert talk.session.closed and talk.said().startswith(said)


def test_answer_may_take_longer_than_a_request_but_not_for_ever() -> None:
    talk = Talk()
    talk.hear(GET)
    talk.session.tick(ANSWER_S - 1)
    assert not talk.session.closed
    talk.session.tick(ANSWER_S)
    assert talk.session.closed


def test_maker_of_an_answer_is_told_when_there_is_room_again() -> None:
    talk = Talk()
    talk.hear(GET)
    talk.session.start(200, [(b"content-length", b"%d" % (2 * HIGH))])
    talk.session.send(bytes(HIGH))
    talk.session.send(bytes(HIGH))
    assert talk.session.backlog > HIGH and talk.session.next_event() is None
    while talk.session.backlog > HIGH:
        assert talk.session.to_send()
    assert talk.session.next_event() == Drained()
    talk.said()
    assert talk.session.next_event() is None and talk.session.backlog == 0


def test_stop_lets_the_answer_under_way_be_given_and_no_other() -> None:
    idle, busy = Talk(), Talk()
    busy.hear(GET)
    for talk in (idle, busy):
        talk.session.stop()
    assert idle.session.closed and not busy.session.closed
    busy.answer()
    assert busy.session.closed and b"connection: close" in busy.said()


def test_fault_is_told_while_nothing_else_has_been_said() -> None:
    before, amid = Talk(), Talk()
    for talk in (before, amid):
        talk.hear(GET)
    amid.session.start(200, [])
    assert before.session.fault().startswith(b"HTTP/1.1 500 ")
    assert amid.session.fault() == b""
