"""Aliases: names that stand for people, groups and outside addresses.

An administrator sets any of them; a person sets the one that bears their login, their forward.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from app.core.domains import DomainState, domain_of
from app.core.sentences import sentence
from app.inbox.addresses import CATCH_ALL
from app.inbox.aliases import Alias, AliasDraft, AliasKind
from app.inbox.errors import BadAliases
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.domains import (
    LookUp,
    alias_problems,
    look_up_now,
    refresh,
    said_of_members,
    why_unknown,
)
from app.operations.errors import NotFound, OperationError, field_of_errors
from app.operations.paging import Paged, has_words, paged
from app.operations.references import Problem
from app.operations.rights import may_use_alias, require_alias
from app.operations.tracing import Trace, refuse_no_address, trace
from app.operations.versions import ChangedMeanwhile, version_of
from app.store.database import Tx

__all__ = [
    "Alias",
    "AliasKind",
    "CheckedAlias",
    "SavedAlias",
    "ShownAlias",
    "check_alias",
    "find_aliases",
    "list_aliases",
    "remove_alias",
    "set_alias",
    "show_alias",
    "trace_alias",
]

ANY_NAME = "any-other-name"
"""Local part of the address that shows where a catch-all leads."""


@dataclass(frozen=True)
class SavedAlias:
    """An alias that was saved, and what is to be known about its members' domains."""

    alias: Alias
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    """Nothing wrong, but good to know: what stays here, what could not be looked up."""


@dataclass(frozen=True)
class CheckedAlias(SavedAlias):
    """An alias that could be saved, and what would then become of a mail to it."""

    trace: Trace


@dataclass(frozen=True)
class ShownAlias:
    """An alias as it is."""

    alias: Alias
    named_by: tuple[str, ...]
    """Other aliases that have it as a member."""
    version: str
    """`set_alias` takes it as `seen`."""


def check_alias(
    box: Box,
    actor: Actor,
    name: str,
    members: Sequence[str],
    owner: str | None = None,
    is_list: bool = False,
    look_up: LookUp | None = look_up_now,
) -> CheckedAlias:
    """What set_alias would save, and where a mail to it would then go; nothing is changed.

    `look_up` asks the DNS; None: what it has said last. Raises NotAllowed and OperationError as
    set_alias does.
    """
    require_alias(box, actor, name)
    draft = AliasDraft(name, tuple(members), owner, is_list)
    with _explained(box, members, look_up):
        alias = box.db.now(lambda tx: _judged(box, tx, draft))
    local = ANY_NAME if alias.name == CATCH_ALL else alias.name
    found = trace(box, box.delivery.config.canonical(local), "", look_up, alias)
    return CheckedAlias(alias, *_said(box, alias, members, look_up), found)


def set_alias(
    box: Box,
    actor: Actor,
    name: str,
    members: Sequence[str],
    owner: str | None = None,
    is_list: bool = False,
    look_up: LookUp | None = look_up_now,
    seen: str | None = None,
) -> SavedAlias:
    """Make or replace an alias; `owner` is the login of who gets back what cannot go outside.

    `look_up` asks the DNS, which takes some seconds at most; None: what it has said last. `seen` is
    the version of the alias that the actor was shown. Raises NotAllowed, ChangedMeanwhile, and
    OperationError: field "name", "members", "owner" or "kind".
    """
    require_alias(box, actor, name)

    def work(tx: Tx) -> Alias:
        now = box.aliases.get(name)  # whoever writes is alone: it cannot change any more
        if seen is not None and seen != version_of(now):
            raise ChangedMeanwhile(_who_changed(name, now, seen), now)
        return box.aliases.set(tx, name, members, owner, is_list, by=actor.login, door=actor.door)

    with _explained(box, members, look_up):
        saved = box.db.now(work)
    return SavedAlias(saved, *_said(box, saved, members, look_up))


def _who_changed(name: str, now: Alias | None, seen: str) -> str:
    if now is None:
        return sentence("somebody has removed %(name)s meanwhile; nothing is saved", name=name)
    if seen == version_of(None):
        return sentence("there is an alias %(name)s already; nothing is saved", name=name)
    return sentence("somebody has changed %(name)s meanwhile; nothing is saved", name=name)


def remove_alias(box: Box, actor: Actor, name: str) -> None:
    """Remove an alias. Raises NotFound, NotAllowed, and OperationError if others need it."""
    require_alias(box, actor, name)
    if box.aliases.get(name) is None:
        raise NotFound("name", "there is no alias %(name)s", name=name.lower())
    with field_of_errors("name"):
        box.db.now(lambda tx: box.aliases.remove(tx, name, by=actor.login, door=actor.door))


def list_aliases(box: Box, actor: Actor) -> list[Alias]:
    """Every alias, by name; who is no administrator sees their own forward."""
    return [alias for alias in box.aliases.all() if may_use_alias(box, actor, alias.name)]


def find_aliases(box: Box, actor: Actor, words: str = "", page: int = 1) -> Paged[Alias]:
    """Those of list_aliases in whose name or members all of these words are; "": all."""
    found = [
        alias
        for alias in list_aliases(box, actor)
        if has_words(" ".join((alias.name, *alias.members)), words)
    ]
    return paged(found, page)


def show_alias(box: Box, actor: Actor, name: str) -> ShownAlias:
    """One alias. Raises NotFound and NotAllowed."""
    require_alias(box, actor, name)
    found = box.aliases.get(name)
    if found is None:
        raise NotFound("name", "there is no alias %(name)s", name=name.lower())
    named_by = tuple(one for one in box.aliases.naming(found.name) if one != found.name)
    return ShownAlias(found, named_by, version_of(found))


def trace_alias(
    box: Box, actor: Actor, address: str, sender: str = "", look_up: LookUp | None = look_up_now
) -> Trace:
    """What would happen to a mail from `sender` ("": anybody) to `address`; nothing is sent.

    Raises NotAllowed, and OperationError for what is no address.
    """
    require_alias(box, actor, address.partition("@")[0])
    refuse_no_address(address)
    return trace(box, address, sender, look_up)


def _judged(box: Box, tx: Tx, draft: AliasDraft) -> Alias:
    """The alias that a draft means. Raises Invalid."""
    try:
        return box.aliases.judge(tx, [draft])[0]
    except BadAliases as found:
        raise found.findings[0][1] from None


@contextmanager
def _explained(box: Box, members: Sequence[str], look_up: LookUp | None) -> Iterator[None]:
    """What is refused inside is said with what the DNS knows of it. Raises OperationError."""
    try:
        with field_of_errors("members"):
            yield
    except OperationError as refused:
        if refused.field == "members" and (why := why_unknown(box, members, look_up)):
            raise OperationError(
                "members", "%(refused)s. %(why)s", refused=refused, why=why
            ) from refused
        raise


def _said(
    box: Box, alias: Alias, members: Sequence[str], look_up: LookUp | None
) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """What is wrong with the domains of the members (as typed, too), and what is good to know."""
    domains = dict.fromkeys(map(domain_of, (*members, *alias.members)))
    facts = refresh(box, [domain for domain in domains if domain], look_up)
    unknown = [
        sentence("%(domain)s could not be looked up: %(why)s", domain=one.domain, why=one.reason)
        for one in facts.values()
        if one.state is DomainState.UNKNOWN
    ]
    problems = tuple(alias_problems(box, alias, facts))
    return problems, (*said_of_members(box, members, facts), *unknown)
