"""What pages of people who are logged in are given: `Web` for the module, `Visit` for a request.

    def routes(web: Web) -> list[Route]:
        async def users(visit: Visit) -> Response:
            lines = await web.do(list_people, visit.actor)
            return visit.page("business/users.html", lines=lines)

        return [web.route("/business/users", users, roles=(Role.SYSTEM,))]

Before an endpoint is called, the guard (guard.py) has seen to the login, the roles and the token of
a form. Pages hold no rules: what changes something is an operation (app/operations).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from app.config.paths import Paths
from app.core.clock import Clock
from app.operations.actor import Role
from app.operations.box import Box
from app.operations.errors import OperationError
from app.operations.sessions import SessionLimits, Visitor
from app.web import words
from app.web.config import WebConfig
from app.web.forms import Form, Typed
from app.web.links import Links
from app.web.navigation import sections_for
from app.web.rendering import Pages

if TYPE_CHECKING:
    from app.web.uploads import Upload, Uploads

P = ParamSpec("P")
T = TypeVar("T")

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self';"
    " media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What a private page may load [CSP3]: nothing from elsewhere, and no script in its text."""


class BoxDoor(Protocol):
    """How the store is reached (app/pages_box.py)."""

    def box(self) -> Box:
        """The box, by the settings as they are now. Raises StoreError or SettingsError."""

    def apart(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """An operation, "module:function", in a process of its own."""


class Web:
    """What pages share."""

    def __init__(
        self,
        config: WebConfig,
        links: Links,
        pages: Pages,
        clock: Clock,
        paths: Paths,
        door: BoxDoor,
        make_route: "MakeRoute",
    ) -> None:
        self._make_route = make_route
        self.config, self.links, self.pages, self.clock = config, links, pages, clock
        self.paths = paths
        self.limits = SessionLimits(config.idle_s, config.session_s)
        self._door = door
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages")
        self._beside = ThreadPoolExecutor(max_workers=2, thread_name_prefix="apart")
        self._notices: dict[int, str] = {}
        self._uploads: Uploads | None = None
        self.at_end: list[Callable[[], None]] = []
        """What is called in the loop before the service ends."""

    async def do(
        self, operation: Callable[Concatenate[Box, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What an operation returns, done in the store's one thread. Raises what it raises."""
        return await self.in_thread(lambda: operation(self._door.box(), *args, **kwargs))

    async def apart(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """What an operation returns that needs pydantic, cryptography or much memory.

        "app.operations.settings:list_settings" is done in a process of its own, which takes half a
        second and more. What it returns must not need those to be read. Raises what it raises.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._beside, lambda: self._door.apart(operation, *args, **kwargs)
        )

    async def stream(
        self,
        operation: Callable[Concatenate[Box, P], Iterator[bytes]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> "Octets":
        """Octets that an operation gives in pieces. Raises what it raises before the first one."""
        pieces = await self.do(operation, *args, **kwargs)
        first = await self.in_thread(lambda: next(pieces, None))
        return Octets(self, first, pieces)

    async def uploads(self) -> "Uploads":
        """What takes files that are sent; loaded with the first one."""
        if self._uploads is None:
            from app.web.uploads import Uploads, clear_folder

            folder = self.paths.uploads
            clear_folder(folder)
            self._uploads = Uploads(folder)
        return self._uploads

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Something done in the store's one thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def route(
        self,
        path: str,
        endpoint: "Endpoint",
        roles: Collection[Role] = (),
        methods: Collection[str] = ("GET",),
        upload: int = 0,
    ) -> Route:
        """A page for people who are logged in and have one of these roles; none given: for all.

        `upload`: its form may bring files of so many octets each, which lie in `visit.files`.
        """
        return self._make_route(self, path, endpoint, roles, methods, upload)

    def leave_notice(self, session: int, text: str) -> None:
        """Keep a sentence for the next page of a session."""
        self._notices[session] = text

    def take_notice(self, session: int) -> str:
        """The sentence that was kept; "" if there is none."""
        return self._notices.pop(session, "")

    def close(self) -> None:
        """End the threads, after `at_end` has ended what goes on."""
        self._thread.shutdown(wait=True)
        self._beside.shutdown(wait=False, cancel_futures=True)


class Octets:
    """Octets that come in pieces from the store."""

    def __init__(self, web: Web, first: bytes | None, more: Iterator[bytes]) -> None:
        self._web, self._first, self._more = web, first, more

    async def __aiter__(self) -> Any:
        piece = self._first
        while piece is not None:
            yield piece
            piece = await self._web.in_thread(lambda: next(self._more, None))

    def answer(
        self, media_type: str, name: str = "", size: int | None = None, **headers: str
    ) -> Response:
        """An answer of them; with `name` (a file's, foreign text) it is one to be saved."""
        told = {"cache-control": "no-store", **headers}
        if name:
            told["content-disposition"] = disposition(name)
        if size is not None:
            told["content-length"] = str(size)
        return StreamingResponse(self, media_type=media_type, headers=told)


def disposition(name: str) -> str:
    """The header field that offers a file under this name [RFC 6266 §4.3, RFC 8187]."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    return f"attachment; filename=\"{plain[:100]}\"; filename*=UTF-8''{quote(name[:100], safe='')}"


class Visit:
    """One request of somebody who is logged in."""

    def __init__(self, web: Web, request: Request, visitor: Visitor, csrf: str) -> None:
        self.web, self.request = web, request
        self.visitor = visitor
        self.person, self.actor, self.session = visitor.person, visitor.actor, visitor.session
        self.csrf = csrf
        """What every form sends back in its hidden field."""
        self.form = Typed([])
        """The fields of a POST, as typed."""
        self.files: dict[str, Upload] = {}
        """Files that came with it, by the name of their field; gone when it is answered."""

    @property
    def language(self) -> str:
        """Two letters [ISO 639-1]."""
        return self.person.language

    def say(self, text: str, **values: object) -> str:
        """A sentence in the reader's language, with values at its %(name)s."""
        return words.say(self.language, text, **values)

    def may(self, *roles: Role) -> bool:
        """Whether they have one of these roles."""
        return self.actor.may(*roles)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page with the navigation of this person's roles."""
        path = self.request.url.path
        values.setdefault("form", Form())
        answer = self.web.pages.page(
            template,
            status,
            language=self.language,
            visit=self,
            sections=sections_for(self.actor, path),
            notice=self.web.take_notice(self.session),
            **values,
        )
        answer.headers["content-security-policy"] = POLICY
        return answer

    def refused(
        self, template: str, problem: OperationError, status: int = 422, **values: Any
    ) -> Response:
        """The page again with what was typed, and what is wrong beside its field."""
        return self.page(template, status, form=Form.refused(self.form, problem), **values)

    def redirect(self, path: str, notice: str = "") -> Response:
        """Go to another page of ours after a POST; `notice` is shown there once."""
        if notice:
            self.web.leave_notice(self.session, notice)
        return RedirectResponse(path, 303)


Endpoint = Callable[[Visit], Awaitable[Response]]
MakeRoute = Callable[[Web, str, Endpoint, Collection[Role], Collection[str], int], Route]
"""Makes a route with the guard before its endpoint (guard.py)."""
