"""Start the services under s6 and end them: the same service folders as on the device."""

import errno
import fcntl
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from app.commands.output import complain
from app.config.paths import PROJECT, Paths
from app.core.errors import SwitchhookError
from app.core.own_addresses import hosts_listened_on

DEVICE_SERVICES = PROJECT / "rootfs-overlay" / "etc" / "s6" / "services"
READY_WITHIN_S = 40.0
END_WITHIN_S = 20.0
"""Seconds the services may take to end; what is left of them then is killed."""
LOGS_WITHIN_S = 3.0
"""Seconds their loggers may take after that: on a full disk they would wait for room for ever."""
SUPERVISORS = ("s6-svscan", "s6-supervise")
MARK = "SWITCHHOOK_SUPERVISOR"
"""In the environment of all that a Supervised starts, and of nothing else: whose it is."""


class StartError(SwitchhookError):
    """The appliance cannot start here; the text says what is in the way and what to do."""


def check_tools() -> None:
    """Raise StartError naming a system program that is missing."""
    for program, package in (
        ("s6-svscan", "s6"),
        ("espeak-ng", "espeak-ng"),
        ("openssl", "openssl"),
    ):
        if shutil.which(program) is None:
            raise StartError(
                f"the program {program} is missing; install the package {package}"
                " (scripts/setup run does)"
            )


def check_port(name: str, host: str, port: int, setting: str) -> None:
    """Raise StartError if it cannot be listened on this address and TCP port; 0 is any port."""
    try:
        for address in hosts_listened_on(host):
            for found in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
                _try_to_bind(*found)
    except OSError as problem:
        what_to_do = (
            f"End the program that uses it (another `make run`?), or set {setting}"
            if problem.errno == errno.EADDRINUSE
            else f"Set {setting.partition('.')[0]}.listen and {setting}"
        )
        raise StartError(
            f"{name} cannot listen on {host} port {port}: {problem.strerror}. {what_to_do} in the"
            " settings file"
        ) from problem


def _try_to_bind(
    family: int, kind: int, protocol: int, _name: str, address: tuple[Any, ...]
) -> None:
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


class FolderLock:
    """The folder of one box, taken by one appliance: nothing in it is touched by a second one.

    The services hold it, too, for as long as one of them lives, also when the process that started
    them was killed.
    """

    def __init__(self, paths: Paths) -> None:
        """Take it. Raises StartError naming folder and process if another has it, or PathsError."""
        self._paths = paths
        self._pids = [os.getpid()]
        if not paths.run.is_dir():
            paths.make()
        path = paths.run / "lock"
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holders = os.pread(self.fd, 200, 0).decode("ascii", "replace").split()
            os.close(self.fd)
            raise StartError(self._refusal(holders)) from problem
        self._note()

    def also_held_by(self, pid: int) -> None:
        """Note another process that keeps the folder taken."""
        self._pids.append(pid)
        self._note()

    def leave(self) -> None:
        """Let the folder go, as far as this process holds it."""
        os.close(self.fd)

    def _note(self) -> None:
        text = (" ".join(map(str, self._pids)) + "\n").encode()
        try:
            os.ftruncate(self.fd, os.pwrite(self.fd, text, 0))
        except OSError as problem:  # it is taken all the same; a refusal only names nobody
            complain(f"{self._paths.run / 'lock'} cannot be written: {problem.strerror}")

    def _refusal(self, holders: Sequence[str]) -> str:
        alive = [pid for pid in holders if pid.isdigit() and Path(f"/proc/{pid}").exists()]
        who = f"process {alive[0]}" if alive else "a service of one that has ended"
        how = f"`kill {alive[0]}` ends it" if alive else "`ps` shows it"
        return (
            f"an appliance runs in {self._paths.var} already ({who}); {how}, or let SWITCHHOOK_VAR"
            " name another folder for this one"
        )


class _Child:
    """A child of this process that an earlier program in it has started; waited for as Popen is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = False

    def wait(self, timeout: float | None = None) -> None:
        """Until it has ended. Raises subprocess.TimeoutExpired."""
        if self._ended:
            return
        watched = os.pidfd_open(self.pid)
        try:
            if not select.select([watched], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
        finally:
            os.close(watched)
        os.waitpid(self.pid, 0)
        self._ended = True


class Supervised:
    """The services of one box, started together, logged, restarted, and ended together.

    `lock` is given to them, so that the folder stays taken while one of them lives. `scan` is what
    start() has left, where this process has become another program since.
    """

    def __init__(
        self,
        paths: Paths,
        services: Sequence[str],
        lock: FolderLock | None = None,
        scan: int | None = None,
    ) -> None:
        self.paths = paths
        self._lock = lock
        self.services = [Path(service) for service in services]
        self._scan: subprocess.Popen[bytes] | _Child | None = None if scan is None else _Child(scan)

    @property
    def scan(self) -> int:
        """The process that starts the services, a child of this one; start() has been called."""
        assert self._scan is not None
        return self._scan.pid

    @property
    def folder(self) -> Path:
        """The scan folder of s6-svscan: one sub-folder a service."""
        return self.paths.run / "services"

    def start(self) -> None:
        """Start all; return when each has said it is ready. Raises StartError with the log."""
        self._lay_out()
        self._scan = subprocess.Popen(
            ["s6-svscan", str(self.folder)],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us: we end them in order
            pass_fds=() if self._lock is None else (self._lock.fd,),
        )
        if self._lock is not None:
            self._lock.also_held_by(self._scan.pid)
        try:
            if not self._become_ready():
                raise StartError(self._what_failed())
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Wait until the services are ended from elsewhere."""
        assert self._scan is not None
        self._scan.wait()

    def stop(self) -> None:
        """End every service tidily and wait for it."""
        if self._scan is None:
            return
        subprocess.run(["s6-svscanctl", "-t", str(self.folder)], check=False)
        try:
            self._wait_for_the_end(self._scan)
        finally:  # also after a second Ctrl-C
            self._kill_rest()
            self._scan.wait()
            self._scan = None

    def _wait_for_the_end(self, scan: "subprocess.Popen[bytes] | _Child") -> None:
        """Until all have ended, it takes too long, or only loggers are left that cannot write."""
        now = time.monotonic()
        last, logs_last = now + END_WITHIN_S, now + LOGS_WITHIN_S
        while (now := time.monotonic()) < min(last, logs_last):
            try:
                scan.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                if not all(map(_is_logger, self._left())):
                    logs_last = now + LOGS_WITHIN_S
            else:
                return

    def _kill_rest(self) -> None:
        """Kill what is left, the supervisors first, because they would start it again."""
        left = self._left()
        if left:
            names = ", ".join(sorted(map(_name_of, left)))
            complain(f"these did not end and were killed, perhaps the disk is full: {names}")
        while left:
            for pid in sorted(left, key=lambda pid: _name_of(pid) not in SUPERVISORS):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
            left = self._left()

    def _left(self) -> list[int]:
        """The processes of ours that have not ended, zombies left out."""
        mark = f"{MARK}={os.getpid()}".encode()
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
        return [pid for pid in pids if mark in _read(f"/proc/{pid}/environ").split(b"\0")]

    def __enter__(self) -> "Supervised":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _become_ready(self) -> bool:
        """Wait for every service's own word; s6-svwait fails at once before supervisors are up."""
        folders = [str(self.folder / service.name) for service in self.services]
        last = time.monotonic() + READY_WITHIN_S
        while (left := last - time.monotonic()) > 0:
            waited = subprocess.run(
                ["s6-svwait", "-U", "-t", str(int(left * 1000)), *folders],
                check=False,
                capture_output=True,
            )
            if waited.returncode == 0:
                return True
            time.sleep(0.02)
        return False

    def _lay_out(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for service in self.services:
            shutil.copytree(service, self.folder / service.name)

    def _environment(self) -> Mapping[str, str]:
        return {
            **os.environ,
            "SWITCHHOOK_HOME": str(PROJECT),
            "SWITCHHOOK_PYTHON": sys.executable,
            "SWITCHHOOK_VAR": str(self.paths.var),
            "SWITCHHOOK_LOGS": str(self.paths.logs),
            MARK: str(os.getpid()),
        }

    def _what_failed(self) -> str:
        words = ["not every service became ready:"]
        for service in self.services:
            state = subprocess.run(
                ["s6-svstat", str(self.folder / service.name)],
                check=False,
                capture_output=True,
                text=True,
            ).stdout.strip()
            words.append(f"  {service.name}: {state}")
            if not state.startswith("up") or "ready" not in state:
                words += [f"    {line}" for line in self._log_tail(service.name)]
        return "\n".join(words)

    def _log_tail(self, service: str) -> list[str]:
        log = self.paths.logs / service / "current"
        return log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []


def _read(path: str) -> bytes:
    """A file of a process; empty if it has ended, or is somebody else's."""
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""


def _name_of(pid: int) -> str:
    return _read(f"/proc/{pid}/comm").decode(errors="replace").strip()


def _is_logger(pid: int) -> bool:
    """Whether a process writes a log, or only watches over others."""
    if _name_of(pid) in SUPERVISORS:
        return True
    try:
        return Path(f"/proc/{pid}/cwd").readlink().name == "log"
    except OSError:
        return True


def services_of(board: str) -> list[str]:
    """The service folders a board needs: the device's, and the board's own (the virtual box)."""
    device = [DEVICE_SERVICES / name for name in ("phone", "mail", "admin", "tasks")]
    own = PROJECT / "board" / board / "services"
    return [str(f) for f in (sorted(own.iterdir()) if own.is_dir() else []) + device]
