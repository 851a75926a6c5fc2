"""The first start of a box: what it must know, asked step by step, each saved at once.

Whoever is interrupted goes on where they were; whoever knows better dismisses it.
"""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.calls import list_calls
from app.operations.configuration import ShownDomains, ShownSetting, ShownSettings
from app.operations.errors import NotFound, OperationError
from app.operations.first_steps import (
    DISMISSED,
    STEPS,
    begin_again,
    first_steps,
    step_done,
)
from app.operations.own_box import own_box
from app.operations.people import NewPerson, add_person, change_person
from app.operations.person_card import find_people
from app.web.box.settings_form import save, settings_of
from app.web.box.shown import page, refused
from app.web.tables import LANGUAGES
from app.web.web import Visit, Web
from app.web.words import accepted

ROLES = (Role.SYSTEM,)
SETTINGS = {
    "country": ("site.country", "site.language", "site.time_zone"),
    "lines": ("phone.ring_seconds",),
    "network": ("network",),
    "domain": ("site.hostname", "site.domains", "site.shared_domains", "outbound.public_domain"),
}
"""What each step asks, by names of settings or sections."""
LINES = "phone.incoming."


def routes(web: Web) -> list[Route]:
    """All addresses of the first start."""
    post = ("POST",)
    return [
        web.route("/start", begin, ROLES),
        web.route("/start/dismiss", dismiss, ROLES, post),
        web.route("/start/again", again, ROLES, post),
        web.route("/start/mail", mail, ROLES, post),
        web.route("/start/people/add", people, ROLES, post),
        web.route("/start/{step}", step, ROLES, ("GET", "POST")),
    ]


async def begin(visit: Visit) -> Response:
    """Go on where it was left."""
    steps = await visit.web.do(first_steps, visit.actor)
    if steps.wanted and steps.next:
        return visit.redirect(f"/start/{steps.next}")
    return page(visit, "start_done.html", steps=steps)


async def dismiss(visit: Visit) -> Response:
    """Ask no more."""
    await visit.web.do(step_done, visit.actor, DISMISSED)
    return visit.redirect(
        "/home", visit.say("The first start is not shown any more; Maintenance has it.")
    )


async def again(visit: Visit) -> Response:
    """Ask all of it once more."""
    await visit.web.do(begin_again, visit.actor)
    return visit.redirect("/start")


async def step(visit: Visit) -> Response:
    """One step: shown, saved, or passed over. Raises NotFound."""
    name = visit.request.path_params["step"]
    if name not in STEPS:
        raise NotFound("step", "there is no step %(name)s", name=name)
    if visit.request.method != "POST":
        return await _page(visit, name)
    try:
        said = "" if visit.form.get("do") == "skip" else await _save(visit, name)
    except OperationError as problem:
        return await _page(visit, name, problem)
    steps = await visit.web.do(step_done, visit.actor, name)
    after = STEPS.index(name) + 1
    onward = STEPS[after] if after < len(STEPS) else ""
    return visit.redirect(f"/start/{onward or steps.next}".rstrip("/"), said)


async def _save(visit: Visit, name: str) -> str:
    if name == "language":
        wanted = visit.form.get("language", "")
        await visit.web.do(change_person, visit.actor, visit.person.login, {"language": wanted})
    if name not in SETTINGS:
        return ""
    known = await settings_of(visit)
    return await save(visit, _asked(known, name))


def _asked(known: ShownSettings, name: str) -> list[ShownSetting]:
    shown = known.of(*SETTINGS.get(name, ()))
    if name == "lines":
        shown += [one for one in known.settings if one.name.startswith(LINES)]
    return shown


async def _page(visit: Visit, name: str, problem: OperationError | None = None) -> Response:
    web = visit.web
    values: dict[str, Any] = {
        "name": name,
        "steps": await web.do(first_steps, visit.actor),
        "settings": [],
        "languages": [],
        "known": None,
        "domains": None,
        "people": None,
        "calls": [],
    }
    if name in SETTINGS:
        known = await settings_of(visit)
        values |= {"known": known, "settings": _asked(known, name)}
    if name == "language":
        found = await web.do(own_box, visit.actor, visit.person.login)
        values["languages"] = [(x, LANGUAGES[x]) for x in found.languages if x in LANGUAGES]
        values["browsers"] = accepted(visit.request.headers.get("accept-language", ""))
    if name == "domain" and visit.request.query_params.get("look"):
        found = await web.apart("app.operations.configuration:show_domains", visit.actor)
        assert isinstance(found, ShownDomains)
        values["domains"] = found
    if name in ("people", "test"):
        values["people"] = await web.do(find_people, visit.actor)
    if name == "test":
        values["calls"] = (await web.do(list_calls, visit.actor, None, 5)).calls
    if problem is not None:
        return refused(visit, "start.html", problem, **values)
    return page(visit, "start.html", **values)


async def people(visit: Visit) -> Response:
    """Add one person; password and PIN are shown once."""
    typed = visit.form
    new = NewPerson(
        typed.get("login", "").strip(),
        typed.get("name", "").strip(),
        typed.get("mailbox", "").strip(),
        typed.get("handset", "").strip() or None,
    )
    try:
        added = await visit.web.do(add_person, visit.actor, new)
    except OperationError as problem:
        return await _page(visit, "people", problem)
    return page(visit, "start_added.html", added=added, login=new.login)


async def mail(visit: Visit) -> Response:
    """Send somebody the first mail."""
    login = visit.form.get("login", "")
    try:
        to = await visit.web.apart(
            "app.operations.first_steps:send_first_mail", visit.actor, visit.web.paths, login
        )
    except OperationError as problem:
        return await _page(visit, "test", problem)
    return visit.redirect(
        "/start/test",
        visit.say("A mail has gone to %(to)s. Fetch it by a mail program.", to=to),
    )
