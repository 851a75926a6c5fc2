"""Business › Templates: what many people's inboxes may hold, and for how long."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.routing import Route

from app.core.sentences import N_
from app.operations.actor import Role
from app.operations.errors import NotFound, OperationError
from app.operations.templates import TemplateLine, list_templates, remove_template, set_template
from app.web.business.typed import megabytes, number, text
from app.web.forms import Form, Typed
from app.web.web import Visit, Web

TEMPLATES = "/business/templates"
TEMPLATE = "business/templates.html"
DAYS = ("heard_days", "unheard_days", "fetched_days", "unfetched_days", "grace_days")


def routes(web: Web) -> list[Route]:
    """The list with a form for one of them."""

    async def templates(visit: Visit) -> Response:
        lines = await web.do(list_templates, visit.actor)
        if visit.request.method != "POST":
            wanted = visit.request.query_params.get("name", "")
            line = next((one for one in lines if one.template.name == wanted), None)
            return visit.page(TEMPLATE, lines=lines, form=Form(shown(line)), edited=line)
        name = text(visit.form, "name")
        try:
            await web.do(set_template, visit.actor, name, limits(visit.form))
        except OperationError as problem:
            return visit.refused(TEMPLATE, problem, lines=lines, edited=None)
        said = visit.say("%(name)s: saved. It holds for all who have it.", name=name)
        return visit.redirect(TEMPLATES, said)

    async def remove(visit: Visit) -> Response:
        name = visit.request.path_params["name"]
        try:
            await web.do(remove_template, visit.actor, name)
        except NotFound:
            raise
        except OperationError as problem:
            lines = await web.do(list_templates, visit.actor)
            return visit.refused(TEMPLATE, problem, lines=lines, edited=None)
        return visit.redirect(TEMPLATES, visit.say("%(name)s: removed.", name=name))

    system = (Role.SYSTEM,)
    return [
        web.route(TEMPLATES, templates, system, ("GET", "POST")),
        web.route(TEMPLATES + "/{name}/remove", remove, system, ("POST",)),
    ]


def limits(form: Typed) -> dict[str, int | None]:
    """The limits that a form sets; an empty field is as the settings say. Raises OperationError."""
    return {
        "quota": megabytes(form, "quota"),
        "voicemails": number(form, "voicemails", N_("voicemails")),
        **{name: number(form, name, N_("days")) for name in DAYS},
    }


def shown(line: TemplateLine | None) -> Mapping[str, str]:
    """A template as the fields of a form."""
    if line is None:
        return {}
    one = line.template
    fields = {"name": one.name, "quota": "" if one.quota is None else str(one.quota // 10**6)}
    for name in ("voicemails", *DAYS):
        value = getattr(one, name)
        fields[name] = "" if value is None else str(value)
    return fields
