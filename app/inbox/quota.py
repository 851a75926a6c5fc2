"""How full an inbox is, what still fits, and the warnings that its owner gets by mail.

A warning is written in the transaction of the delivery by which an inbox reaches one of WARN_AT,
and by housekeeping where something else has led there (a smaller quota, a message restored). It
lies in the owner's own inbox, however full that is. What was warned of last is kept (`warned`), so
that it is said once, and again only after there was less.
"""

from typing import Literal

from app.inbox.addresses import POSTMASTER, DeliveryConfig
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.limits import Limits, PersonLimits
from app.inbox.people import Person
from app.inbox.store import Store
from app.message.quota_warning import QuotaWarning, compose
from app.store.database import Tx

WARN_AT = (80, 90)
"""Percent of the quota, or of the number of voicemails, at which an owner is warned."""


def percent(limits: Limits, octets: int, voicemails: int) -> int:
    """How full an inbox with so much in it is; over 100 where callers were given more."""
    by_size = 100 * octets // max(1, limits.quota)
    by_number = 100 * voicemails // limits.voicemails if limits.voicemails else 0
    return max(by_size, by_number)


def level(full: int) -> int:
    """The highest of WARN_AT that so many percent reach; 0 if they reach none."""
    return max((at for at in WARN_AT if full >= at), default=0)


def fullness(full: int) -> Literal["", "nearly full", "full"]:
    """The same in words."""
    if full >= 100:
        return "full"
    return "nearly full" if level(full) else ""


class InboxRoom:
    """The room that is left in people's inboxes, for one process."""

    def __init__(self, store: Store, limits: PersonLimits, callers_percent: int) -> None:
        self._store = store
        self._limits = limits
        self._callers_percent = callers_percent
        self._reserved: dict[int, int] = {}

    def percent_full(self, person: Person) -> int:
        """How full an inbox is, by size or number of voicemails, whichever is more."""
        used, voicemails = self._store.used(person.id), self._store.voicemails(person.id)
        return percent(self._limits.of(person), used, voicemails)

    def fits(self, person: Person, size: int, kind: Kind) -> bool:
        """Whether a message of `size` octets may come, beside what is reserved."""
        limits = self._limits.of(person)
        quota = limits.quota
        if kind is Kind.VOICEMAIL:
            if self._has_enough_voicemails(person, limits.voicemails):
                return False
            quota += quota * self._callers_percent // 100
            size = 0  # a call is never cut short for its length; it may overdraw
        room = quota - self._store.used(person.id) - self._reserved.get(person.id, 0)
        return room > 0 and size <= room

    def _has_enough_voicemails(self, person: Person, most: int) -> bool:
        """Whether callers can leave no more than the `most` there may be (0: any number)."""
        over = -(-most * self._callers_percent // 100)  # one at least, unless it is 0 percent
        return most > 0 and self._store.voicemails(person.id) >= most + over

    def reserve(self, person: Person, octets: int) -> None:
        """Count so many octets as promised; fewer if it is negative."""
        left = self._reserved.get(person.id, 0) + octets
        if left > 0:
            self._reserved[person.id] = left
        else:
            self._reserved.pop(person.id, None)


class QuotaWarnings:
    """Warns the people of one store."""

    def __init__(self, store: Store, limits: PersonLimits, config: DeliveryConfig) -> None:
        self._store = store
        self._limits = limits
        self._config = config

    def look(self, tx: Tx, person: Person, added: int = 0) -> int | None:
        """Warn a person if it is time to; the entry of the warning.

        `added` is the entry that has come just now, 0 if none has.
        """
        used, number, warned, size, voicemail = self._state(tx, person.id, added)
        limits = self._limits.of(person)
        now = level(percent(limits, used, number))
        before = level(percent(limits, used - size, number - voicemail)) if now else 0
        if now == warned == before:
            return None
        self._note(tx, person.id, now)
        return self._warn(tx, person, limits, used, number) if now > min(warned, before) else None

    def _state(self, tx: Tx, person: int, added: int) -> tuple[int, int, int, int, int]:
        """Octets and voicemails in the inbox, what was warned of last, and of them `added`'s."""
        row = tx.execute(
            "SELECT octets, coalesce((SELECT voicemails FROM kept WHERE kept.person = :who), 0),"
            " coalesce((SELECT percent FROM warned WHERE warned.person = :who), 0),"
            " coalesce(entry.size, 0), coalesce(entry.kind = 'voicemail', 0)"
            " FROM usage LEFT JOIN entry ON entry.id = :added WHERE usage.person = :who",
            {"who": person, "added": added},
        ).fetchone()
        return row or (0, 0, 0, 0, 0)

    def _note(self, tx: Tx, person: int, now: int) -> None:
        if now:
            tx.execute("INSERT OR REPLACE INTO warned VALUES (?, ?)", (person, now))
        else:
            tx.execute("DELETE FROM warned WHERE person = ?", (person,))

    def _warn(self, tx: Tx, person: Person, limits: Limits, used: int, voicemails: int) -> int:
        to, now = self._config.canonical(person.login), self._store.moment().at
        warning = QuotaWarning(
            to=to,
            sender=self._config.canonical(POSTMASTER),
            hostname=self._config.hostname,
            percent=percent(limits, used, voicemails),
            used=used,
            quota=limits.quota,
            voicemails=voicemails,
            most_voicemails=limits.voicemails,
            refused_for_good=self._config.full_is_permanent,
            now=now,
            language=person.language,
        )
        content = self._store.contents.write(tx, (compose(warning),))
        prefix = f"Return-Path: <>\r\nDelivered-To: {to}\r\n".encode()
        facts = Facts(now, warning.sender, warning.subject, door="quota", by="quota")
        return self._store.add_entry(
            tx, person.id, content, prefix, Kind.EMAIL, EntryState.NEW, facts
        )
