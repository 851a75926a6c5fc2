"""Listening TCP addresses [RFC 9293]: how many connections at a time, and how they end.

What joins a connection and its session is connection.py; its names are exported here as well, so
that a service imports this module alone:

    server = Server(service, "127.0.0.1", 2110, clock, limits, setting="mail.pop3_port")
    port = await server.start()
    ...
    await server.stop()
"""

import asyncio
import errno
import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any, Generic

from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.mail.net.connection import Connection, S, Service, Session

__all__ = ["Connection", "Limits", "ListenError", "Server", "Service", "Session"]

log = logging.getLogger(__name__)

TICK_S = 1.0
"""Seconds between two ticks of the sessions."""


@dataclass(frozen=True)
class Limits:
    """How many connections one server holds at a time."""

    total: int
    """Number of connections."""
    per_peer: int
    """Number of those from one IP address."""


class ListenError(SwitchhookError):
    """A listening address cannot be had; the text says which one and what to do."""


class Server(Generic[S]):
    """One listening address of a service, with its connections.

    host and port as for `bind`; port 0 lets the system choose (see `port` after `start`).
    setting names the setting to change when the port cannot be had.
    """

    def __init__(
        self,
        service: Service[S, Any],
        host: str,
        port: int,
        clock: Clock,
        limits: Limits,
        setting: str = "",
    ) -> None:
        self.service = service
        self.clock = clock
        self.host = host
        self.port = port
        self._limits = limits
        self._setting = setting
        self._connections: set[Connection[S]] = set()
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    async def start(self) -> int:
        """Listen, and return the port actually bound. Raises ListenError."""
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: Connection(self), self.host, self.port
            )
        except OSError as error:
            raise ListenError(self._explain(error)) from error
        self.port = self._listener.sockets[0].getsockname()[1]
        self._ticker = loop.call_later(TICK_S, self._tick)
        log.info("%s listens on %s port %d", self.service.label, self.host, self.port)
        return self.port

    async def stop(self, within_s: float = 5.0) -> None:
        """Refuse new connections, stop every session, abort those left after `within_s` seconds."""
        if self._listener is not None:
            self._listener.close()
        if self._ticker is not None:
            self._ticker.cancel()
        for connection in list(self._connections):
            connection.stop()
        if not await self._await_empty(within_s):
            for connection in list(self._connections):
                connection.abort()
            await self._await_empty(TICK_S)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)

    def tick(self) -> None:
        """Let every session see the time; called once a second while listening."""
        now = self.clock.monotonic()
        for connection in list(self._connections):
            connection.tick(now)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def sessions(self) -> list[S]:
        """The sessions of the open connections."""
        return [c.session for c in self._connections if c.session is not None]

    # what connections call

    def admit(self, connection: Connection[S]) -> bool:
        """Count a new connection until it is released; False if it is over a limit."""
        self._connections.add(connection)
        self._peers[connection.peer] += 1
        fits = (
            len(self._connections) <= self._limits.total
            and self._peers[connection.peer] <= self._limits.per_peer
        )
        if not fits:
            log.warning("%s refuses %s: too many connections", self.service.label, connection.peer)
        return fits

    def release(self, connection: Connection[S]) -> None:
        """Stop counting a connection."""
        self._connections.discard(connection)
        self._peers[connection.peer] -= 1
        if self._peers[connection.peer] <= 0:
            del self._peers[connection.peer]
        if not self._connections:
            self._empty.set()

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a task until it is done; asyncio itself keeps only a weak reference."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tick(self) -> None:
        self._ticker = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        self.tick()

    async def _await_empty(self, within_s: float) -> bool:
        if not self._connections:
            return True
        self._empty.clear()
        try:
            await asyncio.wait_for(self._empty.wait(), within_s)
        except TimeoutError:
            return False
        return True

    def _explain(self, error: OSError) -> str:
        place = f"{self.service.label} port {self.port} on {self.host or 'all addresses'}"
        change = f"change {self._setting} in the settings" if self._setting else "choose another"
        if error.errno == errno.EADDRINUSE:
            return f"{place} is in use: stop the program that has it, or {change}"
        if error.errno == errno.EACCES:
            return f"{place} needs the right to bind ports below 1024: grant it, or {change}"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{place}: this machine has no such address; {change}"
        return f"{place} cannot be opened: {error.strerror}; {change}"
