"""Business › Greetings: what callers hear of people and of the company, for each situation."""

import asyncio
from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.by_telephone import record_greeting_by_phone
from app.operations.errors import OperationError
from app.operations.greetings import (
    FILE_MOST,
    OF_THE_COMPANY,
    CallerGreetings,
    as_telephone_sound,
    kind_named,
    last_day,
    list_greetings,
    read_greeting,
    remove_greeting,
    set_greeting,
    set_night,
)
from app.web.business.typed import page_of, sent, text
from app.web.forms import Form
from app.web.web import Visit, Web

GREETINGS = "/business/greetings"
TEMPLATE = "business/greetings.html"
PAGE = 25
"""People on one page."""
COMPANY = "*"
"""In place of a login: no login has such a sign."""


def routes(web: Web) -> list[Route]:
    """The page, the sounds, and the forms."""

    async def page(visit: Visit) -> Response:
        asked = visit.request.query_params
        words, wanted = asked.get("q", ""), page_of(asked.get("page", ""))
        found = await web.do(list_greetings, visit.actor, words, wanted, PAGE)
        return visit.page(TEMPLATE, form=Form({"q": words}), **_shown(found))

    async def sound(visit: Visit) -> Response:
        asked = visit.request.path_params
        login, kind = _whose(asked["login"]), kind_named(asked["kind"])
        octets = await web.do(read_greeting, visit.actor, login, kind)
        return Response(octets, media_type="audio/wav", headers={"cache-control": "no-store"})

    async def record(visit: Visit) -> Response:
        login = _whose(text(visit.form, "login"))
        try:
            kind = kind_named(text(visit.form, "kind"))
            file = await sent(visit, "file")
            if not file:
                raise OperationError("file", "choose a file first")
            sound = await asyncio.to_thread(as_telephone_sound, file)
            until = text(visit.form, "until")
            await web.do(set_greeting, visit.actor, login, kind, sound, last_day(until))
        except OperationError as problem:
            found = await web.do(list_greetings, visit.actor, login or "", 1, PAGE)
            return visit.refused(TEMPLATE, problem, **_shown(found))
        return visit.redirect(GREETINGS, visit.say("The next caller hears the new greeting."))

    async def remove(visit: Visit) -> Response:
        login, kind = _whose(text(visit.form, "login")), kind_named(text(visit.form, "kind"))
        await web.do(remove_greeting, visit.actor, login, kind)
        said = visit.say("The greeting is removed; callers hear the next best.")
        return visit.redirect(GREETINGS, said)

    phone, post = (Role.PHONE,), ("POST",)
    return [
        web.route(GREETINGS, page, phone),
        web.route(GREETINGS, record, phone, post, upload=FILE_MOST),
        web.route(GREETINGS + "/telephone", partial(_by_telephone, web), phone, post),
        web.route(GREETINGS + "/remove", remove, phone, post),
        web.route(GREETINGS + "/night", partial(_night, web), phone, post),
        web.route(GREETINGS + "/{login}/{kind}.wav", sound, phone),
    ]


async def _night(web: Web, visit: Visit) -> Response:
    """Say that it is night, or that it is not."""
    begins = visit.form.get("night") == "yes"
    await web.do(set_night, visit.actor, begins)
    on = visit.say("Callers hear the greetings for the night now.")
    return visit.redirect(GREETINGS, on if begins else visit.say("It is day again."))


async def _by_telephone(web: Web, visit: Visit) -> Response:
    """Ring the visitor's handset, which then records the greeting."""
    login = _whose(text(visit.form, "login"))
    try:
        kind = kind_named(text(visit.form, "kind"))
        handset = await web.do(record_greeting_by_phone, visit.actor, login, kind, web.paths)
    except OperationError as problem:
        found = await web.do(list_greetings, visit.actor, login or "", 1, PAGE)
        return visit.refused(TEMPLATE, problem, **_shown(found))
    said = visit.say("The telephone %(handset)s rings: lift it.", handset=handset)
    return visit.redirect(GREETINGS, said)


def _whose(typed: str) -> str | None:
    return None if typed == COMPANY else typed


def _shown(found: CallerGreetings) -> dict[str, Any]:
    return {"found": found, "until": dict(found.temporary), "company_kinds": OF_THE_COMPANY}
