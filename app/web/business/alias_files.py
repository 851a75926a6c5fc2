"""Business › Message Aliases › Files: all aliases as a file, and aliases taken from one."""

from starlette.responses import Response
from starlette.routing import Route

from app.core.units import MB
from app.operations.actor import Role
from app.operations.alias_files import AliasFormat, export_aliases, import_aliases
from app.operations.domains import is_worth_asking
from app.operations.errors import OperationError
from app.web.business.aliases import ALIASES
from app.web.business.typed import sent
from app.web.forms import Form
from app.web.web import Visit, Web, disposition

FILES = "/business/alias-files"
TEMPLATE = "business/alias_files.html"
FILE_MOST = 4 * MB
"""Octets of a file; a thousand aliases have a tenth of that."""
IMPORT = "app.operations.alias_files:import_aliases"
KINDS = {AliasFormat.CSV: ("text/csv", "csv")}


def routes(web: Web) -> list[Route]:
    """The page, and the file."""

    async def files(visit: Visit) -> Response:
        if visit.request.method != "POST":
            return visit.page(TEMPLATE, form=Form(), formats=list(AliasFormat), found=None)
        form, check = visit.form, visit.form.get("do") != "take"
        octets = await sent(visit, "file") or form.get("text", "").encode()
        given = visit.actor, octets, format_of(form.get("format", ""))
        try:
            found = await web.do(import_aliases, *given, True, look_up=None)
            if any(is_worth_asking(alias.members) for alias in found.aliases):
                found = await web.apart(IMPORT, *given, True)  # the DNS may take seconds
            if not check:
                found = await web.do(import_aliases, *given, look_up=None)
        except OperationError as problem:
            return visit.refused(TEMPLATE, problem, formats=list(AliasFormat), found=None)
        if not check:
            said = visit.say("%(count)s aliases are changed.", count=found.changed)
            return visit.redirect(ALIASES, said)
        return visit.page(TEMPLATE, form=Form(form), formats=list(AliasFormat), found=found)

    async def export(visit: Visit) -> Response:
        form = format_of(visit.request.query_params.get("format", "")) or AliasFormat.CSV
        text = await web.do(export_aliases, visit.actor, form)
        kind, ending = KINDS.get(form, ("text/plain", "txt"))
        headers = {
            "cache-control": "no-store",
            "content-disposition": disposition(f"aliases.{ending}"),
        }
        return Response(text, media_type=kind, headers=headers)

    system = (Role.SYSTEM,)
    return [
        web.route(FILES, files, system, ("GET", "POST"), upload=FILE_MOST),
        web.route(FILES + "/export", export, system),
    ]


def format_of(typed: str) -> AliasFormat | None:
    """How a file is written; None: its first line says so."""
    try:
        return AliasFormat(typed)
    except ValueError:
        return None
