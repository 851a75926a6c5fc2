"""Business › Number Plan: what leads outside, what numbers cost, and the codes of handsets."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.config.entries import read_entries
from app.operations.actor import Role
from app.operations.configuration import ShownSetting, ShownSettings
from app.operations.errors import NotFound, OperationError
from app.operations.telephone_settings import ACCESS, CLASSES, Values, with_entry, without_entry
from app.web.box.settings_form import change, save, settings_of
from app.web.box.shown import pairs
from app.web.business.typed import text, words
from app.web.forms import Form
from app.web.web import Visit, Web

NUMBERS = "/business/numbers"
TEMPLATE = "business/numbers.html"
TABLES = {"access": ACCESS, "classes": CLASSES}
"""Parts of addresses, and the settings that they change."""


def routes(web: Web) -> list[Route]:
    """The page, and the forms of its two tables."""
    system, post = (Role.SYSTEM,), ("POST",)
    return [
        web.route(NUMBERS, numbers, system, ("GET", "POST")),
        web.route(NUMBERS + "/{table}/set", set_entry, system, post),
        web.route(NUMBERS + "/{table}/remove", remove_entry, system, post),
    ]


async def numbers(visit: Visit) -> Response:
    """All of it; the settings that are no tables are saved."""
    known = await settings_of(visit)
    if visit.request.method != "POST":
        return visit.page(TEMPLATE, form=Form(), **_values(known))
    try:
        return visit.redirect(NUMBERS, await save(visit, _plain(known)))
    except OperationError as problem:
        return visit.refused(TEMPLATE, problem, **_values(known))


async def set_entry(visit: Visit) -> Response:
    """An entry is added or changed. Raises NotFound."""
    known, name = await settings_of(visit), _table(visit)
    chosen = words(visit.form, "lines") if name == ACCESS else [text(visit.form, "class")]
    try:
        values = with_entry(known, name, text(visit.form, "key"), chosen)
        return await _changed(visit, values)
    except OperationError as problem:
        return _refused(visit, known, problem)


async def remove_entry(visit: Visit) -> Response:
    """An entry is removed. Raises NotFound."""
    known, name = await settings_of(visit), _table(visit)
    values = without_entry(known, name, text(visit.form, "key"))
    try:
        return await _changed(visit, values)
    except OperationError as problem:
        return _refused(visit, known, problem)


async def _changed(visit: Visit, values: Values) -> Response:
    """What another administrator has changed since the page was shown is not written over."""
    seen = {name: visit.form.get("seen", "") for name in values}
    return visit.redirect(NUMBERS, await change(visit, values, seen))


def _table(visit: Visit) -> str:
    table = visit.request.path_params["table"]
    if table not in TABLES:
        raise NotFound("table", "there is no table %(name)s", name=table)
    return TABLES[table]


def _plain(known: ShownSettings) -> list[ShownSetting]:
    return [one for one in known.of("numbers", "codes") if one.name not in TABLES.values()]


def _values(known: ShownSettings) -> dict[str, Any]:
    classes = next(one.choices for one in known.settings if one.name == "numbers.person_class")
    return {
        "settings": _plain(known),
        "access": read_entries(known.shown(ACCESS)),
        "access_seen": known.shown(ACCESS),
        "classes": read_entries(known.shown(CLASSES)),
        "classes_seen": known.shown(CLASSES),
        "class_names": classes,
        "lines": known.lines,
        "pairs": pairs,
        "refused": "",
    }


def _refused(visit: Visit, known: ShownSettings, problem: OperationError) -> Response:
    """The form as typed, with the error beside its digits."""
    beside = OperationError("key" if problem.field else "", problem.text)
    table = visit.request.path_params["table"]
    return visit.refused(TEMPLATE, beside, **{**_values(known), "refused": table})
