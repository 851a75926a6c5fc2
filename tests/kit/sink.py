"""A scripted mail server on loopback: the world outside, as far as outgoing mail sees it.

    with Sink() as sink:
        sink.answers["x@y.test"] = "550 5.1.1 nobody here"     # for one recipient
        ... something sends to 127.0.0.1 port sink.port ...
        mail = sink.wait(1)[0]

It answers 250 to what it was given no answer for. Keys of `answers`: a recipient's address, or a
verb: "CONNECT", "EHLO", "MAIL", "DATA", "END" (after the message). The answer "drop" closes the
connection without a word.
"""

import socket
import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

LINE_LIMIT = 100_000


@dataclass(frozen=True)
class Caught:
    """A mail as it came: dots removed, line ends as they were."""

    sender: str
    recipients: tuple[str, ...]
    octets: bytes


@dataclass
class Sink:
    """The server; `caught` holds what it said 250 to, `connections` how often it was called."""

    answers: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("8BITMIME", "SMTPUTF8", "SIZE 100000000")
    caught: list[Caught] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    mails_a_connection: int = 1_000_000  # after so many it hangs up without a word
    broken: list[bytes] = field(default_factory=list)  # texts that never came to their end

    def __post_init__(self) -> None:
        self._news = threading.Condition()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 30.0  # seconds of silence after which a conversation is given up

            def handle(self) -> None:
                try:
                    _Conversation(sink, self).run()
                except ConnectionError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = False  # so that leaving the sink waits for what is still talked
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._servers: list[tuple[socketserver.ThreadingTCPServer, threading.Thread]] = []

        class SixServer(Server):
            address_family = socket.AF_INET6

        def listen(address: str, port: int) -> None:
            kind = SixServer if ":" in address else Server
            self._start(kind((address, port), Handler))

        self.listen_also: Callable[[str, int], None] = listen
        """Listen on another address of loopback, too."""

    def _start(self, server: socketserver.ThreadingTCPServer) -> None:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        self._servers.append((server, thread))
        thread.start()

    def __enter__(self) -> "Sink":
        self._start(self._server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join()

    def wait(self, count: int, within_s: float = 10.0) -> list[Caught]:
        """The mails, once there are `count` of them; AssertionError if they do not come."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.caught) >= count, within_s)
            assert came, f"{len(self.caught)} mails came, {count} were awaited: {self.commands}"
            return list(self.caught)

    def wait_connections(self, count: int, within_s: float = 10.0) -> None:
        """Return once the sink has been called `count` times."""
        with self._news:
            came = self._news.wait_for(lambda: self.connections >= count, within_s)
            assert came, f"{self.connections} connections came, {count} were awaited"

    def _note(self, caught: Caught | None = None, command: str = "", called: int = 0) -> None:
        with self._news:
            if caught is not None:
                self.caught.append(caught)
            if command:
                self.commands.append(command)
            self.connections += called
            self._news.notify_all()


class _Dropped(ConnectionError):
    """The script says: hang up now."""


class _Conversation:
    """One connection, line by line."""

    def __init__(self, sink: Sink, handler: socketserver.StreamRequestHandler) -> None:
        self._sink = sink
        self._in = handler.rfile
        self._out = handler.wfile
        self._sender = ""
        self._recipients: list[str] = []
        self._mails = 0

    def run(self) -> None:
        self._sink._note(called=1)
        self._say("CONNECT", "220 sink.test ESMTP")
        while self._mails < self._sink.mails_a_connection and (
            line := self._in.readline(LINE_LIMIT)
        ):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            self._sink._note(command=text)
            verb = text[:4].upper()
            if verb == "QUIT":
                self._write("221 bye")
                return
            self._command(verb, text)

    def _command(self, verb: str, text: str) -> None:
        address = text.partition("<")[2].partition(">")[0]
        if verb == "EHLO":
            self._say(verb, "\n".join(["250-sink.test", *self._offers()]))
        elif verb == "AUTH":
            self._say(verb, "235 2.7.0 hello")
        elif verb == "MAIL":
            self._sender, self._recipients = address, []
            self._say(verb, "250 2.1.0 ok")
        elif verb == "RCPT":
            if self._say(address, "250 2.1.5 ok"):
                self._recipients.append(address)
        elif verb == "DATA":
            if self._say(verb, "354 go on" if self._recipients else "554 nobody to deliver to"):
                self._message()
        else:
            self._write("250 2.0.0 ok")

    def _offers(self) -> list[str]:
        offers = self._sink.extensions
        ends = ["-"] * (len(offers) - 1) + [" "] if offers else []
        return [f"250{end}{offer}" for end, offer in zip(ends, offers, strict=True)] or ["250 HELP"]

    def _message(self) -> None:
        lines: list[bytes] = []
        while (line := self._in.readline()) != b".\r\n":
            if not line:
                self._sink.broken.append(b"".join(lines))
                raise _Dropped
            lines.append(line[1:] if line.startswith(b".") else line)
        if self._sink.answers.get("END", "250").startswith("2"):
            mail = Caught(self._sender, tuple(self._recipients), b"".join(lines))
            self._sink._note(caught=mail)
        self._mails += 1
        self._say("END", "250 2.0.0 caught")

    def _say(self, key: str, usual: str) -> bool:
        """Answer as scripted or as usual; True if that was a good answer."""
        answer = self._sink.answers.get(key, usual)
        if answer == "drop":
            raise _Dropped
        self._write(answer)
        return answer[0] in "23"

    def _write(self, answer: str) -> None:
        self._out.write("".join(line + "\r\n" for line in answer.split("\n")).encode())
        self._out.flush()
