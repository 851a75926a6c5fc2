"""People: who has a box here, with which numbers, password and PIN."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.sentences import N_, sentence
from app.core.text import visible
from app.device.first_boot import BY as FIRST_BOOT
from app.inbox.first_use import FirstStep
from app.inbox.limits import Limits
from app.inbox.people import Former, Person, Transfer, new_password, new_pin
from app.operations.actor import Actor, require_admin
from app.operations.box import Box, find_person, person_for
from app.operations.errors import NotAllowed, OperationError, field_of_errors
from app.operations.inbox import LISTED
from app.operations.references import Problem, known_of, problems, why_not
from app.operations.versions import ChangedMeanwhile, version_of
from app.store.database import Tx
from drivers.countries.numbering import CallClass

PASSWORD_SHORTEST = 8
"""Characters."""
PASSWORD_LONGEST = 200
"""Octets: a POP3 command has 255 at most [RFC 2449 §4]."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

NAME_LONGEST = 100
"""Characters: it stands in the From of each of the person's mails, and in lists."""

LOOKED_BACK = 100
"""Rows of a history in which the last change of a person is looked for."""

OWN_FIELDS = frozenset(
    {
        *("name", "transfer", "fetched_is_heard", "language", "key_map"),
        *("outside_login", "mail_by_phone", "envelope_first", "missed_lamp", "text_wait_min"),
    }
)
"""What people may change about themselves; the rest is the administrator's."""


@dataclass(frozen=True)
class NewPerson:
    """What is known about a person who is to be added."""

    login: str
    name: str
    mailbox: str
    handset: str | None = None
    address: str | None = None
    admin: bool = False
    roles: tuple[str, ...] = ()
    """What they look after besides: "phone", "network"."""
    quota: int | None = None
    """Octets; None, as in the following: as the template says, or the settings."""
    voicemails: int | None = None
    template: str | None = None
    """Name of a template; None: they are assigned to none."""
    transfer: Transfer = Transfer.ALL
    fetched_is_heard: bool = False
    language: str | None = None
    """None: the setting site.language."""
    key_map: str = "switchhook"
    outside_login: bool = False
    """Whether they reach their box from outside lines, with the PIN."""
    mail_by_phone: bool = True
    """Whether their telephone reads e-mails out."""
    envelope_first: bool = False
    """Whether their telephone says who called, and when, before each message."""
    missed_lamp: bool = False
    """Whether missed calls light their lamp until they are seen. Not by itself: who hangs up at a
    greeting leaves nothing to listen to, and on many lines most such calls are wrong numbers."""
    text_wait_min: int = 0
    """Minutes that their voicemail waits at most for its text, to have it in the mail."""
    first_use: bool = True
    """Whether the first visit by telephone leads through PIN, name and greeting."""
    may_call: str = ""
    """The dearest calls they may make outside; "": as the setting numbers.person_class says."""


@dataclass(frozen=True)
class AddedPerson:
    """A person who was added, and what is shown once."""

    person: Person
    password: str
    pin: str
    handset_from: str | None = None
    """Login of who had the handset until now: the administrator of the first boot."""


@dataclass(frozen=True)
class PersonLine:
    """One person in the list of all; `new_voicemails` and `new_emails` say how many."""

    person: Person
    new_voicemails: int
    new_emails: int
    used: int
    """Octets in the inbox."""
    limits: Limits
    """What it may hold."""
    template: str
    """Name of the template they are assigned to; "" if to none."""
    locked_until: float
    """End of a PIN lock-out, in seconds since 1970; in the past if there is none."""


@dataclass(frozen=True)
class RemovedPerson:
    """What became of a removed person's box."""

    login: str
    messages: int
    """How many were in the inbox or on their way out."""
    heir: str | None
    """Who has them now; None: they are in the bin."""
    problems: tuple[Problem, ...]
    """What still names the person and is wrong from now on."""


def list_people(box: Box, actor: Actor) -> list[PersonLine]:
    """Everybody with a box, by login; who is no administrator sees their own line."""
    return [
        line_of(box, person)
        for person in box.people.all()
        if actor.is_admin or actor.owns(person.id)
    ]


def line_of(box: Box, person: Person) -> PersonLine:
    """A person's line in the list of all."""
    voicemails, emails = box.store.unheard(person.id)
    used, locked = box.store.used(person.id), box.people.pin_locked_until(person.id)
    limits = box.delivery.limits.of(person)
    template = None if person.template is None else box.people.templates.get(person.template)
    name = template.name if template is not None else ""
    return PersonLine(person, voicemails, emails, used, limits, name, locked)


def former_box(box: Box, actor: Actor, login: str) -> Former | None:
    """What is left of the box of a removed person who had this login; None if nothing is.

    Raises NotAllowed.
    """
    require_admin(actor, "see what removed people had")
    return box.people.former(login)


def add_person(box: Box, actor: Actor, new: NewPerson, adopt: Former | None = None) -> AddedPerson:
    """Add a person with a fresh password and PIN.

    `adopt` (see former_box) gives back the box that somebody removed had: history, bin, and in the
    inbox what was in it at the removal. The first person after the administrator of a first boot
    takes over that one's handset if it is the one wanted. Raises NotAllowed, and OperationError
    with the field that cannot be.
    """
    require_admin(actor, "add people")
    beside = ("login", "first_use")
    fields = _cleaned(box, {name: value for name, value in vars(new).items() if name not in beside})
    _refuse_what_is_not_there(box, fields)
    _refuse_mixed_addresses(box, new.login.lower(), new.address)
    giver = _placeholder_with(box, new.handset)
    _refuse_taken(box, fields, but_of=giver)
    password, pin = new_password(), new_pin(*_numbers(new.mailbox, new.handset))

    def work(tx: Tx) -> int:
        if giver is not None:
            box.people.change(tx, giver.id, by=actor.login, door=actor.door, handset=None)
        with field_of_errors(""):
            person = box.people.add(
                tx, new.login, by=actor.login, door=actor.door, adopt=adopt, **fields
            )
        if adopt is not None:
            box.store.restore(tx, adopt.entries, actor.door, actor.login)
        box.people.set_password(tx, person, password, by=actor.login, door=actor.door)
        box.people.set_pin(tx, person, pin, by=actor.login, door=actor.door)
        if not new.first_use:
            box.people.first_use.done(tx, person, *FirstStep)
        return person

    added = box.people.by_id(box.db.now(work))
    assert added is not None
    return AddedPerson(added, password, pin, None if giver is None else giver.login)


def change_person(
    box: Box, actor: Actor, login: str, fields: Mapping[str, Any], seen: str | None = None
) -> Person:
    """Set some fields of a person; the others stay. An empty handset or address is none, an
    empty language the setting site.language.

    `seen` is the version of the person that the actor was shown. Raises NotFound, NotAllowed,
    ChangedMeanwhile, and OperationError with the field that cannot be.
    """
    person = person_for(box, actor, login)
    if not fields:
        raise OperationError("", "nothing was named that is to change of %(login)s", login=login)
    foreign = sorted(set(fields) - OWN_FIELDS)
    if foreign and not actor.is_admin:
        raise NotAllowed(
            foreign[0], "only an administrator may change %(foreign)s", foreign=", ".join(foreign)
        )
    cleaned = _cleaned(box, fields)
    fields = {name: value for name, value in cleaned.items() if getattr(person, name) != value}
    if not fields:  # a form that was sent as it was shown
        return person
    if fields.get("admin") is False:
        _refuse_last_admin(box, person, "admin")
    _refuse_what_is_not_there(box, fields)
    _refuse_taken(box, fields, but_of=person)
    _refuse_mixed_addresses(box, person.login, fields.get("address"))

    def work(tx: Tx) -> None:
        now = box.people.by_id(person.id)  # whoever writes is alone: it cannot change any more
        if seen is not None and seen != version_of(now):
            raise ChangedMeanwhile(_who_changed(box, person), now)
        with field_of_errors(""):
            box.people.change(tx, person.id, by=actor.login, door=actor.door, **fields)

    box.db.now(work)
    changed = box.people.by_id(person.id)
    assert changed is not None
    return changed


def _refuse_last_admin(box: Box, person: Person, field: str) -> None:
    """Somebody must be able to log in to web pages and console as an administrator."""
    others = [one for one in box.people.all() if one.id != person.id]
    if others and person.admin and not any(one.admin for one in others):
        raise OperationError(
            field,
            "%(login)s is the only administrator; make somebody else one first",
            login=person.login,
        )


def _who_changed(box: Box, person: Person) -> str:
    """By whom and how a person was changed last, in words."""
    rows = box.store.history(person.id, limit=LOOKED_BACK)
    last = next((row for row in reversed(rows) if row.verb == "person changed"), None)
    if last is None:
        return sentence(
            "%(login)s was changed by somebody else meanwhile; nothing is saved", login=person.login
        )
    return sentence(
        "%(by)s has changed %(login)s meanwhile: %(what)s; nothing is saved",
        by=last.by,
        login=person.login,
        what=last.detail,
    )


def messages_held(box: Box, actor: Actor, login: str) -> int:
    """How many messages need an heir, or are discarded, if this person is removed.

    Raises NotFound or NotAllowed.
    """
    return len(box.store.entries(person_for(box, actor, login).id, states=LISTED))


def remove_person(
    box: Box, actor: Actor, login: str, heir: str | None = None, discard: bool = False
) -> RemovedPerson:
    """Remove a person; `heir` gets the content, or it goes to the bin (`discard`).

    Raises NotFound, NotAllowed, and OperationError: field "heir" if there are messages and neither
    is given, field "login" if aliases still name the person.
    """
    require_admin(actor, "remove people")
    person = find_person(box, login)
    to = None if heir is None else find_person(box, heir, "heir")
    if to is not None and to.id == person.id:
        raise OperationError("heir", "%(login)s cannot be handed over to %(login)s", login=login)
    _refuse_last_admin(box, person, "login")
    held = box.store.entries(person.id, states=LISTED)
    if held and to is None and not discard:
        raise OperationError(
            "heir",
            "%(login)s has %(count)s messages; name an heir, or discard",
            login=login,
            count=len(held),
        )
    before = set(_problems(box))

    def work(tx: Tx) -> None:
        if to is not None:
            box.store.give_all(tx, person.id, to.id, actor.door, actor.login)
        with field_of_errors("login"):
            box.people.remove(tx, person.id, by=actor.login, door=actor.door)

    box.db.now(work)
    new = tuple(problem for problem in _problems(box) if problem not in before)
    return RemovedPerson(person.login, len(held), None if to is None else to.login, new)


def set_password(box: Box, actor: Actor, login: str, password: str | None = None) -> str:
    """Give a person this password, or a fresh one; the one that holds now.

    Raises NotFound, NotAllowed, and OperationError (field "password") if it is too short, or no
    mail program could send it.
    """
    person = person_for(box, actor, login)
    if password is not None and len(password) < PASSWORD_SHORTEST:
        raise OperationError(
            "password",
            "a password has at least %(least)s characters",
            least=PASSWORD_SHORTEST,
        )
    if password is not None and len(password.encode("utf-8", "replace")) > PASSWORD_LONGEST:
        raise OperationError(
            "password",
            "a password has %(most)s octets at most",
            most=PASSWORD_LONGEST,
        )
    if password is not None and _CONTROL.search(password):
        raise OperationError("password", "a password has no tabs, line ends or control characters")
    chosen = password or new_password()
    box.db.now(
        lambda tx: box.people.set_password(tx, person.id, chosen, by=actor.login, door=actor.door)
    )
    return chosen


def set_pin(box: Box, actor: Actor, login: str, pin: str | None = None) -> str:
    """Give a person this PIN, or a fresh one, and lift a lock-out; the one that holds now.

    Raises NotFound, NotAllowed, and OperationError (field "pin") if others would guess it.
    """
    person = person_for(box, actor, login)
    chosen = pin or new_pin(*_numbers(person.mailbox, person.handset))

    def work(tx: Tx) -> None:
        with field_of_errors("pin"):
            box.people.set_pin(tx, person.id, chosen, by=actor.login, door=actor.door)

    box.db.now(work)
    return chosen


def _numbers(*numbers: str | None) -> list[str]:
    """A person's own numbers, which a PIN must not contain."""
    return [number for number in numbers if number]


def _problems(box: Box) -> list[Problem]:
    return problems(box.settings, box.people.all(), known_of(box.settings))


def _placeholder_with(box: Box, handset: str | None) -> Person | None:
    """The administrator of a first boot, alone until now, if this handset is theirs."""
    everybody = box.people.all()
    if not handset or len(everybody) != 1 or everybody[0].handset != handset:
        return None
    history = box.store.history(everybody[0].id)
    made = any(row.verb == "person added" and row.by == FIRST_BOOT for row in history)
    return everybody[0] if made else None


def _cleaned(box: Box, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A person's fields as they are kept. Raises OperationError for a name that is none."""
    cleaned = dict(fields)
    if "name" in cleaned:
        cleaned["name"] = cleaned["name"].strip()
        if not cleaned["name"]:
            raise OperationError("name", "the name is empty; callers and mail programs show it")
        if len(cleaned["name"]) > NAME_LONGEST or visible(cleaned["name"]) != cleaned["name"]:
            raise OperationError(
                "name",
                "a name has %(most)s characters at most, and none that cannot be seen",
                most=NAME_LONGEST,
            )
    for optional in {"handset", "address"} & set(cleaned):
        cleaned[optional] = (cleaned[optional] or "").strip() or None
    if cleaned.get("template") is not None:
        cleaned["template"] = _template(box, cleaned["template"])
    if cleaned.get("may_call"):
        cleaned["may_call"] = _call_class(cleaned["may_call"])
    if "language" in cleaned:
        cleaned["language"] = (cleaned["language"] or "").strip().lower()
        cleaned["language"] = cleaned["language"] or box.settings.site.language
    return cleaned


def _call_class(name: str) -> str:
    if name not in list(CallClass):
        there = ", ".join(CallClass)
        raise OperationError(
            "may_call",
            "%(name)s is no class of calls; there are: %(there)s",
            name=repr(name),
            there=there,
        )
    return name


def _template(box: Box, name: str) -> int | None:
    """The id of a template; None for the empty name. Raises OperationError."""
    if not name:
        return None
    template = box.people.templates.by_name(name)
    if template is None:
        known = ", ".join(one.name for one in box.people.templates.all()) or "none yet"
        raise OperationError(
            "template",
            "there is no template %(name)s; there are: %(known)s",
            name=name,
            known=known,
        )
    return template.id


def _refuse_mixed_addresses(box: Box, login: str, address: str | None) -> None:
    """Refuse a public address that means somebody else here, and a login that somebody's does.

    A public address goes before a login: mail for the one would silently go to the other.
    """
    named = box.delivery.local_name(address) if address else None
    if named is not None and named != login:
        raise OperationError(
            "address", "mail to %(address)s is for %(named)s here", address=address, named=named
        )
    for domain in (*box.settings.site.domains, box.settings.site.hostname):
        owner = box.people.by_address(f"{login}@{domain}")
        if owner is not None and owner.login != login:
            raise OperationError(
                "login",
                "%(login)s@%(domain)s is the public address of %(owner)s",
                login=login,
                domain=domain,
                owner=owner.login,
            )


def _refuse_what_is_not_there(box: Box, fields: Mapping[str, Any]) -> None:
    for field, text in why_not(fields, known_of(box.settings)).items():
        if (field, fields[field]) != (
            "language",
            box.settings.site.language,
        ):  # told at the setting
            raise OperationError(field, text)


def _refuse_taken(box: Box, fields: Mapping[str, Any], but_of: Person | None) -> None:
    """Say whose a number or address is; the store, which refuses it too, knows no logins."""
    find = {
        "mailbox": (box.people.by_mailbox, N_("the mailbox %(value)s is %(login)s's")),
        "handset": (box.people.by_handset, N_("the handset %(value)s is %(login)s's")),
        "address": (box.people.by_address, N_("the address %(value)s is %(login)s's")),
    }
    for field, (by, taken) in find.items():
        value = fields.get(field)
        owner = by(value) if value else None
        if owner is not None and (but_of is None or owner.id != but_of.id):
            raise OperationError(field, taken, value=value, login=owner.login)
