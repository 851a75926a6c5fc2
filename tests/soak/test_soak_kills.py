"""A short piece of the long proof: a few rounds of the box that is killed and cut off."""

from contextlib import closing
from pathlib import Path

import pytest

from app.inbox import removals
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.removals import Removals
from app.inbox.store import Store
from app.store.database import Tx
from tests.kit.killing import House, needs_strace
from tests.soak.kills import run_epoch
from tests.soak.promises import Place

ROUNDS = 8

pytestmark = needs_strace


def test_what_was_acknowledged_is_there_once_after_every_kill_cut_and_failing_disk(
    tmp_path: Path,
) -> None:
    soak, kinds = run_epoch(tmp_path / "var", "a short piece 36", ROUNDS, ends=2, instants=5)
    assert kinds.total() == ROUNDS
    assert len(kinds) >= 4, "the seed chooses the same kind again and again"
    acknowledged = soak.promises.acknowledged.sums
    assert acknowledged["mail"] >= 20, acknowledged
    assert acknowledged["voicemail"] >= 1, acknowledged
    assert min(acknowledged[what] for what in ("QUIT", "remove", "restore")) >= 1, acknowledged
    assert soak.ends >= 2, "no power cut left anything in doubt"
    assert soak.instants >= 10, "hardly any instants within a round were tried"
    places = {item.place for item in soak.promises.items.values()}
    assert {Place.INBOX, Place.BIN} <= places


def test_removal_that_a_cut_has_left_half_done_is_judged_after_the_start_that_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removals, "AT_ONCE", 2)
    house = House(tmp_path / "var")
    house.furnish(("anna",))
    with closing(house.inbox().db) as db:
        store = Store(db)

        def deliver(tx: Tx) -> int:
            content = store.contents.write(tx, (b"Subject: x\r\n\r\nx\r\n",))
            return store.add_entry(tx, 1, content, b"", Kind.EMAIL, EntryState.NEW, Facts(0))

        entries = [db.now(deliver) for _ in range(3)]
        first, _ = db.now(lambda tx: Removals(db, store).note(tx, entries, "pop3", "anna"))
        db.now(lambda tx: Removals(db, store).do(tx, first))
        assert len(store.entries(1, states=(EntryState.BIN,))) == 2
    box = house.restarted()
    with closing(box.db):
        assert len(box.store.entries(1, states=(EntryState.BIN,))) == 3
