"""Accounts at mail servers elsewhere by which people's own mail leaves.

People manage their own, an administrator everybody's. No operation gives a password back.
"""

from dataclasses import dataclass, field

from app.inbox.fetch_accounts import Tls
from app.inbox.outgoing_accounts import OutgoingAccount
from app.operations.accounts import checked_place
from app.operations.actor import Actor, may_use
from app.operations.box import Box, person_for
from app.operations.errors import NotFound

__all__ = [
    "NewOutgoing",
    "OutgoingAccount",
    "OutgoingLine",
    "list_outgoing",
    "remove_outgoing",
    "set_outgoing",
]

PORTS = {Tls.IMPLICIT: 465, Tls.STARTTLS: 587, Tls.NONE: 587}
"""What a port is where none is named [RFC 8314 §7.3, RFC 6409 §3.1]."""


@dataclass(frozen=True)
class NewOutgoing:
    """What is known about an account that is to be set; see OutgoingAccount."""

    server: str
    user: str
    password: str = field(repr=False)
    tls: Tls = Tls.IMPLICIT
    port: int | None = None
    """None: the port that goes with `tls`."""


@dataclass(frozen=True)
class OutgoingLine:
    """One account, and the login of whose it is."""

    login: str
    account: OutgoingAccount


def set_outgoing(box: Box, actor: Actor, login: str, new: NewOutgoing) -> OutgoingAccount:
    """Have a person's mail leave by this account from now on, also what waits.

    Raises NotFound, NotAllowed, and OperationError with the field that cannot be.
    """
    person = person_for(box, actor, login)
    port = new.port if new.port is not None else PORTS[new.tls]
    place = {"server": new.server, "port": port, "user": new.user}
    account = OutgoingAccount(person.id, tls=new.tls, **checked_place(place, new.password))
    box.db.now(
        lambda tx: box.outgoing_accounts.set(
            tx, account, new.password, by=actor.login, door=actor.door
        )
    )
    return account


def list_outgoing(box: Box, actor: Actor) -> list[OutgoingLine]:
    """All accounts that the actor may see."""
    logins = {person.id: person.login for person in box.people.all()}
    return [
        OutgoingLine(logins.get(one.person, "?"), one)
        for one in box.outgoing_accounts.all()
        if may_use(actor, one.person)
    ]


def remove_outgoing(box: Box, actor: Actor, login: str) -> OutgoingAccount:
    """Have a person's mail leave as all other mail does. Raises NotFound or NotAllowed."""
    person = person_for(box, actor, login)
    found = box.outgoing_accounts.of(person.id)
    if found is None:
        raise NotFound("login", "%(login)s has no account for outgoing mail", login=login)
    box.db.now(lambda tx: box.outgoing_accounts.remove(tx, found, by=actor.login, door=actor.door))
    return found
