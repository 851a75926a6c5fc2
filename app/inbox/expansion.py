"""Following a name to everybody it stands for: each person and each outside address once.

What an expansion meets is read beforehand, in a few statements whatever the number of members
(`read_names`); `expand` then follows it in memory and says each step in words.

A list sends in its owner's name [RFC 5321 §3.9.2]: whoever is reached through it gets the mail with
the owner's address as envelope sender, the innermost list counting. A person's own forward below a
list is theirs: they answer for it, and it leaves with the list's sender.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.records import parse_json
from app.core.sentences import sentence
from app.inbox.addresses import POSTMASTER, DeliveryConfig, untagged
from app.inbox.errors import NoSuchPerson
from app.inbox.people import People, Person
from app.store.database import Database

DEEPEST = 50
"""Aliases inside one another, at most."""


class AliasKind(StrEnum):
    """What an alias is."""

    PERSON = "person"
    """The forward of the person whose login it bears."""
    GROUP = "group"
    """Several get the mail as it came, its sender unchanged."""
    LIST = "list"
    """Several get it in the name of the list's owner, who gets what bounces."""


@dataclass(frozen=True)
class Alias:
    """A name and whom its mail goes to."""

    name: str
    members: tuple[str, ...]
    """In order: logins, other aliases, outside addresses."""
    kind: AliasKind
    owner: str | None = None
    """Login of who gets back what cannot go outside; None: see aliases.py."""

    @property
    def is_external(self) -> bool:
        """Whether it stands for nothing but addresses elsewhere."""
        return all("@" in member for member in self.members)


@dataclass(frozen=True)
class SentBy:
    """A list that sends a mail on in its owner's name."""

    name: str
    owner: Person


@dataclass(frozen=True)
class Local:
    """A person whose inbox keeps the message."""

    person: Person
    sent_by: SentBy | None = None
    """The list through which they are reached."""


@dataclass(frozen=True)
class Outside:
    """An address elsewhere, and who gets the message back if it cannot go there."""

    address: str
    owner: Person | None
    """None: its sender gets it back (mail relayed for a client)."""
    via: str
    """The local name whose members sent it out; what Delivered-To will say."""
    sent_by: SentBy | None = None
    """The list through which it is reached."""
    forwarded: bool = False
    """It is the owner's own forward, not a member of a group or list."""

    @property
    def is_list_mail(self) -> bool:
        """Whether it goes out as the list's mail, of which nobody here has custody."""
        return self.sent_by is not None and not self.forwarded


@dataclass(frozen=True)
class Expansion:
    """Where a name leads."""

    local: tuple[Local, ...]
    outside: tuple[Outside, ...]
    trace: tuple[str, ...]
    """Step by step, in words for an administrator."""
    group: bool
    """Whether the name is an alias for several, which is never refused for one full member."""

    @property
    def people(self) -> tuple[Person, ...]:
        """Whose inbox keeps it."""
        return tuple(local.person for local in self.local)

    @property
    def external(self) -> tuple[str, ...]:
        """The outside addresses alone."""
        return tuple(outside.address for outside in self.outside)


# ---- reading

_REACHED = (
    "WITH RECURSIVE reached (name) AS (SELECT value FROM json_each(:names) UNION"
    " SELECT member FROM reached JOIN alias_member ON alias_member.alias = reached.name"
    " WHERE instr(member, '@') = 0)"
)
_MEMBERS = "(SELECT member FROM alias_member WHERE alias_member.alias = alias.name ORDER BY place)"
_ALIASES = (
    f"SELECT alias.name, (SELECT json_group_array(member) FROM {_MEMBERS}), owner.login,"
    " EXISTS (SELECT 1 FROM list_alias WHERE list_alias.name = alias.name),"
    " EXISTS (SELECT 1 FROM person WHERE person.login = alias.name AND removed_at IS NULL)"
    " FROM {source}"
    " LEFT JOIN person AS owner ON owner.id = alias.responsible AND owner.removed_at IS NULL"
)
ALL_ALIASES = _ALIASES.format(source="alias") + " ORDER BY alias.name"
ONE_ALIAS = _ALIASES.format(source="alias") + " WHERE alias.name = ?"
REACHED_ALIASES = f"{_REACHED} " + _ALIASES.format(
    source="reached JOIN alias ON alias.name = reached.name"
)
"""Every alias that can be reached from the JSON list :names."""


SOME_MEMBERS = "SELECT member FROM alias_member WHERE alias = ? LIMIT ?"


def as_aliases(rows: Iterable[tuple[str, str, str | None, int, int]]) -> dict[str, Alias]:
    """The aliases of rows of these statements, by name."""
    found: dict[str, Alias] = {}
    for name, members, owner, is_list, is_login in rows:
        shared = AliasKind.LIST if is_list else AliasKind.GROUP
        kind = AliasKind.PERSON if is_login else shared
        found[name] = Alias(name, tuple(parse_json(members)), kind, owner)
    return found


@dataclass
class Names:
    """What there is of all that one expansion can meet."""

    aliases: dict[str, Alias] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    """By login."""
    addresses: dict[str, Person] = field(default_factory=dict)
    """By public address in small letters."""


def read_names(
    db: Database, people: People, config: DeliveryConfig, name: str, draft: Alias | None = None
) -> Names:
    """Everything that can be reached from a name, in a handful of statements.

    `draft` is an alias as it would be if it were saved.
    """
    drafts = {} if draft is None else {draft.name: draft}
    names, asked, wanted = Names(), set[str](), {name}
    wanted |= {member for alias in drafts.values() for member in alias.members if "@" not in member}
    while wanted := wanted - asked:
        rows = db.reader().execute(REACHED_ALIASES, {"names": json.dumps(sorted(wanted))})
        fresh = as_aliases(rows.fetchall()) | drafts
        names.aliases |= fresh
        members = {member for alias in fresh.values() for member in alias.members}
        outside = {member for member in members if "@" in member}
        owners = {alias.owner for alias in fresh.values() if alias.owner is not None}
        logins = (wanted | members | owners) - outside
        asked |= wanted | (members - outside)
        found = people.with_logins(logins - names.people.keys())
        names.people |= {person.login: person for person in found}
        if outside:
            found = people.with_addresses(outside)
            names.addresses |= {str(person.address).lower(): person for person in found}
        # Outside when they were saved; their domain may have become ours since.
        ours = {name for address in outside for name in _ours(config, address)}
        ours |= {person.login for person in found} if outside else set()
        wanted = ours
    return names


def _ours(config: DeliveryConfig, address: str) -> tuple[str, ...]:
    """The names that an address may mean here, the whole one first; none if it is not ours."""
    whole = config.whole_local_part(address)
    return () if whole is None else (whole, untagged(whole))


# ---- following


@dataclass(frozen=True)
class _Way:
    """How a name was reached."""

    above: tuple[str, ...] = ()
    """Aliases, the outermost first."""
    owner: Person | None = None
    """Who answers for outside members: whose forward this is below."""
    sent_by: SentBy | None = None


@dataclass
class Walk:
    """One expansion under way; `postmaster` answers for what nobody else does."""

    names: Names
    config: DeliveryConfig
    postmaster: Callable[[], Person | None]
    local: dict[int, Local] = field(default_factory=dict)
    pending: dict[str, tuple[str, Alias, _Way]] = field(default_factory=dict)
    """Outside addresses in the order found, by their small letters."""
    touched: dict[str, Person] = field(default_factory=dict)
    """For each alias, the first person met below it: who answers for its outside members."""
    seen: set[str] = field(default_factory=set)
    trace: list[str] = field(default_factory=list)

    def run(self, name: str) -> Expansion:
        """Follow a name. Raises NoSuchPerson if it is neither a login nor an alias."""
        alias, person = self.names.aliases.get(name), self.names.people.get(name)
        if alias is None and person is None:
            raise NoSuchPerson(
                sentence("%(address)s is neither a person nor an alias here", address=name)
            )
        self._visit(name, _Way())
        outside = [self._outside(*found) for found in self.pending.values()]
        self.trace += [self._comes_back(one) for one in outside if one.owner is not None]
        group = alias is not None and person is None
        return Expansion(tuple(self.local.values()), tuple(outside), tuple(self.trace), group)

    def _outside(self, address: str, via: Alias, way: _Way) -> Outside:
        if way.owner is not None:
            return Outside(address, way.owner, via.name, way.sent_by, forwarded=True)
        if way.sent_by is not None:
            return Outside(address, way.sent_by.owner, via.name, way.sent_by)
        named = None if via.owner is None else self.names.people.get(via.owner)
        owner = named or self.touched.get(via.name) or self.postmaster()
        return Outside(address, owner, via.name)

    def _say(self, text: str, **values: object) -> None:
        """Add a step to the trace."""
        self.trace.append(sentence(text, **values))

    def _comes_back(self, one: Outside) -> str:
        assert one.owner is not None
        values = {"login": one.owner.login, "address": one.address}
        if one.is_list_mail:
            return sentence("%(login)s is told if it cannot go to %(address)s", **values)
        return sentence("%(login)s gets it back if it cannot go to %(address)s", **values)

    def _visit(self, name: str, way: _Way) -> None:
        alias, person = self.names.aliases.get(name), self.names.people.get(name)
        if person is not None:
            for above in way.above:
                self.touched.setdefault(above, person)
        if name in self.seen:
            self._say("%(name)s has been reached already: once is enough", name=name)
            return
        self.seen.add(name)
        if alias is None:
            self._keep(name, person, way)
        elif len(way.above) >= DEEPEST:
            self._say(
                "%(name)s is not followed: %(most)s aliases lie around it already",
                name=name,
                most=DEEPEST,
            )
            answers = way.owner or self.postmaster()
            self._keep(name if answers is None else answers.login, answers, way)
        else:
            self._follow(alias, person, way)

    def _follow(self, alias: Alias, person: Person | None, way: _Way) -> None:
        members = ", ".join(alias.members)
        self._say("%(name)s stands for %(members)s", name=alias.name, members=members)
        below = _Way((*way.above, alias.name), person or way.owner, way.sent_by)
        if alias.kind is AliasKind.LIST and (sender := self._sender(alias)) is not None:
            below = _Way(below.above, None, sender)
            self._say(
                "%(name)s is a list: it is sent on in the name of %(login)s, who gets what bounces",
                name=alias.name,
                login=sender.owner.login,
            )
        for member in alias.members:
            self._member(member, alias, person, below, way)

    def _sender(self, alias: Alias) -> SentBy | None:
        owner = None if alias.owner is None else self.names.people.get(alias.owner)
        owner = owner or self.postmaster()
        return None if owner is None else SentBy(alias.name, owner)

    def _member(
        self, member: str, alias: Alias, person: Person | None, below: _Way, way: _Way
    ) -> None:
        if "@" in member and (local := self._ours(member)) is not None:
            self._say("%(member)s is ours: it is %(name)s", member=member, name=local)
            member = local
        if "@" in member:
            self._say("%(member)s is outside: it is sent there", member=member)
            self.pending.setdefault(member.lower(), (member, alias, below))
        elif member == alias.name:
            self._keep(member, person, way)
        elif member == POSTMASTER and (answers := self.postmaster()) is not None:
            self._say("the postmaster is %(login)s", login=answers.login)
            self._keep(answers.login, answers, below)
        else:
            self._visit(member, below)

    def _ours(self, address: str) -> str | None:
        """The local name of an address that has become ours since the alias was saved."""
        person = self.names.addresses.get(address.lower())
        names = (person.login,) if person is not None else _ours(self.config, address)
        known = (n for n in names if n in self.names.people or n in self.names.aliases)
        return next(known, None)

    def _keep(self, name: str, person: Person | None, way: _Way) -> None:
        if person is None:
            self._say("%(name)s is nobody here: skipped", name=name)
            return
        self._say("%(name)s keeps it in the inbox", name=name)
        self.local.setdefault(person.id, Local(person, way.sent_by))
