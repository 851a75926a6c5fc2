"""How much room a store has: on its disk, in its own file, and what its WAL still needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import space
from app.store.connection import PAGE
from app.store.space import WAL_ROOM, Space, disk_free
from tests.kit.store import StoreKit, open_store

MB = 1 << 20
ENDLESS = 1 << 60
PIECE = bytes(MB)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


@pytest.fixture
def disk(kit: StoreKit, monkeypatch: pytest.MonkeyPatch) -> int:
    """A disk of 100 MB that holds the store's files and nothing else; its size in octets."""
    size = 100 * MB

    def free(directory: str) -> int:
        names = ("inbox.db", "inbox.db-wal")
        return size - sum(Path(directory, name).stat().st_size for name in names)

    monkeypatch.setattr(space, "disk_free", free)
    return size


def write(kit: StoreKit, octets: int) -> int:
    """Store content of so many octets; its number."""
    pieces = (PIECE[: min(MB, octets - at)] for at in range(0, octets, MB))
    return kit.db.now(lambda tx: kit.store.contents.write(tx, pieces))


def test_free_space_of_the_disk_is_what_a_user_may_write(tmp_path: Path) -> None:
    found = os.statvfs(tmp_path)
    assert disk_free(tmp_path) == pytest.approx(found.f_bavail * found.f_frsize, rel=0.1)


def test_what_is_stored_is_counted_once_whether_it_is_copied_from_the_wal_or_not(
    kit: StoreKit, disk: int
) -> None:
    room = Space(kit.db)
    kit.db.checkpoint()
    before = room.free(ENDLESS)
    assert before == pytest.approx(disk - WAL_ROOM, abs=MB)
    write(kit, 2 * MB)
    assert kit.db.wal_octets() > 2 * MB
    in_wal = room.free(ENDLESS)
    kit.db.checkpoint()
    assert before - in_wal == pytest.approx(2 * MB, rel=0.02)
    assert room.free(ENDLESS) == pytest.approx(in_wal, abs=10 * PAGE)


def test_free_pages_of_the_file_are_room(kit: StoreKit, disk: int) -> None:
    room = Space(kit.db)
    before = room.free(ENDLESS)
    content = write(kit, 20 * MB)
    assert before - room.free(ENDLESS) == pytest.approx(20 * MB, rel=0.02)
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [content]))
    assert room.free(ENDLESS) == pytest.approx(before, rel=0.01)


def test_without_room_for_the_wal_free_pages_are_none(
    kit: StoreKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = write(kit, 2 * MB)
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [content]))
    wal = kit.db.wal_octets()
    for left, room in ((0, False), (WAL_ROOM - wal - 1, False), (WAL_ROOM - wal, True)):
        monkeypatch.setattr(space, "disk_free", lambda _, left=left: left)
        found = Space(kit.db).free(ENDLESS)
        assert found > MB if room else found < 0


def test_store_is_not_asked_while_the_disk_has_plenty(
    kit: StoreKit, disk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(_name: str) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(kit.db, "pragma", asked)
    assert Space(kit.db).free(80 * MB) >= 80 * MB
    with pytest.raises(AssertionError):
        Space(kit.db).free(98 * MB)
