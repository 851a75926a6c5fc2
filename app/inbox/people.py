"""Who has a box here: logins, mailboxes, handsets, public addresses, passwords and PINs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.core.clock import Clock, SystemClock
from app.inbox import person_fields
from app.inbox import roles as role_names
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.claim import Claim
from app.inbox.credentials import check_pin_rules, hashed, matches, new_password, new_pin
from app.inbox.entries import Door, Kind
from app.inbox.errors import BadName, NoSuchPerson
from app.inbox.fetch_accounts import forget_accounts
from app.inbox.first_use import FirstStep, FirstUse
from app.inbox.follow_me import FollowMes, forget_follow_me
from app.inbox.notifications import Notifications, forget_notification
from app.inbox.people_changes import PeopleChanges
from app.inbox.people_names import PersonNames
from app.inbox.person_names import checked_login, refuse_alias, refuse_member, taken
from app.inbox.pins import NOBODY, PinAnswer, PinGuard, PinOrigin, PinResult
from app.inbox.presence import Presences, forget_presence
from app.inbox.second_factors import forget_second_factor
from app.inbox.shared import SharedMailboxes, forget_shares
from app.inbox.store import Moment, move_to_bin
from app.inbox.templates import Templates
from app.inbox.web_sessions import end_sessions
from app.store.database import Database, Tx

__all__ = [
    "Former",
    "People",
    "Person",
    "PinAnswer",
    "PinLock",
    "PinOrigin",
    "PinResult",
    "Transfer",
    "new_password",
    "new_pin",
]


class Transfer(StrEnum):
    """What POP3 shows of a person's inbox."""

    ALL = "email and voicemail"
    EMAIL = "email only"
    NONE = "none"

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What POP3 shows; the rest stays in the inbox, for the other doors."""
        if self is Transfer.ALL:
            return (Kind.EMAIL, Kind.VOICEMAIL)
        return (Kind.EMAIL,) if self is Transfer.EMAIL else ()


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
    quota: int | None
    """Octets their inbox may hold; None: as the template or the setting says (limits.py)."""
    voicemails: int | None
    """Number of voicemails it may hold, 0 for any; None: likewise."""
    template: int | None
    """Which template they are assigned to."""
    transfer: Transfer
    fetched_is_heard: bool
    """Whether fetching a voicemail by POP3 counts as having heard it."""
    language: str
    key_map: str
    """Name of the key map of their voicemail menu."""
    roles: tuple[str, ...] = ()
    """What else they may do (roles.py). An administrator may all."""
    outside_login: bool = False
    """Whether the owner's menu can be reached from outside lines, with the PIN."""
    mail_by_phone: bool = True
    """Whether the owner's menu reads e-mails out."""
    may_call: str = ""
    """The dearest calls that they may make outside, a class of drivers/countries/numbering.py; "":
    as the setting numbers.person_class says."""
    envelope_first: bool = False
    """Whether the owner's menu says who called, and when, before each message."""
    missed_lamp: bool = False
    """Whether missed calls light the lamps of those who listen to the box, until they are seen."""
    text_wait_min: int = 0
    """Minutes that their voicemail waits at most for its text, which is then in the mail; 0: it is
    delivered at once, and the text stands beside it where there is a pack that writes it."""


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
    """A box that takes no PIN from somewhere for now, after too many wrong ones."""

    person: Person
    origin: str
    """From where: a handset, or an outside line and its caller."""
    until: float
    """When it ends; seconds since 1970 UTC."""


_FIELDS = tuple(Person.__dataclass_fields__)
_COLUMNS = {"quota": "own_quota", "voicemails": "own_voicemails"}
"""Where a field's column has another name."""
_SELECTED = ", ".join(_COLUMNS.get(field, field) for field in _FIELDS)
_SELECT = f"SELECT {_SELECTED} FROM person WHERE removed_at IS NULL"
_SETTABLE = frozenset(_FIELDS) - {"id", "login"}
_FLAGS = tuple(name for name, field in Person.__dataclass_fields__.items() if field.type is bool)
_NEW = {
    **dict.fromkeys(("handset", "address", "quota", "voicemails", "template")),
    "admin": False,
    "roles": (),
    "transfer": Transfer.ALL,
    "fetched_is_heard": False,
    "language": "en",
    "key_map": "switchhook",
    "outside_login": False,
    "mail_by_phone": True,
    "may_call": "",
    "envelope_first": False,
    "missed_lamp": False,
    "text_wait_min": 0,
}
"""What is so of a new person unless something else is said."""


def _person(row: tuple[Any, ...]) -> Person:
    fields = dict(zip(_FIELDS, row, strict=True))
    for flag in _FLAGS:
        fields[flag] = bool(fields[flag])
    fields["transfer"] = Transfer(fields["transfer"])
    fields["roles"] = role_names.from_text(fields["roles"])
    return Person(**fields)


class People:
    """The people of one store."""

    def __init__(self, db: Database, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock if clock is not None else SystemClock()
        self._audit_log = AuditLog(db, self._clock)
        self._guard = PinGuard(db, self._clock, self._audit_log)
        self.names = PersonNames(db).all
        self.templates = Templates(db, self._audit_log)
        self.presences = Presences(db, self._clock, self._audit_log)
        self.follow_mes = FollowMes(db, self._audit_log)
        self.notifications = Notifications(db, self._audit_log)
        self.first_use = FirstUse(db)
        self.shared = SharedMailboxes(db, self._clock, self._audit_log)
        self.changes = PeopleChanges(db)

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

    def with_logins(self, logins: Iterable[str]) -> list[Person]:
        """The people with these logins (small letters), in one statement."""
        return self._those("login", logins)

    def with_addresses(self, addresses: Iterable[str]) -> list[Person]:
        """The people with these public addresses, in any case of letters, in one statement."""
        return self._those("address", addresses)

    def _those(self, column: str, values: Iterable[str]) -> list[Person]:
        terms = f"{column} IN (SELECT value FROM json_each(?))"
        rows = self._db.reader().execute(f"{_SELECT} AND {terms}", (json.dumps(list(values)),))
        return [_person(row) for row in rows.fetchall()]

    def with_bins(self) -> list[tuple[int, int | None]]:
        """Id and template of everybody who may have something in the bin, former people, too."""
        return self._db.reader().execute("SELECT id, template FROM person").fetchall()

    def first_admin(self) -> Person | None:
        """The administrator who was added first; failing one, whoever was added first."""
        row = self._db.reader().execute(f"{_SELECT} ORDER BY admin DESC, id LIMIT 1").fetchone()
        return None if row is None else _person(row)

    def answers_lines(self) -> Person | None:
        """Who answers outside lines that no setting gives to somebody.

        Somebody with a telephone before everybody without, administrators before others, then
        whoever was added first.
        """
        order = "handset > '' ORDER BY admin DESC, id LIMIT 1"
        row = self._db.reader().execute(f"{_SELECT} AND {order}").fetchone()
        return self.first_admin() if row is None else _person(row)

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
        adopt: Former | None = None,
        by: str = "",
        door: Door = "admin",
        **fields: Any,
    ) -> int:
        """Add a person, without password and PIN; returns the id.

        `fields` are others of Person's. `adopt` revives a former person;
        Store.restore(adopt.entries) then fills the inbox. Raises BadName, NameTaken, and
        NoSuchPerson if that is no former person.
        """
        refuse_alias(tx, login := checked_login(login), mailbox)
        if unknown := set(fields) - set(_NEW):
            raise BadName(f"not to be set: {', '.join(sorted(unknown))}")
        named = {"login": login, "name": name, "mailbox": mailbox}
        values = {**_NEW, **fields, **named, "added_at": self._clock.now()}
        values |= {optional: values[optional] or None for optional in ("handset", "address")}
        _check_fields(values)
        with taken(login):
            person = _insert(tx, values) if adopt is None else _revive(tx, adopt.id, values)
        self.first_use.ask_for(tx, person, *FirstStep)
        self._log(tx, "person added", person, by, door, login + _box_of(adopt))
        return person

    def change(
        self, tx: Tx, person_id: int, by: str = "", door: Door = "admin", **fields: Any
    ) -> None:
        """Set some of a person's fields; a login stays, since aliases and clients name it.

        Raises BadName, NameTaken or NoSuchPerson.
        """
        unknown = set(fields) - _SETTABLE
        if unknown or not fields:
            raise BadName(f"not to be changed: {', '.join(sorted(unknown)) or 'nothing'}")
        _check_fields(fields)
        if "mailbox" in fields:
            refuse_alias(tx, "", fields["mailbox"])
        for optional in {"handset", "address"} & set(fields):
            fields[optional] = fields[optional] or None
        columns = ", ".join(f"{_COLUMNS.get(field, field)} = ?" for field in fields)
        with taken(f"person {person_id}"):
            done = tx.execute(
                f"UPDATE person SET {columns} WHERE id = ? AND removed_at IS NULL",
                (*fields.values(), person_id),
            )
        _must(done.rowcount, person_id)
        detail = ", ".join(f"{field} = {value}" for field, value in fields.items())
        self._log(tx, "person changed", person_id, by, door, detail)

    def remove(self, tx: Tx, person_id: int, by: str = "", door: Door = "admin") -> int:
        """Take a person out, with the alias that bears their login.

        What is in the inbox or on its way out goes to the bin; returns how many entries. Before
        that Store.give_all gives them to somebody else. For the grace period Store.restore brings
        them back, to an heir or who is added again (`former`). Raises NoSuchPerson or StillMember.
        """
        row = tx.execute(
            "SELECT login FROM person WHERE id = ? AND removed_at IS NULL", (person_id,)
        ).fetchone()
        _must(0 if row is None else 1, person_id)
        login = row[0]
        refuse_member(tx, login, person_id)
        tx.execute("DELETE FROM alias_member WHERE alias = ?", (login,))
        tx.execute("DELETE FROM alias WHERE name = ?", (login,))
        now = Moment(self._clock.now(), self._db.box_time.now())
        tx.execute(
            "UPDATE person SET removed_at = ?, password = NULL, pin = NULL WHERE id = ?",
            (now.at, person_id),
        )
        end_sessions(tx, person_id)
        for forget in (forget_second_factor, forget_accounts, forget_presence, forget_follow_me):
            forget(tx, person_id)
        forget_notification(tx, person_id)
        self.first_use.done(tx, person_id, *FirstStep)
        forget_shares(tx, person_id)
        self._guard.lift(tx, person_id)
        rows = tx.execute("SELECT id FROM entry WHERE person = ? AND state <> 'bin'", (person_id,))
        left = [entry for (entry,) in rows.fetchall()]
        move_to_bin(tx, left, now, door, by)  # at the same moment: `former` finds them by it
        events = [AuditEvent(person_id, entry, f"with {login}") for entry in left]
        self._audit_log.write(tx, "removed", door, by, events)
        self._log(tx, "person removed", person_id, by, door, login)
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
            " ORDER BY (SELECT id FROM audit WHERE audit.person = person.id"
            " AND verb = 'person removed' ORDER BY id DESC LIMIT 1) DESC, id DESC LIMIT 1",
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

    def _log(self, tx: Tx, verb: str, person: int, by: str, door: Door, detail: str = "") -> None:
        self._audit_log.write(tx, verb, door, by, [AuditEvent(person, None, detail)])

    # ---- passwords and PINs

    def set_password(
        self, tx: Tx, person_id: int, password: str, by: str = "", door: Door = "admin"
    ) -> None:
        """Set the password for POP3 and the web, where sessions end. Takes tens of milliseconds."""
        stored = hashed(password)
        done = tx.execute("UPDATE person SET password = ? WHERE id = ?", (stored, person_id))
        _must(done.rowcount, person_id)
        end_sessions(tx, person_id)
        self._log(tx, "password set", person_id, by, door)

    def set_pin(self, tx: Tx, person_id: int, pin: str, by: str = "", door: Door = "admin") -> None:
        """Set the PIN for the telephone and lift a lock-out. Raises TrivialPin, saying why.

        Whoever is given a PIN by somebody else is asked for an own one at the next visit.
        """
        row = tx.execute("SELECT login, mailbox, handset FROM person WHERE id = ?", (person_id,))
        found = row.fetchone()
        _must(0 if found is None else 1, person_id)
        check_pin_rules(pin, tuple(number for number in found[1:] if number))
        if by == found[0]:
            self.first_use.done(tx, person_id, FirstStep.PIN)
        else:
            self.first_use.ask_for(tx, person_id, FirstStep.PIN)
        tx.execute("UPDATE person SET pin = ? WHERE id = ?", (hashed(pin), person_id))
        self._guard.lift(tx, person_id)
        self._log(tx, "PIN set", person_id, by, door)

    def has_pin(self, person_id: int, pin: str) -> bool:
        """Whether this is the person's PIN; for who has logged in: it counts as no guess."""
        row = self._db.reader().execute("SELECT pin FROM person WHERE id = ?", (person_id,))
        return matches((row.fetchone() or (None,))[0], pin)

    def check_password(self, login: str, password: str) -> Person | None:
        """The person, if login and password fit. Takes equally long whether they exist or not.

        Costs tens of milliseconds of CPU: a server calls it outside its event loop. An
        administrator's first login ends the box's claim code.
        """
        person, stored = self.credential(login)
        fits = matches(stored, password)  # first, so that a stranger costs the same time
        if person is not None and fits and person.admin:
            Claim(self._db.path).close()
        return person if fits else None

    def credential(self, login: str) -> tuple[Person | None, str | None]:
        """Somebody by login, and the stored form of their password, if there is one."""
        select = _SELECT.replace(" FROM", ", password FROM", 1)
        row = self._db.reader().execute(f"{select} AND login = ?", (login,)).fetchone()
        return (None, None) if row is None else (_person(row[:-1]), row[-1])

    def check_pin(
        self, person_id: int, pin: str, origin: PinOrigin, number: int | None = None
    ) -> PinAnswer:
        """Judge a PIN that is dialled at `origin`; the guess is committed before it is judged.

        `number` is the guess's: asked twice, it counts once.
        A person who is not here is NOBODY: the answer is WRONG, or LOCKED, as for anybody.
        """
        row = self._db.reader().execute(
            "SELECT pin, handset FROM person WHERE id = ? AND removed_at IS NULL", (person_id,)
        )
        found = row.fetchone()
        if found is None:
            return self._guard.check(NOBODY, None, pin, origin, False, number)
        stored, handset = found
        own = handset == origin.line and not origin.outside
        return self._guard.check(person_id, stored, pin, origin, own, number)

    def pin_locked_until(self, person_id: int) -> float:
        """When the last lock-out ends, in seconds since 1970; 0 if there is none."""
        ends = [lock.until for lock in self._guard.lockouts(person_id)]
        return max(ends, default=0.0)

    def pin_locks(self) -> list[PinLock]:
        """Which boxes take no PIN from where at this moment, by login."""
        people = {person.id: person for person in self.all()}
        locks = [
            PinLock(people[lock.person], lock.origin, lock.until)
            for lock in self._guard.lockouts()
            if lock.person in people
        ]
        return sorted(locks, key=lambda lock: (lock.person.login, lock.until))


def _box_of(adopted: Former | None) -> str:
    """For the history: whose box a person was given."""
    return "" if adopted is None else f", with the box that {adopted.login} had"


def _insert(tx: Tx, values: dict[str, Any]) -> int:
    columns = ", ".join(_COLUMNS.get(field, field) for field in values)
    marks = ", ".join("?" * len(values))
    # The column quota is for programs of before templates: for them there is no limit.
    cursor = tx.execute(
        f"INSERT INTO person (quota, {columns}) VALUES ({1 << 62}, {marks})",
        tuple(values.values()),
    )
    person = cast(int, cursor.lastrowid)
    tx.execute("INSERT INTO usage VALUES (?, 0)", (person,))
    return person


def _revive(tx: Tx, person: int, values: dict[str, Any]) -> int:
    columns = ", ".join(f"{_COLUMNS.get(field, field)} = ?" for field in values)
    done = tx.execute(
        f"UPDATE person SET {columns}, removed_at = NULL WHERE id = ? AND removed_at IS NOT NULL",
        (*values.values(), person),
    )
    _must(done.rowcount, person)
    return person


def _must(found: int, person_id: int) -> None:
    if not found:
        raise NoSuchPerson(f"there is no person {person_id}")


def _check_fields(fields: dict[str, Any]) -> None:
    person_fields.check(fields)
    if "transfer" in fields:
        fields["transfer"] = Transfer(fields["transfer"])
    if "roles" in fields:
        fields["roles"] = role_names.as_text(fields["roles"])
