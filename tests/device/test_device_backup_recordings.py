"""Recordings that wait for the store, through backup and restore: delivered once, none lost."""

import shutil
from pathlib import Path

import pytest

from app.clerk.desk import desk_over
from app.clerk.ended import HowEnded
from app.clerk.media import InlineMedia
from app.clerk.spool import CallFacts, Spool, SpoolFolder
from app.config.paths import Paths
from app.core.clock import SystemClock
from app.inbox.entries import Kind
from app.store.snapshot import copy_store
from tests.kit.backed_up import backed_up, box_with_mail, restored
from tests.kit.commands import Shell
from tests.kit.voicemail import clerk_config, tone


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return box_with_mail(tmp_path, monkeypatch)


CALL = CallFacts("201", "line1", "5551234", "CARL CALLER", 1000.0)


def spooled(folder: Path, number: int, *seconds: int, ends: bool = True) -> None:
    """A recording for Anna in the spool, of these seconds."""
    spool = Spool((SpoolFolder(str(folder), 64_000_000),))
    spool.begin(number, CALL)
    spool.add(number, [(second, tone(1, hz=400)) for second in seconds])
    if ends:
        spool.end(number, HowEnded("hung up", 3), 1010.0)


def delivered(shell: Shell) -> list[int | None]:
    """What the next clerk delivers: Anna's voicemails by their seconds."""
    config = clerk_config(
        shell.paths.var,
        store=str(shell.paths.database),
        spool=str(shell.paths.spool),
        spool_memory=str(shell.paths.var.parent / "other memory"),
    )
    clerk = desk_over(config, SystemClock(), InlineMedia())
    clerk.recover(set())
    while clerk.work():
        pass
    clerk.close()
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    found = box.store.entries(anna.id, kinds=[Kind.VOICEMAIL])
    box.db.close()
    return [entry.duration_s for entry in found]


def test_recordings_that_wait_for_the_store_come_back_and_are_delivered_once(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = shell.paths.var.parent / "memory"
    monkeypatch.setattr(Paths, "spool_memory", memory)
    spooled(shell.paths.spool, 7, 0, 1, ends=False)
    spooled(memory, 7, 2)
    with (shell.paths.spool / "7.voice").open("ab") as half:
        half.write(b"\0\0\0\x10\0\0")  # as a piece that is being written
    spooled(memory, 8, 0, 1)
    path = backed_up(shell)
    for folder in (shell.paths.spool, memory):
        shutil.rmtree(folder)
    restored(shell, path)
    assert sorted(delivered(shell), key=str) == [2, 3]
    assert list(shell.paths.spool.glob("*.voice")) == []
    assert len(delivered(shell)) == 2


def test_recording_delivered_while_the_backup_is_made_is_not_delivered_again(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooled(shell.paths.spool, 7, 0, 1, 2)

    def later(store: Path, to: Path) -> None:
        assert delivered(shell) == [3]
        copy_store(store, to)

    monkeypatch.setattr("app.device.backup.copy_store", later)
    path = backed_up(shell)
    restored(shell, path)
    assert delivered(shell) == [3]


def test_recordings_that_wait_here_wait_on_after_a_restore(shell: Shell) -> None:
    path = backed_up(shell)
    spooled(shell.paths.spool, 9, 0, 1, 2)
    restored(shell, path)
    assert delivered(shell) == [3]
