"""Where what is told comes from: the phone service's control socket, and the store."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any, Protocol

from app.core.errors import SwitchhookError
from app.core.notices import Listener
from app.core.records import parse_json
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.news import News, read_news

log = logging.getLogger(__name__)

LONGEST_ANSWER = 1 << 20
"""Octets of the phone service's status."""
AGAIN_S = 2.0
"""Seconds between two tries to reach the phone service or the store."""
LOOK_S = 30.0
"""Seconds after which the store is looked at without a notice: one may have been lost."""
SETTLE_S = 0.2
"""Seconds that changes of the store are gathered for."""

Sleep = Callable[[float], Awaitable[None]]


class BoxDoor(Protocol):
    """How the store is reached (app/pages_box.py)."""

    def box(self) -> Box:
        """The box. Raises StoreError or SettingsError."""

    def apart(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """An operation, "module:function", in a process of its own."""

    def close(self) -> None:
        """Close the store."""


async def phone_status(
    path: Path, sleep: Sleep = asyncio.sleep
) -> AsyncIterator[dict[str, Any] | None]:
    """The phone service's status whenever it changes, for ever; None while it does not run.

    Between two there is an answer outstanding at its control socket: it is told, and not asked.
    """
    while True:
        async with aclosing(_answers(path)) as answers:
            async for status in answers:
                yield status
        yield None
        await sleep(AGAIN_S)


async def _answers(path: Path) -> AsyncGenerator[dict[str, Any]]:
    """Until the service ends, or says what cannot be understood."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LONGEST_ANSWER)
    except OSError:
        return
    try:
        changes = -1
        while True:
            question = {"ask": "changed", "since": changes}
            writer.write(json.dumps(question).encode() + b"\n")
            status = parse_json(await reader.readline())
            changes = int(status["changes"])
            yield status
    except (OSError, ValueError, KeyError, TypeError) as problem:
        log.info("the phone service tells nothing: %r", problem)
    finally:
        writer.close()


class StoreNews:
    """The news of the store, read in a thread of its own."""

    def __init__(self, door: BoxDoor, actor: Actor) -> None:
        self._door, self._actor = door, actor
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="news")
        self._listener: Listener | None = None

    async def news(self, sleep: Sleep = asyncio.sleep) -> AsyncIterator[News]:
        """Now, and then whenever something has changed; nothing while the store cannot be read."""
        last: int | None = None
        try:
            while True:
                try:
                    news: News = await self.run(self._read, last)
                except SwitchhookError as problem:
                    log.warning("no news of the store: %s", problem)
                    await sleep(LOOK_S)
                    continue
                if last != news.last:
                    last = news.last
                    yield news
                await self._noticed()
                await sleep(SETTLE_S)
        finally:
            self.stop_listening()

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        """Something done in the thread that may use the store."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def password(self, setting: str) -> str:
        """A kept password. Raises InboxError; it is decrypted in a process of its own."""
        operation = "app.operations.kept_secrets:password"
        told = await self.run(self._door.apart, operation, self._actor, setting)
        return str(told)

    def stop_listening(self) -> None:
        """Hear no more notices."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def close(self) -> None:
        """End the thread, and close the store."""
        self._thread.submit(self._door.close)
        self._thread.shutdown(wait=True)

    def _read(self, last: int | None) -> News:
        box = self._door.box()
        if self._listener is None:
            self._listener = box.db.listener("mqtt")
        self._listener.clear()
        return read_news(box, self._actor, last)

    async def _noticed(self) -> None:
        """Wait for a notice, or LOOK_S."""
        listener = self._listener
        assert listener is not None
        loop = asyncio.get_running_loop()
        noticed = asyncio.Event()
        loop.add_reader(listener.fileno(), noticed.set)
        try:
            async with asyncio.timeout(LOOK_S):
                await noticed.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(listener.fileno())
