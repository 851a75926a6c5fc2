"""The mirror of an IMAP server: what is due there, and what comes in from there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.mirror import Mirror, Mirrored, Place
from app.inbox.mirror_inward import Arrival, Fetched, Flags, Inward
from tests.kit.store import LETTER, StoreKit, open_store

ID = "<one@box.example.org>"
SIZE = 700


class Kit:
    """A store whose inbox lives on a server, and anna's mirror."""

    def __init__(self, kit: StoreKit) -> None:
        self.kit, self.db, self.store = kit, kit.db, kit.store
        self.mirror = Mirror(kit.db)
        self.anna = kit.person("anna").id
        self.inward = Inward(kit.store, self.mirror, self.anna, "anna")
        self.switch(True)

    def switch(self, on: bool) -> None:
        self.db.now(lambda tx: self.mirror.switch(tx, on))

    def due(self) -> list[Mirrored]:
        return self.mirror.due(self.anna, 10)

    def row(self, entry: Entry) -> Mirrored | None:
        return self.db.now(lambda tx: self.mirror.get(tx, entry.id))

    def told(self, entry: Entry, uid: int, seen: bool = False) -> None:
        self.db.now(lambda tx: self.mirror.told(tx, entry.id, Place.INBOX, uid, seen, False))

    def begin(self, entry: Entry, uidnext: int = 5) -> None:
        self.db.now(
            lambda tx: self.mirror.begun(tx, entry.id, ID, uidnext, 1, SIZE, (False, False))
        )

    def voicemail(self, uid: int | None = None) -> Entry:
        entry = self.kit.put("anna", kind=Kind.VOICEMAIL)
        if uid is not None:
            self.begin(entry)
            self.told(entry, uid)
        return entry

    def remove(self, entry: Entry) -> None:
        self.db.now(lambda tx: self.store.remove(tx, [entry.id], "phone", "anna"))

    def hear(self, entry: Entry) -> None:
        self.db.now(lambda tx: self.store.mark(tx, [entry.id], door="phone", by="anna"))

    def flagged(self, uid: int, seen: bool, saved: bool = False) -> None:
        self.db.now(lambda tx: self.inward.flagged(tx, uid, Flags(seen, saved)))

    def arrives(self, uid: int, message_id: str = ID, seen: bool = False, size: int = SIZE) -> bool:
        """Whether it is known; else it is made an entry."""
        arrival = Arrival(uid, Flags(seen), message_id, size)

        def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, a bool out
            if self.inward.recognize(tx, arrival):
                return True
            facts = Facts(self.kit.clock.now(), "carl", "Hello", door="imap")
            self.inward.arrived(tx, arrival, Fetched(Kind.EMAIL, facts, (LETTER,)))
            return False

        return bool(self.db.now(work))

    def state(self, entry: Entry) -> EntryState:
        return self.store.need(entry.id).state


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Kit]:
    kit = open_store(tmp_path)
    yield Kit(kit)
    kit.close()


def test_a_box_without_a_server_notes_nothing(box: Kit) -> None:
    box.switch(False)
    entry = box.voicemail()
    box.hear(entry)
    assert box.row(entry) is None and box.mirror.waiting() == {}
    box.switch(True)
    assert [row.entry for row in box.due()] == [entry.id], "what came before is told, too"
    assert box.due()[0].heard


def test_an_entry_is_due_until_the_server_has_it_and_again_when_it_changes(box: Kit) -> None:
    entry = box.voicemail()
    assert [row.entry for row in box.due()] == [entry.id] and box.due()[0].place is Place.NOWHERE
    assert box.mirror.waiting() == {box.anna: 1}
    box.told(entry, 7)
    assert box.due() == [] and box.mirror.waiting() == {}
    box.hear(entry)
    (row,) = box.due()
    assert (row.uid, row.seen, row.heard) == (7, False, True)
    box.told(entry, 7, seen=True)
    assert box.due() == []
    box.remove(entry)
    (row,) = box.due()
    assert (row.uid, row.is_here, row.place) == (7, False, Place.INBOX)


def test_what_changes_while_the_server_is_told_stays_due(box: Kit) -> None:
    entry = box.voicemail()
    box.hear(entry)
    box.told(entry, 7, seen=False)
    assert [row.heard for row in box.due()] == [True]


def test_what_the_server_never_had_is_not_told_when_it_is_removed(box: Kit) -> None:
    entry = box.voicemail()
    box.remove(entry)
    box.db.now(lambda tx: box.mirror.settle(tx, entry.id))
    assert box.due() == []


def test_a_removal_is_told_though_the_entry_is_deleted_for_good(box: Kit) -> None:
    entry = box.voicemail(uid=7)
    box.remove(entry)
    box.db.now(lambda tx: box.store.empty_bin(tx, box.kit.box_s() + 1))
    (row,) = box.due()
    assert (row.uid, row.state, row.is_here) == (7, None, False)
    box.db.now(lambda tx: box.mirror.told(tx, row.entry, Place.TRASH, None, False, False))
    assert box.due() == [] and box.row(entry) is None, "nothing is kept of it"


def test_what_cannot_be_told_waits_and_does_not_hold_up_others(box: Kit) -> None:
    first, second = box.voicemail(), box.voicemail()
    box.db.now(lambda tx: box.mirror.put_off(tx, first.id, 60.0, "too large"))
    assert [row.entry for row in box.due()] == [second.id]
    assert box.mirror.refusals(box.anna) == [(first.id, "too large")]
    box.kit.clock.advance(61)
    assert [row.entry for row in box.due()] == [first.id, second.id]


def test_voicemail_is_told_before_mail(box: Kit) -> None:
    mail, voicemail = box.kit.put("anna"), box.voicemail()
    assert [row.entry for row in box.due()] == [voicemail.id, mail.id]


def test_who_is_given_a_message_has_it_on_the_server_too(box: Kit) -> None:
    entry, bob = box.voicemail(uid=7), box.kit.person("bob").id
    box.db.now(lambda tx: box.store.give_all(tx, box.anna, bob, "admin", "anna"))
    (row,) = box.mirror.due(bob, 10)
    assert (row.entry, row.uid, row.place) == (entry.id, None, Place.NOWHERE)


def test_flags_that_a_mail_program_sets_are_taken_over_and_not_told_back(box: Kit) -> None:
    entry = box.voicemail(uid=7)
    box.flagged(7, seen=True)
    assert box.state(entry) is EntryState.HEARD and box.due() == []
    box.flagged(7, seen=False, saved=True)
    assert box.state(entry) is EntryState.NEW and box.store.need(entry.id).saved
    assert box.due() == []
    assert {row.door for row in box.store.history(entry=entry.id)} == {"smtp", "imap"}


def test_an_old_echo_of_the_server_takes_nothing_back(box: Kit) -> None:
    entry = box.voicemail(uid=7)
    box.hear(entry)
    box.flagged(7, seen=False)  # as the server has always had it
    assert box.state(entry) is EntryState.HEARD
    assert [row.heard for row in box.due()] == [True]


def test_what_vanishes_there_is_removed_here_and_can_be_restored(box: Kit) -> None:
    entry = box.voicemail(uid=7)
    assert box.db.now(lambda tx: box.inward.vanished(tx, [7, 8])) == 1
    assert box.state(entry) is EntryState.BIN and box.due() == []
    box.db.now(lambda tx: box.store.restore(tx, [entry.id], "web", "anna"))
    (row,) = box.due()
    assert (row.place, row.uid, row.message_id) == (Place.NOWHERE, None, ID)


def test_a_mail_that_arrives_is_an_entry_once(box: Kit) -> None:
    assert not box.arrives(9, "<mail@far.test>")
    assert box.arrives(9, "<mail@far.test>")
    (entry,) = box.kit.inbox("anna")
    assert (entry.state, entry.kind) == (EntryState.NEW, Kind.EMAIL) and box.due() == []
    assert not box.arrives(10, "<mail@far.test>"), "a second copy there is a second entry here"
    assert box.mirror.uids(box.anna) == {9, 10}


def test_a_copy_whose_answer_was_lost_is_recognized(box: Kit) -> None:
    entry = box.voicemail()
    box.begin(entry, uidnext=5)
    assert not box.arrives(4), "what was there before it was begun is another message"
    assert box.arrives(6)
    assert box.due() == [] and box.mirror.uids(box.anna) == {4, 6}
    assert len(box.kit.inbox("anna")) == 2


def test_a_copy_that_was_removed_here_meanwhile_is_not_brought_back(box: Kit) -> None:
    entry = box.voicemail()
    box.begin(entry)
    box.remove(entry)
    assert box.arrives(6) and box.state(entry) is EntryState.BIN
    (row,) = box.due()
    assert (row.uid, row.is_here) == (6, False)


def test_what_is_taken_out_of_the_trash_there_is_restored_here(box: Kit) -> None:
    entry = box.voicemail(uid=7)
    box.db.now(lambda tx: box.inward.vanished(tx, [7]))
    assert not box.arrives(11, size=SIZE + 1), "a stranger's mail with a Message-ID of ours"
    assert box.state(entry) is EntryState.BIN
    assert box.arrives(12, seen=True)
    assert box.state(entry) is EntryState.HEARD and box.due() == []


def test_another_uidvalidity_makes_no_double_and_loses_nothing(box: Kit) -> None:
    here, gone, removed = box.voicemail(uid=7), box.voicemail(uid=8), box.voicemail(uid=9)
    box.arrives(10, "<mail@far.test>")
    for entry, name in ((gone, "<gone@box>"), (removed, "<removed@box>")):
        box.db.now(lambda tx, e=entry, n=name: tx.execute(  # type: ignore[misc]
            "UPDATE mirror_entry SET message_id = ? WHERE entry = ?", (n, e.id)))  # fmt: skip
    box.db.now(box.inward.lose_uids)
    box.remove(removed)
    assert box.due() == [], "what is lost is told nothing"
    assert box.arrives(1, seen=True) and box.arrives(2, "<mail@far.test>")
    assert box.arrives(3, "<removed@box>")
    assert box.state(here) is EntryState.HEARD
    assert box.state(removed) is EntryState.BIN, "its removal here holds"
    for row in box.mirror.in_place(box.anna, Place.LOST):
        box.db.now(lambda tx, row=row: box.inward.not_found(tx, row))  # type: ignore[misc]
    other, again = box.due()
    assert (again.entry, again.place) == (removed.id, Place.INBOX)
    assert (other.entry, other.place) == (gone.id, Place.NOWHERE)
    assert box.mirror.uids(box.anna) == {1, 2, 3}


def test_the_cache_gives_up_what_the_server_keeps(box: Kit) -> None:
    box.arrives(9, "<mail@far.test>", seen=True)
    (entry,) = box.kit.inbox("anna")
    unsettled = box.voicemail()
    went = box.db.now(lambda tx: box.inward.forget(tx, [entry.id, unsettled.id]))
    assert went == 1 and box.kit.inbox("anna") == [unsettled]
    assert [row.entry for row in box.due()] == [unsettled.id]
    with pytest.raises(Exception, match="does not exist"):
        box.kit.text(entry)


def test_an_account_tells_since_when_it_fails(box: Kit) -> None:
    box.db.now(lambda tx: box.mirror.synced(tx, box.anna, 3, 10, 99))
    box.db.now(lambda tx: box.mirror.went_well(tx, box.anna))
    before = box.mirror.account(box.anna)
    assert (before.uidvalidity, before.uidnext, before.modseq) == (3, 10, 99)
    at = box.kit.clock.now()
    box.db.now(lambda tx: box.mirror.failed(tx, box.anna, "no answer"))
    box.kit.clock.advance(60)
    box.db.now(lambda tx: box.mirror.failed(tx, box.anna, "refused"))
    account = box.mirror.account(box.anna)
    assert (account.error, account.error_at, account.ok_at) == ("refused", at, before.ok_at)


def test_of_who_is_removed_the_server_is_told_nothing(box: Kit) -> None:
    entry, bob = box.kit.put("bob"), box.kit.person("bob").id
    box.db.now(lambda tx: box.mirror.told(tx, entry.id, Place.INBOX, 7, False, False))
    box.db.now(lambda tx: box.kit.people.remove(tx, bob))
    assert box.state(entry) is EntryState.BIN
    assert box.mirror.due(bob, 10) == [] and box.mirror.waiting() == {}
