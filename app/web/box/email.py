"""*Email Server*: mail and the way out, who is connected, and the key that mail is signed with."""

from starlette.responses import Response
from starlette.routing import Route

from app.core.control import NotRunning
from app.operations.actor import Role
from app.operations.configuration import ShownDomains, ShownSigning
from app.operations.connections import read_connections
from app.operations.errors import OperationError
from app.operations.tasks import MakeSigningKey
from app.web.box.settings_form import save, settings_of
from app.web.box.shown import page, refused
from app.web.box.tasks import finished
from app.web.web import Visit, Web

SETTINGS = ("mail", "outbound", "site.postmaster", "keeping")
ROLES = (Role.SYSTEM,)


def routes(web: Web) -> list[Route]:
    """All addresses of this section."""
    return [
        web.route("/email", settings, ROLES, ("GET", "POST")),
        web.route("/email/connections", connections, ROLES),
        web.route("/email/signing", signing, ROLES, ("GET", "POST")),
        web.route("/email/domains", domains, ROLES),
    ]


async def settings(visit: Visit) -> Response:
    """The settings of mail, as they are declared."""
    known = await settings_of(visit)
    shown = known.of(*SETTINGS)
    if visit.request.method == "POST":
        try:
            return visit.redirect("/email", await save(visit, shown))
        except OperationError as problem:
            return refused(visit, "email.html", problem, settings=shown)
    return page(visit, "email.html", settings=shown)


async def connections(visit: Visit) -> Response:
    """Who holds which connection now."""
    web = visit.web
    try:
        found = await web.in_thread(lambda: read_connections(visit.actor, web.paths))
    except NotRunning as problem:
        return page(visit, "connections.html", found=None, problem=problem.text)
    return page(visit, "connections.html", found=found, problem="")


async def signing(visit: Visit) -> Response:
    """The DNS record of the key, and making one."""
    problem: OperationError | None = None
    if visit.request.method == "POST":
        try:
            await finished(visit, MakeSigningKey(again=bool(visit.form.get("again"))))
            return visit.redirect(
                "/email/signing", visit.say("The key is made. Enter its record in the DNS.")
            )
        except OperationError as found_wrong:
            problem = found_wrong
    found = await visit.web.apart(
        "app.operations.configuration:show_signing", visit.actor, visit.web.paths
    )
    assert isinstance(found, ShownSigning)
    if problem is not None:
        return refused(visit, "signing.html", problem, shown=found)
    return page(visit, "signing.html", shown=found)


async def domains(visit: Visit) -> Response:
    """What the DNS says of our domains; asked now, if that was asked for."""
    found: ShownDomains | None = None
    if visit.request.query_params.get("look"):
        found = await visit.web.apart("app.operations.configuration:show_domains", visit.actor)
    return page(visit, "domains.html", found=found)
