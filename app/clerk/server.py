"""The clerk as a process: `python -m app.clerk.server FD`, started by the phone.

FD is one end of a socket pair. Orders are done one after the other, in the order in which they
come; the store's changes, whoever makes them, are pushed. When the phone is gone, so is the clerk.
"""

import logging
import select
import signal
import socket
import sys
from typing import Any

from app.clerk import frames
from app.clerk.config import ClerkConfig
from app.clerk.jobs import ClerkJobs, desk_over
from app.core.clock import SystemClock
from app.core.notices import Listener
from app.phone.jobs import JobFailed
from app.store.database import Database

log = logging.getLogger(__name__)

LOOK_S = 0.5  # a lost notice costs no more than this
RETRY_S = 60.0  # between tries to deliver what a full disk has kept from being delivered
READ_AT_ONCE = 1 << 20


class Server:
    """Answers orders on a socket until it is closed at the other end."""

    def __init__(self, connection: socket.socket, desk: ClerkJobs, listener: Listener) -> None:
        self._connection = connection
        self._desk = desk
        self._listener = listener

    def serve(self, decoder: frames.Decoder, first: list[tuple[dict[str, Any], bytes]]) -> None:
        """Work; `first` are orders that came together with the configuration."""
        clock = SystemClock()
        retry_at = clock.monotonic() + RETRY_S
        self._work_off(first)
        while True:
            sockets = [self._connection.fileno(), self._listener.fileno()]
            readable, _, _ = select.select(sockets, [], [], LOOK_S)
            if self._listener.fileno() in readable:
                self._listener.clear()
            if self._connection.fileno() in readable:
                octets = self._connection.recv(READ_AT_ONCE)
                if not octets:
                    return
                self._work_off(decoder.feed(octets))
            elif clock.monotonic() >= retry_at:
                retry_at = clock.monotonic() + RETRY_S
                self._desk.takes.finish_ended()
            self._push()

    def _work_off(self, orders: list[tuple[dict[str, Any], bytes]]) -> None:
        """Do what came together; the samples in it share a commit and are answered after it."""
        answers = [self._do(header, raw) for header, raw in orders]
        try:
            self._desk.settle()
        except JobFailed as failure:
            answers = [
                _failed(header["n"], failure) if header["job"] == "samples" else answer
                for answer, (header, _) in zip(answers, orders, strict=True)
            ]
        for answer in answers:
            self._connection.sendall(answer)
        self._push()

    def _do(self, header: dict[str, Any], raw: bytes) -> bytes:
        try:
            result = self._desk.handle(header["job"], frames.arguments_of(header, raw))
        except JobFailed as failure:
            return _failed(header["n"], failure)
        return frames.answer(header["n"], result)

    def _push(self) -> None:
        news = self._desk.news()
        if news is not None:
            self._connection.sendall(frames.encode({"push": news}))


def _failed(number: int, failure: JobFailed) -> bytes:
    return frames.encode({"n": number, "failed": str(failure)})


def run(connection: socket.socket) -> None:
    """Read the configuration, recover what was left, serve."""
    decoder = frames.Decoder()
    received: list[tuple[dict[str, Any], bytes]] = []
    while not received:
        octets = connection.recv(READ_AT_ONCE)
        if not octets:
            return
        received = decoder.feed(octets)
    (first, _), *orders = received
    config, clock = ClerkConfig.from_json(first["config"]), SystemClock()
    db = Database(config.store_path, clock)
    desk = desk_over(config, db, clock)
    listener = db.listener("clerk")
    try:
        desk.takes.recover(set(first["live"]))
        Server(connection, desk, listener).serve(decoder, orders)
    except (BrokenPipeError, ConnectionResetError):
        log.info("the phone is gone")
    finally:
        listener.close()
        desk.close()


def main() -> None:
    """The process: standard error is the log, an interrupt from the terminal is the phone's."""
    logging.basicConfig(level=logging.INFO, format="clerk %(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        connection.setblocking(True)
        run(connection)


if __name__ == "__main__":
    main()
