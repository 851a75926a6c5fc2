"""The addresses of the virtual board's page."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from app.web.board.nearby import at_this_machine, from_our_page
from app.web.config import WebConfig
from app.web.rendering import Pages

STATIC = Path(__file__).parent / "static"
KINDS = {".js": "text/javascript", ".css": "text/css"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load [CSP3]: its own scripts, also in the AudioWorklet, and its WebSocket."""
PAGES_MOST = 4
"""Pages that operate the board at one time."""


def routes(config: WebConfig, pages: Pages) -> Sequence[BaseRoute]:
    """The page, its files, and what it speaks with."""
    board = BoardPage(config, pages)
    return [
        Route("/board", board.page),
        Route("/board/static/{name}", board.file),
        WebSocketRoute("/board/live", board.live),
    ]


class BoardPage:
    """One method for each address."""

    def __init__(self, config: WebConfig, pages: Pages) -> None:
        self._config, self._pages = config, pages
        self._open = 0

    async def page(self, request: Request) -> Response:
        """The page. Raises HTTPException 403 for whoever is elsewhere."""
        _must_be_here(request)
        answer = self._pages.page("board.html")
        answer.headers["content-security-policy"] = POLICY
        return answer

    async def file(self, request: Request) -> Response:
        """A script or the stylesheet. Raises HTTPException."""
        _must_be_here(request)
        name = request.path_params["name"]
        found = _files().get(name)
        if found is None:
            raise HTTPException(404)
        content, tag = found
        headers = {"cache-control": "no-cache", "etag": tag, "content-security-policy": POLICY}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=KINDS[Path(name).suffix], headers=headers)

    async def live(self, socket: WebSocket) -> None:
        """The page's WebSocket; it is refused to pages that are not ours."""
        peer = "" if socket.client is None else socket.client.host
        here = at_this_machine(peer, socket.headers)
        if not here or not from_our_page(socket.scope["scheme"], socket.headers):
            await socket.close()
            return
        if self._open >= PAGES_MOST:
            await socket.accept()
            await socket.close(1013, "enough pages are open")
            return
        from app.web.board.relay import Relay  # when the first page is opened

        self._open += 1
        try:
            await Relay(socket, self._config.operator, self._config.sample).run()
        finally:
            self._open -= 1


def _must_be_here(request: Request) -> None:
    peer = "" if request.client is None else request.client.host
    if not at_this_machine(peer, request.headers):
        raise HTTPException(
            403,
            "The virtual board is operated at the machine that it runs on: http://127.0.0.1 and the"
            " port that `make run` prints, then /board.",
        )


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Content and a checksum of it, by name."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        content = path.read_bytes()
        found[path.name] = content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return found
