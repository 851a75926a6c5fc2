"""Groups and lists, plus-addressing, the catch-all, and names that rules give to the postmaster."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.addresses import is_alias_name
from app.inbox.aliases import AliasDraft
from app.inbox.delivery import Delivered, Envelope
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.errors import (
    AliasCycle,
    BadAliases,
    BadName,
    NoSuchPerson,
    NotOurs,
    UnknownMember,
)
from app.inbox.expansion import DEEPEST, AliasKind
from app.inbox.queue import Purpose
from tests.kit.defaults import add_person
from tests.kit.steps import Counting
from tests.kit.store import CONFIG, LETTER, RECEIVED, StoreKit, open_store

LIST_LETTER = b"List-Id: <theirs.example>\r\n" + LETTER


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def sent(kit: StoreKit) -> dict[str, tuple[str, str]]:
    """What is queued: recipient → (purpose, envelope sender)."""
    return {row.recipient: (row.purpose.value, row.sender) for row in kit.queue.page()}


def kept(kit: StoreKit, *logins: str) -> dict[str, int]:
    """How many mails these people have in their inboxes."""
    return {login: len(kit.inbox(login)) for login in logins}


# ---- kinds


def test_kind_follows_from_the_name_and_from_what_was_said(kit: StoreKit) -> None:
    kit.alias("anna", "anna", "a@far.example")
    kit.alias("sales", "anna")
    kit.alias("family", "anna", owner="bob", is_list=True)
    kinds = {alias.name: (alias.kind, alias.owner) for alias in kit.aliases.all()}
    assert kinds == {
        "anna": (AliasKind.PERSON, None),
        "family": (AliasKind.LIST, "bob"),
        "sales": (AliasKind.GROUP, None),
    }
    kit.alias("family", "anna", owner="bob")
    alias = kit.aliases.get("FAMILY")
    assert alias is not None and alias.kind is AliasKind.GROUP


def test_list_without_an_owner_and_forward_as_a_list_are_refused(kit: StoreKit) -> None:
    with pytest.raises(UnknownMember, match="who gets its bounces"):
        kit.alias("family", "anna", is_list=True)
    with pytest.raises(UnknownMember, match="dora, who is to answer for family"):
        kit.alias("family", "anna", owner="dora", is_list=True)
    with pytest.raises(BadName, match="cannot be a list"):
        kit.alias("anna", "a@far.example", owner="bob", is_list=True)


def test_list_that_was_removed_leaves_nothing_behind(kit: StoreKit) -> None:
    kit.alias("family", "anna", owner="bob", is_list=True)
    kit.db.now(lambda tx: kit.aliases.remove(tx, "family"))
    kit.db.now(lambda tx: tx.execute("INSERT INTO alias VALUES ('family', NULL)"))  # as of old
    kit.db.now(lambda tx: tx.execute("INSERT INTO alias_member VALUES ('family', 0, 'anna')"))
    alias = kit.aliases.get("family")
    assert alias is not None and alias.kind is AliasKind.GROUP


def test_group_keeps_the_sender_and_list_sends_in_its_owners_name(kit: StoreKit) -> None:
    kit.alias("sales", "anna", "x@far.example")
    kit.alias("family", "bob", "y@far.example", owner="cleo", is_list=True)
    kit.mail("sales")
    kit.mail("family")
    assert sent(kit) == {
        "x@far.example": ("copy", "carl@elsewhere.example"),
        "y@far.example": ("list", "cleo@cleo.example"),
    }
    anna, bob = kit.inbox("anna")[0], kit.inbox("bob")[0]
    assert anna.prefix == (
        b"Return-Path: <carl@elsewhere.example>\r\nDelivered-To: anna@example.org\r\n" + RECEIVED
    )
    assert bob.prefix == (
        b"Return-Path: <cleo@cleo.example>\r\nDelivered-To: bob@example.org\r\n"
        b"List-Id: <family.example.org>\r\n" + RECEIVED
    )
    row = kit.queue.page()[1]
    assert row.prefix == kit.store.loop_marks.field("family") + (
        b"Delivered-To: family@example.org\r\nList-Id: <family.example.org>\r\n" + RECEIVED
    )
    assert kit.leaving("cleo") == []  # nobody has custody of a list's mail


def test_owner_without_a_public_address_is_named_by_the_one_here(kit: StoreKit) -> None:
    kit.alias("family", "y@far.example", owner="bob", is_list=True)
    kit.mail("family")
    assert sent(kit) == {"y@far.example": ("list", "bob@example.org")}


def test_null_sender_stays_null_through_a_list(kit: StoreKit) -> None:
    kit.alias("family", "bob", "y@far.example", owner="cleo", is_list=True)
    kit.mail("family", sender="")
    assert sent(kit) == {"y@far.example": ("list", "")}
    assert kit.inbox("bob")[0].prefix.startswith(b"Return-Path: <>\r\n")


def test_mail_of_another_list_keeps_that_lists_mark(kit: StoreKit) -> None:
    kit.alias("family", "bob", owner="cleo", is_list=True)
    kit.mail("family", octets=LIST_LETTER)
    assert b"List-Id" not in kit.inbox("bob")[0].prefix


def test_innermost_list_names_the_sender_and_a_forward_below_it_is_its_persons(
    kit: StoreKit,
) -> None:
    kit.alias("bob", "bob@far.example")
    kit.alias("inner", "bob", "i@far.example", owner="anna", is_list=True)
    kit.alias("outer", "inner", "o@far.example", owner="cleo", is_list=True)
    kit.alias("all", "outer", "g@far.example", owner="anna")
    kit.mail("all")
    assert sent(kit) == {
        "bob@far.example": ("custody", "anna@example.org"),
        "i@far.example": ("list", "anna@example.org"),
        "o@far.example": ("list", "cleo@cleo.example"),
        "g@far.example": ("custody", "carl@elsewhere.example"),
    }
    assert len(kit.leaving("bob")) == 1 and len(kit.leaving("anna")) == 1
    steps = kit.delivery.route("all@example.org").trace
    assert "inner is a list: it is sent on in the name of anna, who gets what bounces" in steps
    assert "anna is told if it cannot go to i@far.example" in steps


def test_list_below_a_forward_is_the_lists_own_affair(kit: StoreKit) -> None:
    kit.alias("inner", "i@far.example", owner="anna", is_list=True)
    kit.alias("bob", "inner", "b@far.example")
    kit.mail("bob")
    assert sent(kit) == {
        "i@far.example": ("list", "anna@example.org"),
        "b@far.example": ("custody", "carl@elsewhere.example"),
    }
    assert len(kit.leaving("bob")) == 1 and kit.leaving("anna") == []


def test_two_shares_of_one_person_have_custody_of_an_entry_each(kit: StoreKit) -> None:
    kit.alias("anna", "a@far.example")
    kit.alias("family", "anna", owner="cleo", is_list=True)
    kit.alias("far", "x@far.example", owner="anna")
    delivered = kit.mail("family", "far")
    first, second = kit.leaving("anna")
    assert delivered.entries == (first.id, second.id)
    rows = {row.recipient: row for row in kit.queue.page()}
    assert {rows["a@far.example"].entry, rows["x@far.example"].entry} == {first.id, second.id}
    kit.db.now(lambda tx: kit.queue.failed(tx, rows["a@far.example"], "550 no"))
    kit.db.now(lambda tx: kit.queue.succeeded(tx, rows["x@far.example"]))
    assert kit.inbox("anna")[0].id == rows["a@far.example"].entry


def test_refusal_of_a_list_member_is_told_to_the_owner_at_once(kit: StoreKit) -> None:
    kit.alias("family", "x@far.example", "y@far.example", owner="bob", is_list=True)
    kit.mail("family", sender="anna@example.org")
    x, y = kit.queue.page()
    outcome = kit.db.now(lambda tx: kit.queue.failed(tx, x, "550 5.1.1 nobody of that name"))
    (notice,) = kit.inbox("bob")
    assert outcome.notice == notice.id and notice.subject == "Not delivered: Hello"
    text = kit.text(notice)
    words = b" ".join(text.split())
    assert b"A message to a list of yours could not be delivered to all of its members." in words
    assert b"x@far.example" in text and b"550 5.1.1 nobody of that name" in text
    assert kit.inbox("anna") == []
    assert [row.id for row in kit.queue.page()] == [y.id]
    kit.db.now(lambda tx: kit.queue.succeeded(tx, y))
    assert kit.queue.page() == [] and len(kit.inbox("bob")) == 1


def test_older_programs_take_mail_of_lists_for_relayed_mail(kit: StoreKit) -> None:
    kit.alias("family", "y@far.example", owner="bob", is_list=True)
    kit.mail("family")
    (row,) = kit.queue.page()
    stored = kit.db.reader().execute("SELECT errand, owner FROM queue").fetchall()
    assert stored == [("relay", kit.person("bob").id)]
    assert row.purpose is Purpose.LIST


# ---- authors


@pytest.mark.parametrize("sender", ["anna@example.org", "Anna+x@example.net", "201@example.org"])
def test_author_is_not_sent_the_own_mail_to_a_group(kit: StoreKit, sender: str) -> None:
    kit.alias("sales", "anna", "bob", "x@far.example")
    kit.mail("sales", sender=sender)
    assert kept(kit, "anna", "bob") == {"anna": sender.startswith("201"), "bob": 1}


def test_author_elsewhere_is_not_sent_the_own_mail(kit: StoreKit) -> None:
    kit.alias("family", "cleo", "x@far.example", "y@far.example", owner="anna", is_list=True)
    kit.mail("family", sender="X@far.example")
    assert list(sent(kit)) == ["y@far.example"]
    kit.mail("family", sender="cleo@cleo.example")  # by the public address
    assert kept(kit, "cleo") == {"cleo": 1}


def test_authors_own_forward_is_a_copy_like_any_other(kit: StoreKit) -> None:
    kit.alias("anna", "anna", "a@far.example")
    kit.alias("sales", "anna", "bob")
    kit.mail("sales", sender="anna@example.org")
    assert kept(kit, "anna", "bob") == {"anna": 0, "bob": 1} and sent(kit) == {}
    kit.mail("sales")
    assert kept(kit, "anna", "bob") == {"anna": 1, "bob": 2} and list(sent(kit)) == [
        "a@far.example"
    ]


def test_author_who_is_addressed_by_name_or_alone_gets_it(kit: StoreKit) -> None:
    kit.alias("sales", "anna", "bob")
    kit.mail("sales", "anna", sender="anna@example.org")
    assert kept(kit, "anna", "bob") == {"anna": 1, "bob": 1}
    kit.alias("info", "anna")
    kit.mail("info", sender="anna@example.org")
    assert kept(kit, "anna") == {"anna": 2}
    kit.alias("anna", "anna", "a@far.example")  # a forward is no group
    kit.mail("anna", sender="anna@example.org")
    assert kept(kit, "anna") == {"anna": 3} and list(sent(kit)) == ["a@far.example"]


# ---- plus-addressing, catch-all, names by rule


@pytest.mark.parametrize(
    "address", ["anna+shop@example.org", "ANNA+a+b@example.net", "201+x", "postmaster+x", "abuse"]
)
def test_what_follows_a_plus_is_the_bearers_affair(kit: StoreKit, address: str) -> None:
    assert kit.delivery.route(address).keepers == {"anna"}


def test_alias_of_that_very_name_comes_before_the_plus(kit: StoreKit) -> None:
    kit.alias("anna+shop", "bob")
    assert kit.delivery.route("anna+shop@example.org").keepers == {"bob"}
    assert kit.delivery.route("anna+other@example.org").keepers == {"anna"}
    kit.alias("sales", "cleo")
    assert kit.delivery.route("sales+2026@example.org").keepers == {"cleo"}
    with pytest.raises(NoSuchPerson):
        kit.delivery.route("dora+shop@example.org")
    assert kit.delivery.local_name("anna+other@example.org") == "anna"


def test_abuse_is_the_postmasters_unless_somebody_has_the_name(kit: StoreKit) -> None:
    assert kit.delivery.route("Abuse@example.org").keepers == {"anna"}
    kit.alias("abuse", "bob", "postmaster")
    assert kit.delivery.route("abuse@example.org").keepers == {"anna", "bob"}


def test_unknown_names_are_refused_until_a_catch_all_is_set(kit: StoreKit) -> None:
    with pytest.raises(NoSuchPerson):
        kit.delivery.route("dora@example.org")
    kit.alias("*", "cleo", "x@far.example")
    route = kit.delivery.route("dora@example.org")
    assert route.keepers == {"cleo"} and [one.address for one in route.outside] == ["x@far.example"]
    assert route.trace[0] == "dora@example.org is nobody here: the catch-all alias * gets it"
    with pytest.raises(NoSuchPerson):
        kit.delivery.route("dora")  # what no mail program has typed
    with pytest.raises(UnknownMember):
        kit.alias("sales", "*")


def test_members_may_be_written_in_any_way_that_mail_could_be_addressed(kit: StoreKit) -> None:
    kit.alias("sales", "201", "bob+shop@example.net", "Postmaster", "x@far.example")
    alias = kit.aliases.get("sales")
    assert alias is not None and alias.members == ("anna", "bob", "postmaster", "x@far.example")
    assert kit.aliases.expand("sales").people[0].login == "anna"


def test_alias_names_may_have_a_plus_inside() -> None:
    assert is_alias_name("anna+shop") and is_alias_name("*")
    assert not any(map(is_alias_name, ("+x", "x+", "**", "a b", "a@b")))


# ---- shared domains


def test_unknown_name_at_a_shared_domain_is_the_hosting_services(tmp_path: Path) -> None:
    kit = open_store(tmp_path, replace(CONFIG, shared=("Example.net",)))
    assert kit.delivery.route("anna@example.net").keepers == {"anna"}
    with pytest.raises(NotOurs):
        kit.delivery.route("dora@EXAMPLE.net")
    with pytest.raises(NoSuchPerson):
        kit.delivery.route("dora@example.org")
    kit.alias("sales", "anna", "dora@example.net")
    with pytest.raises(UnknownMember):
        kit.alias("sales", "anna", "dora@example.org")
    kit.mail("sales")
    assert list(sent(kit)) == ["dora@example.net"]
    kit.alias("*", "cleo")
    with pytest.raises(NotOurs):
        kit.delivery.route("dora@example.net")
    kit.db.now(lambda tx: add_person(kit.people, tx, "dora", "Dora", "204"))
    assert [person.login for person in kit.aliases.expand("sales").people] == ["anna", "dora"]
    kit.close()


# ---- many at once, deep ones


def test_aliases_saved_together_may_name_one_another(kit: StoreKit) -> None:
    drafts = [
        AliasDraft("all", ("sales", "family")),
        AliasDraft("Sales", ("bob", "all-of-them@far.example")),
        AliasDraft("family", ("sales", "anna"), owner="Cleo", is_list=True),
    ]
    kit.db.now(lambda tx: kit.aliases.set_all(tx, drafts))
    assert [person.login for person in kit.aliases.expand("all").people] == ["bob", "anna"]


def test_all_that_is_wrong_with_aliases_is_said_and_none_is_saved(kit: StoreKit) -> None:
    drafts = [
        AliasDraft("good", ("anna",)),
        AliasDraft("bad", ("dora", "anna", "x@nodot")),
        AliasDraft("good", ("bob",)),
        AliasDraft("list", ("bob",), is_list=True),
        AliasDraft("201", ()),
    ]
    with pytest.raises(BadAliases) as found:
        kit.db.now(lambda tx: kit.aliases.set_all(tx, drafts))
    assert [(place, str(problem)) for place, problem in found.value.findings] == [
        (1, "dora is neither a person nor an alias here"),
        (1, "'x@nodot' is not an address that mail could be sent to"),
        (2, "good is given twice"),
        (3, "list is a list: who gets its bounces, its owner?"),
        (4, "201 is the mailbox of anna; use the login as the alias name"),
        (4, "201 needs at least one member"),
    ]
    assert kit.aliases.all() == []


def chain(length: int, name: str = "n") -> list[AliasDraft]:
    """So many aliases inside one another, the outermost first."""
    links = [AliasDraft(f"{name}{n}", (f"{name}{n + 1}",)) for n in range(length - 1)]
    return [*links, AliasDraft(f"{name}{length - 1}", ("anna",))]


def test_aliases_too_deep_inside_one_another_are_refused(kit: StoreKit) -> None:
    kit.db.now(lambda tx: kit.aliases.set_all(tx, chain(DEEPEST)))
    assert [person.login for person in kit.aliases.expand("n0").people] == ["anna"]
    with pytest.raises(AliasCycle, match="below top more than 50 aliases"):
        kit.alias("top", "n0")
    kit.alias("sales", "bob")
    with pytest.raises(AliasCycle, match="below n0 more than 50 aliases"):
        kit.alias(f"n{DEEPEST - 1}", "sales")
    with pytest.raises(BadAliases):  # not by Python's own limit
        kit.db.now(lambda tx: kit.aliases.set_all(tx, chain(20_000, "m")))


def test_old_aliases_too_deep_or_round_are_cut_and_nothing_is_lost(kit: StoreKit) -> None:
    def write(tx):  # type: ignore[no-untyped-def]  # a Tx in
        for draft in (*chain(DEEPEST + 10), AliasDraft("a", ("b",)), AliasDraft("b", ("a", "bob"))):
            tx.execute("INSERT INTO alias VALUES (?, NULL)", (draft.name,))
            tx.execute("INSERT INTO alias_member VALUES (?, 0, ?)", (draft.name, draft.members[0]))
        tx.execute("INSERT INTO alias_member VALUES ('b', 1, 'bob')")

    kit.db.now(write)
    deep = kit.aliases.expand("n0")
    assert [person.login for person in deep.people] == ["anna"]  # as the postmaster
    assert f"n{DEEPEST} is not followed: {DEEPEST} aliases lie around it already" in deep.trace
    round_ = kit.aliases.expand("a")
    assert [person.login for person in round_.people] == ["bob"]
    assert "a has been reached already: once is enough" in round_.trace


# ---- cost


def delivery_costs(directory: Path, count: int) -> tuple[int, int, int, Delivered]:
    """Statements of a route, steps of a route, steps of a delivery, and what it made.

    For a group of so many people, half of them by an alias each, and as many outside addresses.
    """
    directory.mkdir()
    kit = open_store(directory)
    kit.db.now(
        lambda tx: [add_person(kit.people, tx, f"p{n}", "P", str(1000 + n)) for n in range(count)]
    )
    drafts = [AliasDraft(f"inner{n}", (f"p{n}",)) for n in range(0, count, 2)]
    drafts.append(
        AliasDraft(
            "all",
            tuple(f"inner{n}" if n % 2 == 0 else f"p{n}" for n in range(count))
            + tuple(f"x{n}@far{n % 7}.example" for n in range(count)),
            owner="anna",
        )
    )
    kit.db.now(lambda tx: kit.aliases.set_all(tx, drafts))
    statements: list[str] = []
    kit.db.reader().set_trace_callback(statements.append)
    route = kit.delivery.route("all@example.org")
    kit.db.reader().set_trace_callback(None)
    counting, made = Counting(kit), list[Delivered]()
    routing = counting.reading(lambda: kit.delivery.route("all@example.org"))
    envelope = Envelope("carl@elsewhere.example", (route,), Kind.EMAIL, Facts(0.0), RECEIVED)

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in
        content = kit.store.contents.write(tx, (LETTER,))
        made.append(kit.delivery.deliver(tx, envelope, content))

    delivering = counting.writing(work)
    assert len(kit.store.entries(kit.person("p1").id, states=(EntryState.NEW,))) == 1
    kit.close()
    return len(statements), routing, delivering, made[0]


def test_delivery_to_1000_members_costs_ten_times_that_to_100(tmp_path: Path) -> None:
    few = delivery_costs(tmp_path / "few", 50)
    many = delivery_costs(tmp_path / "many", 500)
    assert len(few[3].entries) == 51 and len(many[3].entries) == 501  # one has custody
    assert len(many[3].queued) == 500
    assert few[0] == many[0] <= 12, "statements of a route"
    assert many[1] < 11 * few[1] and many[2] < 11 * few[2], (few[:3], many[:3])
