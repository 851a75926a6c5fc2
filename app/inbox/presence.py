"""Whether people can be reached, until when, and what that means to who calls them.

A presence with an end is over at that moment by itself: whoever asks then is told that the person
is in. Where nothing is said, a person is in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from app.core.clock import CLOCK_SET, Clock
from app.core.presence import Presence
from app.core.sentences import sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import Invalid
from app.store.database import Database, Tx

__all__ = [
    "USUAL",
    "Presence",
    "PresenceNow",
    "PresenceRule",
    "Presences",
    "day_begins",
    "day_of",
    "forget_presence",
    "presence_words",
]


@dataclass(frozen=True)
class PresenceRule:
    """What a presence means to callers."""

    rings: bool
    """Whether the person's handset rings."""
    messages: bool = True
    """Whether a caller may leave a message, or only hears the greeting."""


USUAL: Mapping[Presence, PresenceRule] = {
    presence: PresenceRule(rings=presence is Presence.IN) for presence in Presence
}
"""What holds for who has set nothing else."""


@dataclass(frozen=True)
class PresenceNow:
    """What holds for a person at this moment."""

    presence: Presence = Presence.IN
    until: float | None = None
    """When it ends by itself, in seconds since 1970 UTC; None: when something else is said."""
    rule: PresenceRule = USUAL[Presence.IN]


class Presences:
    """The presences of one store."""

    def __init__(self, db: Database, clock: Clock, audit_log: AuditLog) -> None:
        self._db, self._clock, self._audit_log = db, clock, audit_log

    def of(self, person: int) -> PresenceNow:
        """What holds for this person (id) now."""
        return self.all(person).get(person, PresenceNow())

    def all(self, person: int | None = None) -> dict[int, PresenceNow]:
        """What holds for everybody, or one person, where it is not the usual of who is in."""
        whose, one = ("", ()) if person is None else (" WHERE person = ?", (person,))
        read = self._db.reader().execute
        said = read(f"SELECT person, presence, until FROM presence{whose}", one).fetchall()
        rules = read(
            f"SELECT person, presence, rings, messages FROM presence_rule{whose}", one
        ).fetchall()
        now = {
            number: PresenceNow(Presence(presence), until, USUAL[Presence(presence)])
            for number, presence, until in said
            if until is None or until > self._clock.now()
        }
        for number, presence, rings, messages in rules:
            held = now.get(number, PresenceNow())
            if held.presence == presence:
                now[number] = replace(held, rule=PresenceRule(bool(rings), bool(messages)))
        return now

    def next_end(self) -> float | None:
        """When the next presence ends by itself, in seconds since 1970; None if none does."""
        row = self._db.reader().execute(
            "SELECT min(until) FROM presence WHERE until > ?", (self._clock.now(),)
        )
        found = row.fetchone()[0]
        return None if found is None else float(found)

    def ending(self, begin: float, end: float) -> list[int]:
        """Whose presence ends by itself between two moments, in either order; ids."""
        rows = self._db.reader().execute(
            "SELECT person FROM presence WHERE until >= ? AND until <= ?",
            (min(begin, end), max(begin, end)),
        )
        return [person for (person,) in rows.fetchall()]

    def rules(self, person: int) -> dict[Presence, PresenceRule]:
        """What each presence means to callers of this person (id)."""
        rows = self._db.reader().execute(
            "SELECT presence, rings, messages FROM presence_rule WHERE person = ?", (person,)
        )
        own = {Presence(name): PresenceRule(bool(r), bool(m)) for name, r, m in rows.fetchall()}
        return {**USUAL, **own}

    def set(
        self,
        tx: Tx,
        person: int,
        presence: Presence,
        until: float | None = None,
        by: str = "",
        door: Door = "admin",
        words: str = "",
    ) -> bool:
        """Say it for a person (id); whether that changes anything. `words` are for the history.

        Raises Invalid for an end that is over, or of being in.
        """
        if until is not None and presence is Presence.IN:
            raise Invalid(sentence("who is in is in without an end"), "until")
        if until is not None and until <= self._clock.now():
            raise Invalid(sentence("this is over already"), "until")
        row = tx.execute("SELECT presence, until FROM presence WHERE person = ?", (person,))
        if (row.fetchone() or (Presence.IN, None)) == (presence, until):
            return False
        tx.execute("INSERT OR REPLACE INTO presence VALUES (?, ?, ?)", (person, presence, until))
        self._log(tx, "presence set", person, by, door, words or presence.value)
        return True

    def set_rule(
        self,
        tx: Tx,
        person: int,
        presence: Presence,
        rule: PresenceRule,
        by: str = "",
        door: Door = "admin",
    ) -> bool:
        """Say what a presence means to a person's callers; whether that changes anything."""
        if self.rules(person)[presence] == rule:
            return False
        row = (person, presence, rule.rings, rule.messages)
        tx.execute("INSERT OR REPLACE INTO presence_rule VALUES (?, ?, ?, ?)", row)
        words = (
            f"{presence.value}: {'rings' if rule.rings else 'does not ring'},"
            f" {'takes messages' if rule.messages else 'takes no messages'}"
        )
        self._log(tx, "presence rule set", person, by, door, words)
        return True

    def _log(self, tx: Tx, verb: str, person: int, by: str, door: Door, words: str) -> None:
        self._audit_log.write(tx, verb, door, by, [AuditEvent(person, None, words)])


def forget_presence(tx: Tx, person: int) -> None:
    """A person is removed."""
    tx.execute("DELETE FROM presence WHERE person = ?", (person,))
    tx.execute("DELETE FROM presence_rule WHERE person = ?", (person,))


def presence_words(presence: Presence, until: date | None) -> str:
    """A presence for history and commands, such as "away until 2026-12-12"."""
    return presence.value if until is None else f"{presence.value} until {until.isoformat()}"


def day_begins(day: date, zone: tzinfo | None) -> float:
    """The moment at which a day begins in a zone (None: the system's); seconds since 1970 UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def day_of(text: str, today: date) -> date | None:
    """The day that a text means: YYYY-MM-DD, or MM-DD for the next one after today.

    None if it is no day, or if a clock that was never set cannot tell which one is the next.
    """
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text)
        month, day = (int(part) for part in text.split("-"))
    except ValueError:
        return None
    if today.year < CLOCK_SET:
        return None
    for year in range(today.year, today.year + 9):  # a leap day comes within eight years
        try:
            found = date(year, month, day)
        except ValueError:
            continue  # not in this year, or in none
        if found > today:
            return found
    return None
