"""Aliases: a name and whom its mail goes to.

A member is a login, another alias, or an outside address. A login may be an alias name, too: then
it says where that person's mail *and voicemail* go. Their own name among the members keeps a copy
and is never expanded again, so it is no cycle. Expanding reaches each person and each address once.
Who must answer for outside members: the person whose forward it is, else the alias's responsible
person, else the first local member, else the postmaster.
"""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.core.clock import Clock, SystemClock
from app.inbox.addresses import RESERVED, DeliveryConfig, is_name, is_outside_address
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.errors import (
    AliasCycle,
    BadName,
    NameTaken,
    NoSuchPerson,
    StillMember,
    UnknownMember,
)
from app.inbox.people import People, Person
from app.store.database import Database, Tx


@dataclass(frozen=True)
class Alias:
    """A name, its members in order, and who answers for mail that can only go outside."""

    name: str
    members: tuple[str, ...]
    responsible: str | None = None
    """Login; None: see the module's head."""


@dataclass(frozen=True)
class Outside:
    """An address elsewhere, and who gets the message back if it cannot go there."""

    address: str
    owner: Person | None
    """None: its sender gets it back (mail relayed for a client)."""
    via: str
    """The local name whose members sent it out; what Delivered-To will say."""


@dataclass(frozen=True)
class Expansion:
    """Where a name leads."""

    people: tuple[Person, ...]
    """Whose inbox keeps it."""
    outside: tuple[Outside, ...]
    trace: tuple[str, ...]
    """Step by step, in words for an administrator."""
    group: bool
    """Whether the name is an alias for several, which is never refused for one full member."""

    @property
    def external(self) -> tuple[str, ...]:
        """The outside addresses alone."""
        return tuple(outside.address for outside in self.outside)


class Aliases:
    """The aliases of one store."""

    def __init__(
        self,
        db: Database,
        people: People,
        config: DeliveryConfig,
        clock: Clock | None = None,
    ) -> None:
        """`config` says which domains are ours, so that bob@our.domain means bob."""
        self._db = db
        self._people = people
        self._config = config
        self._audit_log = AuditLog(db, clock if clock is not None else SystemClock())

    # ---- finding

    def get(self, name: str) -> Alias | None:
        """The alias of this name, in any case of letters."""
        return _get(self._db.reader(), name)

    def all(self) -> list[Alias]:
        """Every alias, by name."""
        rows = self._db.reader().execute("SELECT name FROM alias ORDER BY name").fetchall()
        return [alias for (name,) in rows if (alias := self.get(name)) is not None]

    # ---- changing

    def set(
        self,
        tx: Tx,
        name: str,
        members: Iterable[str],
        responsible: str | None = None,
        by: str = "",
    ) -> Alias:
        """Make or replace an alias.

        Raises BadName, NameTaken, UnknownMember or AliasCycle; the store then stays as it was.
        """
        name = name.lower()
        self._check_name(tx, name)
        wanted = tuple(dict.fromkeys(self._member(tx, name, member) for member in members))
        if not wanted:
            raise UnknownMember(f"{name} needs at least one member")
        owner = self._responsible(tx, responsible)
        _refuse_cycle(lambda other: wanted if other == name else _members(tx, other), name)
        tx.execute("DELETE FROM alias_member WHERE alias = ?", (name,))
        tx.execute(
            "INSERT INTO alias VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET responsible = excluded.responsible",
            (name, owner),
        )
        rows = [(name, place, member) for place, member in enumerate(wanted)]
        tx.executemany("INSERT INTO alias_member VALUES (?, ?, ?)", rows)
        self._log(tx, "alias set", by, f"{name}: {', '.join(wanted)}")
        return Alias(name, wanted, responsible)

    def remove(self, tx: Tx, name: str, by: str = "") -> None:
        """Remove an alias; it may still be a login.

        Raises UnknownMember if there is none, StillMember if other aliases have it as a member.
        """
        name = name.lower()
        if tx.execute("SELECT 1 FROM alias WHERE name = ?", (name,)).fetchone() is None:
            raise UnknownMember(f"there is no alias {name}")
        rows = tx.execute(
            "SELECT DISTINCT alias FROM alias_member WHERE member = ? AND alias <> ?", (name, name)
        ).fetchall()
        if rows and not _is_login(tx, name):
            raise StillMember(f"{name} is still a member of {', '.join(row[0] for row in rows)}")
        tx.execute("DELETE FROM alias_member WHERE alias = ?", (name,))
        tx.execute("DELETE FROM alias WHERE name = ?", (name,))
        self._log(tx, "alias removed", by, name)

    def _log(self, tx: Tx, verb: str, by: str, detail: str) -> None:
        self._audit_log.write(tx, verb, "admin", by, [AuditEvent(None, None, detail)])

    def _check_name(self, tx: Tx, name: str) -> None:
        if not is_name(name):
            raise BadName(f"{name!r} cannot be an alias: letters, digits and . _ - can")
        if name in RESERVED:
            raise BadName(f"{name} is reserved; the setting `postmaster` names who gets its mail")
        taken = "SELECT login FROM person WHERE mailbox = ? AND removed_at IS NULL"
        row = tx.execute(taken, (name,)).fetchone()
        if row is not None:
            raise NameTaken(f"{name} is the mailbox of {row[0]}; use the login as the alias name")

    def _member(self, tx: Tx, alias: str, member: str) -> str:
        """A member as it is stored: a local name in its shortest form, or an outside address."""
        member = member.strip()
        login = _login_of_address(tx, member)
        if login is not None:
            return login
        local = self._config.local_part(member)
        if local is None:
            if not is_outside_address(member):
                raise UnknownMember(f"{member!r} is not an address that mail could be sent to")
            return member
        if _is_login(tx, local) or (local != alias and _members(tx, local)):
            return local
        if local == alias:
            raise AliasCycle(f"{alias} → {alias}: only a person can keep a copy this way")
        raise UnknownMember(f"{member} is neither a person nor an alias here")

    def _responsible(self, tx: Tx, login: str | None) -> int | None:
        if login is None:
            return None
        row = tx.execute(
            "SELECT id FROM person WHERE login = ? AND removed_at IS NULL", (login,)
        ).fetchone()
        if row is None:
            raise UnknownMember(f"{login}, who is to answer for the alias, is not a person here")
        return int(row[0])

    # ---- expanding

    def expand(self, name: str) -> Expansion:
        """Follow a local name to the people and outside addresses it stands for.

        Raises NoSuchPerson if it is neither a login nor an alias.
        """
        return _Walk(self._people, self.get, self._config).run(name.lower())

    def postmaster(self) -> Person | None:
        """Who answers for what nobody else does."""
        return self._people.by_login(self._config.postmaster) or self._people.first_admin()


@dataclass
class _Walk:
    """One expansion under way."""

    find: People
    alias: Callable[[str], Alias | None]
    config: DeliveryConfig
    people: dict[int, Person] = field(default_factory=dict)
    pending: dict[str, tuple[Person | None, Alias]] = field(default_factory=dict)
    """Outside addresses in the order found: whose forward, through which alias."""
    touched: dict[str, Person] = field(default_factory=dict)
    """For each alias, the first person met below it: who answers for its outside members."""
    seen: set[str] = field(default_factory=set)
    trace: list[str] = field(default_factory=list)

    def run(self, name: str) -> Expansion:
        alias, person = self.alias(name), self.find.by_login(name)
        if alias is None and person is None:
            raise NoSuchPerson(f"{name} is neither a person nor an alias here")
        self.visit(name, None, ())
        outside = [
            Outside(address, self.owner(person_, via), via.name)
            for address, (person_, via) in self.pending.items()
        ]
        self.trace += [
            f"{one.owner.login} gets it back if it cannot go to {one.address}"
            for one in outside
            if one.owner is not None
        ]
        group = alias is not None and person is None
        return Expansion(tuple(self.people.values()), tuple(outside), tuple(self.trace), group)

    def owner(self, person: Person | None, via: Alias) -> Person | None:
        if person is not None:
            return person
        named = None if via.responsible is None else self.find.by_login(via.responsible)
        fallback = self.find.by_login(self.config.postmaster) or self.find.first_admin()
        return named or self.touched.get(via.name) or fallback

    def visit(self, name: str, owner: Person | None, way: tuple[str, ...]) -> None:
        """Follow one name; `owner` answers for outside members, `way` are the aliases above."""
        person, alias = self.find.by_login(name), self.alias(name)
        if person is not None:
            for above in way:
                self.touched.setdefault(above, person)
        if name in self.seen:
            self.trace.append(f"{name} has been reached already: once is enough")
            return
        self.seen.add(name)
        if alias is None:
            self.keep(name, person)
            return
        self.trace.append(f"{name} stands for {', '.join(alias.members)}")
        for member in alias.members:
            self.member(member, alias, person, person or owner, (*way, name))

    def member(
        self,
        member: str,
        alias: Alias,
        person: Person | None,
        owner: Person | None,
        way: tuple[str, ...],
    ) -> None:
        if "@" in member and (local := self.ours(member)) is not None:
            self.trace.append(f"{member} is ours: it is {local}")
            member = local
        if "@" in member:
            self.trace.append(f"{member} is outside: it is sent there")
            self.pending.setdefault(member, (owner, alias))
        elif member == alias.name:
            self.keep(member, person)
        else:
            self.visit(member, owner, way)

    def ours(self, address: str) -> str | None:
        """The local name of an address that has become ours since the alias was saved."""
        person = self.find.by_address(address)
        local = person.login if person is not None else self.config.local_part(address)
        known = local is not None and (self.find.by_login(local) or self.alias(local))
        return local if known else None

    def keep(self, name: str, person: Person | None) -> None:
        if person is None:
            self.trace.append(f"{name} is nobody here: skipped")
            return
        self.trace.append(f"{name} keeps it in the inbox")
        self.people.setdefault(person.id, person)


def _get(connection: sqlite3.Connection, name: str) -> Alias | None:
    rows = connection.execute(
        "SELECT alias.name, member, login FROM alias"
        " JOIN alias_member ON alias_member.alias = alias.name"
        " LEFT JOIN person ON person.id = alias.responsible"
        " WHERE alias.name = ? ORDER BY place",
        (name,),
    ).fetchall()
    if not rows:
        return None
    return Alias(rows[0][0], tuple(row[1] for row in rows), rows[0][2])


def _members(tx: Tx, name: str) -> tuple[str, ...]:
    alias = _get(tx, name)
    return () if alias is None else alias.members


def _is_login(tx: Tx, name: str) -> bool:
    row = tx.execute("SELECT 1 FROM person WHERE login = ? AND removed_at IS NULL", (name,))
    return row.fetchone() is not None


def _login_of_address(tx: Tx, address: str) -> str | None:
    row = tx.execute(
        "SELECT login FROM person WHERE address = ? AND removed_at IS NULL", (address,)
    ).fetchone()
    return None if row is None else str(row[0])


def _refuse_cycle(members: Callable[[str], tuple[str, ...]], name: str) -> None:
    """Follow every way from `name`; raise AliasCycle if one comes back to it."""
    seen = {name}

    def follow(at: str, way: tuple[str, ...]) -> None:
        for member in members(at):
            if member == name and at != name:
                raise AliasCycle(f"{' → '.join((*way, name))} would go round for ever")
            if member not in seen and "@" not in member:
                seen.add(member)
                follow(member, (*way, member))

    follow(name, (name,))
