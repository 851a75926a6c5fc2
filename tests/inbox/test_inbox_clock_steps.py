"""A time server steps the clock: nothing is purged, forgotten or locked for longer, or shorter."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from app.inbox.people import PinOrigin, PinResult
from app.inbox.pins import LOCK_FIRST_S
from app.inbox.retention import DAY_S, clean_up
from tests.kit.defaults import RETENTION
from tests.kit.store import StoreKit, open_store

YEAR_S = 365 * DAY_S
NEIGHBOUR = PinOrigin("102")
KEEP = replace(RETENTION, grace_s=14 * DAY_S, history_s=100 * DAY_S, changes_s=DAY_S)
STEPS_OF_CLOCK = pytest.mark.parametrize(
    "step", [10 * YEAR_S, -10 * YEAR_S, 30 * DAY_S], ids=["+10 years", "-10 years", "+30 days"]
)


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def in_bin(kit: StoreKit) -> int:
    entry = kit.put("anna")
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "pop3", "anna"))
    return entry.id


def lock(kit: StoreKit) -> int:
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.set_pin(tx, anna, "4711"))
    while kit.people.check_pin(anna, "0815", NEIGHBOUR).result is not PinResult.LOCKED:
        pass
    return anna


def restarted(kit: StoreKit) -> StoreKit:
    """The machine was switched off in good order and on again."""
    kit.db.now(kit.db.box_time.save)
    kit.db.close()
    kit.clock.restart()
    return StoreKit(kit.path, clock=kit.clock)


@STEPS_OF_CLOCK
def test_step_of_the_clock_purges_sweeps_and_forgets_nothing(kit: StoreKit, step: float) -> None:
    coming = kit.db.now(kit.store.contents.begin)
    entry = in_bin(kit)
    kit.db.now(lambda tx: kit.store.missed_call(tx, None, line="line1", reason="nobody"))
    clean_up(kit.db, kit.store, KEEP)
    history, changes = kit.store.history(), kit.store.changes(0)
    kit.clock.step(step)
    kit.clock.advance(3600)
    done = clean_up(kit.db, kit.store, KEEP)
    assert (done.purged, done.swept, done.forgotten) == (0, 0, 0)
    assert kit.store.need(entry).state is EntryState.BIN
    assert (kit.store.history(), kit.store.changes(0)) == (history, changes)
    assert len(kit.store.missed_calls(None)) == 1
    kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, coming, 0, b"it still comes in"))


@STEPS_OF_CLOCK
@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_removed_message_stays_for_its_grace_period_whatever_the_clock_says(
    kit: StoreKit, step: float, restart: bool
) -> None:
    entry = in_bin(kit)
    kit.clock.advance(10 * DAY_S)
    kit.clock.step(step)
    kit = restarted(kit) if restart else kit
    kit.clock.advance(4 * DAY_S)
    assert clean_up(kit.db, kit.store, KEEP).purged == 0
    kit.clock.advance(1)
    assert clean_up(kit.db, kit.store, KEEP).purged == 1
    assert kit.store.entry(entry) is None
    kit.close()


@STEPS_OF_CLOCK
def test_bin_beyond_its_share_loses_what_was_removed_first_in_truth(
    kit: StoreKit, step: float
) -> None:
    first = in_bin(kit)
    kit.clock.step(step)
    kit.clock.advance(60)
    second = in_bin(kit)
    size = kit.store.need(second).size
    full = replace(KEEP, bin_share=0.1)
    assert clean_up(kit.db, kit.store, full, lambda: 10 * size).purged == 1
    assert kit.store.entry(first) is None and kit.store.entry(second) is not None


@STEPS_OF_CLOCK
@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
def test_lock_out_ends_after_its_real_length(kit: StoreKit, step: float, restart: bool) -> None:
    anna = lock(kit)
    kit.clock.advance(100)
    kit.clock.step(step)
    kit = restarted(kit) if restart else kit
    (shown,) = kit.people.pin_locks()
    left = LOCK_FIRST_S - 100
    assert shown.until == pytest.approx(kit.clock.now() + left), "told by the clock as it is now"
    assert kit.people.pin_locked_until(anna) == pytest.approx(shown.until)
    kit.clock.advance(left - 1)
    assert kit.people.check_pin(anna, "4711", NEIGHBOUR).result is PinResult.LOCKED
    kit.clock.advance(1)
    assert kit.people.check_pin(anna, "4711", NEIGHBOUR).result is PinResult.OK
    assert kit.people.pin_locked_until(anna) == 0
    kit.close()


@STEPS_OF_CLOCK
def test_last_of_two_former_people_of_one_login_is_the_one_removed_last(
    kit: StoreKit, step: float
) -> None:
    def leave() -> int:
        person = kit.person("bob")
        kit.put("bob")
        kit.db.now(lambda tx: kit.people.remove(tx, person.id, "admin", "root"))
        return person.id

    leave()
    kit.clock.step(step)
    kit.db.now(lambda tx: kit.people.add(tx, "bob", "Bob C.", "209", quota=1000))
    second = leave()
    former = kit.people.former("bob")
    assert former is not None and (former.id, len(former.entries)) == (second, 1)


# what a program left that knew no box time


def without_box_time(kit: StoreKit) -> None:
    """As a program of a version before it leaves what it has put into the bin."""
    kit.db.now(lambda tx: tx.execute("UPDATE entry SET removed_box_s = NULL"))


def test_bin_of_an_older_program_counts_by_its_stamps_but_for_half_the_grace_at_most(
    kit: StoreKit,
) -> None:
    old = in_bin(kit)
    kit.clock.advance(9 * DAY_S)
    newer = in_bin(kit)
    kit.clock.advance(5 * DAY_S - 1)
    without_box_time(kit)
    assert clean_up(kit.db, kit.store, KEEP).purged == 0
    kit.clock.advance(7 * DAY_S + 1)
    clean_up(kit.db, kit.store, KEEP)
    assert kit.store.entry(old) is None, "half of its grace period, from the update on"
    kit.clock.advance(2 * DAY_S + 1)
    assert clean_up(kit.db, kit.store, KEEP).purged == 1
    assert kit.store.entry(newer) is None


@STEPS_OF_CLOCK
def test_bin_of_an_older_program_is_not_purged_under_a_wrong_clock(
    kit: StoreKit, step: float
) -> None:
    entry = in_bin(kit)
    without_box_time(kit)
    kit.clock.step(step)
    assert clean_up(kit.db, kit.store, KEEP).purged == 0
    kit.clock.advance(7 * DAY_S)
    assert clean_up(kit.db, kit.store, KEEP).purged == 0
    assert kit.store.need(entry).state is EntryState.BIN
