"""Shared mailboxes: whose lamps a message lights, and who has taken it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.inbox.entries import Entry, EntryState, Kind
from app.inbox.errors import Invalid
from app.inbox.shared import NotYours
from tests.kit.store import StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path) -> StoreKit:
    """Bob and Cleo listen to Anna's mailbox; Cleo has handset 103."""
    kit = open_store(tmp_path)
    kit.db.now(lambda tx: kit.people.change(tx, kit.person("cleo").id, handset="103"))
    for member in ("bob", "cleo"):
        assert share(kit, "anna", member)
    return kit


def share(kit: StoreKit, mailbox: str, member: str) -> bool:
    ids = kit.person(mailbox).id, kit.person(member).id
    return kit.db.now(lambda tx: kit.people.shared.share(tx, *ids, member, "root"))


def unshare(kit: StoreKit, mailbox: str, member: str) -> bool:
    ids = kit.person(mailbox).id, kit.person(member).id
    return kit.db.now(lambda tx: kit.people.shared.unshare(tx, *ids, member, "root"))


def claim(kit: StoreKit, entry: Entry, login: str) -> bool:
    person = kit.person(login).id
    return kit.db.now(lambda tx: kit.people.shared.claim(tx, entry.id, person, "phone", login))


def release(kit: StoreKit, entry: Entry, login: str, others: bool = False) -> bool:
    person = kit.person(login).id
    return kit.db.now(
        lambda tx: kit.people.shared.release(tx, entry.id, person, "phone", login, others)
    )


def lamps(kit: StoreKit) -> dict[str, int]:
    """Counted as the lamps do it, and as one would by hand; the two agree."""
    shown = kit.store.unheard_by_handset()
    people = {person.id: person for person in kit.people.all()}
    by_hand = dict.fromkeys((p.handset for p in people.values() if p.handset), 0)
    for person in people.values():
        for mailbox in (person.id, *kit.people.shared.mailboxes(person.id)):
            for entry in kit.store.entries(mailbox, (Kind.VOICEMAIL,), (EntryState.NEW,)):
                taken = kit.people.shared.claim_of(entry.id)
                if person.handset and (taken is None or taken.person == person.id):
                    by_hand[person.handset] += 1
    assert shown == by_hand
    return shown


def voicemail(kit: StoreKit, login: str = "anna") -> Entry:
    return kit.put(login, kind=Kind.VOICEMAIL)


def test_a_message_lights_the_handsets_of_all_who_listen(kit: StoreKit) -> None:
    assert lamps(kit) == {"101": 0, "102": 0, "103": 0}
    voicemail(kit)
    assert lamps(kit) == {"101": 1, "102": 1, "103": 1}
    voicemail(kit, "bob")
    assert lamps(kit) == {"101": 1, "102": 2, "103": 1}, "Bob's own is Bob's alone"


def test_what_somebody_has_taken_lights_theirs_alone_until_it_is_released(kit: StoreKit) -> None:
    first, _ = voicemail(kit), voicemail(kit)
    assert claim(kit, first, "bob")
    assert lamps(kit) == {"101": 1, "102": 2, "103": 1}
    taken = kit.people.shared.claim_of(first.id)
    assert taken is not None
    assert taken.name == "Bob B."
    assert release(kit, first, "bob")
    assert lamps(kit) == {"101": 2, "102": 2, "103": 2}
    assert kit.people.shared.claim_of(first.id) is None


def test_only_one_can_take_it_and_give_it_back(kit: StoreKit) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    with pytest.raises(NotYours, match=r"Bob B\. has taken it"):
        claim(kit, entry, "anna")
    with pytest.raises(NotYours, match=r"Bob B\. has taken it"):
        release(kit, entry, "cleo")
    assert not claim(kit, entry, "bob"), "taken before"
    assert release(kit, entry, "anna", others=True)
    assert not release(kit, entry, "anna")


def test_who_does_not_listen_to_a_mailbox_takes_nothing(kit: StoreKit) -> None:
    with pytest.raises(NotYours, match="who listens"):
        claim(kit, voicemail(kit, "bob"), "anna")


def test_what_is_in_no_inbox_cannot_be_taken(kit: StoreKit) -> None:
    entry = voicemail(kit)
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "phone", "anna"))
    assert not claim(kit, entry, "bob")


Step = Callable[[StoreKit, Entry], object]
HEARD: Step = lambda kit, e: kit.db.now(lambda tx: kit.store.mark(tx, [e.id]))  # noqa: E731
NEW: Step = lambda kit, e: kit.db.now(  # noqa: E731
    lambda tx: kit.store.mark(tx, [e.id], EntryState.NEW)
)
REMOVED: Step = lambda kit, e: kit.db.now(  # noqa: E731
    lambda tx: kit.store.remove(tx, [e.id], "phone", "bob")
)
RESTORED: Step = lambda kit, e: kit.db.now(  # noqa: E731
    lambda tx: kit.store.restore(tx, [e.id], "phone", "bob")
)
PURGED: Step = lambda kit, _: kit.db.now(  # noqa: E731
    lambda tx: kit.store.empty_bin(tx, kit.box_s() + 1)
)


@pytest.mark.parametrize(
    ("steps", "lit"),
    [
        ((HEARD,), {"101": 0, "102": 0, "103": 0}),
        ((HEARD, NEW), {"101": 0, "102": 1, "103": 0}),
        ((REMOVED,), {"101": 0, "102": 0, "103": 0}),
        ((REMOVED, RESTORED), {"101": 0, "102": 1, "103": 0}),
        ((REMOVED, PURGED), {"101": 0, "102": 0, "103": 0}),
        ((HEARD, REMOVED, RESTORED, NEW), {"101": 0, "102": 1, "103": 0}),
    ],
)
def test_what_was_taken_stays_so_through_its_life(
    kit: StoreKit, steps: tuple[Step, ...], lit: dict[str, int]
) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    for step in steps:
        step(kit, entry)
    assert lamps(kit) == lit


def test_an_e_mail_that_is_taken_takes_no_light_away(kit: StoreKit) -> None:
    voicemail(kit)
    claim(kit, kit.put("anna"), "bob")
    assert lamps(kit) == {"101": 1, "102": 1, "103": 1}


def test_a_message_given_to_somebody_else_is_free(kit: StoreKit) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    anna, cleo = kit.person("anna").id, kit.person("cleo").id
    kit.db.now(lambda tx: kit.store.give_all(tx, anna, cleo, "admin", "root"))
    assert kit.people.shared.claim_of(entry.id) is None
    assert lamps(kit) == {"101": 0, "102": 0, "103": 1}


def test_who_leaves_a_mailbox_releases_what_they_had(kit: StoreKit) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    assert unshare(kit, "anna", "bob")
    assert not unshare(kit, "anna", "bob")
    assert lamps(kit) == {"101": 1, "102": 0, "103": 1}
    history = [(row.verb, row.detail) for row in kit.store.history(kit.person("anna").id)]
    assert history[-2:] == [("released", "taken by bob"), ("mailbox no longer shared", "bob")]


def test_a_person_who_is_removed_shares_nothing_any_more(kit: StoreKit) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    kit.db.now(lambda tx: kit.people.remove(tx, kit.person("bob").id))
    assert lamps(kit) == {"101": 1, "103": 1}
    kit.db.now(lambda tx: kit.people.remove(tx, kit.person("anna").id))
    assert lamps(kit) == {"103": 0}


def test_a_handset_that_moves_takes_its_light_along(kit: StoreKit) -> None:
    voicemail(kit)
    kit.db.now(lambda tx: kit.people.change(tx, kit.person("bob").id, handset="104"))
    assert lamps(kit) == {"101": 1, "104": 1, "103": 1}


def test_every_step_is_in_the_history_of_the_mailbox(kit: StoreKit) -> None:
    entry = voicemail(kit)
    claim(kit, entry, "bob")
    release(kit, entry, "anna", others=True)
    rows = kit.store.history(kit.person("anna").id)
    said = [(row.verb, row.by, row.door, row.detail) for row in rows]
    assert ("mailbox shared", "root", "admin", "bob") in said
    assert said[-2:] == [
        ("taken", "bob", "phone", ""),
        ("released", "anna", "phone", "taken by Bob B."),
    ]


def test_nobody_is_a_member_of_their_own_mailbox(kit: StoreKit) -> None:
    with pytest.raises(Invalid, match="own mailbox"):
        share(kit, "anna", "anna")
    assert not share(kit, "anna", "bob"), "shared before"
