"""The check in slices: what it finds, what that stops, and that nobody waits for it."""

import os
import sqlite3
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.store.check import check, checked
from app.store.checking import AGAIN_S, HOUR, OLD_S, StoreChecks
from app.store.condition import State, StoreCondition
from app.store.connection import WAL_TRUNCATE
from app.store.repair import only_one, salvage
from tests.kit.store import StoreKit, open_store
from tests.kit.store_damage import pages, spoil, spoil_content

LINE = b"x" * 62 + b"\r\n"
BIG = b"Subject: big\r\n\r\n" + LINE * 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with 20 mails and free pages."""
    kit = open_store(tmp_path)
    for login in ("anna", "bob"):
        for _ in range(10):
            kit.put(login, BIG)
    unused = kit.db.now(lambda tx: kit.store.contents.write(tx, [BIG] * 4))
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [unused]))
    kit.close()
    return kit.path


def checked_store(path: Path) -> StoreCondition:
    check(path, ManualClock(), lambda _: None)
    return StoreCondition(path)


def test_sound_store_is_well_and_an_earlier_error_is_forgotten(path: Path) -> None:
    StoreCondition(path).note("an error that does not come again")
    condition = checked_store(path)
    assert condition.read().state is State.WELL
    assert not condition.check_is_wanted
    assert checked(path).exists()


@pytest.mark.parametrize("tree", ["entry", "person", "content", "audit", "entry_person"])
def test_bad_page_of_a_table_is_found_and_stops_writing(path: Path, tree: str) -> None:
    spoil(path, pages(path, tree)[0])
    damage = checked_store(path).damage()
    assert damage.state is State.DAMAGED
    assert not damage.writable


@pytest.mark.parametrize("octets", [None, bytes(4096)], ids=["noise", "zeros"])
def test_bad_page_of_a_message_is_found_with_its_message_alone(
    path: Path, octets: bytes | None
) -> None:
    bad = spoil_content(path, 4, page=3)
    if octets is not None:
        spoil(path, bad, octets=octets)
    damage = checked_store(path).damage()
    assert (damage.writable, damage.unreadable) == (True, frozenset({4}))


def test_chunk_that_is_missing_is_found(path: Path) -> None:
    kit = StoreKit(path)
    kit.db.now(lambda tx: tx.execute("DELETE FROM chunk WHERE place >> 20 = 5"))
    kit.close()
    assert checked_store(path).damage().unreadable == frozenset({5})


def test_free_page_that_is_in_use_is_found_and_stops_writing(path: Path) -> None:
    used = pages(path, "chunk", "overflow")[7]
    trunk = int.from_bytes(path.read_bytes()[32:36], "big")
    with path.open("r+b") as file:
        file.seek((trunk - 1) * 4096 + 8)
        file.write(used.to_bytes(4, "big"))
    damage = checked_store(path).damage()
    assert f"page {used} is on the list of free pages, and used" in damage.what
    assert not damage.writable


def test_row_that_leads_nowhere_is_found_and_stops_nothing(path: Path) -> None:
    careless = sqlite3.connect(path)
    careless.execute("DELETE FROM person WHERE login = 'cleo'")
    careless.execute("UPDATE entry SET person = 3 WHERE id = 1")
    careless.commit()
    careless.close()
    damage = checked_store(path).damage()
    assert "row 1 of entry leads to no person" in damage.what
    assert damage.writable


def test_first_page_that_is_bad_is_found(path: Path) -> None:
    spoil(path, 1)
    assert not checked_store(path).damage().writable


def test_nobody_waits_for_a_check_and_the_wal_is_cut_meanwhile(path: Path) -> None:
    kit = StoreKit(path)
    sizes = []

    def rest(_: float) -> None:
        kit.put("anna", BIG * 4)
        sizes.append(kit.db.wal_octets())

    found = check(path, ManualClock(), rest)
    assert found.state is State.WELL
    assert len(sizes) > 20
    assert max(sizes) < 2 * WAL_TRUNCATE
    kit.close()


def test_error_during_a_check_asks_for_another(path: Path) -> None:
    condition = StoreCondition(path)
    condition.ask_for_check()
    check(path, ManualClock(), lambda _: condition.ask_for_check())
    assert condition.check_is_wanted


def test_check_waits_for_a_repair(path: Path) -> None:
    done = threading.Event()

    def work() -> None:
        check(path, ManualClock(), lambda _: None)
        done.set()

    with only_one(path):
        thread = threading.Thread(target=work)
        thread.start()
        assert not done.wait(0.2)
    thread.join(20)
    assert done.is_set()


def test_check_is_due_at_night_and_soon_after_an_error(path: Path) -> None:
    clock = ManualClock(1_790_000_000.0)
    checks = StoreChecks(path, clock, ["true"])
    assert not checks.is_due(), "a store that is new to this program waits for the night"
    os.utime(checked(path), (clock.now(), clock.now()))
    clock.advance(OLD_S + 1)
    assert checks.is_due()
    os.utime(checked(path), (clock.now(), clock.now()))
    hours = []
    for _ in range(96):
        clock.advance(3600)
        if checks.is_due():
            hours.append(datetime.fromtimestamp(clock.now()).astimezone().hour)
            os.utime(checked(path), (clock.now(), clock.now()))
    assert hours == [HOUR] * 3
    os.utime(checked(path), (clock.now(), clock.now()))
    StoreCondition(path).ask_for_check()
    assert checks.is_due()


def test_disk_that_goes_on_failing_is_not_checked_without_end(path: Path) -> None:
    clock = ManualClock(1_790_000_000.0)
    checks = StoreChecks(path, clock, ["true"])
    condition = StoreCondition(path)
    condition.ask_for_check()
    checks.look()
    condition.ask_for_check()
    assert not checks.is_due()
    clock.advance(AGAIN_S)
    assert checks.is_due()
    checks.stop()


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("UPDATE usage SET octets = octets + 1", "octets of person"),
        ("UPDATE held SET emails = emails - 1", "unread mails of person"),
        ("UPDATE held SET bin_octets = 7", "octets in the bin of person"),
        ("INSERT INTO kept SELECT id, 3 FROM person", "voicemails of person"),
        ("UPDATE queue_count SET waiting = 5", "waiting mails for all ways"),
    ],
)
def test_count_that_is_wrong_is_found_and_a_repair_mends_it(
    path: Path, spoilt: str, said: str
) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(spoilt)
    damage = checked_store(path).damage()
    assert damage.state is State.DAMAGED and damage.writable
    assert said in damage.text
    salvage(path, ManualClock())
    kit = StoreKit(path)  # which goes on with the repaired store
    assert checked_store(path).read().state is State.WELL
    kit.close()
