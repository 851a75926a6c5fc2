"""A store whose disk is full: commits and copies of the WAL fail, nothing promised is lost."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.store import connection
from app.store.connection import PAGE, Tx, connect_writer
from app.store.errors import StoreFull
from tests.kit.small_disk import MB, needs_mount, on_small_disk
from tests.kit.store import StoreKit, open_store

WAIT_S = 20  # how long a thread may take before we call it stuck; never waited in a good run


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreKit]:
    """A store whose file may not become larger than 3 MB [SQLite, PRAGMA max_page_count]."""

    def connect(path: Path) -> Tx:
        tx = connect_writer(path)
        tx.execute(f"PRAGMA max_page_count = {3 * MB // PAGE}").fetchall()
        return tx

    monkeypatch.setattr(connection, "connect_writer", connect)
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def test_commit_without_room_is_told_apart_and_leaves_everything_as_it_was(kit: StoreKit) -> None:
    entry = kit.put("anna", b"x" * MB)
    with pytest.raises(StoreFull, match="the disk is full") as told:
        kit.put("anna", b"x" * 3 * MB)
    assert isinstance(told.value.__cause__, sqlite3.OperationalError)
    assert [found.id for found in kit.inbox("anna")] == [entry.id]
    assert kit.store.used(kit.person("anna").id) == MB
    kit.put("anna")
    assert kit.db.pragma("integrity_check") == "ok"


def test_commit_without_room_has_the_wal_copied_so_that_the_next_one_finds_room_in_it(
    kit: StoreKit,
) -> None:
    kit.put("anna", b"what lies in the WAL only")
    assert b"what lies in the WAL only" not in kit.path.read_bytes()
    with pytest.raises(StoreFull):
        kit.put("anna", b"x" * 4 * MB)
    assert b"what lies in the WAL only" in kit.path.read_bytes()
    wal = kit.db.wal_octets()
    kit.put("anna")
    assert kit.db.wal_octets() == wal, "the WAL is written from its beginning again"


def test_writing_thread_goes_on_after_a_commit_without_room(kit: StoreKit) -> None:
    submit = kit.db.submit
    big = submit(lambda tx: kit.store.contents.write(tx, (b"x" * 4 * MB,)))
    assert isinstance(big.exception(WAIT_S), StoreFull)
    content = submit(lambda tx: kit.store.contents.write(tx, (b"x" * 2 * MB,))).result(WAIT_S)
    assert isinstance(
        submit(lambda tx: kit.store.contents.write(tx, (b"x" * 2 * MB,))).exception(WAIT_S),
        StoreFull,
    )
    submit(lambda tx: kit.store.contents.drop_unused(tx, [content])).result(WAIT_S)
    assert submit(lambda tx: kit.store.contents.write(tx, (b"x" * 2 * MB,))).result(WAIT_S)


INSIDE = """
import os, random, sys
from pathlib import Path
from app.store.errors import StoreFull
from tests.kit.store import StoreKit, open_store

disk, dice = Path(sys.argv[1]), random.Random(7)
hog = os.open(disk / "hog", os.O_WRONLY | os.O_CREAT, 0o600)

def others_take_all_but(octets):
    os.ftruncate(hog, 0)
    try:
        while True:
            os.write(hog, bytes(4096))
    except OSError:
        size = os.fstat(hog).st_size
        os.ftruncate(hog, max(0, size - octets))
    os.lseek(hog, 0, os.SEEK_END)

def others_leave():
    os.ftruncate(hog, 0)
    os.lseek(hog, 0, os.SEEK_SET)

kit = open_store(disk)
other = StoreKit(kit.path)  # another process would be no different: connections of its own
kept, full, done = {}, 0, 0
for turn in range(150):
    writer = dice.choice((kit, other))
    if turn % 5 == 0:
        others_take_all_but(dice.choice((0, 4096, 40_000, 400_000)))
    elif turn % 5 == 4:
        others_leave()
    octets = dice.randbytes(dice.choice((100, 5_000, 300_000)))
    try:
        if kept and dice.random() < 0.4:
            gone = dice.choice(list(kept))
            writer.db.now(lambda tx: writer.store.contents.drop_unused(tx, [gone]))
            del kept[gone]
        else:
            future = writer.db.submit(lambda tx: writer.store.contents.write(tx, (octets,)))
            number = future.result(30)
            kept[number] = octets
        done += 1
    except StoreFull:
        full += 1
        assert turn % 5 != 4, "there was room"
    writer.db.checkpoint()
    for number, octets in kept.items():
        assert b"".join(kit.store.contents.octets(number)) == octets, turn
    if turn % 50 == 49:  # as after a restart, on a disk as it is
        other.close()
        others_leave()
        other = StoreKit(kit.path)
others_leave()
assert kit.db.pragma("integrity_check") == "ok"
stored = {row[0] for row in kit.db.reader().execute("SELECT id FROM content").fetchall()}
assert stored == set(kept)
kit.db.checkpoint()
print(done, full, kit.db.wal_octets())
"""


@needs_mount
def test_disk_that_is_full_again_and_again_costs_nothing_promised(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    done = subprocess.run(
        on_small_disk(disk, 24 * MB, sys.executable, "-c", INSIDE, str(disk)),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    written, full, wal = map(int, done.stdout.split())
    assert written > 50 and full > 10, "the disk was full, and it was not"
    assert wal < 10 * MB
