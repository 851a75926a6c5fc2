"""*Network*: addresses, names and time; the certificate that the box shows."""

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.configuration import ShownCertificate
from app.operations.errors import OperationError
from app.operations.tasks import OwnCertificate, UseCertificate
from app.operations.uploads import CERTIFICATE, keep_text
from app.web.box.settings_form import save, settings_of
from app.web.box.shown import page, refused
from app.web.box.tasks import finished, said_by
from app.web.web import Visit, Web

CONFIGURATION = ("network", "web", "site.hostname", "site.domains", "site.shared_domains")
ROLES = (Role.NETWORK,)
PEM = ("key", "certificate", "chain")


def routes(web: Web) -> list[Route]:
    """All addresses of this section."""
    both = ("GET", "POST")
    return [
        web.route("/network", configuration, ROLES, both),
        web.route("/network/certificate", certificate, ROLES),
        web.route("/network/certificate/settings", certificate_settings, ROLES, ("POST",)),
        web.route("/network/certificate/use", use_certificate, ROLES, ("POST",)),
        web.route("/network/certificate/own", own_certificate, ROLES, ("POST",)),
    ]


async def configuration(visit: Visit) -> Response:
    """The settings of the network, as they are declared."""
    known = await settings_of(visit)
    shown = known.of(*CONFIGURATION)
    if visit.request.method == "POST":
        try:
            return visit.redirect("/network", await save(visit, shown))
        except OperationError as problem:
            return refused(visit, "network.html", problem, settings=shown)
    return page(visit, "network.html", settings=shown)


async def certificate(visit: Visit) -> Response:
    """The certificate in use, and the three ways to have one."""
    return await _certificate_page(visit)


async def _certificate_page(visit: Visit, problem: OperationError | None = None) -> Response:
    known = await settings_of(visit)
    try:
        found = await visit.web.apart(
            "app.operations.configuration:show_certificate", visit.actor, visit.web.paths
        )
        assert isinstance(found, ShownCertificate)
    except OperationError:
        raise
    values = {"settings": known.of("certificate"), "shown": found}
    if problem is not None:
        return refused(visit, "certificate.html", problem, **values)
    return page(visit, "certificate.html", **values)


async def certificate_settings(visit: Visit) -> Response:
    """Further names, and the authority that is asked by ACME."""
    known = await settings_of(visit)
    try:
        said = await save(visit, known.of("certificate"))
    except OperationError as problem:
        return await _certificate_page(visit, problem)
    return visit.redirect("/network/certificate", said)


async def use_certificate(visit: Visit) -> Response:
    """Take the owner's own: key, certificate and chain as PEM text."""
    octets = "\n".join(visit.form.get(name, "").strip() for name in PEM).strip().encode()
    try:
        await asyncio.to_thread(keep_text, visit.web.paths, visit.actor, CERTIFICATE, octets)
        await finished(visit, UseCertificate())
    except OperationError as problem:
        field = "key" if problem.field == "file" else problem.field
        return await _certificate_page(visit, OperationError(field, problem.text))
    return visit.redirect(
        "/network/certificate",
        visit.say("The box shows this certificate from the next connection on."),
    )


async def own_certificate(visit: Visit) -> Response:
    """Let the box's own authority sign, or ask the one of the settings now."""
    try:
        state = await finished(visit, OwnCertificate())
    except OperationError as problem:
        return await _certificate_page(visit, problem)
    return visit.redirect("/network/certificate", said_by(visit, state))
