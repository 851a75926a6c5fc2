"""The network between a box and its server, which can be cut and mended.

with Relay(dovecot.ports["imap"]) as relay:
    ... the box connects to relay.port ...
    relay.cut()          # as a cable that is pulled: nobody hears anything, not even an end
    relay.mend()         # connections of before stay dead; new ones get through
"""

import asyncio
import threading
from types import TracebackType
from typing import Self


class Relay:
    """A port of loopback that leads to another one, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self._is_cut = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Let nothing through from now on."""
        self._is_cut = True

    def mend(self) -> None:
        """Let new connections through."""
        self._is_cut = False

    async def _open(self) -> int:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._is_cut:
                await reader.read()  # nobody is there, and nobody says so
                return
            there = await asyncio.open_connection("127.0.0.1", self._to)
            await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        except OSError:
            return  # the server is down
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        dead = False
        try:
            while octets := await reader.read(65_536):
                dead = dead or self._is_cut
                if not dead:
                    writer.write(octets)
                    await writer.drain()
        finally:
            if not dead:
                writer.close()
