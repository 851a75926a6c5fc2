"""Live updates: one stream of server-sent events for each open page [HTML, 9.2].

A page is told which of its parts are out of date, and fetches them. One look at the store serves
all pages; a page that nothing concerns costs a line every KEEP_S.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse

from app.core.notices import Listener
from app.operations.following import News, listen, news, topics_for
from app.operations.sessions import Visitor, find_visitor
from app.store.errors import StoreError
from app.web.guard import cookie
from app.web.web import Visit, Web

log = logging.getLogger(__name__)

GATHER_S = 0.3
"""Seconds in which changes are gathered: mail comes in heaps."""
KEEP_S = 25.0
"""Seconds after which a line without content shows that the page is still there."""
STREAMS_PERCENT = 35
"""Share of the connections that streams may have: pages need some, too, and so may strangers."""
LOOK_S = 2.0
"""Seconds between two looks for pages that were closed: nothing is read of their connections."""
RETRY_MS = 5000


class Events:
    """The open pages of a web service."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._pages: set[Page] = set()
        self._listener: Listener | None = None
        self._last: int | None = None
        self._due = False
        self._looking: asyncio.Task[None] | None = None
        self._ticking: asyncio.TimerHandle | None = None

    async def stream(self, visit: Visit) -> Response:
        """The endless answer to a page that wants to be told."""
        if len(self._pages) >= self._web.config.connections * STREAMS_PERCENT // 100:
            return Response(status_code=503, headers={"retry-after": "60"})
        if self._listener is None:
            await self._begin()
        page = Page(visit.visitor, cookie(visit.request), visit.request.scope["has_left"])
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._told(page), media_type="text/event-stream", headers=headers)

    def close(self) -> None:
        """End all streams."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
        if self._ticking is not None:
            self._ticking.cancel()
        for page in self._pages:
            page.end()

    async def _told(self, page: "Page") -> AsyncIterator[bytes]:
        self._pages.add(page)
        if self._ticking is None:
            self._tick()
        try:
            yield b"retry: %d\n\n" % RETRY_MS
            while await self._is_logged_in(page):
                topics = await page.topics(KEEP_S)
                if topics is None:
                    return
                said = f"event: change\ndata: {json.dumps(topics)}\n\n" if topics else ":\n\n"
                yield said.encode()
        finally:
            self._pages.discard(page)

    async def _is_logged_in(self, page: "Page") -> bool:
        """Whether the session goes on; being told does not prolong it. A store that is away ends
        nothing.
        """
        try:
            found = await self._web.do(find_visitor, self._web.limits, page.token, False)
        except StoreError:
            return True
        return found is not None

    async def _begin(self) -> None:
        self._listener = await self._web.do(listen)
        self._last = (await self._web.do(news, None)).last
        asyncio.get_running_loop().add_reader(self._listener.fileno(), self._notice)

    def _tick(self) -> None:
        """End the streams of pages that were closed."""
        for page in self._pages:
            if page.has_left():
                page.end()
        loop = asyncio.get_running_loop()
        self._ticking = loop.call_later(LOOK_S, self._tick) if self._pages else None

    def _notice(self) -> None:
        """Something has changed: look, once for all that changes now."""
        if self._listener is not None:
            self._listener.clear()
        if self._pages and not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(GATHER_S, self._look_soon)

    def _look_soon(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        self._due = False
        try:
            found: News = await self._web.do(news, self._last)
        except StoreError as problem:
            log.warning("pages are not told what has changed: %s", problem)
            return
        self._last = found.last
        for page in self._pages:
            page.tell(topics_for(page.visitor.actor, found.changes))


class Page:
    """One open page."""

    def __init__(self, visitor: Visitor, token: str, has_left: Callable[[], bool]) -> None:
        self.visitor, self.token, self.has_left = visitor, token, has_left
        self._topics: set[str] = set()
        self._ended = False
        self._something = asyncio.Event()

    def tell(self, topics: list[str]) -> None:
        """These are out of date."""
        if topics:
            self._topics.update(topics)
            self._something.set()

    def end(self) -> None:
        """The stream is to end."""
        self._ended = True
        self._something.set()

    async def topics(self, within_s: float) -> list[str] | None:
        """What is out of date, none after `within_s` seconds; None at the end."""
        try:
            await asyncio.wait_for(self._something.wait(), within_s)
        except TimeoutError:
            return None if self._ended else []
        self._something.clear()
        found, self._topics = sorted(self._topics), set()
        return None if self._ended else found
