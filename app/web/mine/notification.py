"""How I am told of new messages: texts at once, and levels while nobody has heard them."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from app.operations.errors import OperationError
from app.operations.notification import (
    LEVELS_MOST,
    Level,
    Plan,
    Way,
    clock,
    quiet_hours,
    set_notification,
    show_notification,
)
from app.web.forms import Form
from app.web.mine.own_actor import own_actor
from app.web.web import Visit, Web
from app.web.words import N_

PAGE = "/mine/settings/notification"
WAYS = [("", N_("not used")), ("mail", N_("text by e-mail to")), ("call", N_("call to"))]


class NotificationPages:
    """One form."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def page(self, visit: Visit) -> Response:
        """Show what holds, or change it."""
        login = visit.person.login
        if visit.request.method != "POST":
            plan = await self._web.do(show_notification, own_actor(visit), login)
            return self._shown(visit, 200, Form(_as_fields(plan)))
        try:
            await self._web.do(set_notification, own_actor(visit), login, _plan(visit.form))
        except OperationError as problem:
            return self._shown(visit, 422, Form.refused(visit.form, problem))
        return visit.redirect(PAGE, visit.say("Your settings are changed."))

    def _shown(self, visit: Visit, status: int, form: Form) -> Response:
        numbers = range(1, LEVELS_MOST + 1)
        return visit.page("mine/notification.html", status, form=form, levels=numbers, ways=WAYS)


def _plan(given: Mapping[str, str]) -> Plan:
    """The plan that was typed; levels that are not used are left out. Raises OperationError."""
    levels = [_level(given, n) for n in range(1, LEVELS_MOST + 1) if given.get(f"way{n}", "")]
    return Plan(
        tuple(given.get("texts_to", "").replace(",", " ").split()),
        bool(given.get("emails")),
        tuple(levels),
        quiet_hours(given.get("quiet", "")),
        bool(given.get("urgent")),
    )


def _level(given: Mapping[str, str], number: int) -> Level:
    if any(not given.get(f"way{n}", "") for n in range(1, number)):
        raise OperationError(f"way{number}", "a level before this one is not used")
    try:
        way = Way(given[f"way{number}"])
    except ValueError:
        raise OperationError(f"way{number}", "choose one of the three") from None
    return Level(
        way,
        given.get(f"target{number}", ""),
        _number(given, f"period{number}", "10"),
        _number(given, f"retries{number}", "0"),
        bool(given.get(f"continued{number}")),
    )


def _number(given: Mapping[str, str], field: str, otherwise: str) -> int:
    text = given.get(field, "").strip() or otherwise
    if not text.isdecimal() or len(text) > 6:
        raise OperationError(field, f"{text!r} is no number")
    return int(text)


def _as_fields(plan: Plan) -> dict[str, Any]:
    """A plan as the fields of its form."""
    quiet = plan.quiet
    fields: dict[str, Any] = {
        "texts_to": " ".join(plan.texts_to),
        "emails": plan.emails,
        "quiet": "" if quiet is None else f"{clock(quiet.begins)}-{clock(quiet.ends)}",
        "urgent": plan.urgent,
    }
    for number, level in enumerate(plan.levels, 1):
        fields[f"way{number}"], fields[f"target{number}"] = level.way.value, level.target
        fields[f"period{number}"], fields[f"retries{number}"] = level.period, level.retries
        fields[f"continued{number}"] = level.continued
    return fields
