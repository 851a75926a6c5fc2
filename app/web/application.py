"""The web application: which address shows what, and what every answer says to browsers."""

from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from app.core.clock import Clock
from app.web.areas import is_private
from app.web.clients import autoconfig, autodiscover
from app.web.config import WebConfig
from app.web.limits import RequestLimit
from app.web.links import Links
from app.web.rendering import Pages
from app.web.service import Application, Message, Receive, Send
from app.web.setup_pages import SetupPages

SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""What an answer says unless it says it itself [CSP3].

Pages run no script, load nothing from elsewhere, and stand in nobody's frame."""


def application(
    config: WebConfig,
    links: Links,
    clock: Clock,
    private: Callable[[Pages], Application] | None = None,
) -> Application:
    """What answers all requests: pages for everybody; `private` makes what answers the rest."""
    pages = Pages()
    setup = SetupPages(config, links, pages, clock)
    routes: list[BaseRoute] = [
        Route("/", setup.home),
        Route("/setup", setup.setup, name="setup"),
        Route("/setup/ca.crt", setup.authority),
        Route("/setup/qr.svg", setup.qr_code),
        Route("/setup/apple.mobileconfig", setup.apple),
        Route("/static/{name}", pages.file),
        Route("/.well-known/acme-challenge/{token}", setup.challenge),
        *(Route(path, setup.autoconfig) for path in autoconfig.PATHS),
        Route(autodiscover.PATH, setup.autodiscover, methods=["GET", "POST"]),
    ]
    if config.operator:
        from app.web.board.routes import routes as board_routes  # no device has it

        routes.extend(board_routes(config, pages))
    starlette = Starlette(routes=routes, exception_handlers={HTTPException: pages.error})
    if private is not None:
        starlette.router.default = private(pages)
    return RequestLimit(SecurityHeaders(_short_bodies(_lower_case(starlette))), clock)


class SecurityHeaders:
    """Adds SECURITY_HEADERS to every answer of an application."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._headers = [
            (name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()
        ]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """As an application."""

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name for name, _ in message["headers"]}
                more = [header for header in self._headers if header[0] not in said]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self._application(scope, receive, send_more)


def _short_bodies(inner: Application) -> Application:
    """Refuse a long body where nobody logs in; private pages see to theirs after the login."""

    async def outer(scope: Message, receive: Receive, send: Send) -> None:
        if scope.get("length") and not is_private(scope["path"]):
            headers = [(b"content-length", b"0"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await inner(scope, receive, send)

    return outer


def _lower_case(inner: Application) -> Application:
    """Outlook writes its path in capitals and in small letters; only that one is any case's."""

    async def outer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"].lower() == autodiscover.PATH:
            scope["path"] = autodiscover.PATH
        await inner(scope, receive, send)

    return outer
