"""What is kept of people is read anew when one of them changes, and only then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.presence import Presence
from app.inbox.follow_me import FollowMe
from app.inbox.people import Person
from app.inbox.people_changes import MOST, Remembered
from app.inbox.presence import PresenceRule
from app.store.database import Tx
from tests.kit.store import StoreKit, open_store

ON_CHANGE = "person_noted_set"
COLUMNS = {"own_quota": "quota", "own_voicemails": "voicemails"}
Change = Callable[[StoreKit, Tx, int], object]
CHANGES: dict[str, Change] = {
    "field": lambda kit, tx, bob: kit.people.change(tx, bob, address="bob@bob.example"),
    "presence": lambda kit, tx, bob: kit.people.presences.set(tx, bob, Presence.DND),
    "rule": lambda kit, tx, bob: kit.people.presences.set_rule(
        tx, bob, Presence.OUT, PresenceRule(rings=True, messages=False)
    ),
    "follow-me": lambda kit, tx, bob: kit.people.follow_mes.set(tx, bob, FollowMe("5551234", 5)),
    "members": lambda kit, tx, bob: tx.execute(
        "INSERT OR IGNORE INTO mailbox_member VALUES (?, 1)", (bob,)
    ),
    "removal": lambda kit, tx, bob: kit.people.remove(tx, bob),
}


@pytest.fixture
def kit(tmp_path: Path) -> StoreKit:
    return open_store(tmp_path)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_change_of_a_person_is_noted_with_who_it_is(kit: StoreKit, change: Change) -> None:
    changes, bob = kit.people.changes, kit.person("bob").id
    before = changes.last()
    kit.db.now(lambda tx: change(kit, tx, bob))
    assert changes.since(before) == [bob]
    kit.db.now(lambda tx: tx.execute("DELETE FROM mailbox_member"))
    kit.close()


def test_change_of_an_alias_is_noted_and_mail_is_not(kit: StoreKit) -> None:
    changes = kit.people.changes
    before = changes.last()
    kit.put("anna")
    kit.db.now(lambda tx: kit.people.set_pin(tx, 1, "73951"))
    assert changes.since(before) == []
    kit.alias("family", "anna", "bob")
    assert changes.since(before) == [0]
    kit.close()


def test_every_field_of_a_person_is_noted_when_it_changes(kit: StoreKit) -> None:
    fields = set(Person.__dataclass_fields__) - {"id"}
    trigger = kit.db.reader().execute("SELECT sql FROM sqlite_master WHERE name = ?", (ON_CHANGE,))
    columns = trigger.fetchone()[0].partition(" UPDATE OF ")[2].partition(" ON person ")[0]
    assert fields == {COLUMNS.get(one, one) for one in columns.split(", ")} - {"removed_at"}
    kit.close()


def test_what_is_remembered_is_read_again_only_after_a_change(kit: StoreKit) -> None:
    remembered, reads = Remembered[str](kit.people.changes), []

    def read() -> str:
        reads.append(kit.person("bob").name)
        return reads[-1]

    assert remembered.get("bob", read) == remembered.get("bob", read) == "Bob B."
    kit.put("bob")
    remembered.get("bob", read)
    assert len(reads) == 1
    kit.db.now(lambda tx: kit.people.change(tx, kit.person("bob").id, name="Robert"))
    assert remembered.get("bob", read) == "Robert"
    kit.close()


def test_change_while_something_is_read_is_seen_the_next_time(kit: StoreKit) -> None:
    remembered = Remembered[str](kit.people.changes)

    def read() -> str:
        name = kit.person("bob").name
        kit.db.now(lambda tx: kit.people.change(tx, kit.person("bob").id, name="Robert"))
        return name

    assert remembered.get("bob", read) == "Bob B."
    assert remembered.get("bob", lambda: kit.person("bob").name) == "Robert"
    kit.close()


def test_no_more_than_so_much_is_remembered(kit: StoreKit) -> None:
    remembered = Remembered[int](kit.people.changes)
    for number in range(3 * MOST):
        assert remembered.get(number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(remembered._known) <= MOST
    kit.close()
