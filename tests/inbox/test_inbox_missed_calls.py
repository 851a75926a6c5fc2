"""Missed calls that light a lamp: where that is wanted, until they are seen."""

from pathlib import Path

import pytest

from app.inbox.entries import Kind
from app.inbox.missed_calls import UNSEEN_MOST
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path) -> StoreKit:
    """Bob (102) listens to Anna's mailbox (handset 101)."""
    kit = open_store(tmp_path)
    ids = kit.person("anna").id, kit.person("bob").id
    kit.db.now(lambda tx: kit.people.shared.share(tx, *ids, "anna", "root"))
    return kit


def want(kit: StoreKit, login: str, lamp: bool = True) -> None:
    kit.db.now(lambda tx: kit.people.change(tx, kit.person(login).id, missed_lamp=lamp))


def miss(kit: StoreKit, login: str = "anna") -> int:
    """A call to this person leaves nothing; its number."""
    person = kit.person(login).id
    return kit.db.now(lambda tx: kit.store.missed_call(tx, person, line="line1", reason="x")).id


def see(kit: StoreKit, last: int, login: str = "anna") -> bool:
    person = kit.person(login).id
    return kit.db.now(lambda tx: kit.store.missed_calls_seen(tx, person, last, "phone", login))


def lamps(kit: StoreKit) -> dict[str, int]:
    return kit.store.unheard_by_handset()


def test_missed_call_lights_no_lamp_unless_that_is_wanted(kit: StoreKit) -> None:
    miss(kit)
    miss(kit, "bob")
    assert lamps(kit) == {"101": 0, "102": 0}


def test_missed_call_lights_the_lamps_of_all_who_listen_until_it_is_seen(kit: StoreKit) -> None:
    want(kit, "anna")
    first, second = miss(kit), miss(kit)
    assert lamps(kit) == {"101": 1, "102": 1}, "of a box, and once"
    kit.put("anna", kind=Kind.VOICEMAIL)
    assert lamps(kit) == {"101": 2, "102": 2}
    assert see(kit, first)
    assert kit.store.unseen_missed_calls(kit.person("anna").id) == 1
    assert lamps(kit) == {"101": 2, "102": 2}
    assert see(kit, second)
    assert lamps(kit) == {"101": 1, "102": 1}
    assert not see(kit, second) and not see(kit, first), "what is seen stays so"
    miss(kit)
    assert lamps(kit) == {"101": 2, "102": 2}


def test_those_of_others_light_nothing_here(kit: StoreKit) -> None:
    want(kit, "bob")
    miss(kit)
    assert lamps(kit) == {"101": 0, "102": 0}
    miss(kit, "bob")
    assert lamps(kit) == {"101": 0, "102": 1}


def test_what_was_missed_before_a_lamp_was_wanted_is_not_new(kit: StoreKit) -> None:
    miss(kit)
    want(kit, "anna")
    assert lamps(kit) == {"101": 0, "102": 0}
    miss(kit)
    want(kit, "anna", lamp=False)
    assert lamps(kit) == {"101": 0, "102": 0}
    want(kit, "anna")
    assert lamps(kit) == {"101": 0, "102": 0}


def test_seeing_them_is_in_the_history_and_tells_the_lamps(kit: StoreKit) -> None:
    want(kit, "anna")
    last = miss(kit)
    before = kit.store.last_change()
    see(kit, last)
    assert kit.store.last_change() > before
    row = kit.store.history(kit.person("anna").id)[-1]
    assert (row.verb, row.door, row.by) == ("missed calls seen", "phone", "anna")


def test_the_latest_are_listed_and_no_more_are_counted_than_are_said(kit: StoreKit) -> None:
    want(kit, "anna")
    calls = [miss(kit) for _ in range(UNSEEN_MOST + 5)]
    anna = kit.person("anna").id
    assert [call.id for call in kit.store.latest_missed_calls(anna, 3)] == calls[:-4:-1]
    assert kit.store.unseen_missed_calls(anna) == UNSEEN_MOST
