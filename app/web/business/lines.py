"""Business › Extensions and Lines: every jack, whose it is or who answers it, and how it is.

Each outside line has a page of its own, with the settings of who answers it.
"""

import asyncio
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from app.core.control import NotRunning
from app.operations.actor import Role
from app.operations.errors import NotFound, OperationError
from app.operations.line_tests import NotFlashed, flash_line
from app.operations.lines import give_handset, list_lines
from app.web.box.settings_form import save, settings_of, values_of
from app.web.box.shown import pairs
from app.web.business.typed import text
from app.web.forms import Form
from app.web.web import Visit, Web

LINES = "/business/lines"
TEMPLATE, LINE = "business/lines.html", "business/line.html"


def routes(web: Web) -> list[Route]:
    """The page, and the form that gives a handset to somebody."""

    async def lines(visit: Visit) -> Response:
        board = await web.do(list_lines, visit.actor, web.paths)
        if visit.request.method != "POST":
            return visit.page(TEMPLATE, board=board, form=Form())
        jack, login = text(visit.form, "handset"), text(visit.form, "login")
        try:
            await web.do(give_handset, visit.actor, jack, login)
        except OperationError as problem:
            return visit.refused(TEMPLATE, problem, board=board)
        if login:
            said = visit.say("Handset %(jack)s: %(login)s has it now.", jack=jack, login=login)
        else:
            said = visit.say("Handset %(jack)s: nobody has it now.", jack=jack)
        return visit.redirect(LINES, said)

    return [
        web.route(LINES, lines, (Role.PHONE,), ("GET", "POST")),
        web.route(LINES + "/{jack}", line, (Role.PHONE,), ("GET", "POST")),
        web.route(LINES + "/{jack}/flash", flash, (Role.PHONE,), ("POST",)),
    ]


async def line(visit: Visit) -> Response:
    """Who answers one outside line: the settings of that, as they are declared. Raises NotFound."""
    jack = visit.request.path_params["jack"]
    known = await settings_of(visit)
    if jack not in known.lines:
        raise NotFound("line", f"there is no outside line {jack}")
    sections = (f"phone.incoming.{jack}.", f"fax.receiving.{jack}.")
    shown = [one for one in known.settings if one.name.startswith(sections)]
    values = {"jack": jack, "settings": shown, "pairs": pairs}
    if visit.request.method == "POST":
        try:
            return visit.redirect(LINES, await save(visit, shown))
        except OperationError as problem:
            return visit.refused(LINE, problem, **values)
    return visit.page(LINE, form=Form(values_of(shown)), **values)


async def flash(visit: Visit) -> Response:
    """Give the exchange of one outside line a flash, in the call that a handset has on it."""
    jack = visit.request.path_params["jack"]
    page = f"{LINES}/{quote(jack, safe='')}"
    try:
        await asyncio.to_thread(flash_line, visit.actor, visit.web.paths, jack)
    except (NotFlashed, NotRunning) as problem:
        return visit.redirect(page, visit.say("%(why)s.", why=problem))
    return visit.redirect(page, visit.say("The exchange of %(line)s has got a flash.", line=jack))
