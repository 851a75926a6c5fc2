"""Services never outlive the process that started them, however early it is told to end."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.__main__ import main
from app.commands import supervision
from app.commands.supervision import FolderLock, StartError, Supervised
from app.config.paths import PROJECT, Paths
from app.config.ports import PORTS
from app.store.database import Database
from app.store.locks import FileLock
from app.store.presence import note
from tests.kit.small_disk import needs_mount, on_small_disk


class ToldToEnd(Supervised):
    """Ctrl-C comes when the service runs and the others are still awaited."""

    def _become_ready(self) -> bool:
        with open(self.paths.run / "alive", "rb") as fifo:  # until the service has started
            self.service = int(fifo.read())
        raise KeyboardInterrupt


def test_told_to_end_while_starting_no_service_stays(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    folder = tmp_path / "own" / "sleeper"
    folder.mkdir(parents=True)
    os.mkfifo(paths.run / "alive")
    script = folder / "run"
    script.write_text(f"#!/bin/sh\necho $$ >{paths.run / 'alive'}\nexec sleep 1000\n")
    script.chmod(0o755)
    services = ToldToEnd(paths, [str(folder)])
    with pytest.raises(KeyboardInterrupt), services:
        pass
    assert not Path(f"/proc/{services.service}").exists()


def service(folder: Path, run: str, log: str) -> str:
    """A service folder with a script of its own for the service and for its logger."""
    (folder / "log").mkdir(parents=True)
    for script, text in ((folder / "run", run), (folder / "log" / "run", log)):
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    return str(folder)


class Started(Supervised):
    """Ready when all have written their process into a FIFO; knows these processes."""

    def _become_ready(self) -> bool:
        with open(self.paths.run / "alive", "rb") as fifo:
            self.processes = [int(fifo.readline()) for _ in range(2)]
        return True

    def still(self) -> list[int]:
        """Those that run; a process that waits to be reaped runs no more."""
        return [pid for pid in self.processes if supervision._read(f"/proc/{pid}/cmdline")]


def started(tmp_path: Path, run: str, log: str) -> Started:
    """Services that run: one, and its logger. Each is given its FIFO as $ALIVE."""
    paths = Paths(tmp_path / "var")
    paths.make()
    alive = paths.run / "alive"
    os.mkfifo(alive)
    held = os.open(alive, os.O_RDWR)  # neither end is closed before both have written
    tell = f"echo $$ >{alive}\n"
    services = Started(paths, [service(tmp_path / "own" / "talker", tell + run, tell + log)])
    services.start()
    os.close(held)
    return services


STUBBORN = "trap '' TERM HUP INT\nwhile :; do sleep 1000; done"


def test_logger_that_does_not_end_is_killed_when_its_service_has_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "LOGS_WITHIN_S", 0.3)
    services = started(tmp_path, "exec sleep 1000", STUBBORN)
    services.stop()
    assert services.still() == services._left() == []
    assert "did not end and were killed" in capsys.readouterr().err


def test_service_that_does_not_end_is_killed_with_its_children_after_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "END_WITHIN_S", 0.5)
    services = started(tmp_path, STUBBORN, "exec cat")
    services.stop()
    assert services.still() == services._left() == []


def test_appliance_whose_supervisor_was_killed_leaves_no_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "END_WITHIN_S", 0.5)
    services = started(tmp_path, "exec sleep 1000", "exec cat")
    os.kill(services.scan, signal.SIGKILL)
    services.wait()
    services.stop()
    assert services.still() == services._left() == []


FULL_DISK = """
import os, sys
from pathlib import Path
from app.commands import supervision
from app.config.paths import Paths
from tests.commands.test_commands_supervision import started

supervision.LOGS_WITHIN_S = 1.0
disk = Path(sys.argv[1])
log = f"exec s6-log T {disk / 'log'}"
services = started(disk, "while :; do echo a line to be kept; done", log)
while os.statvfs(disk).f_bavail:
    continue  # until the logger has filled the disk
services.stop()
print(services.still(), services._left())
"""


@needs_mount
def test_stopping_on_a_full_disk_ends_every_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "disk")]
    done = subprocess.run(
        on_small_disk(tmp_path / "disk", 1 << 20, *command),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "[] []\n", done.stderr


def test_second_appliance_on_a_folder_is_refused_by_name_before_it_touches_anything(
    tmp_path: Path,
) -> None:
    paths = Paths(tmp_path / "var")
    first = FolderLock(paths)
    (paths.run / "services").mkdir()
    before = sorted(paths.var.rglob("*"))
    refused = subprocess.run(
        [sys.executable, "-m", "app", "run"],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(paths.var)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode == 1
    assert f"an appliance runs in {paths.var} already (process {os.getpid()})" in refused.stderr
    assert sorted(paths.var.rglob("*")) == before
    first.leave()
    FolderLock(paths).leave()


def test_folder_stays_taken_while_a_service_lives_whose_appliance_was_killed(
    tmp_path: Path,
) -> None:
    paths = Paths(tmp_path)
    first = FolderLock(paths)
    service = subprocess.Popen(["sleep", "1000"], pass_fds=(first.fd,))
    first.also_held_by(service.pid)
    first.leave()  # as the kernel does for a process that was killed
    (paths.run / "lock").write_text(f"4194303 {service.pid}\n")  # no process has that id
    with pytest.raises(StartError, match=rf"process {service.pid}\); `kill {service.pid}` ends it"):
        FolderLock(paths)
    service.kill()
    service.wait()
    FolderLock(paths).leave()


def test_folder_whose_lock_is_no_file_of_ours_is_not_followed(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    (tmp_path / "elsewhere").write_text("kept")
    (paths.run / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        FolderLock(paths)
    assert (tmp_path / "elsewhere").read_text() == "kept"


def start(paths: Paths, state: Path) -> subprocess.CompletedProcess[str]:
    """Try to run the appliance, which never comes so far: the ports are taken."""
    if paths.var.exists():
        paths.settings_file.write_text('[mail]\nlisten = "192.0.2.1"\n')  # no address of ours
    return subprocess.run(
        [sys.executable, "-m", "app", "run"],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(paths.var), "XDG_STATE_HOME": str(state)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_folder_that_was_moved_away_gets_no_empty_store(tmp_path: Path) -> None:
    paths, state = Paths(tmp_path / "var"), tmp_path / "state"
    memory = state / "switchhook" / paths.memory.name
    Database(paths.database).close()
    note(paths.database, memory)
    paths.var.rename(tmp_path / "elsewhere")

    said = start(paths, state).stderr
    assert "is gone" in said and "put it back" in said and str(memory) in said
    assert not paths.var.exists(), "a folder that is put back would lie in a new, empty one"
    memory.unlink()
    paths.make()
    start(paths, state)
    assert paths.database.exists(), "the box cannot begin anew"


@pytest.mark.parametrize("command", ["status", "people list", "inbox list anna", "queue list"])
def test_command_makes_no_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("SWITCHHOOK_VAR", str(tmp_path / "var"))
    said = CliRunner().invoke(main, command.split())
    assert "there is no store of messages at" in said.output
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("service", ["mail", "admin"])
def test_service_makes_no_store_and_waits_for_it(tmp_path: Path, service: str) -> None:
    """It is ready all the same: the telephones start with it, and nothing is started in vain."""
    paths = Paths(tmp_path / "var")
    paths.make()
    ports = "".join(f"{name}_port = 0\n" for name in PORTS)
    web = "[web]\nhttp_port = 0\nhttps_port = 0\n"
    paths.settings_file.write_text(f"[mail]\n{ports}{web}")
    told, ready = os.pipe()
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", "app", service, "--ready-fd", str(ready)],
            cwd=PROJECT,
            env={**os.environ, "SWITCHHOOK_VAR": str(paths.var)},
            pass_fds=[ready],
            stderr=log,
        )
    os.close(ready)
    try:
        assert os.read(told, 1) == b"\n", (tmp_path / "log").read_text()
    finally:
        os.close(told)
        running.terminate()
        running.wait(30)
    assert "there is no store of messages" in (tmp_path / "log").read_text()
    assert not paths.database.exists()


@pytest.mark.parametrize("command", ["status", "people list", "inbox list anna", "queue list"])
def test_store_on_a_read_only_disk_is_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    paths = Paths(tmp_path / "var")
    Database(paths.database).close()
    monkeypatch.setenv("SWITCHHOOK_VAR", str(paths.var))

    def refused(lock: FileLock) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(paths.database))

    monkeypatch.setattr(FileLock, "_opened", refused)
    said = CliRunner().invoke(main, command.split())
    assert "cannot be used: Read-only file system" in said.output
    assert "Start the box again" in said.output
    assert not isinstance(said.exception, OSError)
