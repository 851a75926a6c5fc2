"""One operator's connection: command lines in, answer lines out.

    →  wait-for line1 beep within 10s
    ←  ok line1 hears beep after 3.20 s            or    ←  failed line1 heard no beep within …

An answer of several lines has "- " before all but the last. Commands are done one after the other.
"""

import socket
from collections import deque

from drivers.models.operator import Doing, Operator, OperatorError

LINE_MOST = 4096


class OperatorLink:
    """Feeds lines to the operator, one command at a time."""

    def __init__(self, sock: socket.socket, operator: Operator) -> None:
        self.socket = sock
        self.closed = False
        """The other end has gone, or sent what is no command line."""
        self._operator = operator
        self._buffer = b""
        self._lines: deque[str] = deque()
        self._doing: Doing | None = None

    def receive(self) -> None:
        """Take what has arrived and begin with it."""
        try:
            octets = self.socket.recv(LINE_MOST)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        self._buffer += octets
        *lines, self._buffer = self._buffer.split(b"\n")
        self._lines.extend(line.decode("utf-8", "replace") for line in lines)
        if not octets or len(self._buffer) > LINE_MOST:
            self.closed = True
        elif self._doing is None:
            self._start()

    def period(self) -> None:
        """A period has passed: the command goes on."""
        if self._doing is not None:
            self._step()
            self._start()

    def close(self) -> None:
        """Give up what is being done."""
        if self._doing is not None:
            self._doing.close()
            self._doing = None

    def _start(self) -> None:
        while self._doing is None and self._lines:
            self._doing = self._operator.run(self._lines.popleft())
            self._step()

    def _step(self) -> None:
        assert self._doing is not None
        try:
            next(self._doing)
        except StopIteration as done:
            self._finish("ok", str(done.value))
        except OperatorError as error:
            self._finish("failed", str(error))

    def _finish(self, word: str, text: str) -> None:
        self._doing = None
        *first, last = text.split("\n")
        answer = "".join(f"- {line}\n" for line in first) + f"{word} {last}\n"
        try:
            self.socket.sendall(answer.encode())
        except OSError:
            self.closed = True
