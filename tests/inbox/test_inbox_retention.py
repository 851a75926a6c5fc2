"""Housekeeping: what is too old or too much goes, nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.retention import DAY_S, clean_up, disk_octets, shrink_file
from tests.kit.defaults import RETENTION
from tests.kit.store import StoreKit, open_store


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
    done = clean_up(kit.db, kit.store, kit.clock.now() + 30 * DAY_S - 59, GRACE)
    assert (done.purged, left(kit, ids)) == (2, ids[2:])
    assert kit.store.need(kept.id) == kept
    assert clean_up(kit.db, kit.store, kit.clock.now(), GRACE).purged == 0


def test_bin_beyond_its_share_loses_its_oldest(kit: StoreKit) -> None:
    ids = bin_of(kit, 1000, 1000, 1000, 1000)
    done = clean_up(
        kit.db, kit.store, kit.clock.now(), replace(RETENTION, bin_share=0.1), lambda: 25_000
    )
    assert (done.purged, left(kit, ids)) == (2, ids[2:])
    assert kit.store.bin_octets() == 2000


def test_removed_message_stays_for_the_whole_grace_period(kit: StoreKit) -> None:
    ids = bin_of(kit, 10)
    end = kit.clock.now() + GRACE.grace_s
    assert clean_up(kit.db, kit.store, end, GRACE).purged == 0
    assert clean_up(kit.db, kit.store, end + 0.001, GRACE).purged == 1
    assert left(kit, ids) == []


@pytest.mark.parametrize("disk, purged", [(30_000, 0), (29_990, 1), (20_000, 1), (19_990, 2)])
def test_bin_at_its_share_stays_and_one_octet_more_costs_the_oldest(
    kit: StoreKit, disk: int, purged: int
) -> None:
    ids = bin_of(kit, 1000, 1000, 1000)
    keep = replace(GRACE, bin_share=0.1)
    assert clean_up(kit.db, kit.store, kit.clock.now(), keep, lambda: disk).purged == purged
    assert left(kit, ids) == ids[purged:]


def test_clean_up_purges_more_than_one_batch(kit: StoreKit) -> None:
    ids = bin_of(kit, *[10] * 450)
    assert clean_up(kit.db, kit.store, kit.clock.now() + 31 * DAY_S, GRACE).purged == 450
    assert left(kit, ids) == []


def test_clean_up_forgets_unfinished_content_and_old_history(kit: StoreKit) -> None:
    kit.db.now(kit.store.contents.begin)
    kit.put("anna")
    now = kit.clock.now() + 401 * DAY_S
    kit.clock.advance(401 * DAY_S)
    done = clean_up(kit.db, kit.store, now, GRACE)
    assert done.swept == 1 and done.forgotten > 0
    assert kit.store.history() == [] and len(kit.store.changes(0)) == 1


def test_shrink_file_returns_free_pages_to_the_file_system(kit: StoreKit) -> None:
    bin_of(kit, 3_000_000)
    kit.db.now(lambda tx: kit.store.empty_bin(tx, kit.clock.now() + 1))
    free = kit.db.pragma("freelist_count")
    assert free > 700
    assert shrink_file(kit.db, kept=100) == free - 100
    assert kit.db.pragma("freelist_count") == 100
    kit.db.checkpoint()
    assert kit.path.stat().st_size < 1_500_000
    assert kit.db.pragma("integrity_check") == "ok"


def test_disk_size_is_that_of_the_disk(tmp_path: Path) -> None:
    assert disk_octets(tmp_path) > 0
