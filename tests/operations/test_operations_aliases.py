"""Aliases in a form: checked without being saved, shown, and changed by two at once."""

import pickle
from collections.abc import Iterator
from importlib import import_module

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings, Site
from app.core.sentences import sentence
from app.inbox.alias_files import Finding
from app.operations.alias_files import BadFile
from app.operations.aliases import (
    AliasKind,
    check_alias,
    list_aliases,
    remove_alias,
    set_alias,
    show_alias,
    trace_alias,
)
from app.operations.domains import LookUp, is_worth_asking
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.versions import ChangedMeanwhile
from app.web.business.aliases import CHECK
from tests.kit.actors import ADMIN, owner
from tests.kit.world_dns import world_dns


@pytest.fixture
def ask() -> Iterator[LookUp]:
    with world_dns() as look_up:
        yield look_up


@pytest.fixture
def house(paths: Paths) -> Inbox:
    """Anna, Ben and Cleo at home.test and kovacs.net, whose mail of the world goes elsewhere."""
    site = Site(hostname="box.home.test", domains=("home.test", "kovacs.net"))
    box = open_inbox(paths, Settings(site=site))
    for number, login in enumerate(("anna", "ben", "cleo"), 201):
        add_person(box, ADMIN, NewPerson(login, login.title(), str(number)))
    return box


def test_check_tells_what_saving_would_do_and_changes_nothing(house: Inbox, ask: LookUp) -> None:
    set_alias(house, ADMIN, "all", ["anna", "ben"], look_up=ask)
    before = list_aliases(house, ADMIN)
    rows = len(house.store.history())
    checked = check_alias(house, ADMIN, "ben", ["ben", "x@far.net", "cleo"], look_up=ask)
    assert list_aliases(house, ADMIN) == before and len(house.store.history()) == rows
    assert checked.alias.kind is AliasKind.PERSON
    saved = set_alias(house, ADMIN, "ben", ["ben", "x@far.net", "cleo"], look_up=ask)
    assert (checked.alias, checked.problems, checked.notes) == (
        saved.alias, saved.problems, saved.notes
    )  # fmt: skip
    assert checked.trace == trace_alias(house, ADMIN, "ben@home.test", look_up=ask)
    assert any("x@far.net: leaves to" in step for step in checked.trace.steps)


def test_check_can_be_asked_of_a_process_of_its_own(house: Inbox, ask: LookUp) -> None:
    module, _, name = CHECK.partition(":")
    assert getattr(import_module(module), name) is check_alias
    checked = check_alias(house, ADMIN, "ben", ["ben", "x@far.net"], look_up=ask)
    assert pickle.loads(pickle.dumps(checked)) == checked
    refused = OperationError("members", "no"), ChangedMeanwhile("no", checked.alias)
    for problem in (*refused, BadFile([Finding(3, sentence("no"))])):
        again = pickle.loads(pickle.dumps(problem))
        assert type(again) is type(problem)
        assert (again.field, str(again)) == (problem.field, str(problem))


def test_what_was_looked_up_is_known_without_asking_again(house: Inbox, ask: LookUp) -> None:
    asked = check_alias(house, ADMIN, "ben", ["x@far.net", "y@nowhere.net"], look_up=ask)
    again = check_alias(house, ADMIN, "ben", ["x@far.net", "y@nowhere.net"], look_up=None)
    assert again == asked
    (note,) = check_alias(house, ADMIN, "ben", ["x@new.net"], look_up=None).notes
    assert note == "new.net could not be looked up: it was not asked for yet"
    assert is_worth_asking(["ben", "x@far.net"]) and not is_worth_asking(["ben", "x@far.test"])


def test_check_follows_a_draft_through_aliases_that_only_it_reaches(
    house: Inbox, ask: LookUp
) -> None:
    set_alias(house, ADMIN, "inner", ["cleo"], look_up=ask)
    set_alias(house, ADMIN, "cleo", ["c@far.net"], look_up=ask)
    checked = check_alias(house, ADMIN, "new", ["inner", "anna"], look_up=ask)
    steps = " / ".join(checked.trace.steps)
    for step in ("new stands for inner, anna", "inner stands for cleo", "cleo stands for c@far.net",
                 "anna keeps it in the inbox"):  # fmt: skip
        assert step in steps


def test_check_of_a_catch_all_follows_a_name_that_nobody_has(house: Inbox, ask: LookUp) -> None:
    checked = check_alias(house, ADMIN, "*", ["ben"], look_up=ask)
    assert "ben keeps it in the inbox" in checked.trace.steps


@pytest.mark.parametrize(
    ("name", "members", "field", "said"),
    [
        ("sales", ["nobody"], "members", "neither a person nor an alias"),
        ("sales", ["x@kovacs.net"], "members", "the world's mail for it goes to"),
        ("sales", [], "members", "at least one member"),
        ("a b", ["ben"], "name", "cannot be an alias"),
        ("201", ["ben"], "name", "the mailbox of anna"),
        ("loop", ["loop"], "members", "→"),
    ],
)
def test_check_refuses_what_saving_refuses(
    house: Inbox, ask: LookUp, name: str, members: list[str], field: str, said: str
) -> None:
    told = []
    for operation in (check_alias, set_alias):
        with pytest.raises(OperationError, match=said) as problem:
            operation(house, ADMIN, name, members, look_up=ask)
        assert problem.value.field == field
        told.append(str(problem.value))
    assert told[0] == told[1] and list_aliases(house, ADMIN) == []


def test_check_tells_the_domain_mistake(house: Inbox, ask: LookUp) -> None:
    checked = check_alias(house, ADMIN, "ben", ["ben@kovacs.net"], look_up=ask)
    (note,) = checked.notes
    assert "ben@kovacs.net is ben here: mail to it stays in this box" in note


def test_second_of_two_who_change_an_alias_is_told(house: Inbox, ask: LookUp) -> None:
    set_alias(house, ADMIN, "sales", ["anna"], look_up=ask)
    seen = show_alias(house, ADMIN, "sales").version
    set_alias(house, ADMIN, "sales", ["anna", "ben"], look_up=ask, seen=seen)
    with pytest.raises(ChangedMeanwhile) as problem:
        set_alias(house, ADMIN, "sales", ["cleo"], look_up=ask, seen=seen)
    assert problem.value.now.members == ("anna", "ben")
    remove_alias(house, ADMIN, "sales")
    with pytest.raises(ChangedMeanwhile, match="removed"):
        set_alias(house, ADMIN, "sales", ["cleo"], look_up=ask, seen=seen)
    assert list_aliases(house, ADMIN) == []


def test_shown_alias_says_which_others_need_it(house: Inbox, ask: LookUp) -> None:
    set_alias(house, ADMIN, "sales", ["anna"], look_up=ask)
    set_alias(house, ADMIN, "all", ["sales", "ben"], look_up=ask)
    assert show_alias(house, ADMIN, "SALES").named_by == ("all",)
    with pytest.raises(NotFound):
        show_alias(house, ADMIN, "nothing")


def test_people_check_and_see_their_own_forward_only(house: Inbox, ask: LookUp) -> None:
    ben = owner(house, "ben")
    assert check_alias(house, ben, "ben", ["ben", "b@far.net"], look_up=ask).alias.name == "ben"
    for name in ("anna", "sales", "nothing"):
        with pytest.raises(NotAllowed):
            check_alias(house, ben, name, ["ben"], look_up=ask)
        with pytest.raises(NotAllowed):
            show_alias(house, ben, name)
