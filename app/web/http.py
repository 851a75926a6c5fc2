"""HTTP/1.1 [RFC 9112] without sockets: octets in, whole requests out; answers in, octets out.

h11 knows the protocol and its states; this joins it to our connections (app.net.contract,
Session) and keeps the limits: what a request may hold, and how long it may take to come. A request
is given out once it is there in full, and the next one is not looked at before the answer has gone.
One whose body is announced to be longer than BODY is given out with its header: whoever answers it
takes the body in pieces (`take_body`), or answers without, which ends the connection.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

if TYPE_CHECKING:
    from app.web.websocket import WebSocket

HEAD = 16_384
"""Octets of a request's line and header at most, and of what is read ahead."""
BODY = 65_536
"""Octets of a body that is gathered; of a longer one, those that wait to be taken."""
REQUEST_S = 15.0
"""Seconds in which a request must be there in full, counted from the last answer on."""
ANSWER_S = 120.0
"""Seconds that an answer may take, until its last octet is in the transport's hands.

Once `patient` is set, so long may nothing move.
"""
DISCARD_S = 5.0
"""Seconds of silence after which what a client sends behind its answer is read no more."""
DISCARD_MOST_S = 60.0
"""Seconds in which that is read and thrown away at most: 2 MB at 0.3 Mbit/s."""
HIGH = 262_144
"""Octets of an answer that wait to be sent, from which on its maker is to wait."""

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Request:
    """One request, in full."""

    method: str
    target: bytes
    """As it came: path and query, percent-encoded [RFC 9112 §3.2]."""
    headers: tuple[tuple[bytes, bytes], ...]
    """Names in lower case."""
    body: bytes
    version: str
    """"1.1" or "1.0"."""
    length: int = 0
    """Octets of a body that is not in `body` but to be taken; 0 if there is no such."""


@dataclass(frozen=True)
class Drained:
    """What was to be sent has been taken: more can be given."""


@dataclass(frozen=True)
class Arrived:
    """More of a long body has come, or all of it; or the connection's WebSocket has messages."""


class HttpSession:
    """The server's end of one connection. `now` and all times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._events: deque[Request | Drained | Arrived] = deque()
        self._out: deque[bytes] = deque()
        self._now = self._since = now
        self._answering = False
        self._coming = False  # more of the body that is taken in pieces
        self.patient = False
        """The answer may take any time as long as anything moves: whoever asked is known."""
        self._last = False  # no request is taken after this one
        self._discards = False  # the answer came before the end of the request
        self._discarded_at = now  # when something was thrown away last
        self.websocket: WebSocket | None = None
        """What the connection has become, if it has."""
        self.closed = False
        """The session is over, but for the output that is left."""
        self.backlog = 0
        """Octets of output that wait."""

    # what a connection asks

    @property
    def wants_input(self) -> bool:
        """False while a request is answered, and after the end."""
        if self.websocket is not None:
            return self.websocket.wants_input
        if self._discards:
            return not self.closed
        room = self._coming and len(self._body) < BODY
        return (not self._answering or room) and not self.closed

    @property
    def waits_since(self) -> float | None:
        """Since when a request has been waited for; None while one is answered."""
        return None if self._answering else self._since

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        if self.closed or self._discards:
            self._discarded_at = self._now
            return
        if self.websocket is not None:
            self.websocket.receive(data)
            self.look()
            return
        try:
            self._h11.receive_data(data)
        except h11.RemoteProtocolError:
            self.closed = True
        else:
            self._read()

    def to_send(self) -> bytes:
        """The next piece of output; empty when there is none at present."""
        if not self._out:
            return b""
        piece = self._out.popleft()
        if self.backlog > HIGH >= self.backlog - len(piece):
            self._events.append(Drained())
        self.backlog -= len(piece)
        self._moved()
        return piece

    def next_event(self) -> Request | Drained | Arrived | None:
        """The next request to answer, or what lets its maker go on; None when there is none."""
        return self._events.popleft() if self._events else None

    def tick(self, now: float) -> None:
        """See the time; a request or an answer that takes too long ends the session."""
        self._now = now
        if self.websocket is not None:
            self.websocket.tick(now)
            self.look()
            return
        waited = now - self._since
        if self._discards:
            silent = now - self._discarded_at >= DISCARD_S
            self.closed = self.closed or silent or waited >= DISCARD_MOST_S
            return
        if self._answering and waited >= ANSWER_S:
            self.closed = True
        elif not self._answering and not self.closed and waited >= REQUEST_S:
            if self._head is not None or self._h11.trailing_data[0]:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
            self.closed = True

    def secured(self) -> None:
        """TLS is there; it begins with the connection, so nothing was said before."""
        self._since = self._now

    def stop(self) -> None:
        """End after the answer that is under way."""
        self._last = True
        if self.websocket is not None:
            self.websocket.close(1001)  # going away [RFC 6455 §7.4.1]
            self.look()
        elif not self._answering:
            self.closed = True

    def fault(self) -> bytes:
        """What is said after a fault of ours, if no answer has begun."""
        begun = self._out or self.websocket is not None
        if self._h11.our_state is h11.SEND_RESPONSE and not begun:
            return self._whole(HTTPStatus.INTERNAL_SERVER_ERROR)
        return b""

    # what a service answers

    def start(self, status: int, headers: Headers) -> None:
        """Begin the answer to the request that was given out."""
        reason = HTTPStatus(status).phrase.encode()
        last = self._last or self._coming  # what is left of its body will not be read
        more = [(b"connection", b"close")] if last else []
        self._put(h11.Response(status_code=status, headers=[*headers, *more], reason=reason))

    def send(self, data: bytes) -> None:
        """More of the answer's body; nothing is sent of it if only the header was asked for."""
        if self._head is not None and self._head.method != b"HEAD" and data:
            self._put(h11.Data(data=data))

    def finish(self) -> None:
        """The answer is whole; the next request is looked at."""
        self._put(h11.EndOfMessage())
        self._answering, self._head, self._since = False, None, self._now
        self._coming = self.patient = False
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE and not self._last:
            self._h11.start_next_cycle()
            self._read()
        else:
            self._end()

    def take_body(self) -> bytes | None:
        """What has come of a long body; None when there is nothing more, b"" when it is to come.

        Arrived is given out when there is more.
        """
        piece = bytes(self._body)
        self._body.clear()
        self._moved()
        if self._coming and not self.closed:
            self._ask_for_it()
            self._read()
            return piece
        return piece or None

    # what a WebSocket needs

    def switch(self, websocket: "WebSocket", answer: bytes) -> None:
        """The connection is this WebSocket from here on, with its answer [RFC 9110 §7.8]."""
        self.websocket = websocket
        self._keep(answer)
        websocket.receive(self._h11.trailing_data[0])
        self.look()

    def look(self) -> None:
        """See what the WebSocket has, after anything was given to it."""
        assert self.websocket is not None
        while piece := self.websocket.to_send():
            self._keep(piece)
        self.closed = self.closed or self.websocket.closed
        self._events.append(Arrived())

    # within

    def _read(self) -> None:
        """Take what is there of a request."""
        try:
            while self.wants_input and not self._discards:
                event = self._h11.next_event()
                if event is h11.NEED_DATA:
                    if not self._answering:
                        self._ask_for_it()
                    return
                self._take(event)
        except h11.RemoteProtocolError as problem:
            self._refuse(HTTPStatus(problem.error_status_hint))

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._head = event
            self._body.clear()
            if event.method == b"CONNECT":  # this is no proxy
                self._refuse(HTTPStatus.NOT_IMPLEMENTED)
            elif _length(event) > BODY:
                self._coming = True
                self._give_out(_length(event))
        elif isinstance(event, h11.Data):
            self._body += event.data
            if self._coming:
                self._moved()
                self._events.append(Arrived())
            elif len(self._body) > BODY:
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif isinstance(event, h11.EndOfMessage):
            if self._coming:
                self._coming = False
                self._events.append(Arrived())
            else:
                self._give_out()
        else:  # ConnectionClosed
            self.closed = True

    def _ask_for_it(self) -> None:
        """Tell a client that waits to be told that its body is wanted [RFC 9110 §10.1.1]."""
        if self._h11.they_are_waiting_for_100_continue:
            self._put(h11.InformationalResponse(status_code=100, headers=[]))

    def _moved(self) -> None:
        """Something has come or gone: a known client has time again."""
        if self.patient:
            self._since = self._now

    def _give_out(self, length: int = 0) -> None:
        head = self._head
        assert head is not None
        self._answering, self._since = True, self._now
        request = Request(
            head.method.decode("ascii"),
            head.target,
            tuple((name.lower(), value) for name, value in head.headers),
            bytes(self._body),
            head.http_version.decode("ascii"),
            length,
        )
        self._events.append(request)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what cannot be taken, and end."""
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._keep(self._whole(status))
        self._end()

    def _end(self) -> None:
        """Nothing more is answered.

        A client amid its body would lose the answer if the connection were closed at once: what it
        sends on would be answered by a reset [RFC 9112 §9.6].
        """
        self._answering, self._since = False, self._now
        if self._h11.their_state is h11.SEND_BODY:
            self._discards, self._discarded_at = True, self._now
        else:
            self.closed = True

    def _whole(self, status: HTTPStatus) -> bytes:
        """A whole answer after which the connection ends; HEAD gets its header only."""
        text = f"{status.value} {status.phrase}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            (b"connection", b"close"),
        ]
        said: list[h11.Event] = [
            h11.Response(status_code=status.value, headers=headers, reason=status.phrase.encode())
        ]
        if self._head is None or self._head.method != b"HEAD":
            said.append(h11.Data(data=text))
        return b"".join(self._h11.send(event) or b"" for event in (*said, h11.EndOfMessage()))

    def _put(self, event: h11.Event) -> None:
        self._keep(self._h11.send(event) or b"")

    def _keep(self, octets: bytes) -> None:
        if octets:
            self._out.append(octets)
            self.backlog += len(octets)


def _length(request: h11.Request) -> int:
    """The length that a request's body is said to have; h11 has checked that it is a number."""
    return next((int(value) for name, value in request.headers if name == b"content-length"), 0)
