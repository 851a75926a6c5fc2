"""Services on a full disk wait and try again; they do not end, to be started again and again."""

import logging
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from app.commands import service_admin, services
from app.config.paths import Paths
from app.core.clock import ManualClock
from app.store import database
from app.store.database import Database
from app.store.errors import StoreFull
from tests.kit.defaults import RETENTION


def test_store_is_opened_as_soon_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Database(tmp_path / "inbox.db").close()  # only the first start makes one
    full = [StoreFull("the disk is full")] * 2
    pauses: list[float] = []

    class Filling(Database):
        def __init__(self, path: Path) -> None:
            if full:
                raise full.pop()
            super().__init__(path)

    monkeypatch.setattr(database, "Database", Filling)
    monkeypatch.setattr(time, "sleep", pauses.append)
    db = services.open_store(tmp_path / "inbox.db")
    assert db.now(lambda tx: tx.execute("SELECT 1").fetchone()) == (1,)
    db.close()
    assert pauses == [services.ROOM_S] * 2
    assert "waiting: the disk is full" in caplog.text


def test_housekeeping_that_finds_the_disk_full_is_tried_again_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    results: list[Any] = [StoreFull("the disk is full"), "done"]
    clock = ManualClock(now=1_790_000_000.0 // 86_400 * 86_400 + 43_200)  # noon: no nightly check
    tries: list[float] = []

    def clean_up(*_: object) -> Any:
        tries.append(clock.monotonic())
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def wait(_signals: object, pause: float) -> int | None:
        clock.advance(pause)
        return None if results else signal.SIGTERM

    monkeypatch.setattr(service_admin, "clean_up", clean_up)
    monkeypatch.setattr(service_admin, "open_store", lambda path, **_: Database(path, clock))
    monkeypatch.setattr(signal, "sigtimedwait", wait)
    monkeypatch.setattr(signal, "pthread_sigmask", lambda *_: None)
    with caplog.at_level(logging.INFO):
        service_admin._serve_admin(Paths(tmp_path), RETENTION, lambda: None)
    assert tries == [0, service_admin.RETRY_S]
    assert "tried again in 30 s: the disk is full" in caplog.text
    assert "housekeeping: done" in caplog.text


def test_service_ends_to_be_started_again_when_its_web_pages_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Database(tmp_path / "store" / "inbox.db").close()
    hangs = iter([False, True])
    monkeypatch.setattr(signal, "sigtimedwait", lambda *_: None)
    monkeypatch.setattr(signal, "pthread_sigmask", lambda *_: None)
    service_admin._serve_admin(Paths(tmp_path), RETENTION, lambda: None, lambda: next(hangs))
    assert "the web pages hang" in caplog.text and next(hangs, None) is None


def test_service_does_not_make_the_box_folder_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHHOOK_VAR", str(tmp_path / "var"))
    services.begin("mail")
    assert not (tmp_path / "var").exists(), "one that was moved could not be moved back over it"
    (tmp_path / "var").mkdir()
    assert services.begin("mail").database.parent.is_dir()
