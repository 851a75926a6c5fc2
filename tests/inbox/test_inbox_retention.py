"""Housekeeping: what is too old or too much goes, nothing else does."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.retention import DAY_S, clean_up, disk_octets, looked_through, shrink_file
from tests.kit.defaults import RETENTION
from tests.kit.store import LETTER, StoreKit, open_store


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def bin_of(kit: StoreKit, *sizes: int) -> list[int]:
    """Entries removed a minute apart, oldest first."""
    ids = [kit.put("anna", b"x" * size).id for size in sizes]
    for entry in ids:
        kit.clock.advance(60)
        kit.db.now(lambda tx, entry=entry: kit.store.remove(tx, [entry], "pop3", "anna"))  # type: ignore[misc]
    return ids


def left(kit: StoreKit, ids: list[int]) -> list[int]:
    return [entry for entry in ids if kit.store.entry(entry) is not None]


GRACE = replace(RETENTION, grace_s=30 * DAY_S)


def test_bin_keeps_what_was_removed_within_the_grace_period(kit: StoreKit) -> None:
    kept = kit.put("anna")
    ids = bin_of(kit, 10, 20, 30)
    assert clean_up(kit.db, kit.store, GRACE).purged == 0
    kit.clock.advance(30 * DAY_S - 59)
    done = clean_up(kit.db, kit.store, GRACE)
    assert (done.purged, left(kit, ids)) == (2, ids[2:])
    assert kit.store.need(kept.id) == kept
    assert clean_up(kit.db, kit.store, GRACE).purged == 0


def test_bin_beyond_its_share_loses_its_oldest(kit: StoreKit) -> None:
    ids = bin_of(kit, 1000, 1000, 1000, 1000)
    done = clean_up(kit.db, kit.store, replace(RETENTION, bin_share=0.1), lambda: 25_000)
    assert (done.purged, left(kit, ids)) == (2, ids[2:])
    assert kit.store.bin_octets() == 2000


def test_removed_message_stays_for_the_whole_grace_period(kit: StoreKit) -> None:
    ids = bin_of(kit, 10)
    kit.clock.advance(GRACE.grace_s)
    assert clean_up(kit.db, kit.store, GRACE).purged == 0
    kit.clock.advance(0.001)
    assert clean_up(kit.db, kit.store, GRACE).purged == 1
    assert left(kit, ids) == []


@pytest.mark.parametrize("disk, purged", [(30_000, 0), (29_990, 1), (20_000, 1), (19_990, 2)])
def test_bin_at_its_share_stays_and_one_octet_more_costs_the_oldest(
    kit: StoreKit, disk: int, purged: int
) -> None:
    ids = bin_of(kit, 1000, 1000, 1000)
    keep = replace(GRACE, bin_share=0.1)
    assert clean_up(kit.db, kit.store, keep, lambda: disk).purged == purged
    assert left(kit, ids) == ids[purged:]


def test_clean_up_purges_more_than_one_batch(kit: StoreKit) -> None:
    ids = bin_of(kit, *[10] * 450)
    kit.clock.advance(31 * DAY_S)
    assert clean_up(kit.db, kit.store, GRACE).purged == 450
    assert left(kit, ids) == []


def test_clean_up_forgets_unfinished_content_and_old_history(kit: StoreKit) -> None:
    kit.db.now(kit.store.contents.begin)
    kit.put("anna")
    first = clean_up(kit.db, kit.store, GRACE)
    assert (first.swept, first.forgotten) == (0, 0)
    kit.clock.advance(401 * DAY_S)
    late = kit.put("anna")
    done = clean_up(kit.db, kit.store, GRACE)
    assert done.swept == 1 and done.forgotten > 0
    assert [row.entry for row in kit.store.history()] == [late.id]
    assert [change.entry for change in kit.store.changes(0)] == [late.id]


def test_clean_up_sweeps_more_than_one_batch_and_nothing_that_is_used(kit: StoreKit) -> None:
    kept = [kit.put("anna") for _ in range(3)]
    lost = [kit.db.now(kit.store.contents.begin) for _ in range(250)]
    clean_up(kit.db, kit.store, GRACE)
    kit.clock.advance(DAY_S)
    coming = kit.db.now(kit.store.contents.begin)
    assert clean_up(kit.db, kit.store, GRACE).swept == len(lost)
    assert [kit.text(entry) for entry in kept] == [LETTER] * 3
    kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, coming, 0, b"it still comes in"))


def test_round_of_housekeeping_looks_at_content_once_and_misses_none(kit: StoreKit) -> None:
    lost: list[int] = []
    for _ in range(60):
        lost.append(kit.db.now(kit.store.contents.begin))
        kit.clock.advance(1800)
        clean_up(kit.db, kit.store, GRACE)
        kit.put("anna")
        lost.append(kit.db.now(kit.store.contents.begin))
        kit.clock.advance(7)  # the next round begins later than a day after this one's end
    rows = kit.db.reader().execute("SELECT id FROM content WHERE size IS NULL").fetchall()
    there = [content for (content,) in rows]
    assert there == lost[-len(there) :] and 48 * 2 - 2 <= len(there) <= 48 * 2 + 2
    behind = [content for content in lost if looked_through(kit.db) < content < there[0]]
    assert len(behind) <= 4, "what has been looked at before is not looked at again"


def test_history_goes_by_the_hour_and_not_before_its_time(kit: StoreKit) -> None:
    keep = replace(GRACE, history_s=10 * DAY_S, changes_s=DAY_S)
    entries = []
    for _ in range(30 * 24):
        entries.append(kit.put("anna").id)
        clean_up(kit.db, kit.store, keep)
        kit.clock.advance(3600)
    kept = [row.entry for row in kit.store.history(kit.person("anna").id)]
    assert kept == entries[-240:]
    assert [change.entry for change in kit.store.changes(0)] == entries[-24:]
    marks = kit.db.reader().execute("SELECT count(*) FROM mark").fetchone()[0]
    assert marks == 241  # an hour's mark each, and the one that tells what is old enough


def test_shrink_file_returns_free_pages_to_the_file_system(kit: StoreKit) -> None:
    bin_of(kit, 3_000_000)
    kit.db.now(lambda tx: kit.store.empty_bin(tx, math.inf))
    free = kit.db.pragma("freelist_count")
    assert free > 700
    assert shrink_file(kit.db, kept=100) == free - 100
    assert kit.db.pragma("freelist_count") == 100
    kit.db.checkpoint()
    assert kit.path.stat().st_size < 1_500_000
    assert kit.db.pragma("integrity_check") == "ok"


def test_disk_size_is_that_of_the_disk(tmp_path: Path) -> None:
    assert disk_octets(tmp_path) > 0
