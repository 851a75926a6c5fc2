"""Business › Ring Groups: several handsets that are called by one number."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.configuration import ShownSettings
from app.operations.errors import OperationError
from app.operations.telephone_settings import (
    PARTS,
    ShownGroup,
    find_group,
    group_to_add,
    group_to_change,
    group_to_remove,
    list_groups,
)
from app.web.box.settings_form import change, settings_of
from app.web.business.typed import text
from app.web.forms import Form
from app.web.web import Visit, Web

GROUPS = "/business/groups"
TEMPLATE = "business/groups.html"
ORDERS = ("all", "in turn", "round")


def routes(web: Web) -> list[Route]:
    """The table with a form to add one, and a page of each."""
    phone, both = (Role.PHONE,), ("GET", "POST")
    return [
        web.route(GROUPS, groups, phone, both),
        web.route(GROUPS + "/{number}", one, phone, both),
        web.route(GROUPS + "/{number}/remove", remove, phone, ("POST",)),
    ]


async def groups(visit: Visit) -> Response:
    """All of them; a new one is added."""
    known = await settings_of(visit)
    if visit.request.method != "POST":
        form = Form({"order": "all", "seconds": "20", "seen": ""})
        return visit.page(TEMPLATE, form=form, **_values(known, None))
    try:
        number = text(visit.form, "number")
        values = group_to_add(known, number, _fields(visit))
        said = await change(visit, values, {f"phone.groups.{number}.handsets": ""})
    except OperationError as problem:
        return _refused(visit, known, None, problem)
    return visit.redirect(GROUPS, said)


async def one(visit: Visit) -> Response:
    """One group is shown and changed. Raises NotFound."""
    known = await settings_of(visit)
    group = find_group(known, visit.request.path_params["number"])
    if visit.request.method != "POST":
        return visit.page(TEMPLATE, form=Form(asdict(group)), **_values(known, group))
    seen = ShownGroup(group.number, *(visit.form.get(f"seen.{part}", "") for part in PARTS))
    try:
        values = group_to_change(seen, _fields(visit))
        said = await change(visit, values, {x: getattr(seen, x.split(".")[3]) for x in values})
    except OperationError as problem:
        return _refused(visit, known, group, problem)
    return visit.redirect(GROUPS, said)


async def remove(visit: Visit) -> Response:
    """One group is removed. Raises NotFound."""
    known = await settings_of(visit)
    group = find_group(known, visit.request.path_params["number"])
    try:
        said = await change(visit, group_to_remove(group), {})
    except OperationError as problem:
        return _refused(visit, known, group, problem)
    return visit.redirect(GROUPS, said)


def _fields(visit: Visit) -> Mapping[str, str]:
    handsets = ", ".join(visit.form.getlist("handsets"))
    return {"handsets": handsets, **{part: text(visit.form, part) for part in PARTS[1:]}}


def _values(known: ShownSettings, edited: ShownGroup | None) -> dict[str, Any]:
    return {
        "groups": list_groups(known),
        "edited": edited,
        "jacks": known.handsets,
        "orders": ORDERS,
        "chosen": edited.handsets.replace(",", " ").split() if edited else [],
    }


def _refused(
    visit: Visit, known: ShownSettings, group: ShownGroup | None, problem: OperationError
) -> Response:
    """The form as typed; errors of the settings stand beside the field that sets them."""
    field = problem.field.rpartition(".")[2]
    values = {**_values(known, group), "chosen": visit.form.getlist("handsets")}
    beside = OperationError(field if field in (*PARTS, "number") else "", problem.text)
    return visit.refused(TEMPLATE, beside, **values)
