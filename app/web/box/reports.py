"""*Reports*: what boxes hold, calls, the queue, and what became of a message."""

from starlette.responses import Response
from starlette.routing import Route

from app.inbox.entries import Kind
from app.operations.actor import Role
from app.operations.calls import list_calls
from app.operations.errors import NotFound, OperationError
from app.operations.queue import (
    drop_held,
    drop_queued,
    list_queue,
    release_held,
    retry_queued,
    show_queued,
)
from app.operations.reports import find_message, remove_saved, report_sizes
from app.web.box.shown import page, refused
from app.web.business.typed import page_of
from app.web.web import Visit, Web

ROLES = (Role.SYSTEM,)
CALLS = (Role.PHONE,)
PAGE = 50


def routes(web: Web) -> list[Route]:
    """All addresses of this section."""
    post = ("POST",)
    return [
        web.route("/reports", users, ROLES),
        web.route("/reports/users", users, ROLES),
        web.route("/reports/users/{login}/remove", remove, ROLES, ("GET", "POST")),
        web.route("/reports/calls", calls, CALLS),
        web.route("/reports/queue", queue, ROLES),
        web.route("/reports/queue/held", held, ROLES, post),
        web.route("/reports/queue/{number:number}", queued, ROLES, ("GET", "POST")),
        web.route("/reports/history", history, ROLES),
    ]


async def users(visit: Visit) -> Response:
    """What everybody's box holds."""
    wanted = page_of(visit.request.query_params.get("page", ""))
    report = await visit.web.do(report_sizes, visit.actor, wanted)
    return page(visit, "sizes.html", report=report)


async def remove(visit: Visit) -> Response:
    """Delete somebody's heard and fetched messages; they can be restored from the bin."""
    login = visit.request.path_params["login"]
    if visit.request.method != "POST":
        return page(visit, "remove_saved.html", login=login)
    typed = visit.form
    try:
        days = typed.get("days", "").strip()
        if not (days.isdecimal() and len(days) < 6):
            raise OperationError("days", "days are a number from 0 to 36500; 0 means all")
        done = await visit.web.do(
            remove_saved,
            visit.actor,
            login,
            int(days),
            frozenset(Kind(kind) for kind in typed.getlist("kinds") if kind in set(Kind)),
            bool(typed.get("kept_too")),
            visit.web.clock.now(),
        )
    except NotFound:
        raise
    except OperationError as problem:
        return refused(visit, "remove_saved.html", problem, login=login)
    said = visit.say(
        "%(count)s messages of %(login)s are in the bin, from where they can be restored.",
        count=done.done,
        login=login,
    )
    if done.more:
        said = f"{said} {visit.say('There are more; do it again.')}"
    return visit.redirect("/reports/users", said)


async def calls(visit: Visit) -> Response:
    """The calls of late, newest first."""
    before = _number(visit.request.query_params.get("before", ""))
    found = await visit.web.do(list_calls, visit.actor, before, PAGE)
    return page(visit, "calls.html", page=found)


async def queue(visit: Visit) -> Response:
    """What waits to be sent, oldest first."""
    after = _number(visit.request.query_params.get("after", "")) or 0
    found = await visit.web.do(list_queue, visit.actor, after, PAGE)
    return page(visit, "queue.html", page=found)


async def queued(visit: Visit) -> Response:
    """One mail that waits: why, and what can be done with it."""
    number = visit.request.path_params["number"]
    if visit.request.method == "POST":
        try:
            return visit.redirect("/reports/queue", await _with_queued(visit, number))
        except NotFound:
            raise
        except OperationError as problem:
            found = await visit.web.do(show_queued, visit.actor, number)
            return refused(visit, "queued.html", problem, mail=found)
    found = await visit.web.do(show_queued, visit.actor, number)
    return page(visit, "queued.html", mail=found)


async def _with_queued(visit: Visit, number: int) -> str:
    match visit.form.get("do"):
        case "retry":
            await visit.web.do(retry_queued, visit.actor, number)
            return visit.say("Mail %(number)s is tried now.", number=number)
        case "release":
            await visit.web.do(release_held, visit.actor, number)
            return visit.say("Mail %(number)s is sent now.", number=number)
        case "drop":
            dropped = await visit.web.do(drop_queued, visit.actor, number)
            if dropped.returned:
                return visit.say("Mail %(number)s is back in its owner's inbox.", number=number)
            return visit.say(
                "Mail %(number)s is given up; whoever answers for it is told.", number=number
            )
    raise OperationError("", "choose what is to be done with this mail")


async def held(visit: Visit) -> Response:
    """Release or give up all that is held since a restore. Raises OperationError."""
    match visit.form.get("do"):
        case "release":
            count = await visit.web.do(release_held, visit.actor)
            said = visit.say("%(count)s held mails are sent now.", count=count)
        case "drop":
            count = await visit.web.do(drop_held, visit.actor)
            said = visit.say("%(count)s held mails are given back.", count=count)
        case _:
            raise OperationError("", "choose what is to be done with the held mails")
    return visit.redirect("/reports/queue", said)


async def history(visit: Visit) -> Response:
    """Who did what to a message."""
    wanted = visit.request.query_params.get("message", "").strip()[:600]
    if not wanted:
        return page(visit, "history.html", wanted="", found=(), problem="")
    try:
        found = await visit.web.do(find_message, visit.actor, wanted)
    except OperationError as problem:
        return page(visit, "history.html", wanted=wanted, found=(), problem=problem.text)
    return page(visit, "history.html", wanted=wanted, found=found, problem="")


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None
