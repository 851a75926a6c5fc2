"""One operator's connection: command lines in, answer lines out.

    →  wait-for line1 beep within 10s
    ←  ok line1 hears beep after 3.20 s            or    ←  failed line1 heard no beep within …

An answer of several lines has "- " before all but the last. Commands are done one after the other.
What does not wait for them, and is told unasked, live_link.py has: "* " what changes, "~ " sound.
"""

import logging
import socket
from collections import deque

from drivers.models.live_link import LiveLink
from drivers.models.operator import Doing, Operator
from drivers.models.operator_verbs import OperatorError

LINE_MOST = 4096

log = logging.getLogger(__name__)


class OperatorLink:
    """Feeds lines to the operator, one command at a time."""

    def __init__(self, sock: socket.socket, operator: Operator, live: LiveLink) -> None:
        self.socket = sock
        self.closed = False
        """The other end has gone, or sent what is no command line."""
        self._operator, self._live = operator, live
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
        for line in lines:
            if line.startswith(b"~ "):
                self._live.speak(line[2:])
            else:
                self._lines.append(line.decode("utf-8", "replace"))
        if not octets or len(self._buffer) > LINE_MOST:
            self.closed = True
        elif self._doing is None:
            self._start()

    def period(self) -> None:
        """A period has passed: the command goes on."""
        if self._doing is not None:
            self._step()
            self._start()
        for line in self._live.period():
            self._send(line + "\n")

    def close(self) -> None:
        """Give up what is being done."""
        self._live.close()
        if self._doing is not None:
            self._doing.close()
            self._doing = None

    def _start(self) -> None:
        while self._doing is None and self._lines:
            line = self._lines.popleft()
            answer = self._live.command(line)
            if answer is None:
                self._doing = self._operator.run(line)
                self._step()
            else:
                self._send(answer + "\n")

    def _step(self) -> None:
        assert self._doing is not None
        try:
            next(self._doing)
        except StopIteration as done:
            self._finish("ok", str(done.value))
        except OperatorError as error:
            self._finish("failed", str(error))
        except Exception as fault:  # a fault of ours ends the command, not the box with its calls
            log.exception("virtual box: a command failed")
            self._finish("failed", f"a fault of the virtual box, see its log: {fault!r}")

    def _finish(self, word: str, text: str) -> None:
        self._doing = None
        *first, last = text.split("\n")
        self._send("".join(f"- {line}\n" for line in first) + f"{word} {last}\n")

    def _send(self, text: str) -> None:
        """Whoever does not read what is told, until the socket is full, is let go."""
        try:
            self.socket.sendall(text.encode())
        except OSError:
            self.closed = True
