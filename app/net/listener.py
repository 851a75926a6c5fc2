"""Listening TCP addresses [RFC 9293]: how many connections at a time, and how they end.

What joins a connection and its session is connection.py; its names are exported here as well, so
that a service imports this module alone:

    endpoints = [Endpoint(2110), Endpoint(2995, tls=True, name="pop3s")]
    server = Server(service, "127.0.0.1", endpoints, clock, limits, certificate)
    ports = await server.start()        # by the endpoints' names
    ...
    await server.stop()
"""

import asyncio
import errno
import logging
from collections.abc import Sequence
from typing import Any, Generic

from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.core.own_addresses import hosts_listened_on
from app.net.admission import Admission, Limits
from app.net.connection import RECEIVE, Connection, S, Service
from app.net.contract import Endpoint, Session
from app.net.tls import ServerCertificate
from app.net.turns import Turns

__all__ = [
    "Connection",
    "Endpoint",
    "Limits",
    "ListenError",
    "Server",
    "ServerCertificate",
    "Service",
    "Session",
]

log = logging.getLogger(__name__)

TICK_S = 1.0
"""Seconds between two ticks of the sessions."""

TURNS_PER_ROUND = 8
"""Turns that connections take in a round of the loop, and as many that had to wait for theirs.

So a round is short, however many clients pipeline: whoever else has something to say is heard.
"""

PORTS_TRIED = 10
"""Ports that the system may choose until one is free on all addresses."""
BACKLOG = 128
"""Connections that the kernel holds for us until we accept them; so many are accepted at once."""


class ListenError(SwitchhookError):
    """A listening address cannot be had; the text says which one and what to do."""


class Server(Generic[S]):
    """The listening ports of a service on one address, with their connections.

    host as the settings have it (hosts_listened_on). The limits are those of all endpoints
    together, and whoever waits for a turn waits among the clients of all. certificate is needed for
    TLS on any of them.
    """

    def __init__(
        self,
        service: Service[S, Any],
        host: str,
        endpoints: Sequence[Endpoint],
        clock: Clock,
        limits: Limits,
        certificate: ServerCertificate | None = None,
    ) -> None:
        self.service = service
        self.clock = clock
        self.host = host
        self.certificate = certificate
        self._endpoints = endpoints
        self.buffer = memoryview(bytearray(RECEIVE))
        self._admission: Admission[Connection[S]] = Admission(limits)
        self._turns: Turns[Connection[S]] = Turns()  # those that wait for theirs
        self._taken = 0  # turns taken at once since those that wait had theirs
        self._running = False  # a round of those that wait has been asked of the loop
        self._refused = 0  # connections since the last tick
        self._connections: set[Connection[S]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[asyncio.Server] = []
        self._ticker: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    async def start(self) -> dict[str, int]:
        """Listen, and return the ports actually bound, by the endpoints' names.

        Raises ListenError.
        """
        ports = {endpoint.name: await self._listen(endpoint) for endpoint in self._endpoints}
        self._ticker = asyncio.get_running_loop().call_later(TICK_S, self._tick)
        return ports

    async def _listen(self, endpoint: Endpoint) -> int:
        """Listen on each address; where the system chooses the port, on the same one.

        What it chose for one address may be somebody's at the next: then it chooses again.
        """
        for tried in range(PORTS_TRIED):
            try:
                listeners = await self._listen_at(endpoint)
            except OSError as error:
                if endpoint.port or tried == PORTS_TRIED - 1:
                    raise ListenError(self._explain(error, endpoint)) from error
            else:
                break
        self._listeners += listeners
        port: int = listeners[0].sockets[0].getsockname()[1]
        way = "by TLS " if endpoint.tls else ""
        log.info("%s listens %son %s port %d", self.service.label, way, self.host, port)
        return port

    async def _listen_at(self, endpoint: Endpoint) -> list[asyncio.Server]:
        """A listener for each address, or none at all. Raises OSError."""
        listeners: list[asyncio.Server] = []
        port = endpoint.port
        try:
            for host in hosts_listened_on(self.host):
                listener = await asyncio.get_running_loop().create_server(
                    lambda: Connection(self, endpoint), host, port, backlog=BACKLOG
                )
                listeners.append(listener)
                port = listener.sockets[0].getsockname()[1]
        except OSError:
            for listener in listeners:
                listener.close()
            raise
        return listeners

    async def stop(self, within_s: float = 5.0) -> None:
        """Refuse new connections, stop every session, abort those left after `within_s` seconds."""
        for listener in self._listeners:
            listener.close()
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
        if self._refused:
            log.warning("%s has too many connections: %d end", self.service.label, self._refused)
            self._refused = 0
        now = self.clock.monotonic()
        for connection in list(self._connections):
            connection.tick(now)

    @property
    def listening(self) -> bool:
        """Whether all ports are open."""
        open_ones = sum(listener.is_serving() for listener in self._listeners)
        return open_ones == len(self._endpoints) * len(hosts_listened_on(self.host)) > 0

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def sessions(self) -> list[S]:
        """The sessions of the open connections."""
        return [c.session for c in self._connections if c.session is not None]

    def held(self) -> list[dict[str, Any]]:
        """Who holds which connection, for people to see; see MailService.held."""
        now = self.clock.monotonic()
        return [
            self._held(connection, connection.session, now)
            for connection in self._connections
            if connection.session is not None
        ]

    def _held(self, connection: Connection[S], session: S, now: float) -> dict[str, Any]:
        state, person = self.service.describe(session)
        since = session.waits_since
        return {
            "protocol": self.service.label,
            "peer": connection.peer,
            "lan": self._admission.is_lan(connection),
            "tls": connection.tls,
            "state": state,
            "person": person,
            "open_s": round(now - connection.opened_at),
            "waits_s": None if since is None else round(now - since),
            "received": connection.received,
            "sent": connection.sent,
        }

    # what connections call

    def may_turn(self) -> bool:
        """Whether a connection may take its turn at once; counts it."""
        if self._turns or self._taken >= TURNS_PER_ROUND:
            return False
        self._taken += 1
        return True

    def ask_turn(self, connection: Connection[S]) -> None:
        """Give this connection its turn; the addresses of those that wait take turns."""
        self._turns.add(connection.origin, connection)
        if not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._run_turns)

    def _run_turns(self) -> None:
        self._running, self._taken = False, 0
        for _ in range(min(TURNS_PER_ROUND, len(self._turns))):
            self._turns.next().next_turn()
        if self._turns and not self._running:
            self._running = True
            asyncio.get_running_loop().call_soon(self._run_turns)

    def admit(self, connection: Connection[S]) -> bool:
        """Count a new connection until it is released; False if it is over a limit.

        Another one, which has waited longest, may end for it (admission.py).
        """
        self._connections.add(connection)
        fits, leaves = self._admission.admit(connection, self.clock.monotonic())
        if leaves is not None:
            leaves.give_up()
        if leaves is not None or not fits:
            self._refused += 1
        return fits

    def release(self, connection: Connection[S]) -> None:
        """Stop counting a connection."""
        self._connections.discard(connection)
        self._admission.release(connection)
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

    def _explain(self, error: OSError, endpoint: Endpoint) -> str:
        place = f"{self.service.label} port {endpoint.port} on {self.host or 'all addresses'}"
        setting = endpoint.setting
        change = f"change {setting} in the settings" if setting else "choose another"
        if error.errno == errno.EADDRINUSE:
            return f"{place} is in use: stop the program that has it, or {change}"
        if error.errno == errno.EACCES:
            return f"{place} needs the right to bind ports below 1024: grant it, or {change}"
        if error.errno == errno.EADDRNOTAVAIL:
            return f"{place}: this machine has no such address; {change}"
        return f"{place} cannot be opened: {error.strerror}; {change}"
