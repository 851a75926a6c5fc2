"""What stands before every private page: encryption, login, roles, and the token of a form.

The session's token lies in a cookie that no script can read. A form carries a token of its own,
which follows from it, so that no page elsewhere can send one [OWASP, Cross-Site Request Forgery];
and a browser says from which page a request comes (Origin, Sec-Fetch-Site), which must be ours.
"""

import hashlib
import hmac
import ipaddress
import logging
import re
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.core.errors import SwitchhookError
from app.core.sentences import N_, sentence
from app.operations.actor import Role
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.sessions import Visitor, find_visitor
from app.store.errors import StoreError
from app.web.forms import typed
from app.web.web import Endpoint, Visit, Web

log = logging.getLogger(__name__)

LOGIN = "/login"
SAFE = ("GET", "HEAD")
FOREIGN = N_(
    "This form is not from a page of this login. Go back, load the page again, and send it again."
)
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?\Z")
_PLAIN, _SECURE = "switchhook", "__Host-switchhook"
"""Names of the cookie; a browser takes the second by TLS only, and not from another host
[RFC 6265bis §4.1.3.2]."""


class Number(Convertor[int]):
    """`{entry:number}` in an address: the number of something that the store may have.

    What is longer than any is no address of ours; as an `int` the store could not be asked for it.
    """

    regex = "[0-9]{1,15}"

    def convert(self, value: str) -> int:
        """What it means."""
        return int(value)

    def to_string(self, value: int) -> str:
        """How it is written."""
        return str(value)


register_url_convertor("number", Number())


class PrivateRoute(Route):
    """The address of a page for people who are logged in."""

    def __init__(
        self,
        web: Web,
        path: str,
        endpoint: Endpoint,
        roles: Collection[Role],
        methods: Collection[str],
        upload: int = 0,
    ) -> None:
        async def guarded(request: Request) -> Response:
            return await guard(web, request, self, endpoint)

        self.roles, self.upload = frozenset(roles), upload
        super().__init__(path, guarded, methods=list(methods))


async def guard(web: Web, request: Request, route: PrivateRoute, endpoint: Endpoint) -> Response:
    """The endpoint's answer, or why it was not asked."""
    if not is_private(request):
        return to_tls(web, request)
    try:
        visitor = await visitor_of(web, request)
    except SwitchhookError as problem:
        return no_store(web, request, problem)
    if visitor is None:
        return to_login(request)
    request.scope["uncounted"]()
    request.scope["patient"]()
    visit = Visit(web, request, visitor, csrf_of(cookie(request)))
    if route.roles and not visitor.actor.may(*route.roles):
        return refusal(visit, HTTPStatus.FORBIDDEN, visit.say("You have no right to this page."))
    if request.method in SAFE:
        return await _answer(visit, endpoint)
    try:
        return await _send_form(visit, route.upload, endpoint)
    except HTTPException as problem:
        return refusal(visit, HTTPStatus(problem.status_code), visit.say(problem.detail))


async def _send_form(visit: Visit, upload: int, endpoint: Endpoint) -> Response:
    """The answer to a form, once its token was seen. Raises HTTPException."""

    def is_valid(token: str) -> bool:
        return same(token, visit.csrf)

    request = visit.request
    if not is_ours(request):
        raise HTTPException(403, FOREIGN)
    if upload and request.headers.get("content-type", "").lower().startswith("multipart/"):
        taken = await visit.web.uploads()
        async with taken.taken(request, upload, is_valid) as (visit.form, visit.files):
            if not is_valid(visit.form.get("csrf", "")):
                raise HTTPException(403, FOREIGN)
            return await _answer(visit, endpoint)
    visit.form = await typed(request)
    if not is_valid(visit.form.get("csrf", "")):
        raise HTTPException(403, FOREIGN)
    return await _answer(visit, endpoint)


async def _answer(visit: Visit, endpoint: Endpoint) -> Response:
    """The endpoint's answer; what it did not see to is said on a page of its own."""
    try:
        return await endpoint(visit)
    except NotAllowed as problem:
        return refusal(visit, HTTPStatus.FORBIDDEN, problem.text)
    except NotFound as problem:
        return refusal(visit, HTTPStatus.NOT_FOUND, problem.text)
    except OperationError as problem:
        return refusal(visit, HTTPStatus.UNPROCESSABLE_ENTITY, problem.text)
    except StoreError as problem:
        return no_store(visit.web, visit.request, problem)
    except SwitchhookError as problem:  # a part of the box does not do what it must
        log.error("%s: %s", visit.request.url.path, problem)
        return refusal(visit, HTTPStatus.SERVICE_UNAVAILABLE, problem.text)


def refusal(visit: Visit, status: HTTPStatus, text: str) -> Response:
    """A page that says why something was not done."""
    title = visit.say(status.phrase)
    return visit.page("error.html", status.value, title=title, text=text)


def no_store(web: Web, request: Request, problem: SwitchhookError) -> Response:
    """What is said while store or settings cannot be used."""
    log.error("no pages of people: %s", problem)
    text = sentence(
        "The box cannot read its messages or settings at present: %(why)s. Telephones work, and"
        " callers are recorded. `inbox check` and `inbox repair` at the console say more.",
        why=problem,
    )
    return web.pages.refusal(request, 503, N_("Not available"), text)


async def visitor_of(web: Web, request: Request) -> Visitor | None:
    """Who is logged in. Raises StoreError."""
    token = cookie(request)
    return await web.do(find_visitor, web.limits, token) if token else None


def is_private(request: Request) -> bool:
    """Whether nobody on the way can read it: by TLS, or within this machine."""
    if request.url.scheme == "https":
        return True
    try:
        return all(
            ipaddress.ip_address(address.partition("%")[0]).is_loopback
            for address in (request.scope["client"][0], request.scope["server"][0])
        )
    except ValueError:
        return False


def to_tls(web: Web, request: Request) -> Response:
    """Send a browser to the same page by TLS, under the name it has used."""
    port = web.links.https_port
    if not port:
        text = sentence(
            "This page is by TLS only, and the box has no certificate: `device certificates` makes"
            " one."
        )
        return web.pages.refusal(request, 403, N_("Not by plain text"), text)
    host = _HOST.match(request.headers.get("host", ""))
    query = f"?{request.url.query}" if request.url.query else ""
    name = host[1] if host else web.config.names[0]
    where = f"https://{name}{'' if port == 443 else f':{port}'}{request.url.path}{query}"
    return RedirectResponse(where, 303 if request.method not in SAFE else 302)


def to_login(request: Request) -> Response:
    """Ask for a login, and come back after it."""
    after = request.url.path if request.method in SAFE else ""
    if after and request.url.query:
        after = f"{after}?{request.url.query}"
    return RedirectResponse(f"{LOGIN}?next={quote(after)}" if after else LOGIN, 303)


def is_ours(request: Request) -> bool:
    """Whether a request comes from a page of ours, as far as the browser says [Fetch, Origin]."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


# ---- the cookie, and what follows from it


def cookie(request: Request) -> str:
    """The session's token; "" if there is none."""
    return request.cookies.get(_name(request), "")


def set_cookie(request: Request, answer: Response, token: str) -> None:
    """Give the browser a token, until it is closed or the session has ended."""
    secure = request.url.scheme == "https"
    answer.set_cookie(_name(request), token, path="/", secure=secure, httponly=True, samesite="lax")


def drop_cookie(request: Request, answer: Response) -> None:
    """Take the token away from the browser."""
    secure = request.url.scheme == "https"
    answer.delete_cookie(_name(request), path="/", secure=secure, httponly=True, samesite="lax")


def csrf_of(token: str) -> str:
    """The token of a session's forms; who knows it does not know the session's."""
    return hashlib.sha256(b"form " + token.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def _name(request: Request) -> str:
    return _SECURE if request.url.scheme == "https" else _PLAIN
