"""One WebSocket [RFC 6455] without sockets, from the request that asks for it to its end.

    socket = WebSocket(target, headers, now)    raises NoWebSocket: what it lacks, as an HTTP status
    answer = socket.accept()              101; from here on the connection's octets are its own
    socket.receive(octets)                socket.next_message() gives whole messages
    octets = socket.send("…")             and to_send(): answers to pings, and the end

wsproto knows frames and masks; this joins fragments and keeps the limits. Only the virtual board
has a page that uses it, so this module is loaded when the first one is asked for.
"""

from collections import deque
from collections.abc import Iterable

import h11
from wsproto import ConnectionType
from wsproto.connection import Connection, ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.handshake import H11Handshake
from wsproto.utilities import ProtocolError

MESSAGE = 8192
"""Octets of a message at most, its fragments together; of characters, where it is text."""
WAITING = 32
"""Messages that wait to be taken, from which on nothing more is read."""
PER_SECOND = 400
"""Messages in a second: sound comes in a hundred."""
OCTETS_PER_SECOND = 131_072
"""Octets of frames in a second; sound takes 17,000."""
PING_S = 20.0
"""Seconds of silence after which the peer is asked whether it is there [RFC 6455 §5.5.2]."""
GONE_S = 60.0
"""Seconds of silence after which it is gone."""


class NoWebSocket(Exception):
    """The request asks for none, or in no way that we know; `status` is the answer's."""

    def __init__(self, status: int) -> None:
        super().__init__(f"no WebSocket: {status}")
        self.status = status


class WebSocket:
    """The server's end. `now` and all times are monotonic seconds."""

    def __init__(self, target: bytes, headers: Iterable[tuple[bytes, bytes]], now: float) -> None:
        """For a request with this target and these headers. Raises NoWebSocket."""
        self._shake = H11Handshake(ConnectionType.SERVER)
        try:
            self._shake.initiate_upgrade_connection(list(headers), target)
        except ProtocolError as problem:
            hint = getattr(problem, "event_hint", None)
            raise NoWebSocket(getattr(hint, "status_code", 400)) from problem
        except (h11.ProtocolError, ValueError) as problem:
            # No Host, as HTTP/1.0 may [RFC 6455 §4.1], or one that is no name [RFC 3490].
            raise NoWebSocket(400) from problem
        self._connection: Connection | None = None
        self._text: list[str] = []
        self._binary = bytearray()
        self._size = 0
        self._messages: deque[str | bytes] = deque()
        self._out: deque[bytes] = deque()
        self._heard = self._second = now
        self._count = self._octets = 0
        self._asked = False  # a ping is under way
        self.closed = False
        """It is over, but for the output that is left."""
        self.code = int(CloseReason.ABNORMAL_CLOSURE)
        """Why it is over [RFC 6455 §7.4]."""

    def accept(self, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
        """The answer that makes the connection a WebSocket, with these headers."""
        answer = self._shake.send(AcceptConnection(extra_headers=list(headers)))
        self._connection = self._shake.connection
        return bytes(answer)

    @property
    def wants_input(self) -> bool:
        """False while enough messages wait, and after the end."""
        return len(self._messages) < WAITING and not self.closed

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        if self.closed or self._connection is None or not data:
            return
        self._octets += len(data)
        self._asked = False
        self._heard = self._second  # the time of the last tick is near enough
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event)
                if self._count > PER_SECOND:
                    self.close(CloseReason.POLICY_VIOLATION)
                if self.closed:
                    return
        except ProtocolError:
            self.close(CloseReason.PROTOCOL_ERROR)
        if self._octets > OCTETS_PER_SECOND:
            self.close(CloseReason.POLICY_VIOLATION)

    def next_message(self) -> str | bytes | None:
        """The next whole message; None when there is none at present."""
        return self._messages.popleft() if self._messages else None

    def send(self, message: str | bytes) -> None:
        """Have a message sent; after the end nothing is."""
        self._put(TextMessage(message) if isinstance(message, str) else BytesMessage(message))

    def close(self, code: int = CloseReason.NORMAL_CLOSURE) -> None:
        """End it, and say why."""
        if not self.closed:
            if self._connection is not None and self._connection.state is ConnectionState.OPEN:
                self._put(CloseConnection(code=code))
            self.closed, self.code = True, int(code)

    def to_send(self) -> bytes:
        """The next piece of output; empty when there is none at present."""
        return self._out.popleft() if self._out else b""

    def tick(self, now: float) -> None:
        """See the time, about once a second: budgets are new, and who is silent is asked."""
        if now - self._second >= 1.0:
            self._count = self._octets = 0
        self._second = now
        silent = now - self._heard
        if silent >= GONE_S:
            self.closed = True
        elif silent >= PING_S and not self._asked:
            self._asked = True
            self._put(Ping())

    def _put(self, event: TextMessage | BytesMessage | Ping | CloseConnection) -> None:
        if not self.closed and self._connection is not None:
            self._out.append(bytes(self._connection.send(event)))

    def _take(self, event: object) -> None:
        if isinstance(event, TextMessage | BytesMessage):
            self._join(event)
        elif isinstance(event, Ping):
            self._count += 1
            assert self._connection is not None
            self._out.append(bytes(self._connection.send(event.response())))
        elif isinstance(event, CloseConnection):
            assert self._connection is not None
            self._out.append(bytes(self._connection.send(event.response())))
            self.closed, self.code = True, int(event.code)

    def _join(self, event: TextMessage | BytesMessage) -> None:
        """A frame, or what is there of it, for the message it belongs to."""
        self._size += max(1, len(event.data))  # or one of empty fragments would never be too long
        if self._size > MESSAGE:
            self.close(CloseReason.MESSAGE_TOO_BIG)
            return
        if isinstance(event, TextMessage):
            self._text.append(event.data)
        else:
            self._binary += event.data
        if event.message_finished:
            whole = "".join(self._text) if isinstance(event, TextMessage) else bytes(self._binary)
            self._text, self._binary, self._size = [], bytearray(), 0
            self._count += 1
            self._messages.append(whole)
