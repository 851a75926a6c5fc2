"""What concerns one's own login: sessions, password, codes of an authenticator app."""

import io

from starlette.responses import Response
from starlette.routing import Route

from app.operations.errors import OperationError
from app.operations.people import set_password
from app.operations.second_factor import second_factor_state
from app.operations.sessions import begin_session, end_session, list_sessions
from app.web.forms import Form
from app.web.guard import set_cookie
from app.web.login.judge import Judge
from app.web.web import Visit, Web
from app.web.words import N_

HERE = "/account"
PAGE, CODES = "login/account.html", "login/codes.html"
SECOND_FACTOR = "app.operations.second_factor"


def routes(web: Web, judge: Judge) -> list[Route]:
    """All addresses."""
    pages = AccountPages(web, judge)
    post = ("POST",)
    return [
        web.route(HERE, pages.account),
        web.route(f"{HERE}/password", pages.password, methods=post),
        web.route(f"{HERE}/session", pages.end_session, methods=post),
        web.route(f"{HERE}/codes", pages.codes),
        web.route(f"{HERE}/codes/key.svg", pages.picture),
        web.route(f"{HERE}/codes/begin", pages.begin_codes, methods=post),
        web.route(f"{HERE}/codes/confirm", pages.confirm_codes, methods=post),
        web.route(f"{HERE}/codes/off", pages.codes_off, methods=post),
    ]


class AccountPages:
    """A method for each address."""

    def __init__(self, web: Web, judge: Judge) -> None:
        self._web, self._judge = web, judge

    async def account(self, visit: Visit) -> Response:
        """The page."""
        return await self._page(visit, Form())

    async def password(self, visit: Visit) -> Response:
        """Set one's own password; other sessions end, this one goes on under another token."""
        fields = visit.form
        new = fields.get("new", "")
        if new != fields.get("again", ""):
            return await self._refused(visit, "again", N_("it is not the same as above"))
        person = await self._judge.person(visit.request, visit.person.login, fields.get("old", ""))
        if person is None or person.id != visit.person.id:
            return await self._refused(visit, "old", N_("it is not the password, or wait a moment"))
        try:
            await self._web.do(set_password, visit.actor, visit.person.login, new)
        except OperationError as problem:
            field = "new" if problem.field == "password" else problem.field
            return await self._refused(visit, field, problem.text)
        token = await self._web.do(
            begin_session,
            self._web.limits,
            person.id,
            visit.request.scope["client"][0],
            visit.request.headers.get("user-agent", ""),
        )
        answer = visit.redirect(HERE)
        set_cookie(visit.request, answer, token)
        return answer

    async def end_session(self, visit: Visit) -> Response:
        """End one of one's own sessions."""
        number = visit.form.get("session", "")
        wanted = int(number) if number.isdecimal() and len(number) < 16 else 0
        await self._web.do(end_session, visit.actor, wanted)
        return visit.redirect(HERE)

    async def codes(self, visit: Visit) -> Response:
        """The key that was made, to be put into an app and confirmed."""
        key = await self._web.apart(f"{SECOND_FACTOR}:pending_second_factor", visit.actor)
        return visit.page(CODES, key=key.key, recovery=())

    async def picture(self, visit: Visit) -> Response:
        """The same as a QR code."""
        import segno  # a megabyte, for whoever looks at the picture

        key = await self._web.apart(f"{SECOND_FACTOR}:pending_second_factor", visit.actor)
        picture = io.BytesIO()
        code = segno.make_qr(key.uri, error="m")
        code.save(picture, kind="svg", scale=5, border=4, light="white", xmldecl=False)
        headers = {"cache-control": "no-store"}
        return Response(picture.getvalue(), media_type="image/svg+xml", headers=headers)

    async def begin_codes(self, visit: Visit) -> Response:
        """Make a key."""
        await self._web.apart(f"{SECOND_FACTOR}:begin_second_factor", visit.actor)
        return visit.redirect(f"{HERE}/codes")

    async def confirm_codes(self, visit: Visit) -> Response:
        """See a code of it; the recovery codes are shown this once."""
        code = visit.form.get("code", "")
        try:
            recovery = await self._web.apart(
                f"{SECOND_FACTOR}:confirm_second_factor", visit.actor, code
            )
        except OperationError as problem:
            key = await self._web.apart(f"{SECOND_FACTOR}:pending_second_factor", visit.actor)
            return visit.refused(CODES, problem, key=key.key, recovery=())
        return visit.page(CODES, key="", recovery=recovery)

    async def codes_off(self, visit: Visit) -> Response:
        """Ask for no codes any more; the password must be said."""
        said = visit.form.get("password", "")
        person = await self._judge.person(visit.request, visit.person.login, said)
        if person is None or person.id != visit.person.id:
            return await self._refused(visit, "password", N_("it is not the password"))
        remove = f"{SECOND_FACTOR}:remove_second_factor"
        await self._web.apart(remove, visit.actor, visit.person.login)
        return visit.redirect(HERE)

    async def _refused(self, visit: Visit, field: str, text: str) -> Response:
        return await self._page(visit, Form({}, {field: visit.say(text)}), 422)

    async def _page(self, visit: Visit, form: Form, status: int = 200) -> Response:
        sessions = await self._web.do(list_sessions, self._web.limits, visit.actor)
        state = await self._web.do(second_factor_state, visit.actor, visit.person.login)
        return visit.page(PAGE, status, form=form, sessions=sessions, codes=state)
