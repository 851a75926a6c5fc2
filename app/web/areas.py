"""Which module has the pages under which first part of an address.

A module is loaded when somebody opens one of its pages, so that a box whose pages nobody opens
carries none of it. Each has a function `routes(web)`.
"""

import asyncio
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.routing import Router

from app.config.paths import Paths
from app.core.clock import Clock
from app.web.config import WebConfig
from app.web.links import Links
from app.web.rendering import Pages
from app.web.service import Message, Receive, Send

if TYPE_CHECKING:
    from app.web.web import BoxDoor, Web

AREAS: Mapping[str, str] = {
    "events": "app.web.login.routes",
    "home": "app.web.login.routes",
    "login": "app.web.login.routes",
    "logout": "app.web.login.routes",
    "account": "app.web.login.routes",
    "metrics": "app.web.metrics",
    "mine": "app.web.mine.routes",
    "business": "app.web.business.routes",
    "network": "app.web.box.network",
    "email": "app.web.box.email",
    "reports": "app.web.box.reports",
    "maintenance": "app.web.box.maintenance",
    "start": "app.web.box.start",
}


def is_private(path: str) -> bool:
    """Whether an address is one of these areas'."""
    return path.split("/")[1] in AREAS


class PrivatePages:
    """Answers what no public page does."""

    def __init__(
        self,
        config: WebConfig,
        links: Links,
        pages: Pages,
        clock: Clock,
        paths: Paths,
        door: "BoxDoor",
    ) -> None:
        self._given = config, links, pages, clock, paths, door
        self._routers: dict[str, Router] = {}
        self._web: Web | None = None
        self._loading = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """As an application. Raises HTTPException 404."""
        module = AREAS.get(scope["path"].split("/")[1])
        if module is None or scope["type"] != "http":
            raise HTTPException(404)
        if module not in self._routers:
            async with self._loading:
                await asyncio.get_running_loop().run_in_executor(None, self.load, module)
        await self._routers[module](scope, receive, send)

    def load(self, module: str) -> Router:
        """The pages of a module; takes a while the first time."""
        if module not in self._routers:
            routes: Any = import_module(module).routes(self.web())
            self._routers[module] = Router(routes=routes, redirect_slashes=False)
        return self._routers[module]

    def web(self) -> "Web":
        """What pages share."""
        if self._web is None:
            from app.web.guard import PrivateRoute
            from app.web.web import Web

            self._web = Web(*self._given, PrivateRoute)
        return self._web

    def end(self) -> None:
        """End the answers that would go on for ever."""
        for end in self._web.at_end if self._web is not None else ():
            end()

    def close(self) -> None:
        """End the threads of the pages."""
        if self._web is not None:
            self._web.close()
