"""Login and logout [OWASP, Authentication and Session Management]."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.core.errors import SwitchhookError
from app.inbox.people import Person
from app.operations.first_steps import first_steps
from app.operations.second_factor import needs_code
from app.operations.sessions import begin_session, end_session
from app.web.events import Events
from app.web.forms import Form, Typed, typed
from app.web.guard import (
    drop_cookie,
    is_ours,
    is_private,
    no_store,
    set_cookie,
    to_tls,
    visitor_of,
)
from app.web.login import account
from app.web.login.judge import Judge
from app.web.navigation import home_of
from app.web.web import Visit, Web
from app.web.words import N_, accepted, say


def routes(web: Web) -> list[Route]:
    """All addresses of this area."""
    judge, events = Judge(web), Events(web)
    login = LoginPage(web, judge)
    web.at_end.append(events.close)

    async def home(visit: Visit) -> Response:
        if visit.actor.is_admin and (await web.do(first_steps, visit.actor)).wanted:
            return visit.redirect("/start")
        return visit.redirect(home_of(visit.actor))

    async def logout(visit: Visit) -> Response:
        await web.do(end_session, visit.actor, visit.session)
        answer = RedirectResponse("/login", 303)
        drop_cookie(visit.request, answer)
        return answer

    return [
        Route("/login", login.answer, methods=["GET", "POST"]),
        Route("/login/code", login.answer_code, methods=["POST"]),
        web.route("/events", events.stream),
        web.route("/home", home),
        web.route("/logout", logout, methods=("POST",)),
        *account.routes(web, judge),
    ]


class LoginPage:
    """Asks for name and password, and for a code where one is needed."""

    def __init__(self, web: Web, judge: Judge) -> None:
        self._web, self._judge = web, judge

    async def answer(self, request: Request) -> Response:
        """The form, or what comes of it."""
        if not is_private(request):
            return to_tls(self._web, request)
        try:
            if request.method == "POST":
                return await self._log_in(request, await typed(request))
            visitor = await visitor_of(self._web, request)
        except SwitchhookError as problem:
            return no_store(self._web, request, problem)
        if visitor is not None:
            return RedirectResponse(self._after(request, visitor.person), 303)
        return self._page(request, Form())

    async def answer_code(self, request: Request) -> Response:
        """What comes of a code."""
        if not is_private(request):
            return to_tls(self._web, request)
        fields = await typed(request)
        ticket, code = fields.get("ticket", ""), fields.get("code", "")
        if not is_ours(request) or not self._judge.waits(ticket):
            return self._page(request, Form({}, {"": N_("That took too long; begin again.")}), 403)
        try:
            person = await self._judge.person_by_code(request, ticket, code)
            if person is not None:
                return await self._let_in(request, person)
        except SwitchhookError as problem:
            return no_store(self._web, request, problem)
        text = N_(
            "This code does not fit, was used before, or there were too many; wait for the next."
        )
        return self._code_page(request, ticket, Form({}, {"code": text}), 403)

    async def _log_in(self, request: Request, fields: Typed) -> Response:
        user = fields.get("user", "")
        if not is_ours(request):
            form = Form({"user": user}, {"": N_("This form was not from here.")})
            return self._page(request, form, 403)
        person = await self._judge.person(request, user, fields.get("password", ""))
        if person is None:
            text = N_("Name and password do not fit, or were tried too often; wait a moment.")
            return self._page(request, Form({"user": user}, {"password": text}), 403)
        if await self._web.do(needs_code, person.id):
            return self._code_page(request, self._judge.wait_for_code(request, person), Form())
        return await self._let_in(request, person)

    async def _let_in(self, request: Request, person: Person) -> Response:
        token = await self._web.do(
            begin_session,
            self._web.limits,
            person.id,
            request.scope["client"][0],
            request.headers.get("user-agent", ""),
        )
        answer = RedirectResponse(self._after(request, person), 303)
        set_cookie(request, answer, token)
        return answer

    def _page(self, request: Request, form: Form, status: int = 200) -> Response:
        return self._shown(request, "login/login.html", form, status)

    def _code_page(self, request: Request, ticket: str, form: Form, status: int = 200) -> Response:
        return self._shown(request, "login/code.html", form, status, ticket=ticket)

    def _shown(
        self, request: Request, template: str, form: Form, status: int, **values: str
    ) -> Response:
        """A page for somebody who is not known yet, in the language of their browser."""
        language = accepted(request.headers.get("accept-language", ""))
        form.errors = {name: say(language, text) for name, text in form.errors.items()}
        after = _own_path(request.query_params.get("next", ""))
        more: dict[str, Any] = {"form": form, "next": after, **values}
        return self._web.pages.page(template, status, language=language, **more)

    def _after(self, request: Request, person: Person) -> str:
        """Where to go after a login: where they wanted to, if that is a page of ours."""
        wanted = _own_path(request.query_params.get("next", ""))
        return wanted or "/home"


def _own_path(text: str) -> str:
    """A path on this box; "" for whatever leads elsewhere [CWE-601]."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if is_own and text.isprintable() else ""
