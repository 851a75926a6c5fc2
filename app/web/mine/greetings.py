"""One's own greetings: heard here, sent as a WAVE file, removed."""

import asyncio

from starlette.responses import Response

from app.operations.by_telephone import record_greeting_by_phone
from app.operations.errors import NotFound, OperationError
from app.operations.greetings import (
    KINDS,
    LONGEST_S,
    GreetingKind,
    as_telephone_sound,
    kind_named,
    last_day,
    list_greetings,
    read_greeting,
    remove_greeting,
    set_greeting,
)
from app.web.forms import Form
from app.web.mine.own_actor import own_actor
from app.web.web import Visit, Web

ADDRESS = "/mine/greetings"


class GreetingPages:
    """The greetings that callers hear of a person."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def list(self, visit: Visit) -> Response:
        """Which there are, and how to make others."""
        return await self._page(visit)

    async def sound(self, visit: Visit) -> Response:
        """One of them."""
        octets = await self._web.do(
            read_greeting, own_actor(visit), visit.person.login, self._kind(visit)
        )
        return Response(octets, 200, {"cache-control": "no-store"}, "audio/wav")

    async def change(self, visit: Visit) -> Response:
        """Take a file as the greeting, or remove it."""
        actor, login, kind = own_actor(visit), visit.person.login, self._kind(visit)
        if visit.form.get("do") == "remove":
            await self._web.do(remove_greeting, actor, login, kind)
            return visit.redirect(
                ADDRESS, visit.say("The greeting is removed; callers hear the next best.")
            )
        if visit.form.get("do") == "telephone":
            return await self._by_telephone(visit, kind)
        try:
            file = visit.files.get("file")
            if file is None or not file.size:
                raise OperationError("file", "choose a file first")
            octets = await asyncio.to_thread(file.path.read_bytes)
            sound = await asyncio.to_thread(as_telephone_sound, octets)
            until = last_day(visit.form.get("until", ""))
            await self._web.do(set_greeting, actor, login, kind, sound, until)
        except NotFound:
            raise
        except OperationError as problem:
            return await self._page(visit, 422, Form({}, {problem.field: problem.text}))
        return visit.redirect(ADDRESS, visit.say("The next caller hears the new greeting."))

    async def _by_telephone(self, visit: Visit, kind: GreetingKind) -> Response:
        """Ring the person's handset, which then records the greeting."""
        actor, login = own_actor(visit), visit.person.login
        try:
            handset = await self._web.do(
                record_greeting_by_phone, actor, login, kind, self._web.paths
            )
        except OperationError as problem:
            return await self._page(visit, 422, Form({}, {problem.field: str(problem)}))
        said = visit.say("The telephone %(handset)s rings: lift it.", handset=handset)
        return visit.redirect(ADDRESS, said)

    async def _page(self, visit: Visit, status: int = 200, form: Form | None = None) -> Response:
        found = await self._web.do(list_greetings, own_actor(visit))
        own = dict(found.people).get(visit.person.login, ())
        has = {name: kind in own for name, kind in KINDS.items()}
        until = dict(found.temporary).get(visit.person.login)
        values = {"form": form or Form(), "has": has, "most": LONGEST_S, "until": until}
        return visit.page("mine/greetings.html", status, **values)

    def _kind(self, visit: Visit) -> GreetingKind:
        """Raises NotFound."""
        return kind_named(visit.request.path_params["kind"])
