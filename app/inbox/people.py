"""Who has a box here: logins, mailboxes, handsets, public addresses, passwords and PINs."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import RESERVED, is_name, is_outside_address
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.claim import Claim
from app.inbox.credentials import check_pin_rules, hashed, matches, new_password, new_pin
from app.inbox.entries import Door
from app.inbox.errors import BadName, NameTaken, NoSuchPerson, StillMember
from app.inbox.store import move_to_bin
from app.store.database import Database, Tx

__all__ = [
    "Former",
    "People",
    "Person",
    "PinLock",
    "PinResult",
    "Transfer",
    "new_password",
    "new_pin",
]

PIN_TRIES = 3
"""Wrong PINs in a row that lock a box."""
LOCK_FIRST_S, LOCK_LONGEST_S = 300.0, 86_400.0
"""The first lock-out; each further one lasts twice as long, up to a day."""

_NUMBER = re.compile(r"[0-9]{1,10}")


class Transfer(StrEnum):
    """What POP3 shows of a person's inbox."""

    ALL = "email and voicemail"
    EMAIL = "email only"
    NONE = "none"


class PinResult(Enum):
    """The answer to a PIN."""

    OK = "ok"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones; no PIN is looked at until the lock-out is over."""


@dataclass(frozen=True)
class Person:
    """Somebody with a box. Order of fields = order of columns read."""

    id: int
    login: str
    name: str
    mailbox: str
    """Number to dial for the box; digits."""
    handset: str | None
    """Jack of their telephone, whose lamp shows their unheard voicemail."""
    address: str | None
    """Public e-mail address: From and envelope of what they send, local as well."""
    admin: bool
    quota: int
    """Octets their inbox may hold."""
    transfer: Transfer
    fetched_is_heard: bool
    """Whether fetching a voicemail by POP3 counts as having heard it."""
    language: str
    key_map: str
    """Name of the key map of their voicemail menu."""


@dataclass(frozen=True)
class Former:
    """Somebody who was removed and of whose box something can still be restored."""

    id: int
    login: str
    name: str
    mailbox: str
    removed_at: float
    """Seconds since 1970 UTC."""
    entries: tuple[int, ...]
    """Entries that were in the inbox, or on their way out, when the person was removed."""
    removed_before: int
    """How many entries the person had removed before that."""
    octets: int
    """Of all these entries."""


@dataclass(frozen=True)
class PinLock:
    """A box that takes no PIN for now, after too many wrong ones."""

    person: Person
    until: float
    """When it ends; seconds since 1970 UTC."""


_FIELDS = tuple(Person.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM person WHERE removed_at IS NULL"
_SETTABLE = frozenset(_FIELDS) - {"id", "login"}


def _person(row: tuple[Any, ...]) -> Person:
    fields = dict(zip(_FIELDS, row, strict=True))
    for flag in ("admin", "fetched_is_heard"):
        fields[flag] = bool(fields[flag])
    fields["transfer"] = Transfer(fields["transfer"])
    return Person(**fields)


class People:
    """The people of one store."""

    def __init__(self, db: Database, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock if clock is not None else SystemClock()
        self._audit_log = AuditLog(db, self._clock)

    # ---- finding

    def all(self) -> list[Person]:
        """Everybody, by login."""
        rows = self._db.reader().execute(f"{_SELECT} ORDER BY login").fetchall()
        return [_person(row) for row in rows]

    def by_id(self, person_id: int) -> Person | None:
        """The person with this id, unless removed."""
        return self._one("id", person_id)

    def by_login(self, login: str) -> Person | None:
        """The person with this login, in any case of letters."""
        return self._one("login", login)

    def by_mailbox(self, mailbox: str) -> Person | None:
        """The person whose box has this number."""
        return self._one("mailbox", mailbox)

    def by_handset(self, handset: str) -> Person | None:
        """The person whose telephone is on this jack."""
        return self._one("handset", handset)

    def by_address(self, address: str) -> Person | None:
        """The person with this public address, in any case of letters."""
        return self._one("address", address)

    def first_admin(self) -> Person | None:
        """The administrator who was added first; failing one, whoever was added first."""
        row = self._db.reader().execute(f"{_SELECT} ORDER BY admin DESC, id LIMIT 1").fetchone()
        return None if row is None else _person(row)

    def answers_lines(self) -> Person | None:
        """Who answers outside lines that no setting gives to somebody.

        Somebody with a telephone before everybody without, administrators before others, then
        whoever was added first.
        """
        order = "handset IS NULL, admin DESC, id"
        row = self._db.reader().execute(f"{_SELECT} ORDER BY {order} LIMIT 1").fetchone()
        return None if row is None else _person(row)

    def _one(self, column: str, value: object) -> Person | None:
        row = self._db.reader().execute(f"{_SELECT} AND {column} = ?", (value,)).fetchone()
        return None if row is None else _person(row)

    # ---- changing

    def add(
        self,
        tx: Tx,
        login: str,
        name: str,
        mailbox: str,
        *,
        quota: int,
        handset: str | None = None,
        address: str | None = None,
        admin: bool = False,
        transfer: Transfer = Transfer.ALL,
        fetched_is_heard: bool = False,
        language: str = "en",
        key_map: str = "standard",
        adopt: Former | None = None,
        by: str = "",
    ) -> int:
        """Add a person, without password and PIN; returns the id.

        `quota` is the octets the inbox may hold. `adopt` makes a former person the same as before,
        with their history, greetings and bin; Store.restore(adopt.entries) then fills the inbox.
        Raises BadName or NameTaken, and NoSuchPerson if the one to adopt is not a former person.
        """
        login = login.lower()
        _check_login(login)
        _check_fields({"mailbox": mailbox, "address": address, "quota": quota})
        _refuse_alias(tx, login, mailbox)
        values = {
            "login": login,
            "name": name,
            "mailbox": mailbox,
            "handset": handset or None,
            "address": address or None,
            "admin": admin,
            "quota": quota,
            "transfer": Transfer(transfer),
            "fetched_is_heard": fetched_is_heard,
            "language": language,
            "key_map": key_map,
            "added_at": self._clock.now(),
        }
        with _taken(login):
            person = _insert(tx, values) if adopt is None else _revive(tx, adopt.id, values)
        detail = login if adopt is None else f"{login}, with the box that {adopt.login} had"
        self._log(tx, "person added", person, by, detail)
        return person

    def change(self, tx: Tx, person_id: int, by: str = "", **fields: Any) -> None:
        """Set some of a person's fields; a login stays, since aliases and clients name it.

        Raises BadName, NameTaken or NoSuchPerson.
        """
        unknown = set(fields) - _SETTABLE
        if unknown or not fields:
            raise BadName(f"not to be changed: {', '.join(sorted(unknown)) or 'nothing'}")
        _check_fields(fields)
        if "mailbox" in fields:
            _refuse_alias(tx, "", fields["mailbox"])
        for optional in {"handset", "address"} & set(fields):
            fields[optional] = fields[optional] or None
        columns = ", ".join(f"{column} = ?" for column in fields)
        with _taken(f"person {person_id}"):
            done = tx.execute(
                f"UPDATE person SET {columns} WHERE id = ? AND removed_at IS NULL",
                (*fields.values(), person_id),
            )
        _must(done.rowcount, person_id)
        detail = ", ".join(f"{field} = {value}" for field, value in fields.items())
        self._log(tx, "person changed", person_id, by, detail)

    def remove(self, tx: Tx, person_id: int, by: str = "", door: Door = "admin") -> int:
        """Take a person out, with the alias that bears their login.

        What is in the inbox or on its way out goes to the bin; how many entries those were is
        returned. Who should have them instead is asked before: Store.give_all gives them to
        somebody. For the grace period Store.restore brings them back, to an heir or to the person
        who is added again (`former`). Raises NoSuchPerson or StillMember.
        """
        row = tx.execute(
            "SELECT login FROM person WHERE id = ? AND removed_at IS NULL", (person_id,)
        ).fetchone()
        _must(0 if row is None else 1, person_id)
        login = row[0]
        _refuse_member(tx, login, person_id)
        tx.execute("DELETE FROM alias_member WHERE alias = ?", (login,))
        tx.execute("DELETE FROM alias WHERE name = ?", (login,))
        now = self._clock.now()
        tx.execute(
            "UPDATE person SET removed_at = ?, password = NULL, pin = NULL WHERE id = ?",
            (now, person_id),
        )
        rows = tx.execute("SELECT id FROM entry WHERE person = ? AND state <> 'bin'", (person_id,))
        left = [entry for (entry,) in rows.fetchall()]
        move_to_bin(tx, left, now, door, by)  # at the same moment: `former` finds them by it
        events = [AuditEvent(person_id, entry, f"with {login}") for entry in left]
        self._audit_log.write(tx, "removed", door, by, events)
        self._log(tx, "person removed", person_id, by, login)
        return len(left)

    def former(self, login: str) -> Former | None:
        """The last person removed who had this login and of whose box something is left.

        None if there is nobody, or if the grace period of all their messages is over.
        """
        reader = self._db.reader()
        found = reader.execute(
            "SELECT id, login, name, mailbox, removed_at FROM person"
            " WHERE login = ? AND removed_at IS NOT NULL"
            " AND EXISTS (SELECT 1 FROM entry WHERE entry.person = person.id)"
            " ORDER BY removed_at DESC, id DESC LIMIT 1",
            (login,),
        ).fetchone()
        if found is None:
            return None
        person, login, name, mailbox, removed_at = found
        rows = reader.execute(
            "SELECT id, size, removed_at FROM entry WHERE person = ? ORDER BY id", (person,)
        ).fetchall()
        held = tuple(entry for entry, _, at in rows if at == removed_at)
        octets = sum(size for _, size, _ in rows)
        return Former(person, login, name, mailbox, removed_at, held, len(rows) - len(held), octets)

    def _log(self, tx: Tx, verb: str, person: int, by: str, detail: str = "") -> None:
        self._audit_log.write(tx, verb, "admin", by, [AuditEvent(person, None, detail)])

    # ---- passwords and PINs

    def set_password(self, tx: Tx, person_id: int, password: str, by: str = "") -> None:
        """Set the password for POP3 and the web. Hashing takes tens of milliseconds."""
        stored = hashed(password)
        done = tx.execute("UPDATE person SET password = ? WHERE id = ?", (stored, person_id))
        _must(done.rowcount, person_id)
        self._log(tx, "password set", person_id, by)

    def set_pin(self, tx: Tx, person_id: int, pin: str, by: str = "") -> None:
        """Set the PIN for the telephone and lift a lock-out. Raises TrivialPin, saying why."""
        row = tx.execute("SELECT mailbox, handset FROM person WHERE id = ?", (person_id,))
        numbers = row.fetchone()
        _must(0 if numbers is None else 1, person_id)
        check_pin_rules(pin, tuple(number for number in numbers if number))
        tx.execute(
            "UPDATE person SET pin = ?, pin_failures = 0, pin_lockouts = 0, pin_locked_until = 0"
            " WHERE id = ?",
            (hashed(pin), person_id),
        )
        self._log(tx, "PIN set", person_id, by)

    def check_password(self, login: str, password: str) -> Person | None:
        """The person, if login and password fit. Takes equally long whether they exist or not.

        Costs tens of milliseconds of CPU: a server calls it outside its event loop. An
        administrator's first login ends the box's claim code.
        """
        person = self.by_login(login)
        stored = None if person is None else self._secret("password", person.id)
        fits = matches(stored, password)  # first, so that a stranger costs the same time
        if person is None or not fits:
            return None
        if person.admin:
            Claim(self._db.path).close()
        return person

    def check_pin(self, person_id: int, pin: str) -> PinResult:
        """Judge a PIN; commits the count of wrong ones before it answers."""
        row = self._db.reader().execute(
            "SELECT pin, pin_failures, pin_lockouts, pin_locked_until FROM person"
            " WHERE id = ? AND removed_at IS NULL",
            (person_id,),
        )
        stored, failures, lockouts, locked_until = row.fetchone() or (None, 0, 0, 0.0)
        if self._clock.now() < locked_until:
            return PinResult.LOCKED
        if not matches(stored, pin):
            return self._db.now(lambda tx: self._wrong_pin(tx, person_id))
        if failures or lockouts:
            self._db.now(lambda tx: self._right_pin(tx, person_id))
        return PinResult.OK

    def pin_locked_until(self, person_id: int) -> float:
        """When a lock-out ends, in seconds since 1970; in the past if there is none."""
        row = self._db.reader().execute(
            "SELECT pin_locked_until FROM person WHERE id = ?", (person_id,)
        )
        return float((row.fetchone() or (0.0,))[0])

    def pin_locks(self) -> list[PinLock]:
        """Who is locked out at this moment, by login."""
        rows = self._db.reader().execute(
            f"SELECT {', '.join(_FIELDS)}, pin_locked_until FROM person"
            " WHERE removed_at IS NULL AND pin_locked_until > ? ORDER BY login",
            (self._clock.now(),),
        )
        return [PinLock(_person(row[:-1]), row[-1]) for row in rows.fetchall()]

    def _secret(self, column: str, person_id: int) -> str | None:
        row = self._db.reader().execute(f"SELECT {column} FROM person WHERE id = ?", (person_id,))
        found = row.fetchone()
        return None if found is None else cast("str | None", found[0])

    def _wrong_pin(self, tx: Tx, person_id: int) -> PinResult:
        row = tx.execute(
            "UPDATE person SET pin_failures = pin_failures + 1 WHERE id = ?"
            " RETURNING pin_failures, pin_lockouts",
            (person_id,),
        )
        found = row.fetchall()
        if not found or found[0][0] < PIN_TRIES:
            return PinResult.WRONG
        lockouts = found[0][1]
        lasts = min(LOCK_FIRST_S * 2**lockouts, LOCK_LONGEST_S)
        tx.execute(
            "UPDATE person SET pin_failures = 0, pin_lockouts = ?, pin_locked_until = ?"
            " WHERE id = ?",
            (min(lockouts + 1, 32), self._clock.now() + lasts, person_id),
        )
        self._audit_log.write(
            tx, "PIN locked", "phone", "", [AuditEvent(person_id, None, f"for {lasts:.0f} s")]
        )
        return PinResult.LOCKED

    def _right_pin(self, tx: Tx, person_id: int) -> None:
        tx.execute(
            "UPDATE person SET pin_failures = 0, pin_lockouts = 0 WHERE id = ?", (person_id,)
        )


def _insert(tx: Tx, values: dict[str, Any]) -> int:
    columns, marks = ", ".join(values), ", ".join("?" * len(values))
    cursor = tx.execute(f"INSERT INTO person ({columns}) VALUES ({marks})", tuple(values.values()))
    person = cast(int, cursor.lastrowid)
    tx.execute("INSERT INTO usage VALUES (?, 0)", (person,))
    return person


def _revive(tx: Tx, person: int, values: dict[str, Any]) -> int:
    columns = ", ".join(f"{column} = ?" for column in values)
    done = tx.execute(
        f"UPDATE person SET {columns}, removed_at = NULL, pin_failures = 0, pin_lockouts = 0,"
        " pin_locked_until = 0 WHERE id = ? AND removed_at IS NOT NULL",
        (*values.values(), person),
    )
    _must(done.rowcount, person)
    return person


def _must(found: int, person_id: int) -> None:
    if not found:
        raise NoSuchPerson(f"there is no person {person_id}")


def _check_login(login: str) -> None:
    if not is_name(login) or login.isdigit():
        raise BadName(
            f"{login!r} cannot be a login: letters, digits and . _ - with a letter", "login"
        )
    if login in RESERVED:
        raise BadName(
            f"{login} is reserved: mail to it goes elsewhere by rule; take another login", "login"
        )


def _check_fields(fields: dict[str, Any]) -> None:
    mailbox, address = fields.get("mailbox"), fields.get("address")
    if mailbox is not None and not _NUMBER.fullmatch(mailbox):
        raise BadName(f"{mailbox!r} cannot be a mailbox: 1 to 10 digits are", "mailbox")
    if address and not is_outside_address(address):
        raise BadName(f"{address!r} cannot be a public address: name@domain.example can", "address")
    if fields.get("quota", 0) < 0:
        raise BadName("a quota is a number of octets, 0 or more", "quota")
    if "transfer" in fields:
        fields["transfer"] = Transfer(fields["transfer"])


def _refuse_alias(tx: Tx, *names: str) -> None:
    for name in names:
        if tx.execute("SELECT 1 FROM alias WHERE name = ?", (name,)).fetchone():
            raise NameTaken(f"{name} is the name of an alias; remove that first")


def _refuse_member(tx: Tx, login: str, person_id: int) -> None:
    rows = tx.execute(
        "SELECT DISTINCT alias FROM alias_member WHERE member = ? AND alias <> ?"
        " UNION SELECT name FROM alias WHERE responsible = ? AND name <> ?",
        (login, login, person_id, login),
    ).fetchall()
    if rows:
        names = ", ".join(sorted(row[0] for row in rows))
        raise StillMember(f"{login} is still named by the alias {names}; change that first")


@contextmanager
def _taken(who: str) -> Iterator[None]:
    """Say in words which of the unique fields somebody else has already."""
    try:
        yield
    except sqlite3.IntegrityError as problem:
        column = str(problem).rpartition(".")[2]
        raise NameTaken(f"{who}: this {column} is in use already", column) from problem
