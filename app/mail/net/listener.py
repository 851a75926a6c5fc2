"""Listening addresses: where connections come in, how many at a time, and how they end.

The shell between a connection and its session is `connection.py`; its names are given out here as
well, so that a service imports this module alone:

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
from typing import Generic

from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.mail.net.connection import Connection, S, Service, Session

__all__ = ["Connection", "Limits", "ListenError", "Server", "Service", "Session"]

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two ticks of the sessions."""


@dataclass(frozen=True)
class Limits:
    """How many connections one server holds at a time."""

    total: int
    per_peer: int
    """Of those, from one address."""


class ListenError(SwitchhookError):
    """A listening address cannot be had; the text says which one and what to do."""


class Server(Generic[S]):
    """One listening address of a service, with its connections.

    host and port as for `bind`; port 0 lets the system choose (see `port` after `start`).
    setting names the setting to change when the port cannot be had.
    """

    def __init__(
        self,
        service: Service[S],
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
        self._links: set[Connection[S]] = set()
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
            raise ListenError(self._why(error)) from error
        self.port = self._listener.sockets[0].getsockname()[1]
        self._ticker = loop.call_later(TICK, self._tick)
        log.info("%s listens on %s port %d", self.service.label, self.host, self.port)
        return self.port

    async def stop(self, grace: float = 5.0) -> None:
        """Refuse new connections, tell every session, and cut those not gone in `grace` seconds."""
        if self._listener is not None:
            self._listener.close()
        if self._ticker is not None:
            self._ticker.cancel()
        for link in list(self._links):
            link.stop()
        if not await self._emptied(grace):
            for link in list(self._links):
                link.abort()
            await self._emptied(TICK)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)

    def tick(self) -> None:
        """Let every session see the time; called once a second while listening."""
        now = self.clock.monotonic()
        for link in list(self._links):
            link.tick(now)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    @property
    def sessions(self) -> list[S]:
        """The sessions of the open connections."""
        return [link.session for link in self._links if link.session is not None]

    # what links call

    def admit(self, link: Connection[S]) -> bool:
        """Count a new connection; False if it is over a limit (it is counted until it is gone)."""
        self._links.add(link)
        self._peers[link.peer] += 1
        fits = (
            len(self._links) <= self._limits.total
            and self._peers[link.peer] <= self._limits.per_peer
        )
        if not fits:
            log.warning("%s refuses %s: too many connections", self.service.label, link.peer)
        return fits

    def forget(self, link: Connection[S]) -> None:
        """Count a connection out."""
        self._links.discard(link)
        self._peers[link.peer] -= 1
        if self._peers[link.peer] <= 0:
            del self._peers[link.peer]
        if not self._links:
            self._empty.set()

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold a task until it is done; asyncio itself keeps only a weak reference."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tick(self) -> None:
        self._ticker = asyncio.get_running_loop().call_later(TICK, self._tick)
        self.tick()

    async def _emptied(self, within: float) -> bool:
        if not self._links:
            return True
        self._empty.clear()
        try:
            await asyncio.wait_for(self._empty.wait(), within)
        except TimeoutError:
            return False
        return True

    def _why(self, error: OSError) -> str:
        place = f"{self.service.label} port {self.port} on {self.host or 'all addresses'}"
        change = f"change {self._setting} in the settings" if self._setting else "choose another"
        if error.errno == errno.EADDRINUSE:
            return f"{place} is in use: stop the program that has it, or {change}"
        if error.errno == errno.EACCES:
            return f"{place} needs the right to bind ports below 1024: grant it, or {change}"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{place}: this machine has no such address; {change}"
        return f"{place} cannot be opened: {error.strerror}; {change}"
