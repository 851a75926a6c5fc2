"""Repair as an operation: who may, when there is nothing to do, and who holds on to the store."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.appliance import open_inbox
from app.config.paths import Paths
from app.operations import repair
from app.operations.actor import Actor
from app.operations.errors import NotAllowed, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.repair import check_store, repair_store
from app.store.change_over import change_over, repaired, salvaged
from app.store.condition import State, StoreCondition
from app.store.errors import StoreFailed
from tests.kit.actors import ADMIN
from tests.kit.store_damage import pages, settle, spoil


@pytest.fixture
def store(paths: Paths) -> Path:
    """A closed store with one person."""
    box = open_inbox(paths, paths.settings())
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))
    box.db.close()
    settle(paths.database)
    return paths.database


def silent(_: object) -> None:
    return None


def test_repair_and_check_are_the_administrators(paths: Paths, store: Path) -> None:
    anna = Actor("anna", "phone", frozenset())
    with pytest.raises(NotAllowed):
        repair_store(anna, paths, silent, silent)
    with pytest.raises(NotAllowed):
        check_store(anna, paths, silent)


def test_repair_of_a_well_store_does_nothing(paths: Paths, store: Path) -> None:
    assert repair_store(ADMIN, paths, silent, silent) is None
    assert list(store.parent.glob("*damaged-*")) == []


def test_repair_finds_damage_that_nobody_has_met(paths: Paths, store: Path) -> None:
    spoil(store, *pages(store, "person_login"))
    told: list[str] = []
    done = repair_store(ADMIN, paths, told.append, silent)
    assert done is not None
    assert "lost: nothing" in done.report
    assert done.kept.exists()
    assert done.kept.with_name(f"{done.kept.name}.txt").read_text() == done.report
    assert told[0] == "no damage is known: the store is checked"
    assert check_store(ADMIN, paths, silent).state is State.WELL
    assert repair_store(ADMIN, paths, silent, silent) is None, "a second repair finds a well store"


def test_repair_that_was_cut_off_before_the_change_over_is_ended(
    paths: Paths, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(store, *pages(store, "person_login"))

    def cut(_: Path) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(repair, "change_over", cut)
        with pytest.raises(KeyboardInterrupt):
            repair_store(ADMIN, paths, silent, silent)
    assert repaired(store).exists()
    made = repaired(store).stat().st_ino
    assert repair_store(ADMIN, paths, silent, silent) is not None
    assert store.stat().st_ino == made, "what was ready is used"
    assert not salvaged(store).exists()


def test_program_that_holds_on_to_the_store_is_named(
    paths: Paths, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(store, *pages(store, "entry"))
    monkeypatch.setattr(repair, "LETS_GO_S", 0.0)
    code = "import sys; from pathlib import Path; from app.store.database import Database;"
    code += "db = Database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        StoreCondition(store).note("a page is gone")
        with pytest.raises(OperationError, match=f"process {other.pid} "):
            repair_store(ADMIN, paths, silent, silent)
        assert repaired(store).exists()
        other.kill()
    assert repair_store(ADMIN, paths, silent, silent) is not None


def test_repair_without_room_changes_nothing(
    paths: Paths, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreCondition(store).note("a page is gone")
    before = store.read_bytes()
    monkeypatch.setattr("app.store.repair.SPARE", 1 << 60)
    with pytest.raises(StoreFailed, match="MB are free"):
        repair_store(ADMIN, paths, silent, silent)
    assert store.read_bytes() == before
    assert not change_over(store)


def test_repair_without_a_store_says_so(paths: Paths) -> None:
    with pytest.raises(OperationError, match="there is no store"):
        repair_store(ADMIN, paths, silent, silent)
