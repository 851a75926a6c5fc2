"""Business › Lamps: how each handset shows that messages wait."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.config.defaults import ALL_HANDSETS
from app.operations.actor import Role
from app.operations.configuration import ShownSettings
from app.operations.errors import OperationError
from app.operations.telephone_settings import LAMPS, lamps_of, lamps_to_change
from app.web.box.settings_form import change, settings_of
from app.web.forms import Form
from app.web.web import Visit, Web

PAGE = "/business/lamps"
TEMPLATE = "business/lamps.html"


def routes(web: Web) -> list[Route]:
    """The page."""
    return [web.route(PAGE, lamps, (Role.SYSTEM,), ("GET", "POST"))]


async def lamps(visit: Visit) -> Response:
    """A tick for each kind and handset."""
    known = await settings_of(visit)
    if visit.request.method != "POST":
        return visit.page(TEMPLATE, form=Form(), **_values(known, lamps_of(known)))
    ticked = {kind: set(visit.form.getlist(kind)) for kind in lamps_of(known)}
    try:
        values = lamps_to_change(known, ticked)
        said = await change(
            visit, values, {name: visit.form.get(f"seen.{name}", "") for name in values}
        )
    except OperationError as problem:
        return visit.refused(TEMPLATE, problem, **_values(known, ticked))
    return visit.redirect(PAGE, said)


def _values(known: ShownSettings, ticked: Mapping[str, set[str]]) -> dict[str, Any]:
    named = set().union(*ticked.values()) - {ALL_HANDSETS, *known.handsets}
    return {
        "kinds": list(ticked),
        "meanings": known.of(LAMPS),
        "rows": (ALL_HANDSETS, *known.handsets, *sorted(named)),
        "ticked": ticked,
        "every": ALL_HANDSETS,
        "seen": {one.name: one.shown for one in known.of(LAMPS)},
    }
