"""Mailboxes that several people listen to: who they are, and who sees to a message."""

from dataclasses import dataclass

from app.inbox.entries import Entry
from app.inbox.people import Person
from app.inbox.shared import Claim
from app.operations.actor import Actor, Role, may_use, require_role
from app.operations.box import Box, find_person, person_for
from app.operations.errors import NotFound, OperationError, field_of_errors


@dataclass(frozen=True)
class Sharing:
    """With whom a person shares."""

    person: Person
    members: tuple[Person, ...]
    """Who listens to their mailbox besides them."""
    mailboxes: tuple[Person, ...]
    """Whose mailboxes they listen to."""


def show_sharing(box: Box, actor: Actor, login: str) -> Sharing:
    """With whom a person shares. Raises NotFound and NotAllowed."""
    return _sharing(box, person_for(box, actor, login))


def share_mailbox(box: Box, actor: Actor, login: str, member: str) -> Sharing:
    """Let `member` listen to the mailbox of `login`: its unheard voicemail lights their lamp.

    Raises NotFound, NotAllowed, and OperationError with the field that cannot be.
    """
    require_role(actor, Role.PHONE, "share mailboxes")
    person, other = find_person(box, login), find_person(box, member, "member")
    with field_of_errors("member"):
        box.db.now(
            lambda tx: box.people.shared.share(
                tx, person.id, other.id, other.login, actor.login, actor.door
            )
        )
    return _sharing(box, person)


def unshare_mailbox(box: Box, actor: Actor, login: str, member: str) -> Sharing:
    """Undo that; what `member` had taken there is released. Raises NotFound and NotAllowed."""
    require_role(actor, Role.PHONE, "share mailboxes")
    person, other = find_person(box, login), find_person(box, member, "member")
    done = box.db.now(
        lambda tx: box.people.shared.unshare(
            tx, person.id, other.id, other.login, actor.login, actor.door
        )
    )
    if not done:
        raise NotFound(
            "member",
            "%(login)s is no member of the mailbox of %(owner)s",
            login=other.login,
            owner=person.login,
        )
    return _sharing(box, person)


def who_has(box: Box, actor: Actor, entry: int) -> Claim | None:
    """Who has taken a message; None if nobody. Raises NotFound."""
    return box.people.shared.claim_of(_shared_entry(box, actor, entry).id)


def claim_message(box: Box, actor: Actor, entry: int) -> Claim:
    """Take a message: it lights nobody else's lamp until it is released.

    For people, in their own mailbox and in those they are a member of. Raises NotFound, and
    OperationError, which says who has it, if it cannot be taken.
    """
    found = _shared_entry(box, actor, entry)
    person = actor.person
    if person is None:
        raise OperationError("entry", "only a person of this box can take a message; log in as one")
    with field_of_errors("entry"):
        box.db.now(
            lambda tx: box.people.shared.claim(tx, found.id, person, actor.door, actor.login)
        )
    claim = box.people.shared.claim_of(found.id)
    if claim is None:
        raise OperationError("entry", "it is in no inbox any more")
    return claim


def release_message(box: Box, actor: Actor, entry: int) -> bool:
    """Give a message back; False if nobody has it.

    Its mailbox's owner and an administrator may whoever has it. Raises NotFound, and OperationError
    if somebody else has it.
    """
    found = _shared_entry(box, actor, entry)
    with field_of_errors("entry"):
        return box.db.now(
            lambda tx: box.people.shared.release(
                tx, found.id, actor.person, actor.door, actor.login, actor.is_admin
            )
        )


def _shared_entry(box: Box, actor: Actor, entry: int) -> Entry:
    """A message of a mailbox that the actor listens to. Raises NotFound, as for any stranger."""
    found = box.store.entry(entry)
    if found is None or not _listens(box, actor, found.person):
        raise NotFound("entry", "there is no entry %(entry)s", entry=entry)
    return found


def _listens(box: Box, actor: Actor, mailbox: int) -> bool:
    member = actor.person is not None and box.people.shared.is_member(mailbox, actor.person)
    return may_use(actor, mailbox) or (Role.USER in actor.roles and member)


def _sharing(box: Box, person: Person) -> Sharing:
    shared = box.people.shared
    return Sharing(
        person, _people(box, shared.members(person.id)), _people(box, shared.mailboxes(person.id))
    )


def _people(box: Box, ids: list[int]) -> tuple[Person, ...]:
    found = (box.people.by_id(number) for number in ids)
    return tuple(person for person in found if person is not None)
