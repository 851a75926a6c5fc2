"""The box as pages use it: opened once, by the settings as they are, and away as long as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import open_inbox
from app.config.paths import Paths
from app.core.clock import SystemClock
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed
from app.pages_box import PagesBox
from app.store.errors import StoreError


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "var")
    paths.make()
    paths.settings_file.write_text('[site]\nhostname = "one.test"\n')
    return paths


@pytest.fixture
def pages(paths: Paths) -> Iterator[PagesBox]:
    pages = PagesBox(paths, SystemClock())
    yield pages
    pages.close()


def test_settings_that_were_changed_hold_at_once_for_the_store_that_is_open(
    paths: Paths, pages: PagesBox
) -> None:
    open_inbox(paths, paths.settings()).db.close()
    box = pages.box()
    assert box is pages.box() and box.settings.site.hostname == "one.test"
    assert box.delivery.config.hostname == "one.test"
    paths.settings_file.write_text('[site]\nhostname = "other.test"\n')
    changed = pages.box()
    assert changed.settings.site.hostname == changed.delivery.config.hostname == "other.test"
    assert changed.db is box.db


def test_store_that_is_not_there_is_not_made_and_opened_once_it_is(
    paths: Paths, pages: PagesBox
) -> None:
    with pytest.raises(StoreError):
        pages.box()
    assert not paths.database.exists()
    open_inbox(paths, paths.settings()).db.close()
    assert pages.box().people.all() == []


def test_operation_is_done_in_a_process_of_its_own_with_its_refusals(
    paths: Paths, pages: PagesBox
) -> None:
    open_inbox(paths, paths.settings()).db.close()
    root = Actor("root", "web", frozenset({Role.SYSTEM}))
    assert pages.apart("app.operations.people:list_people", root) == []
    with pytest.raises(NotAllowed):
        pages.apart("app.operations.people:remove_person", Actor("ben", "web", frozenset()), "x")
