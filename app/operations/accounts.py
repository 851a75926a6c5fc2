"""Accounts that people have on POP3 servers elsewhere, from which their mail is fetched.

People manage their own, an administrator everybody's. No operation gives a password back.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.inbox.fetch_accounts import DAY, FetchAccount, Tls
from app.operations.actor import Actor, may_use
from app.operations.box import Box, person_for
from app.operations.errors import NotFound, OperationError, field_of_errors

PORTS = {Tls.IMPLICIT: 995, Tls.STARTTLS: 110, Tls.NONE: 110}
"""What a port is where none is named [RFC 1939 §3, RFC 8314 §7.1]."""
POLL_LEAST_S = 60.0
POLL_MOST_S = DAY
KEPT_MOST_DAYS = 3650
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class NewAccount:
    """What is known about an account that is to be added; see FetchAccount."""

    server: str
    user: str
    password: str = field(repr=False)
    tls: Tls = Tls.IMPLICIT
    port: int | None = None
    """None: the port that goes with `tls`."""
    poll_s: float = 300.0
    keep_days: int | None = None
    fingerprint: str = ""


@dataclass(frozen=True)
class AccountLine:
    """One account, and the login of whose it is."""

    login: str
    account: FetchAccount


def add_account(box: Box, actor: Actor, login: str, new: NewAccount) -> FetchAccount:
    """Add an account to a person; its mail is fetched at once, and then every `poll_s`.

    Raises NotFound, NotAllowed, and OperationError with the field that cannot be.
    """
    person = person_for(box, actor, login)
    tls = Tls(new.tls)
    fields = {
        "server": new.server,
        "port": new.port if new.port is not None else PORTS[tls],
        "tls": tls,
        "user": new.user,
        "fingerprint": new.fingerprint,
        "poll_s": new.poll_s,
        "keep_days": new.keep_days,
    }
    checked = _checked(fields, new.password)
    return box.db.now(
        lambda tx: box.fetch_accounts.add(
            tx, person.id, checked, new.password, by=actor.login, door=actor.door
        )
    )


def list_accounts(box: Box, actor: Actor, login: str | None = None) -> list[AccountLine]:
    """A person's accounts, or all that the actor may see. Raises NotFound or NotAllowed."""
    if login is not None:
        person = person_for(box, actor, login)
        return [AccountLine(person.login, one) for one in box.fetch_accounts.of(person.id)]
    logins = {person.id: person.login for person in box.people.all()}
    accounts = [one for one in box.fetch_accounts.all() if may_use(actor, one.person)]
    return [AccountLine(logins.get(one.person, "?"), one) for one in accounts]


def change_account(
    box: Box, actor: Actor, number: int, fields: Mapping[str, Any], password: str | None = None
) -> FetchAccount:
    """Change some of an account's fields, its password, or both; what was fetched stays known.

    A password is kept for its server and user alone: where one of them changes, it must be given.
    Raises NotFound, and OperationError with the field that cannot be.
    """
    before = find_account(box, actor, number)
    moved = any(name in fields and fields[name] != getattr(before, name) for name in _PLACE)
    if moved and password is None:
        raise OperationError("password", "another server or user: its password is needed, too")
    checked = _checked(fields, password)
    if "tls" in checked and "port" not in checked and before.port == PORTS[before.tls]:
        checked["port"] = PORTS[checked["tls"]]
    return box.db.now(
        lambda tx: box.fetch_accounts.change(
            tx, number, checked, password, by=actor.login, door=actor.door
        )
    )


def remove_account(box: Box, actor: Actor, number: int) -> FetchAccount:
    """Remove an account; what was fetched stays, here and there. Raises NotFound."""
    find_account(box, actor, number)
    return box.db.now(
        lambda tx: box.fetch_accounts.remove(tx, number, by=actor.login, door=actor.door)
    )


def fetch_now(box: Box, actor: Actor, number: int) -> FetchAccount:
    """Have the mail service fetch it at once. Raises NotFound."""
    found = find_account(box, actor, number)
    with field_of_errors("number"):
        box.db.now(lambda tx: box.fetch_accounts.hurry(tx, number))
    return found


def find_account(box: Box, actor: Actor, number: int) -> FetchAccount:
    """An account that the actor may see. Raises NotFound for any other."""
    found = box.fetch_accounts.get(number)
    if found is None or not may_use(actor, found.person):
        raise NotFound(
            "number",
            "there is no account %(number)s; `people account list` shows them",
            number=number,
        )
    return found


_PLACE = ("server", "user")


def checked_place(fields: Mapping[str, Any], password: str) -> dict[str, Any]:
    """Server, port and user of any account as they are kept. Raises OperationError."""
    return _checked(fields, password)


def _checked(fields: Mapping[str, Any], password: str | None) -> dict[str, Any]:
    """The fields as they are kept. Raises OperationError."""
    checked = dict(fields)
    for name, check in _CHECKS.items():
        if name in checked:
            checked[name] = check(checked[name])
    if password is not None:
        checked_password(password)
    return checked


def checked_password(password: str, field: str = "password") -> None:
    """Raise OperationError, which names the `field`, for what can be no password."""
    if not password or _UNPRINTABLE.search(password):
        raise OperationError(field, "a password is not empty and has no line ends in it")


def _server(value: str) -> str:
    name = value.strip().strip("[]").lower()
    if not _HOST.fullmatch(name) and not _IPV6.fullmatch(name):
        raise OperationError(
            "server", "%(value)s cannot be a server: pop.example.org can", value=repr(value)
        )
    return name.rstrip(".")


def _user(value: str) -> str:
    if not value.strip() or _UNPRINTABLE.search(value) or len(value) > 200:
        raise OperationError("user", "a user is 1 to 200 printable characters")
    return value.strip()


def _port(value: int) -> int:
    if not 1 <= value <= 65_535:
        raise OperationError("port", "a port is a number from 1 to 65535")
    return value


def _poll(value: float) -> float:
    if not POLL_LEAST_S <= value <= POLL_MOST_S:
        raise OperationError("poll_s", "between two visits there is a minute, and a day at most")
    return float(value)


def _keep(value: int | None) -> int | None:
    if value is not None and not 0 <= value <= KEPT_MOST_DAYS:
        raise OperationError(
            "keep_days",
            "days are 0 to %(kept_most_days)s, or none for ever",
            kept_most_days=KEPT_MOST_DAYS,
        )
    return value


def _fingerprint(value: str) -> str:
    digits = value.replace(":", "").strip().lower()
    if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise OperationError("fingerprint", "a fingerprint is SHA-256: 64 hexadecimal digits")
    return digits


_CHECKS: Mapping[str, Any] = {
    "server": _server,
    "user": _user,
    "port": _port,
    "tls": Tls,
    "poll_s": _poll,
    "keep_days": _keep,
    "fingerprint": _fingerprint,
}
