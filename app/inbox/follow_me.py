"""Follow-me: an outside number at which people are called when they do not lift their handset."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.core.sentences import N_, sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import Invalid
from app.store.database import Database, Tx

AFTER_LEAST, AFTER_MOST = 4, 120
"""Seconds that the handset rings before."""
AFTER_USUAL = 15
"""Those where nobody says otherwise: three rings."""
DIALLED_BESIDE = str.maketrans("", "", " -/().")
"""What people write in numbers for the eye."""
_NUMBER = re.compile(r"[0-9]{2,20}")


@dataclass(frozen=True)
class FollowMe:
    """Where somebody is called besides."""

    number: str
    """As it is dialled on an outside line."""
    after_s: int
    """Seconds that their handset rings before."""


def wanted_follow_me(
    number: str, after_s: int, emergency_for: Callable[[str], str]
) -> FollowMe | None:
    """What somebody wants who gives this number; None for no number at all.

    `emergency_for` gives what is dialled for help by a number. Raises Invalid for such a one:
    nobody is called there.
    """
    digits = number.translate(DIALLED_BESIDE)
    if digits and emergency_for(digits):
        why = N_("%(digits)s is an emergency number; nobody is called there")
        raise Invalid(sentence(why, digits=digits), "number")
    return FollowMe(digits, after_s) if digits else None


class FollowMes:
    """Those of one store."""

    def __init__(self, db: Database, audit_log: AuditLog) -> None:
        self._db, self._audit_log = db, audit_log

    def of(self, person: int) -> FollowMe | None:
        """That of a person (id); None: they have none."""
        return self.all(person).get(person)

    def all(self, person: int | None = None) -> dict[int, FollowMe]:
        """Everybody's, or one person's, by the person's id."""
        whose, one = ("", ()) if person is None else (" WHERE person = ?", (person,))
        rows = self._db.reader().execute(
            f"SELECT person, number, after_s FROM follow_me{whose}", one
        )
        return {person: FollowMe(number, after_s) for person, number, after_s in rows.fetchall()}

    def set(
        self, tx: Tx, person: int, wanted: FollowMe | None, by: str = "", door: Door = "admin"
    ) -> bool:
        """Set or remove (None) a person's; whether that changes anything. Raises Invalid."""
        if wanted is not None and not _NUMBER.fullmatch(wanted.number):
            raise Invalid(
                sentence("%(number)s is no number: 2 to 20 digits are", number=repr(wanted.number)),
                "number",
            )
        if wanted is not None and not AFTER_LEAST <= wanted.after_s <= AFTER_MOST:
            raise Invalid(
                sentence(
                    "%(least)s to %(most)s seconds are possible",
                    least=AFTER_LEAST,
                    most=AFTER_MOST,
                ),
                "after",
            )
        if self.of(person) == wanted:
            return False
        tx.execute("DELETE FROM follow_me WHERE person = ?", (person,))
        words = "off"
        if wanted is not None:
            row = (person, wanted.number, wanted.after_s)
            tx.execute("INSERT INTO follow_me VALUES (?, ?, ?)", row)
            words = f"{wanted.number} after {wanted.after_s} s"
        self._audit_log.write(tx, "follow-me set", door, by, [AuditEvent(person, None, words)])
        return True


def forget_follow_me(tx: Tx, person: int) -> None:
    """A person is removed."""
    tx.execute("DELETE FROM follow_me WHERE person = ?", (person,))
