"""Box time: counted while the box is on, whatever the wall clock is set to."""

import sqlite3
from pathlib import Path

import pytest

from app.core.clock import ManualClock, SystemClock
from app.store.box_time import SAVE_S
from app.store.database import Database
from app.store.schema import STEPS, migrate
from tests.kit.store import StoreKit, open_store

YEAR_S = 365 * 86_400.0
NAME = "inbox.db"


def reopened(db: Database, clock: ManualClock) -> Database:
    db.close()
    return Database(db.path, clock)


def test_box_time_of_a_new_store_begins_at_0_and_counts_seconds(tmp_path: Path) -> None:
    clock = ManualClock()
    clock.advance(5000)  # the machine has been on for longer than its store has existed
    db = Database(tmp_path / NAME, clock)
    assert db.box_time.now() == 0
    clock.advance(12.5)
    assert db.box_time.now() == 12.5
    db.close()


@pytest.mark.parametrize("step", [10 * YEAR_S, -10 * YEAR_S, 30 * 86_400.0])
def test_step_of_the_wall_clock_moves_no_box_time(tmp_path: Path, step: float) -> None:
    clock = ManualClock()
    db = Database(tmp_path / NAME, clock)
    clock.advance(100)
    clock.step(step)
    assert db.box_time.now() == 100
    again = reopened(db, clock)
    assert again.box_time.now() == 100, "another process of the same box"
    again.close()


def test_processes_agree_on_the_box_time_whenever_they_open_the_store(tmp_path: Path) -> None:
    clock = ManualClock()
    first = Database(tmp_path / NAME, clock)
    clock.advance(1000)
    first.now(first.box_time.save)
    clock.restart()
    clock.advance(40)
    second = Database(tmp_path / NAME, clock)
    clock.advance(7)
    third = Database(tmp_path / NAME, clock)
    assert second.box_time.now() == third.box_time.now() == 1047
    third.now(third.box_time.save)
    fourth = Database(tmp_path / NAME, clock)
    assert fourth.box_time.now() == second.box_time.now() == 1047
    for db in (first, second, third, fourth):
        db.close()


def test_time_off_and_time_not_saved_do_not_count(tmp_path: Path) -> None:
    clock = ManualClock()
    db = Database(tmp_path / NAME, clock)
    clock.advance(1000)
    db.now(db.box_time.save)
    clock.advance(50)  # lost with the power
    clock.restart()
    clock.step(YEAR_S)
    again = reopened(db, clock)
    assert again.box_time.now() == 1000
    again.close()


def test_what_is_written_anyway_saves_the_box_time_once_a_minute(tmp_path: Path) -> None:
    kit = open_store(tmp_path)

    def saved() -> float:
        return float(kit.db.reader().execute("SELECT now_s FROM box_time").fetchone()[0])

    for _ in range(10):
        kit.clock.advance(SAVE_S / 2)
        kit.put("anna")
    assert saved() == 5 * SAVE_S
    kit.clock.advance(SAVE_S / 2)
    kit.put("anna")
    assert saved() == 5 * SAVE_S, "at most one save in SAVE_S"
    kit.close()


def test_box_time_of_a_store_from_elsewhere_goes_on_from_what_it_had(tmp_path: Path) -> None:
    clock = ManualClock()
    db = Database(tmp_path / NAME, clock)
    clock.advance(500)
    db.now(db.box_time.save)
    db.close()
    other_box = ManualClock()
    other_box.advance(9)
    moved = Database(tmp_path / NAME, other_box)
    assert moved.box_time.now() == 509
    moved.close()


def test_store_of_version_5_begins_its_box_time_at_the_migration(tmp_path: Path) -> None:
    path = tmp_path / NAME
    older = sqlite3.connect(path, isolation_level=None)
    migrate(older, path, STEPS[:5])
    older.close()
    kit = StoreKit(path)
    assert kit.box_s() == 0
    kit.close()


def test_box_time_that_a_damage_has_taken_goes_on_where_the_store_says(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    kit.clock.advance(1000)
    kit.mail(relay=["x@far.example"])
    kit.clock.advance(1000)
    entry = kit.put("bob").id
    kit.db.now(lambda tx: kit.store.remove(tx, [entry], "pop3", "bob"))
    kit.clock.advance(500)
    kit.db.now(lambda tx: tx.execute("DELETE FROM box_time"))
    kit.close()
    again = StoreKit(kit.path, clock=kit.clock)
    assert again.box_s() == 2000
    again.clock.advance(3)
    assert again.box_s() == 2003 and len(again.queue.due_mail("far.example")) == 1
    again.close()


def test_uptime_of_the_machine_is_that_of_the_kernel() -> None:
    clock = SystemClock()
    boot, before = clock.boot(), clock.uptime()
    with open("/proc/uptime", encoding="ascii") as file:
        told = float(file.read().split()[0])
    assert before - 0.02 <= told <= clock.uptime()
    assert len(boot) == 36 and clock.boot() == boot
