"""Messages of shared mailboxes that somebody takes on the telephone."""

from collections.abc import Iterable
from contextlib import suppress

from app.clerk.composer import DOOR
from app.inbox.people import People, Person
from app.inbox.shared import NotYours
from app.phone.jobs import JobFailed
from app.store.database import Database
from app.voicemail.jobs import ClaimResult


class Claims:
    """Takes messages, and gives them back, for whoever is at a handset."""

    def __init__(self, db: Database, people: People) -> None:
        self._db, self._people = db, people

    def claim(self, mailbox: int, entry: int, line: str) -> ClaimResult:
        """Take a message of this person's mailbox for who listens on `line`."""
        who = self._who(mailbox, line)
        with suppress(NotYours):  # what the listener is told of it follows from who has it now
            self._db.now(lambda tx: self._people.shared.claim(tx, entry, who.id, DOOR, who.login))
        return self._now(entry, who)

    def release(self, mailbox: int, entry: int, line: str) -> ClaimResult:
        """Give it back; a mailbox's owner may do so with whoever has it."""
        who = self._who(mailbox, line)
        with suppress(NotYours):
            self._db.now(lambda tx: self._people.shared.release(tx, entry, who.id, DOOR, who.login))
        return self._now(entry, who)

    def taken(self, entries: Iterable[int]) -> dict[int, str]:
        """Who has taken which of these messages, by name."""
        found = self._people.shared.taken(entries)
        return {entry: claim.name for entry, claim in found.items()}

    def _now(self, entry: int, who: Person) -> ClaimResult:
        claim = self._people.shared.claim_of(entry)
        return (
            ClaimResult("", False)
            if claim is None
            else ClaimResult(claim.name, claim.person == who.id)
        )

    def _who(self, mailbox: int, line: str) -> Person:
        """Whose handset it is, if they listen to that mailbox, else its owner."""
        at_handset, owner = self._people.by_handset(line), self._people.by_id(mailbox)
        if at_handset is not None and self._people.shared.is_member(mailbox, at_handset.id):
            return at_handset
        if owner is None:
            raise JobFailed(f"there is no person {mailbox}")
        return owner
