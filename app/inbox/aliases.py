"""Aliases: a name and whom its mail goes to.

A member is a login, another alias, or an outside address. A login may be an alias name, too: then
it says where that person's mail *and voicemail* go. Their own name among the members keeps a copy
and is never expanded again, so it is no cycle. Other aliases are groups or lists (expansion.py).
Who answers for outside members: the person whose forward it is, else the alias's owner, else the
first local member, else the postmaster. A list has an owner always.

What is saved makes sense as a whole: several aliases may be given at once and name one another, and
either all are taken or none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.core.clock import Clock, SystemClock
from app.core.sentences import sentence
from app.inbox.addresses import (
    CATCH_ALL,
    POSTMASTER,
    RESERVED,
    DeliveryConfig,
    is_alias_name,
    is_outside_address,
    untagged,
)
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import (
    AliasCycle,
    BadAliases,
    BadName,
    Invalid,
    NameTaken,
    StillMember,
    UnknownMember,
)
from app.inbox.expansion import (
    ALL_ALIASES,
    DEEPEST,
    ONE_ALIAS,
    SOME_MEMBERS,
    Alias,
    AliasKind,
    Expansion,
    Outside,
    Walk,
    as_aliases,
    read_names,
)
from app.inbox.people import People, Person
from app.store.database import Database, Tx

__all__ = ["Alias", "AliasDraft", "AliasKind", "Aliases", "Expansion", "Outside"]


@dataclass(frozen=True)
class AliasDraft:
    """An alias as somebody wants it."""

    name: str
    members: tuple[str, ...]
    owner: str | None = None
    """Login; a list needs one."""
    is_list: bool = False


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
        rows = self._db.reader().execute(ONE_ALIAS, (name,)).fetchall()
        return next(iter(as_aliases(rows).values()), None)

    def all(self) -> list[Alias]:
        """Every alias, by name."""
        return list(as_aliases(self._db.reader().execute(ALL_ALIASES).fetchall()).values())

    def naming(self, member: str) -> list[str]:
        """The names of the aliases that have this member, by name."""
        rows = self._db.reader().execute(
            "SELECT alias FROM alias_member WHERE member = ? ORDER BY alias", (member,)
        )
        return list(dict.fromkeys(alias for (alias,) in rows.fetchall()))

    def postmaster(self) -> Person | None:
        """Who answers for what nobody else does."""
        return self._people.by_login(self._config.postmaster) or self._people.first_admin()

    def expand(self, name: str, draft: Alias | None = None) -> Expansion:
        """Follow a local name to the people and outside addresses it stands for.

        `draft` is an alias as it would be if it were saved. Raises NoSuchPerson if the name is
        neither a login nor an alias.
        """
        names = read_names(self._db, self._people, self._config, name.lower(), draft)
        return Walk(names, self._config, self.postmaster).run(name.lower())

    def reached(self, name: str, most: int) -> int:
        """How many names and addresses a name leads to, itself included: up to `most`.

        No more than that are read, however many members there are.
        """
        reader, found, waiting = self._db.reader(), {name.lower()}, [name.lower()]
        while waiting and len(found) < most:
            rows = reader.execute(SOME_MEMBERS, (waiting.pop(), most)).fetchall()
            fresh = {str(member) for (member,) in rows} - found
            found |= fresh
            waiting += fresh
        return min(len(found), most)

    # ---- changing

    def set(
        self,
        tx: Tx,
        name: str,
        members: Iterable[str],
        owner: str | None = None,
        is_list: bool = False,
        by: str = "",
        door: Door = "admin",
    ) -> Alias:
        """Make or replace an alias.

        Raises BadName, NameTaken, UnknownMember or AliasCycle; the store then stays as it was.
        """
        draft = AliasDraft(name, tuple(members), owner, is_list)
        try:
            return self.set_all(tx, [draft], by, door)[0]
        except BadAliases as found:
            raise found.findings[0][1] from None

    def set_all(
        self, tx: Tx, drafts: Sequence[AliasDraft], by: str = "", door: Door = "admin"
    ) -> list[Alias]:
        """Make or replace aliases, which may name one another. Raises BadAliases: none is then."""
        made = self.judge(tx, drafts)
        for alias in made:
            owner = None if alias.owner is None else _id_of(tx, alias.owner)
            tx.execute("DELETE FROM alias_member WHERE alias = ?", (alias.name,))
            tx.execute(
                "INSERT INTO alias VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET responsible = excluded.responsible",
                (alias.name, owner),
            )
            rows = [(alias.name, place, member) for place, member in enumerate(alias.members)]
            tx.executemany("INSERT INTO alias_member VALUES (?, ?, ?)", rows)
            tx.execute("DELETE FROM list_alias WHERE name = ?", (alias.name,))
            if alias.kind is AliasKind.LIST:
                tx.execute("INSERT INTO list_alias VALUES (?)", (alias.name,))
            self._log(tx, "alias set", by, door, _in_words(alias))
        return made

    def judge(self, tx: Tx, drafts: Sequence[AliasDraft]) -> list[Alias]:
        """The aliases that `set_all` would make. Raises BadAliases."""
        return _Judgement(_read_known(tx, self._config), drafts).made()

    def remove(self, tx: Tx, name: str, by: str = "", door: Door = "admin") -> None:
        """Remove an alias; it may still be a login.

        Raises UnknownMember if there is none, StillMember if other aliases have it as a member.
        """
        name = name.lower()
        if tx.execute("SELECT 1 FROM alias WHERE name = ?", (name,)).fetchone() is None:
            raise UnknownMember(sentence("there is no alias %(name)s", name=name))
        rows = tx.execute(
            "SELECT DISTINCT alias FROM alias_member WHERE member = ? AND alias <> ?", (name, name)
        ).fetchall()
        if rows and _id_of(tx, name) is None:
            raise StillMember(
                sentence(
                    "%(name)s is still a member of %(names)s",
                    name=name,
                    names=", ".join(row[0] for row in rows),
                )
            )
        tx.execute("DELETE FROM alias_member WHERE alias = ?", (name,))
        tx.execute("DELETE FROM alias WHERE name = ?", (name,))
        self._log(tx, "alias removed", by, door, name)

    def _log(self, tx: Tx, verb: str, by: str, door: Door, detail: str) -> None:
        self._audit_log.write(tx, verb, door, by, [AuditEvent(None, None, detail)])


def _in_words(alias: Alias) -> str:
    owner = f" (owner {alias.owner})" if alias.owner is not None else ""
    what = "list " if alias.kind is AliasKind.LIST else ""
    return f"{what}{alias.name}: {', '.join(alias.members)}{owner}"


@dataclass(frozen=True)
class _Known:
    """What the members of new aliases may name."""

    config: DeliveryConfig
    logins: frozenset[str]
    addresses: dict[str, str]
    """Logins, by public address in small letters."""
    mailboxes: dict[str, str]
    """Logins, by mailbox number."""
    members: dict[str, tuple[str, ...]]
    """Of the aliases that there are."""


def _read_known(tx: Tx, config: DeliveryConfig) -> _Known:
    rows = tx.execute(
        "SELECT login, coalesce(address, ''), mailbox FROM person WHERE removed_at IS NULL"
    ).fetchall()
    return _Known(
        config,
        frozenset(login for login, _, _ in rows),
        {address.lower(): login for login, address, _ in rows if address},
        {mailbox: login for login, _, mailbox in rows},
        {alias.name: alias.members for alias in as_aliases(tx.execute(ALL_ALIASES)).values()},
    )


@dataclass
class _Judgement:
    """Whether drafts make sense, beside what there is and beside one another."""

    known: _Known
    drafts: Sequence[AliasDraft]
    findings: list[tuple[int, Invalid]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._names: dict[str, int] = {}
        for number, draft in enumerate(self.drafts):
            self._names.setdefault(draft.name.lower(), number)

    def made(self) -> list[Alias]:
        """The aliases that the drafts mean. Raises BadAliases with all that is wrong."""
        made = [self._alias(number, draft) for number, draft in enumerate(self.drafts)]
        if not self.findings:
            self._refuse_cycles(made)
        if self.findings:
            raise BadAliases(self.findings)
        return made

    def _refuse_cycles(self, made: list[Alias]) -> None:
        graph = self.known.members | {alias.name: alias.members for alias in made}
        depths = _depths(graph)
        for number, alias in enumerate(made):
            if alias.name not in depths:
                way = " → ".join(_round(alias.name, graph, depths))
                self._note(
                    number,
                    AliasCycle(sentence("%(way)s would go round for ever", way=way), "members"),
                )
        deepest = max(depths, key=lambda name: depths[name], default="")
        if deepest and depths[deepest] > DEEPEST:
            text = sentence(
                "below %(deepest)s more than %(most)s aliases would lie inside one another",
                deepest=deepest,
                most=DEEPEST,
            )
            self._note(len(made) - 1, AliasCycle(text, "members"))

    def _alias(self, number: int, draft: AliasDraft) -> Alias:
        name, members = draft.name.lower(), []
        self._note(number, self._wrong_name(name, number))
        for text in draft.members:
            member = self._member(name, text.strip())
            if isinstance(member, Invalid):
                self._note(number, member)
            else:
                members.append(member)
        if not draft.members:
            self._note(
                number,
                UnknownMember(sentence("%(name)s needs at least one member", name=name), "members"),
            )
        owner = None if draft.owner is None else draft.owner.lower()
        self._note(number, self._wrong_owner(name, owner, draft.is_list))
        kind = AliasKind.LIST if draft.is_list else AliasKind.GROUP
        if name in self.known.logins:
            kind = AliasKind.PERSON
        return Alias(name, tuple(dict.fromkeys(members)), kind, owner)

    def _note(self, number: int, problem: Invalid | None) -> None:
        if problem is not None:
            self.findings.append((number, problem))

    def _wrong_name(self, name: str, number: int) -> Invalid | None:
        if not is_alias_name(name):
            text = sentence(
                "%(name)s cannot be an alias: letters, digits and . _ - + can", name=repr(name)
            )
            return BadName(text, "name")
        if name in RESERVED:
            text = sentence(
                "%(name)s is reserved; the setting `site.postmaster` names who gets its mail",
                name=name,
            )
            return BadName(text, "name")
        if name in self.known.mailboxes:
            login = self.known.mailboxes[name]
            text = sentence(
                "%(name)s is the mailbox of %(login)s; use the login as the alias name",
                name=name,
                login=login,
            )
            return NameTaken(text, "name")
        if self._names[name] != number:
            return NameTaken(sentence("%(name)s is given twice", name=name), "name")
        return None

    def _wrong_owner(self, name: str, owner: str | None, is_list: bool) -> Invalid | None:
        if is_list and name in self.known.logins:
            text = sentence(
                "%(name)s is a person's forward, which cannot be a list; take another name",
                name=name,
            )
            return BadName(text, "kind")
        if is_list and owner is None:
            return UnknownMember(
                sentence("%(name)s is a list: who gets its bounces, its owner?", name=name), "owner"
            )
        if owner is not None and owner not in self.known.logins:
            text = sentence(
                "%(owner)s, who is to answer for %(name)s, is not a person here",
                owner=owner,
                name=name,
            )
            return UnknownMember(text, "owner")
        return None

    def _member(self, alias: str, text: str) -> str | Invalid:
        """A member as it is stored: a local name in its shortest form, or an outside address."""
        known = self.known
        if (login := known.addresses.get(text.lower())) is not None:
            return login
        local = known.config.whole_local_part(text)
        if local is None:
            if is_outside_address(text):
                return text
            return UnknownMember(
                sentence(
                    "%(address)s is not an address that mail could be sent to", address=repr(text)
                )
            )
        for name in dict.fromkeys((local, untagged(local))):
            if name == CATCH_ALL:
                break
            if name in known.logins or name == POSTMASTER:
                return name
            if name == alias:
                return AliasCycle(
                    sentence(
                        "%(alias)s → %(alias)s: only a person can keep a copy this way", alias=alias
                    )
                )
            if name in known.members or name in self._names:
                return name
            if name in known.mailboxes:
                return known.mailboxes[name]
        if known.config.is_shared(text):
            return text
        return UnknownMember(
            sentence("%(address)s is neither a person nor an alias here", address=text)
        )


def _depths(graph: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many aliases lie inside one another below each; those that lead to a cycle are left out.

    Whatever the graph is, each of its edges is looked at once (topological order).
    """
    above: dict[str, list[str]] = {}
    open_edges: dict[str, int] = {}
    for name, members in graph.items():
        inner = [member for member in members if member != name and member in graph]
        open_edges[name] = len(inner)
        for member in inner:
            above.setdefault(member, []).append(name)
    depths = {name: 1 for name, count in open_edges.items() if count == 0}
    ready = list(depths)
    longest = dict.fromkeys(graph, 1)
    while ready:
        done = ready.pop()
        depths[done] = longest[done]
        for name in above.get(done, ()):
            longest[name] = max(longest[name], longest[done] + 1)
            open_edges[name] -= 1
            if not open_edges[name]:
                ready.append(name)
    return depths


def _round(name: str, graph: Mapping[str, Sequence[str]], depths: Mapping[str, int]) -> list[str]:
    """From an alias that leads to a cycle once round that cycle."""
    way = [name]
    while way.count(way[-1]) < 2:
        here = way[-1]
        way.append(next(m for m in graph[here] if m != here and m in graph and m not in depths))
    return way[way.index(way[-1]) :]


def _id_of(tx: Tx, login: str) -> int | None:
    row = tx.execute("SELECT id FROM person WHERE login = ? AND removed_at IS NULL", (login,))
    found = row.fetchone()
    return None if found is None else int(found[0])
