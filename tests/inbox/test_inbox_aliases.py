"""Aliases: saved only if they make sense, followed so that everybody is reached once."""

from pathlib import Path

import pytest

from app.inbox.aliases import Expansion
from app.inbox.errors import (
    AliasCycle,
    BadName,
    NameTaken,
    NoSuchPerson,
    StillMember,
    UnknownMember,
)
from tests.kit.defaults import add_person
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def who(reached: Expansion) -> tuple[list[str], dict[str, str | None]]:
    """Logins that keep it, and outside addresses with the login that answers for each."""
    owners = {one.address: one.owner.login if one.owner else None for one in reached.outside}
    return [person.login for person in reached.people], owners


def test_person_without_alias_keeps_the_mail(kit: StoreKit) -> None:
    reached = kit.aliases.expand("Anna")
    assert who(reached) == (["anna"], {})
    assert not reached.group
    with pytest.raises(NoSuchPerson):
        kit.aliases.expand("dora")


def test_forward_has_its_owner_responsible(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example", "b@far.example")
    reached = kit.aliases.expand("anna")
    assert who(reached) == ([], {"a@far.example": "anna", "b@far.example": "anna"})
    assert reached.external == ("a@far.example", "b@far.example")
    assert not reached.group


def test_alias_with_its_owners_name_keeps_a_copy_and_is_expanded_once(kit: StoreKit) -> None:
    kit.alias("anna", "anna", "a@far.example")
    assert who(kit.aliases.expand("anna")) == (["anna"], {"a@far.example": "anna"})
    kit.alias("anna", "Anna@Example.Net", "a@far.example")  # the same name in full
    alias = kit.aliases.get("anna")
    assert alias is not None and alias.members == ("anna", "a@far.example")


def test_nested_aliases_reach_everybody_once_with_an_owner_for_each_forward(kit: StoreKit) -> None:
    kit.alias("bob", "bob@far.example")
    kit.alias("sales", "anna", "bob", "shop@far.example")
    kit.alias("all", "sales", "anna", "cleo", "shop@far.example", "bob@far.example")
    reached = kit.aliases.expand("all")
    assert who(reached) == (
        ["anna", "cleo"],
        {"bob@far.example": "bob", "shop@far.example": "anna"},
    )
    assert reached.group


def test_group_without_local_members_has_somebody_responsible(kit: StoreKit) -> None:
    kit.alias("far", "x@far.example")
    assert who(kit.aliases.expand("far")) == ([], {"x@far.example": "anna"})  # the postmaster
    kit.alias("far", "x@far.example", owner="cleo")
    assert who(kit.aliases.expand("far")) == ([], {"x@far.example": "cleo"})
    kit.alias("mixed", "bob", "x@far.example")
    assert who(kit.aliases.expand("mixed")) == (["bob"], {"x@far.example": "bob"})
    with pytest.raises(UnknownMember, match="dora"):
        kit.alias("far", "x@far.example", owner="dora")


def test_public_address_as_member_is_stored_as_the_login(kit: StoreKit) -> None:
    kit.alias("sales", "Cleo@cleo.example")
    alias = kit.aliases.get("sales")
    assert alias is not None and alias.members == ("cleo",)


def test_outside_member_that_has_become_ours_is_delivered_here(kit: StoreKit) -> None:
    kit.alias("sales", "dora@dora.example")
    kit.db.now(
        lambda tx: add_person(kit.people, tx, "dora", "Dora", "204", address="dora@dora.example")
    )
    assert who(kit.aliases.expand("sales")) == (["dora"], {})
    steps = kit.delivery.route("sales@example.org").trace
    assert "dora@dora.example is ours: it is dora" in steps


def test_alias_cycle_is_refused_with_its_path(kit: StoreKit) -> None:
    kit.alias("a", "anna")
    kit.alias("b", "a")
    kit.alias("c", "bob", "b")
    with pytest.raises(AliasCycle, match="a → c → b → a"):
        kit.alias("a", "cleo", "c")
    with pytest.raises(AliasCycle, match="a → a"):
        kit.alias("a", "a", "anna")
    kit.alias("anna", "bob")
    with pytest.raises(AliasCycle, match="bob → anna → bob"):
        kit.alias("bob", "bob", "anna")
    alias = kit.aliases.get("a")
    assert alias is not None and alias.members == ("anna",)  # as it was


def test_many_nested_aliases_are_checked_for_cycles_in_linear_time(kit: StoreKit) -> None:
    kit.alias("l0x0", "anna")
    for layer in range(1, 25):
        below = [f"l{layer - 1}x{n}" for n in range(3 if layer > 1 else 1)]
        for n in range(3):
            kit.alias(f"l{layer}x{n}", *below)
    assert who(kit.aliases.expand("l24x0")) == (["anna"], {})


@pytest.mark.parametrize(
    "member",
    [
        "dora",
        "dora@example.org",
        "x@nodomain",
        "@far.example",
        "x y@far.example",
        "x@far.example>",
    ],
)
def test_unknown_member_is_refused_by_name(kit: StoreKit, member: str) -> None:
    with pytest.raises(UnknownMember):
        kit.alias("sales", "anna", member)
    assert kit.aliases.get("sales") is None


def test_alias_name_of_a_wrong_form_is_refused(kit: StoreKit) -> None:
    for name in ("postmaster", "Mailer-Daemon", "a b", "x@example.org", ""):
        with pytest.raises(BadName):
            kit.alias(name, "anna")
    with pytest.raises(NameTaken, match="mailbox of bob"):
        kit.alias("202", "anna")
    with pytest.raises(UnknownMember, match="at least one"):
        kit.alias("sales")


def test_alias_is_listed_until_it_is_removed(kit: StoreKit) -> None:
    kit.alias("sales", "anna", "bob")
    kit.alias("all", "sales")
    kit.alias("bob", "bob@far.example")
    assert [(a.name, a.members) for a in kit.aliases.all()] == [
        ("all", ("sales",)),
        ("bob", ("bob@far.example",)),
        ("sales", ("anna", "bob")),
    ]
    with pytest.raises(StillMember, match="all"):
        kit.db.now(lambda tx: kit.aliases.remove(tx, "sales"))
    kit.db.now(lambda tx: kit.aliases.remove(tx, "bob"))  # the person stays a member
    kit.db.now(lambda tx: kit.aliases.remove(tx, "all"))
    kit.db.now(lambda tx: kit.aliases.remove(tx, "SALES"))
    assert kit.aliases.all() == []
    with pytest.raises(UnknownMember):
        kit.db.now(lambda tx: kit.aliases.remove(tx, "sales"))
    assert [row.verb for row in kit.store.history()].count("alias removed") == 3


def test_aliases_that_name_a_member_are_found_in_any_case_of_letters(kit: StoreKit) -> None:
    kit.alias("sales", "bob", "anna")
    kit.alias("all", "Sales", "bob")
    assert kit.aliases.naming("BOB") == ["all", "sales"]
    assert kit.aliases.naming("sales") == ["all"] and kit.aliases.naming("all") == []


def test_trace_names_every_step_of_an_expansion(kit: StoreKit) -> None:
    kit.alias("bob", "bob", "bob@far.example")
    kit.alias("sales", "bob", "anna", "bob", "anna")
    assert kit.delivery.route("sales@example.org").trace == (
        "sales@example.org is sales here",
        "sales stands for bob, anna",
        "bob stands for bob, bob@far.example",
        "bob keeps it in the inbox",
        "bob@far.example is outside: it is sent there",
        "anna keeps it in the inbox",
        "bob gets it back if it cannot go to bob@far.example",
    )


def test_trace_of_two_aliases_with_a_common_member_says_that_it_is_reached_once(
    kit: StoreKit,
) -> None:
    kit.alias("sales", "anna", "bob")
    kit.alias("all", "sales", "anna")
    steps = kit.delivery.route("all@example.org").trace
    assert steps.count("anna keeps it in the inbox") == 1
    assert steps[-1] == "anna has been reached already: once is enough"
