"""A small POP3 server on loopback: the old box that somebody's mail is fetched from.

    with Pop3Elsewhere(messages={"one": b"Subject: ...", ...}) as old:
        ... somebody fetches from 127.0.0.1 port old.port, user "anna", password "pass word" ...
        old.messages, old.commands

Only a QUIT deletes. `odd` says what it does otherwise: octets that it says instead of its own
answer, by the command they follow ("RETR 2", "CAPA", "CONNECT"); None closes the connection, and
"hold" says nothing for as long as the test goes on.
"""

import socket
import socketserver
import ssl
import threading
from types import TracebackType

from tests.kit.served import Served

USER, PASSWORD = "anna", "pass word"


class Pop3Elsewhere(Served):
    """The server; `messages` by unique-id, in the order of their numbers."""

    def __init__(
        self,
        messages: dict[str, bytes] | None = None,
        *,
        names: bool = True,
        top: bool = True,
        capa: bytes | None = b"USER\r\nUIDL\r\nTOP\r\n",
        stls: ssl.SSLContext | None = None,
        implicit: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.messages = dict(messages or {})
        self.names, self.top, self.capa = names, top, capa
        self.stls, self.implicit = stls, implicit
        self.odd: dict[str, bytes | None] = {}
        self.commands: list[str] = []
        self.connections = 0
        self.waiting = 0  # sessions that were met with "hold", which says nothing
        self.held = threading.Event()  # what "hold" waits for
        old = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 30.0

            def handle(self) -> None:
                old.connections += 1
                try:
                    _Conversation(old, self).run()
                except (OSError, ssl.SSLError):
                    return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = False
            allow_reuse_address = True
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        super().__init__(Server((host, 0), Handler))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.held.set()
        super().__exit__(kind, error, trace)

    def count(self, verb: str) -> int:
        """How often a command was given, in all sessions."""
        return sum(command.split(" ")[0] == verb for command in self.commands)


class _Conversation:
    """One session; it numbers what there was when it began."""

    def __init__(self, old: Pop3Elsewhere, handler: socketserver.StreamRequestHandler) -> None:
        self._old = old
        self._connection = handler.connection
        if old.implicit is not None:
            self._secure(old.implicit)
        self._file = self._connection.makefile("rb")
        self._drop = list(old.messages)
        self._deleted: set[str] = set()

    def _secure(self, context: ssl.SSLContext) -> None:
        self._connection = context.wrap_socket(self._connection, server_side=True)

    def run(self) -> None:
        self._say(self._odd("CONNECT", b"+OK ready\r\n"))
        while line := self._file.readline():
            command = line.decode().rstrip("\r\n")
            self._old.commands.append(command)
            answer = self._odd(command, self._answer(command))
            self._say(answer)
            if command == "STLS" and answer.startswith(b"+OK"):
                assert self._old.stls is not None
                self._secure(self._old.stls)
                self._file = self._connection.makefile("rb")
            if command == "QUIT":
                return

    def _odd(self, command: str, answer: bytes) -> bytes:
        found = self._old.odd.get(command, answer)
        if found is None:
            raise ConnectionError
        if found == b"hold":
            self._old.waiting += 1
            self._old.held.wait(30)
            raise ConnectionError
        return found

    def _say(self, octets: bytes) -> None:
        self._connection.sendall(octets)

    def _answer(self, command: str) -> bytes:
        verb, _, rest = command.partition(" ")
        old = self._old
        if verb == "CAPA":
            more = b"STLS\r\n" if old.stls is not None else b""
            return b"-ERR\r\n" if old.capa is None else b"+OK\r\n" + old.capa + more + b".\r\n"
        if verb == "STLS":
            return b"-ERR no TLS here\r\n" if old.stls is None else b"+OK go\r\n"
        if verb == "USER":
            return b"+OK\r\n"
        if verb == "PASS":
            return b"+OK\r\n" if rest == PASSWORD else b"-ERR [AUTH] who are you?\r\n"
        if verb == "UIDL":
            return self._list(lambda name: name.encode()) if old.names else b"-ERR\r\n"
        if verb == "LIST":
            return self._list(lambda name: b"%d" % len(old.messages[name]))
        if verb in ("RETR", "TOP"):
            return self._message(verb, int(rest.split(" ")[0]))
        if verb == "DELE":
            self._deleted.add(self._drop[int(rest) - 1])
            return b"+OK\r\n"
        if verb == "QUIT":
            for name in self._deleted:
                old.messages.pop(name, None)
            return b"+OK bye\r\n"
        return b"-ERR unknown\r\n"

    def _list(self, what) -> bytes:  # type: ignore[no-untyped-def]  # octets of a name
        lines = [b"%d %s\r\n" % (n, what(name)) for n, name in enumerate(self._drop, 1)]
        return b"+OK\r\n" + b"".join(lines) + b".\r\n"

    def _message(self, verb: str, number: int) -> bytes:
        if verb == "TOP" and not self._old.top:
            return b"-ERR no TOP\r\n"
        octets = self._old.messages[self._drop[number - 1]]
        if verb == "TOP":
            octets = octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        stuffed = octets.replace(b"\r\n.", b"\r\n..")
        stuffed = b"." + stuffed if stuffed.startswith(b".") else stuffed
        end = b"" if stuffed.endswith(b"\r\n") else b"\r\n"
        return b"+OK\r\n" + stuffed + end + b".\r\n"
