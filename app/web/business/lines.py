"""Business › Extensions and Lines: every jack, whose it is or who answers it, and how it is."""

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.errors import OperationError
from app.operations.lines import give_handset, list_lines
from app.web.business.typed import text
from app.web.forms import Form
from app.web.web import Visit, Web

LINES = "/business/lines"
TEMPLATE = "business/lines.html"


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

    return [web.route(LINES, lines, (Role.PHONE,), ("GET", "POST"))]
