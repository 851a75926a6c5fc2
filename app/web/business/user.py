"""Business › Users › Modify User: everything that is set for one person."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.core.sentences import N_
from app.inbox.people import Person, Transfer
from app.operations.actor import Role
from app.operations.errors import OperationError
from app.operations.people import change_person, set_password, set_pin
from app.operations.person_card import PersonCard, person_choices, show_person
from app.operations.shared import Sharing, share_mailbox, show_sharing, unshare_mailbox
from app.operations.versions import ChangedMeanwhile
from app.web.business.typed import megabytes, number, text
from app.web.business.users import USERS
from app.web.forms import Form, Typed
from app.web.web import Visit, Web

TEMPLATE = "business/user.html"
TRANSFERS: Mapping[str, Transfer] = {
    "all": Transfer.ALL,
    "email": Transfer.EMAIL,
    "none": Transfer.NONE,
}
"""Values of the field POP3 Mail Transfers."""
MORE_ROLES = ("network", "phone")


def routes(web: Web) -> list[Route]:
    """The page, and new passwords and PINs."""

    async def show(visit: Visit) -> Response:
        return await user_page(web, visit, _login(visit))

    async def save(visit: Visit) -> Response:
        login, seen = _login(visit), text(visit.form, "seen")
        try:
            fields = settings_of(visit.form)
            person = await web.do(change_person, visit.actor, login, fields, seen)
        except ChangedMeanwhile as problem:
            return await _changed_meanwhile(web, visit, login, problem)
        except OperationError as problem:
            return await user_page(web, visit, login, problem)
        said = visit.say("%(name)s: saved.", name=person.name)
        return visit.redirect(f"{USERS}/{person.login}", said)

    async def password(visit: Visit) -> Response:
        fresh = await web.do(set_password, visit.actor, _login(visit))
        card = await web.do(show_person, visit.actor, _login(visit))
        return visit.page("business/secret.html", card=card, password=fresh, pin="")

    async def pin(visit: Visit) -> Response:
        fresh = await web.do(set_pin, visit.actor, _login(visit))
        card = await web.do(show_person, visit.actor, _login(visit))
        return visit.page("business/secret.html", card=card, password="", pin=fresh)

    async def share(visit: Visit) -> Response:
        return await _share(
            web, visit, share_mailbox, N_("%(member)s listens to this mailbox now.")
        )

    async def unshare(visit: Visit) -> Response:
        said = N_("%(member)s listens to this mailbox no longer.")
        return await _share(web, visit, unshare_mailbox, said)

    system, post = (Role.SYSTEM,), ("POST",)
    return [
        web.route(USERS + "/{login}", show, system),
        web.route(USERS + "/{login}", save, system, post),
        web.route(USERS + "/{login}/password", password, system, post),
        web.route(USERS + "/{login}/pin", pin, system, post),
        web.route(USERS + "/{login}/share", share, system, post),
        web.route(USERS + "/{login}/unshare", unshare, system, post),
    ]


async def user_page(
    web: Web, visit: Visit, login: str, problem: OperationError | None = None, **more: Any
) -> Response:
    """The page of a person; `problem` is what was refused of what was typed."""
    values = {**await _values(web, visit, login), **more}
    if problem is None:
        return visit.page(TEMPLATE, form=Form(shown(values["card"])), **values)
    return visit.refused(TEMPLATE, problem, **values)


async def _values(web: Web, visit: Visit, login: str) -> dict[str, Any]:
    """What the page needs besides its form."""
    return {
        "card": await web.do(show_person, visit.actor, login),
        "choices": await web.do(person_choices, visit.actor),
        "sharing": await web.do(show_sharing, visit.actor, login),
        "differences": (),
        "now": web.clock.now(),
    }


async def _share(web: Web, visit: Visit, change: Callable[..., Sharing], said: str) -> Response:
    """Let somebody listen to the mailbox, or no longer; what is refused stands on the page."""
    login, member = _login(visit), text(visit.form, "member")
    try:
        await web.do(change, visit.actor, login, member)
    except OperationError as problem:
        values = await _values(web, visit, login)
        form = Form({**shown(values["card"]), "member": member}, {problem.field: str(problem)})
        return visit.page(TEMPLATE, 422, form=form, **values)
    return visit.redirect(f"{USERS}/{login}", visit.say(said, member=member))


async def _changed_meanwhile(
    web: Web, visit: Visit, login: str, problem: ChangedMeanwhile
) -> Response:
    """The page with both: what was typed, and what somebody else has saved meanwhile."""
    values = await _values(web, visit, login)
    card = values["card"]
    now, typed = shown(card), visit.form
    differences = tuple(
        (name, typed.get(name, ""), value)
        for name, value in now.items()
        if name != "seen" and str(typed.get(name, "")) != str(value)
    )
    form = Form({**typed, "seen": card.version}, {"": problem.text})
    return visit.page(TEMPLATE, 409, form=form, **{**values, "differences": differences})


def shown(card: PersonCard) -> dict[str, str]:
    """A person's settings as the fields of a form."""
    person = card.person
    fields = {
        "name": person.name,
        "mailbox": person.mailbox,
        "handset": person.handset or "",
        "address": person.address or "",
        "template": card.line.template,
        "quota": "" if person.quota is None else str(person.quota // 10**6),
        "voicemails": "" if person.voicemails is None else str(person.voicemails),
        "transfer": next(name for name, value in TRANSFERS.items() if value is person.transfer),
        "fetched_is_heard": "yes" if person.fetched_is_heard else "",
        "outside_login": "yes" if person.outside_login else "",
        "missed_lamp": "yes" if person.missed_lamp else "",
        "mail_by_phone": "yes" if person.mail_by_phone else "",
        "envelope_first": "yes" if person.envelope_first else "",
        "text_wait_min": str(person.text_wait_min),
        "may_call": person.may_call,
        "language": person.language,
        "key_map": person.key_map,
        "seen": card.version,
    }
    return fields | _roles_shown(person)


def _roles_shown(person: Person) -> dict[str, str]:
    ticks = {f"role_{role}": "yes" if role in person.roles else "" for role in MORE_ROLES}
    return {"role_system": "yes" if person.admin else "", **ticks}


def settings_of(form: Typed) -> dict[str, Any]:
    """What a person's form sets. Raises OperationError for what is no value at all."""
    transfer = TRANSFERS.get(form.get("transfer", ""))
    if transfer is None:
        raise OperationError("transfer", "choose what mail programs get")
    return {
        "name": form.get("name", ""),
        "mailbox": text(form, "mailbox"),
        "handset": text(form, "handset"),
        "address": text(form, "address"),
        "template": text(form, "template"),
        "quota": megabytes(form, "quota"),
        "voicemails": number(form, "voicemails", N_("voicemails")),
        "transfer": transfer,
        "fetched_is_heard": bool(form.get("fetched_is_heard")),
        "outside_login": bool(form.get("outside_login")),
        "missed_lamp": bool(form.get("missed_lamp")),
        "mail_by_phone": bool(form.get("mail_by_phone")),
        "envelope_first": bool(form.get("envelope_first")),
        "text_wait_min": number(form, "text_wait_min", N_("minutes")) or 0,
        "may_call": text(form, "may_call"),
        "language": text(form, "language"),
        "key_map": text(form, "key_map"),
        "admin": bool(form.get("role_system")),
        "roles": tuple(role for role in MORE_ROLES if form.get(f"role_{role}")),
    }


def _login(visit: Visit) -> str:
    login: str = visit.request.path_params["login"]
    return login
