"""The web pages as a part of the admin service: a thread with an asyncio loop of its own.

So housekeeping waits for no client, and a fault here ends neither: what fails is started again
after a while. The thread shares nothing with the rest but what it is given when it is made.
"""

import asyncio
import json
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config.paths import Paths
from app.core import files
from app.core.clock import Clock
from app.net.listener import Endpoint, Limits, ListenError, Server, ServerCertificate
from app.net.peers import Networks
from app.web.config import WebConfig
from app.web.http import HttpSession
from app.web.links import Links
from app.web.service import Application, Message, Receive, Send, WebService

if TYPE_CHECKING:
    from app.web.areas import PrivatePages
    from app.web.rendering import Pages
    from app.web.web import BoxDoor

log = logging.getLogger(__name__)

PER_PEER = 16
"""Connections from one source; a browser opens six."""
RETRY_S = 30.0
"""Seconds after which a server that could not start, or has failed, is started again."""
HEARTBEAT_S = 5.0
"""Seconds between two signs that the loop goes round."""
HANGS_S = 60.0
"""Seconds without such a sign after which the loop is given up."""
START_S = 5.0
"""Seconds that the first start of the server is waited for."""
FAREWELL_S = 3.0
"""Seconds that what runs beside may take to end."""
STOP_S = 8.0
"""Seconds that the thread may take to end."""


class WebThread:
    """Serves the web pages from `start` to `stop`."""

    def __init__(
        self,
        config: WebConfig,
        clock: Clock,
        paths: Paths,
        door: "BoxDoor | None" = None,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        """`door` leads to the store; without it there are public pages only.

        `beside` runs in the same loop from start to stop, and ends when it is cancelled.
        """
        self._beside = beside
        self._config, self._clock, self._paths, self._door = config, clock, paths, door
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._seen = clock.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event
        self._tried = threading.Event()
        self._private: PrivatePages | None = None

    def start(self) -> None:
        """Begin to serve; a port that cannot be had is told to the log and tried again."""
        self._thread.start()
        self._tried.wait(START_S)

    def stop(self) -> None:
        """End what is being answered, and the thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_S)

    @property
    def hangs(self) -> bool:
        """Whether the loop has not gone round for HANGS_S: only another process can help then."""
        return self._clock.monotonic() - self._seen > HANGS_S

    def _run(self) -> None:
        # What ends the service is told to its main thread, which finishes what it is doing.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        asyncio.run(self._serve_again_and_again())

    async def _serve_again_and_again(self) -> None:
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        beside = [asyncio.create_task(work()) for work in self._beside]
        while not self._stopping.is_set():
            try:
                await self._serve()
            except ListenError as problem:
                log.error("no web pages: %s", problem)
            except Exception:
                log.exception("the web pages have failed and are started again")
            self._tried.set()
            if not self._stopping.is_set():
                await self._wait(RETRY_S)
        for task in beside:
            task.cancel()
        if beside:
            await asyncio.wait(beside, timeout=FAREWELL_S)

    async def _serve(self) -> None:
        """Serve until the end is asked for."""
        config, links = self._config, Links(self._config.names, 0, 0)
        server = self._server(links)
        ports = await server.start()
        links.http_port, links.https_port = ports["http"], ports.get("https", 0)
        told = Path(config.web_ports)
        try:
            self._tell(told, {"host": config.listen, **ports})
            self._tried.set()
            while not self._stopping.is_set():
                self._sign(told)
                await self._wait(HEARTBEAT_S)
        finally:
            told.unlink(missing_ok=True)
            if self._private is not None:
                self._private.end()
            await server.stop()
            if self._private is not None:
                self._private.close()

    def _server(self, links: Links) -> Server[HttpSession]:
        config, keys = self._config, Path(self._config.keys)
        websockets = bool(config.operator)
        service = WebService(self._application(links), self._clock, websockets=websockets)
        limits = Limits(
            config.connections, PER_PEER, config.strangers_percent, Networks(config.lan)
        )
        endpoints = [
            Endpoint(config.http_port, "web.http_port", name="http"),
            Endpoint(config.https_port, "web.https_port", tls=True, name="https"),
        ]
        certificate = ServerCertificate(keys / "server.crt", keys / "server.key")
        return Server(service, config.listen, endpoints, self._clock, limits, certificate)

    def _application(self, links: Links) -> Application:
        """The application, which is loaded with the first request: a box that nobody visits is
        spared 7 MB for it."""
        loaded: asyncio.Task[Application] | None = None

        async def answer(scope: Message, receive: Receive, send: Send) -> None:
            nonlocal loaded
            if loaded is None:  # it takes a while, and the loop has signs of life to give
                loaded = asyncio.create_task(asyncio.to_thread(self._loaded, links))
            await (await asyncio.shield(loaded))(scope, receive, send)

        return answer

    def _loaded(self, links: Links) -> Application:
        from app.web.application import application
        from app.web.areas import PrivatePages

        door = self._door
        if door is None:
            return application(self._config, links, self._clock)

        def private(pages: "Pages") -> Application:
            self._private = PrivatePages(self._config, links, pages, self._clock, self._paths, door)
            return self._private

        return application(self._config, links, self._clock, private)

    async def _wait(self, seconds: float) -> None:
        """So long, or until the end is asked for, with signs of life."""
        until = self._clock.monotonic() + seconds
        while not self._stopping.is_set() and (left := until - self._clock.monotonic()) > 0:
            self._seen = self._clock.monotonic()
            try:
                await asyncio.wait_for(self._stopping.wait(), min(left, HEARTBEAT_S))
            except TimeoutError:
                continue

    def _sign(self, path: Path) -> None:
        """Leave a sign of life for health: the note's time is that of the monotonic clock."""
        seen = self._clock.monotonic()
        try:
            os.utime(path, (seen, seen))
        except OSError as problem:
            log.error("%s cannot be touched: %s", path, problem)

    def _tell(self, path: Path, ports: dict[str, int | str]) -> None:
        """Leave a note of the ports for commands."""
        try:
            files.write(path, json.dumps(ports))
        except OSError as problem:  # pages are served all the same
            log.error("%s cannot be written: %s", path, problem)
