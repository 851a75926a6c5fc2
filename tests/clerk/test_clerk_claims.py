"""Messages of a shared mailbox, taken and given back on the telephone."""

from pathlib import Path

import pytest

from app.phone.jobs import JobFailed
from app.voicemail.jobs import ClaimResult, MessageList
from tests.kit.voicemail import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """Bob, at 102, listens to Anna's mailbox, in which there is a message."""
    house = House(tmp_path)
    kit = house.kit
    anna, bob = kit.person("anna").id, kit.person("bob").id
    kit.db.now(lambda tx: kit.people.shared.share(tx, anna, bob, "bob"))
    house.leave("201")
    return house


def the_message(house: House) -> tuple[int, int]:
    (entry,) = house.voicemails("anna")
    return entry.person, entry.id


def test_who_takes_it_is_told_by_the_handset(house: House) -> None:
    message = the_message(house)
    assert house.clerk.claim(*message, "102").result() == ClaimResult("Bob B.", True)
    assert house.pushes[-1].unheard == {"101": 0, "102": 1}
    assert house.clerk.claim(*message, "101").result() == ClaimResult("Bob B.", False)
    (listed,) = house.clerk.listing(message[0], MessageList.NEW).result().messages
    assert listed.taken_by == "Bob B."


def test_a_handset_that_is_no_members_takes_it_for_the_owner(house: House) -> None:
    assert house.clerk.claim(*the_message(house), "line1").result() == ClaimResult("Anna A.", True)
    assert house.pushes[-1].unheard == {"101": 1, "102": 0}


def test_it_is_given_back_by_who_has_it_or_by_the_owner(house: House) -> None:
    message = the_message(house)
    house.clerk.claim(*message, "101").result()
    assert house.clerk.release(*message, "102").result() == ClaimResult("Anna A.", False)
    assert house.clerk.release(*message, "101").result() == ClaimResult("", False)
    house.clerk.claim(*message, "102").result()
    assert house.clerk.release(*message, "101").result() == ClaimResult("", False)
    assert house.pushes[-1].unheard == {"101": 1, "102": 1}


def test_asked_twice_it_does_no_harm(house: House) -> None:
    message = the_message(house)
    for _ in range(2):
        assert house.clerk.claim(*message, "102").result() == ClaimResult("Bob B.", True)
    for _ in range(2):
        assert house.clerk.release(*message, "102").result() == ClaimResult("", False)
    verbs = [row.verb for row in house.kit.store.history(message[0], message[1])]
    assert verbs[-2:] == ["taken", "released"]


def test_nobodys_mailbox_has_nothing_to_take(house: House) -> None:
    with pytest.raises(JobFailed, match="no person 999"):
        house.clerk.claim(999, 1, "102").result()
