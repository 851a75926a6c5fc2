"""Mailboxes that several people listen to, and who of them sees to a message.

A member of a mailbox hears of its unheard voicemail as of their own: the lamp of their handset
shows it. A message may be taken by one of them, or by the mailbox's owner; then it lights nobody
else's lamp until it is released. Taken is not heard: the message stays what it is.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from app.core.clock import Clock
from app.core.sentences import sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import INBOX, Door, EntryState
from app.inbox.errors import Invalid
from app.store.database import Database, Tx


@dataclass(frozen=True)
class Claim:
    """Who sees to a message."""

    entry: int
    person: int
    """Id of who has taken it."""
    name: str
    at: float
    """Seconds since 1970 UTC."""


class NotYours(Invalid):
    """Somebody else has taken a message; the text says who."""


class SharedMailboxes:
    """The members of one store's mailboxes, and the messages that were taken."""

    def __init__(self, db: Database, clock: Clock, audit_log: AuditLog) -> None:
        self._db, self._clock, self._audit_log = db, clock, audit_log

    # ---- who listens to what

    def members(self, mailbox: int) -> list[int]:
        """Ids of the people who listen to this person's mailbox besides its owner."""
        rows = self._db.reader().execute(
            "SELECT member FROM mailbox_member JOIN person ON person.id = member"
            " WHERE mailbox_member.mailbox = ? AND removed_at IS NULL ORDER BY login",
            (mailbox,),
        )
        return [member for (member,) in rows.fetchall()]

    def mailboxes(self, member: int) -> list[int]:
        """Ids of the people whose mailboxes this person listens to besides their own."""
        rows = self._db.reader().execute(
            "SELECT person.id FROM mailbox_member JOIN person"
            " ON person.id = mailbox_member.mailbox"
            " WHERE member = ? AND removed_at IS NULL ORDER BY login",
            (member,),
        )
        return [mailbox for (mailbox,) in rows.fetchall()]

    def is_member(self, mailbox: int, person: int) -> bool:
        """Whether this person listens to the mailbox: its owner, or a member."""
        return person == mailbox or person in self.members(mailbox)

    def share(
        self, tx: Tx, mailbox: int, member: int, said: str, by: str = "", door: Door = "admin"
    ) -> bool:
        """Make somebody a member of a mailbox; False if they are one. `said` is their login.

        Raises Invalid for the owner.
        """
        if mailbox == member:
            raise Invalid(sentence("nobody is a member of their own mailbox"), "member")
        added = tx.execute("INSERT OR IGNORE INTO mailbox_member VALUES (?, ?)", (mailbox, member))
        return self._noted(tx, bool(added.rowcount), "mailbox shared", mailbox, said, by, door)

    def unshare(
        self, tx: Tx, mailbox: int, member: int, said: str, by: str = "", door: Door = "admin"
    ) -> bool:
        """Take a member out; what they had taken is released. False if they were none."""
        left = tx.execute(
            "DELETE FROM mailbox_member WHERE mailbox = ? AND member = ?", (mailbox, member)
        )
        if left.rowcount:
            had = tx.execute(
                "DELETE FROM entry_claim WHERE mailbox = ? AND person = ? RETURNING entry",
                (mailbox, member),
            ).fetchall()
            events = [AuditEvent(mailbox, entry, f"taken by {said}") for (entry,) in had]
            self._audit_log.write(tx, "released", door, by, events)
        verb = "mailbox no longer shared"
        return self._noted(tx, bool(left.rowcount), verb, mailbox, said, by, door)

    def _noted(
        self, tx: Tx, done: bool, verb: str, mailbox: int, said: str, by: str, door: Door
    ) -> bool:
        if done:
            self._audit_log.write(tx, verb, door, by, [AuditEvent(mailbox, None, said)])
        return done

    # ---- who sees to a message

    def taken(self, entries: Iterable[int]) -> dict[int, Claim]:
        """Who has taken which of these messages, in one statement."""
        rows = self._db.reader().execute(
            f"{_TAKEN} WHERE entry IN (SELECT value FROM json_each(?))",
            (json.dumps(list(entries)),),
        )
        return {row[0]: Claim(*row) for row in rows.fetchall()}

    def claim_of(self, entry: int) -> Claim | None:
        """Who has taken this message; None if nobody."""
        row = self._db.reader().execute(_CLAIM, (entry,)).fetchone()
        return None if row is None else Claim(*row)

    def claim(self, tx: Tx, entry: int, person: int, door: Door, by: str) -> bool:
        """Take a message that is in the inbox; False if this person has it already, or it is gone.

        Raises NotYours if somebody else has it, or if the person does not listen to that mailbox.
        """
        found = self._in_inbox(tx, entry)
        if found is None:
            return False
        mailbox, unheard = found
        if not self.is_member(mailbox, person):
            raise NotYours("only who listens to a mailbox can take its messages", "entry")
        row = tx.execute(_CLAIM, (entry,)).fetchone()
        taken = None if row is None else Claim(*row)
        if taken is not None and taken.person != person:
            raise NotYours(f"{taken.name} has taken it already", "entry")
        if taken is not None:
            return False
        tx.execute(
            "INSERT INTO entry_claim VALUES (?, ?, ?, ?, ?)",
            (entry, mailbox, person, self._clock.now(), unheard),
        )
        self._audit_log.write(tx, "taken", door, by, [AuditEvent(mailbox, entry)])
        return True

    def release(
        self, tx: Tx, entry: int, person: int | None, door: Door, by: str, others: bool = False
    ) -> bool:
        """Give a message back; False if nobody has it. Whoever has it, the mailbox's owner may.

        `others`: so may this person. Raises NotYours if somebody else has it.
        """
        row = tx.execute(_CLAIM, (entry,)).fetchone()
        if row is None:
            return False
        taken = Claim(*row)
        (mailbox,) = tx.execute(
            "SELECT mailbox FROM entry_claim WHERE entry = ?", (entry,)
        ).fetchone()
        if person not in (taken.person, mailbox) and not others:
            raise NotYours(f"{taken.name} has taken it, and can release it", "entry")
        tx.execute("DELETE FROM entry_claim WHERE entry = ?", (entry,))
        detail = "" if taken.person == person else f"taken by {taken.name}"
        self._audit_log.write(tx, "released", door, by, [AuditEvent(mailbox, entry, detail)])
        return True

    def _in_inbox(self, tx: Tx, entry: int) -> tuple[int, bool] | None:
        """Whose it is, and whether it is an unheard voicemail; None if it is in no inbox."""
        row = tx.execute("SELECT person, state, kind FROM entry WHERE id = ?", (entry,)).fetchone()
        if row is None or row[1] not in INBOX:
            return None
        return row[0], row[1] == EntryState.NEW and row[2] == "voicemail"


_TAKEN = (
    "SELECT entry, entry_claim.person, name, entry_claim.at FROM entry_claim"
    " JOIN person ON person.id = entry_claim.person"
)
_CLAIM = f"{_TAKEN} WHERE entry = ?"


def forget_shares(tx: Tx, person: int) -> None:
    """A person is removed: they are no member, their mailbox has none, what they took is free."""
    tx.execute("DELETE FROM mailbox_member WHERE mailbox = ?1 OR member = ?1", (person,))
    tx.execute("DELETE FROM entry_claim WHERE person = ?1 OR mailbox = ?1", (person,))
