"""Pages made of templates, the files beside them, and the page that tells an error."""

import hashlib
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.core.sentences import N_, Sentence, sentence, translated
from app.web.tables import SAID, TRANSFERS
from app.web.words import accepted, catalogue

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = (HERE / "templates", HERE / "board" / "templates")
"""The second folder is on no device."""
FOR_EVER_S = 31_536_000
"""Seconds that a browser need not ask again for a file whose address names its content."""
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_LANGUAGE: ContextVar[str] = ContextVar("language", default="en")
"""Of the page that is made at the moment."""

_WHAT_TO_DO = {
    HTTPStatus.NOT_FOUND: N_(
        "There is no such page here. The page that sets up mail programs is linked below."
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: N_("This address takes no such request."),
}


class Pages:
    """Makes HTML; what is put into a template can be nothing but text."""

    def __init__(self) -> None:
        self._environment = _environment()

    def page(
        self, template: str, status: int = 200, *, language: str = "en", **values: Any
    ) -> HTMLResponse:
        """A page; nobody keeps it, for the settings may change."""
        token = _LANGUAGE.set(language)
        try:
            text = self._environment.get_template(template).render(language=language, **values)
        finally:
            _LANGUAGE.reset(token)
        return HTMLResponse(text, status, headers={"cache-control": "no-store"})

    async def file(self, request: Request) -> Response:
        """The stylesheet, or a script. Raises HTTPException 404."""
        name = request.path_params["name"]
        found = _files().get(name)
        if found is None:
            raise HTTPException(404)
        content, tag = found
        as_named = request.query_params.get("v") == tag
        keep = f"max-age={FOR_EVER_S}, immutable" if as_named else "no-cache"
        headers = {"cache-control": keep, "etag": f'"{tag}"'}
        if f'"{tag}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=KINDS[Path(name).suffix], headers=headers)

    async def error(self, request: Request, problem: Exception) -> Response:
        """What a person is told instead of a page."""
        assert isinstance(problem, HTTPException)
        status = HTTPStatus(problem.status_code)
        text = _WHAT_TO_DO.get(status, problem.detail)
        answer = self.refusal(request, status.value, status.phrase, sentence(text))
        answer.headers.update(problem.headers or {})
        return answer

    def refusal(self, request: Request, status: int, title: str, text: Sentence) -> Response:
        """What somebody who is not known is told instead of a page, as their browser asks."""
        language = accepted(request.headers.get("accept-language", ""))
        shown = sentence(title)
        return self.page("error.html", status, language=language, title=shown, text=text)


def _environment() -> Environment:
    """One for all languages: what is compiled and kept does not depend on them."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        finalize=_in_the_readers_language,
    )
    environment.policies["ext.i18n.trimmed"] = True
    install: Any = getattr(environment, "install_gettext_callables")  # noqa: B009
    install(
        lambda text: catalogue(_LANGUAGE.get()).gettext(text),
        lambda one, many, n: catalogue(_LANGUAGE.get()).ngettext(one, many, n),
        newstyle=True,
    )
    environment.globals.update(static=static, when=when, transfers=TRANSFERS)
    environment.filters.update(said=said, translated=in_the_readers_words)
    return environment


def _in_the_readers_language(value: object) -> object:
    """What a template puts out; sentences of operations are translated."""
    if isinstance(value, Sentence):
        return translated(value, catalogue(_LANGUAGE.get()).gettext)
    return value


def said(value: str, kind: str) -> str:
    """What the store or a service calls something, in the reader's language; see SAID."""
    return in_the_readers_words(SAID[kind].get(str(value), str(value)))


def in_the_readers_words(text: str) -> str:
    """A text of a table in the reader's language; `_` would take a % in it for a value."""
    return catalogue(_LANGUAGE.get()).gettext(text) if text else ""


def when(at: float) -> str:
    """A moment (seconds since 1970) as people of the box's place read it."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def static(name: str) -> str:
    """The address of a file, which is another one when its content is."""
    return f"/static/{name}?v={_files()[name][1]}"


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Content and a short checksum of it, by name."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        if path.suffix in KINDS:
            content = path.read_bytes()
            found[path.name] = content, hashlib.sha256(content).hexdigest()[:16]
    return found
