"""Who may still guess at a PIN: by whose mailbox it is, and by where it is dialled.

A guess is charged, and that is committed, before the PIN is looked at; the right one gives it back.
So neither hanging up nor a power cut makes a guess for nothing.

- On the owner's own handset nobody is ever locked out: after a few wrong PINs each further one has
  to wait for a while, so that the owner at home can always come in.
- Any other handset, and any caller from outside, is locked out of this mailbox after a few wrong
  ones; nobody else is.
- All callers from outside together have one budget a mailbox, since a number is easily faked, and
  all other handsets have another, so parallel lines and many telephones gain nothing.
- Every line has a budget for all mailboxes together: who tries one PIN at each gains nothing.
"""

import logging
from dataclasses import dataclass
from enum import Enum

from app.core.clock import Clock
from app.core.pace import Pace
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.credentials import matches
from app.inbox.once import done_once, is_done
from app.store.database import Database, Tx
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

PIN_TRIES = 3
"""Wrong PINs in a row that lock somebody out, or make the owner's own handset wait."""
LOCK_FIRST_S, LOCK_LONGEST_S = 300.0, 86_400.0
"""The first lock-out; each further one lasts twice as long, up to a day."""
OWN_FIRST_S, OWN_LONGEST_S = 5.0, 30.0
"""How long the owner's own handset waits before a further PIN; twice as long each time."""
OUTSIDE_PACE = Pace(at_once=10, every_s=600.0)
"""Wrong PINs for one mailbox from all callers outside."""
INSIDE_PACE = Pace(at_once=20, every_s=600.0)
"""Wrong PINs for one mailbox from all handsets that are not its owner's."""
LINE_PACE = Pace(at_once=30, every_s=300.0)
"""Wrong PINs dialled on one line or handset for all mailboxes, but for one's own handset."""
FORGOTTEN_S = 86_400.0
"""After so long without a guess, what somebody guessed wrong before counts no more."""

NOBODY = 0
"""Stands for the owner of every number that is nobody's mailbox: who dials it learns nothing."""
_ANYBODY = -1
"""Stands for the owners of all mailboxes together."""
_ALL_OUTSIDE, _ALL_INSIDE = "*", "+"
_LONGEST_ORIGIN = 64


@dataclass(frozen=True)
class PinOrigin:
    """Where a PIN is dialled."""

    line: str
    """The jack's label."""
    outside: bool = False
    """Whether the line goes to the telephone office."""
    number: str | None = None
    """The caller's number, on a line from outside that tells it."""

    def __str__(self) -> str:
        """As the store and people know it; no handset's name has a blank in it.

        A number is the same caller on whichever line.
        """
        if not self.outside:
            return self.line
        return (f"outside {self.number}" if self.number else f"{self.line} unknown number")[
            :_LONGEST_ORIGIN
        ]


class PinResult(Enum):
    """The answer to a PIN."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones from here; no PIN is looked at until the lock-out is over."""
    WAIT = "wait"
    """On the owner's own handset: not looked at yet; the same PIN again after `wait_s`."""


@dataclass(frozen=True)
class PinAnswer:
    """What came of a PIN."""

    result: PinResult
    wait_s: float = 0.0
    """With WAIT: seconds until the PIN will be looked at."""


@dataclass(frozen=True)
class Lockout:
    """Somebody who is locked out of a mailbox."""

    person: int
    """Whose mailbox."""
    origin: str
    """From where."""
    until: float
    """When it ends; seconds since 1970 UTC by the clock as it is."""


@dataclass(frozen=True)
class _Charged:
    """A guess that has been paid for."""

    locks_s: float
    """How long a lock-out lasts that it has begun; 0 if it has begun none."""


def _budgets(person: int, origin: PinOrigin) -> tuple[tuple[int, str, Pace], ...]:
    """Whose guesses, in whose row, at which pace, besides those of this origin alone."""
    if origin.outside:
        of_box = (person, _ALL_OUTSIDE, OUTSIDE_PACE)
    else:
        of_box = (person, _ALL_INSIDE, INSIDE_PACE)
    return of_box, (_ANYBODY, origin.line, LINE_PACE)


class PinGuard:
    """The guesses at the PINs of one store."""

    def __init__(self, db: Database, clock: Clock, audit: AuditLog) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit

    def check(
        self,
        person: int,
        stored: str | None,
        pin: str,
        origin: PinOrigin,
        own: bool,
        number: int | None = None,
    ) -> PinAnswer:
        """Judge a PIN; the guess is committed first.

        `person` is the mailbox's owner (NOBODY for a number that is nobody's), `stored` the hash
        of their PIN, `own` whether `origin` is their own handset. `number` is the guess's: asked
        twice, it is charged once, and has the same answer.
        """
        try:
            charged = self._db.now(lambda tx: self._charge_once(tx, person, origin, own, number))
        except StoreFailed:
            if not own:
                raise
            log.exception("a PIN of person %d is judged without being counted", person)
            right = matches(stored, pin)  # the owner may look at what has filled the disk
            return PinAnswer(PinResult.OK if right else PinResult.WRONG)
        if isinstance(charged, PinAnswer):
            return charged
        if matches(stored, pin):
            self._db.now(lambda tx: self._give_back_once(tx, person, origin, own, number))
            return PinAnswer(PinResult.OK)
        if not charged.locks_s:
            return PinAnswer(PinResult.WRONG)
        if person != NOBODY:
            told = AuditEvent(person, None, f"for {origin}, {charged.locks_s:.0f} s")
            self._db.now(lambda tx: self._audit.write(tx, "PIN locked", "phone", "", [told]))
        return PinAnswer(PinResult.LOCKED)

    def lift(self, tx: Tx, person: int) -> None:
        """Forget all guesses at a person's PIN."""
        tx.execute("DELETE FROM pin_guess WHERE person = ?", (person,))

    def lockouts(self, person: int | None = None) -> list[Lockout]:
        """Who is locked out of whose mailbox at this moment; or of one `person`'s only."""
        age, now = self._db.box_time.now(), self._clock.now()
        whose = "person <> ?" if person is None else "person = ?"
        rows = self._db.reader().execute(
            "SELECT person, origin, until_box_s FROM pin_guess"
            f" WHERE lockouts > 0 AND until_box_s > ? AND {whose}",
            (age, NOBODY if person is None else person),
        )
        found = [Lockout(owner, origin, now + until - age) for owner, origin, until in rows]
        return sorted(found, key=lambda lock: (lock.person, lock.until))

    # ---- charging

    def _charge_once(
        self, tx: Tx, person: int, origin: PinOrigin, own: bool, number: int | None
    ) -> _Charged | PinAnswer:
        if number is not None and is_done(tx, number):
            _, lockouts, until = self._row(tx, person, str(origin))
            lasts = until - self._db.box_time.now() if lockouts else 0.0
            return _Charged(max(lasts, 0.0))  # a lock-out can only be of this guess
        charged = self._charge(tx, person, origin, own)
        if number is not None and isinstance(charged, _Charged):
            done_once(tx, number)
        return charged

    def _give_back_once(
        self, tx: Tx, person: int, origin: PinOrigin, own: bool, number: int | None
    ) -> None:
        if number is None or done_once(tx, -number):
            self._give_back(tx, person, origin, own)

    def _charge(self, tx: Tx, person: int, origin: PinOrigin, own: bool) -> _Charged | PinAnswer:
        now = self._db.box_time.now()
        old = now - FORGOTTEN_S
        tx.execute("DELETE FROM pin_guess WHERE person = ? AND until_box_s < ?", (person, old))
        wrong, lockouts, until = self._row(tx, person, str(origin))
        if own:
            return self._charge_own(tx, person, origin, wrong, until, now)
        if until > now and lockouts:
            return PinAnswer(PinResult.LOCKED)
        if not self._charge_budgets(tx, person, origin, now):
            return PinAnswer(PinResult.LOCKED)
        if wrong + 1 < PIN_TRIES:
            self._put(tx, person, str(origin), wrong + 1, lockouts, now)
            return _Charged(0.0)
        lasts = min(LOCK_FIRST_S * 2.0**lockouts, LOCK_LONGEST_S)
        self._put(tx, person, str(origin), 0, min(lockouts + 1, 32), now + lasts)
        return _Charged(lasts)

    def _charge_own(
        self, tx: Tx, person: int, origin: PinOrigin, wrong: int, until: float, now: float
    ) -> _Charged | PinAnswer:
        if until > now:
            return PinAnswer(PinResult.WAIT, until - now)
        beyond = wrong + 1 - PIN_TRIES
        waits = min(OWN_FIRST_S * 2.0 ** min(beyond, 8), OWN_LONGEST_S) if beyond >= 0 else 0.0
        self._put(tx, person, str(origin), wrong + 1, 0, now + waits)
        return _Charged(0.0)

    def _charge_budgets(self, tx: Tx, person: int, origin: PinOrigin, now: float) -> bool:
        """Take a guess from each budget, or from none if one of them has none left."""
        spent = []
        for whose, name, pace in _budgets(person, origin):
            owed = pace.spend(self._row(tx, whose, name)[2], now)
            if owed is None:
                return False
            spent.append((whose, name, owed))
        for whose, name, owed in spent:
            self._put(tx, whose, name, 0, 0, owed)
        return True

    def _give_back(self, tx: Tx, person: int, origin: PinOrigin, own: bool) -> None:
        tx.execute("DELETE FROM pin_guess WHERE person = ? AND origin = ?", (person, str(origin)))
        if not own:
            for whose, name, pace in _budgets(person, origin):
                owed = self._row(tx, whose, name)[2]
                self._put(tx, whose, name, 0, 0, pace.give_back(owed))

    def _row(self, tx: Tx, person: int, origin: str) -> tuple[int, int, float]:
        """Wrong ones in a row, lock-outs so far, and until when (box time) the next one waits."""
        row = tx.execute(
            "SELECT wrong, lockouts, until_box_s FROM pin_guess WHERE person = ? AND origin = ?",
            (person, origin),
        ).fetchone()
        return row or (0, 0, 0.0)

    def _put(
        self, tx: Tx, person: int, origin: str, wrong: int, lockouts: int, until: float
    ) -> None:
        tx.execute(
            "INSERT OR REPLACE INTO pin_guess VALUES (?, ?, ?, ?, ?)",
            (person, origin, wrong, lockouts, until),
        )
