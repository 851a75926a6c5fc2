"""`inbox check` and `inbox repair`: what an owner sees and does about a damaged store."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.commands.services import ENDING
from app.core.clock import ManualClock
from app.store.checking import StoreChecks
from app.store.condition import StoreCondition
from app.store.repair import only_one
from tests.kit.commands import Shell
from tests.kit.store_damage import pages, settle, spoil


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    settle(shell.paths.database)
    return shell


def test_well_store_needs_no_repair(shell: Shell) -> None:
    assert "the store is well" in shell.ok("inbox check")
    assert "nothing to repair" in shell.ok("inbox repair")


def test_check_in_the_background_has_the_lowest_priority(shell: Shell) -> None:
    code = (
        "import os, sys; sys.argv = ['app', 'inbox', 'check', '--background'];"
        "from app.__main__ import main\n"
        "try: main()\n"
        "finally: print(os.getpriority(os.PRIO_PROCESS, 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["the store is well", "19"]


def test_check_that_waits_for_a_repair_ends_with_the_service_that_has_started_it(
    shell: Shell,
) -> None:
    """The repair waits for that service: neither would ever end."""
    store = shell.paths.database
    command = [sys.executable, "-m", "app", "inbox", "check", "--background"]
    checks = StoreChecks(store, ManualClock(), command)
    StoreCondition(store).ask_for_check()
    stopping = threading.Thread(target=checks.stop, daemon=True)
    with only_one(store):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            checks.look()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        stopping.start()
        stopping.join(20)
        assert not stopping.is_alive()


def test_damage_is_told_by_every_command_and_repaired_by_one(shell: Shell) -> None:
    store = shell.paths.database
    spoil(store, *pages(store, "person_login"))
    said = shell.refused("inbox list anna")
    assert "`inbox repair`" in said
    assert "Traceback" not in said
    assert "the store of messages is damaged" in shell.refused("inbox check")
    assert "ATTENTION: the store of messages is damaged" in shell.ok("status")
    said = shell.ok("inbox repair")
    assert "kept: 1 people, 0 messages" in said
    assert "lost: nothing" in said
    assert f"kept as {store}.damaged-" in said
    assert "ATTENTION" not in shell.ok("status")
    assert "anna" in shell.ok("people list")


def test_store_whose_first_page_is_bad_is_repaired_by_the_same_command(shell: Shell) -> None:
    spoil(shell.paths.database, 1)
    assert "`inbox repair`" in shell.refused("people list")
    shell.ok("inbox repair")
    assert "anna" in shell.ok("people list")
