"""A real mail service in a process of its own, under strace if wanted, to be killed.

    house = House(tmp_path / "var")
    house.furnish(["anna", "bob"])
    with house.mail(kill_at(17)) as service: ...

The product knows nothing of it: strace kills the process, or lets its system calls fail. strace
runs as a grandchild (-D), so the process we start is the service itself; whatever a test does, that
process is ended by its id, and strace ends with it.
"""

import json
import os
import select
import shutil
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import PROJECT, Paths
from app.device import certificates
from app.inbox.removals import Removals
from app.store.database import Tx
from tests.kit.defaults import add_person
from tests.kit.invariants import check_store

PASSWORD = "tin-whistle-42"
START_S = 60.0  # a service starts in half a second; a busy machine is not what we test
END_S = 60.0

SETTINGS = """
[site]
hostname = "box.test"
domains = ["box.test"]
[web]
http_port = 0
https_port = 0
[mail]
pop3_port = 0
pop3s_port = 0
submission_port = 0
submissions_port = 0
smtp_port = 0
[keeping]
free_floor_mb = 1
voice_reserve_mb = 1
[voicemail]
cleaned = false
"""


def can_trace() -> bool:
    """Whether strace is here and allowed."""
    strace = shutil.which("strace")
    return strace is not None and _traces(strace)


def _traces(strace: str) -> bool:
    tried = subprocess.run([strace, "-qq", "-o", os.devnull, "true"], capture_output=True)
    return tried.returncode == 0


needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is missing or not allowed here")


def kill_at(number: int, call: str = "fdatasync") -> tuple[str, ...]:
    """strace's options: SIGKILL instead of a thread's n-th system call of this name (1..n)."""
    return ("-e", f"inject={call}:signal=KILL:when={number}")


def fail(call: str, error: str, first: int, last: int) -> tuple[str, ...]:
    """strace's options: a thread's system calls `first`..`last` of this name do not happen.

    With a filter in the kernel all other calls run at full speed (a kill does not work with it).
    """
    return ("--seccomp-bpf", "-e", f"inject={call}:error={error}:when={first}..{last}")


def watch(calls: str, octets: int = 0, times: bool = False) -> tuple[str, ...]:
    """strace's options: write down these calls, with so many octets of what they carry."""
    return ("-e", f"trace={calls}", "-s", str(octets), *(["-ttt"] if times else []))


class MailProcess:
    """`python -m app mail`, started; `with` ends it.

    `module` and `descriptors`: another program with a mail service in it, and what it inherits.
    """

    def __init__(
        self,
        paths: Paths,
        log: Path,
        strace: Sequence[str],
        trace: Path,
        module: Sequence[str] = ("app", "mail"),
        descriptors: Sequence[int] = (),
        by_tls: bool = True,
    ) -> None:
        self._by_tls = by_tls
        self._paths = paths
        self._log = log
        command = [sys.executable, "-m", *module]
        tracer = ["strace", "-D", "-f", "-qq", "-y", "-e", "signal=none", "-o", str(trace), *strace]
        self._life, told = os.pipe()  # open until service and strace have ended
        try:
            with open(log, "ab") as errors:
                self.process = subprocess.Popen(
                    [*(tracer if strace else []), *command, "--ready-fd", str(told)],
                    cwd=PROJECT,
                    env={**os.environ, "SWITCHHOOK_VAR": str(paths.var)},
                    pass_fds=[told, *descriptors],
                    stdin=subprocess.DEVNULL,
                    stdout=errors,
                    stderr=errors,
                )
        finally:
            os.close(told)
        self.pop3 = self.pop3s = self.smtp = 0
        self.ready = False

    def __enter__(self) -> "MailProcess":
        try:
            self._become_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def tls(self) -> ssl.SSLContext | None:
        """For clients that know this box's authority, and check its address; None: plain text."""
        if not self._by_tls:
            return None
        return ssl.create_default_context(cafile=self._paths.keys / "ca.crt")

    def _become_ready(self) -> None:
        """Wait for the service's own word; `ready` stays False if it ended without one."""
        self.ready = bool(self._read(START_S))
        if self.ready:
            ports = json.loads(self._paths.mail_ports.read_text())
            self.pop3, self.pop3s, self.smtp = ports["pop3"], ports["pop3s"], ports["smtp"]

    def _read(self, within: float) -> bytes:
        readable, _, _ = select.select([self._life], [], [], within)
        assert readable, f"the service is silent for {within} s\n{self.log()}"
        return os.read(self._life, 1)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._life >= 0:
            self.kill()

    def ended(self) -> int:
        """Wait until the service has ended, and strace with it; its exit code, or -signal."""
        code = self.process.wait(END_S)
        while self._read(END_S):
            pass
        os.close(self._life)
        self._life = -1
        return code

    def terminate(self) -> int:
        """End it as its supervisor does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> int:
        """Kill it, if it lives."""
        self.process.kill()
        return self.ended()

    def log(self) -> str:
        """The end of what it wrote to standard error."""
        return self._log.read_text(errors="replace")[-4000:]


@dataclass(frozen=True)
class House:
    """The folder of one box."""

    var: Path

    @property
    def paths(self) -> Paths:
        """What lies where in it."""
        return Paths(self.var)

    @property
    def trace(self) -> Path:
        """What strace wrote last."""
        return self.var / "trace"

    @property
    def log(self) -> Path:
        """What the services wrote to standard error."""
        return self.var / "mail.log"

    def furnish(self, logins: Iterable[str], settings: str = "") -> None:
        """Settings, and people: the first one is the administrator; all have PASSWORD."""
        self.paths.make()
        self.paths.settings_file.write_text(SETTINGS + settings)
        self.paths.keys.mkdir(exist_ok=True)
        certificates.ensure(self.paths.keys, ("box.test",), ("127.0.0.1",))
        box = self.inbox()

        def work(tx: Tx) -> None:
            for number, login in enumerate(logins):
                id_ = add_person(
                    box.people,
                    tx,
                    login,
                    login,
                    mailbox=str(201 + number),
                    handset=str(101 + number),
                    admin=number == 0,
                )
                box.people.set_password(tx, id_, PASSWORD)

        box.db.now(work)
        box.db.close()

    def inbox(self) -> Inbox:
        """The store, opened in this process; close its db."""
        return open_inbox(self.paths, self.paths.settings())

    def restarted(self) -> Inbox:
        """The same, after what the mail service does at its start before anybody can look."""
        box = self.inbox()
        removals = Removals(box.db, box.store)
        for part in removals.waiting():
            box.db.now(partial(removals.do, part=part))
        return box

    def copy(self, to: Path) -> "House":
        """A house just like this one."""
        shutil.copytree(self.var, to)
        return House(to)

    def clear(self) -> None:
        """Throw it away: a hundred runs fill a disk."""
        shutil.rmtree(self.var)

    def mail(self, strace: Sequence[str] = (), *, by_tls: bool = True) -> MailProcess:
        """A mail service that is being started; `with` waits until it is ready, and ends it.

        Its clients use TLS, unless what they say is to be seen in the trace.
        """
        return MailProcess(self.paths, self.log, strace, self.trace, by_tls=by_tls)

    def check_store(self) -> None:
        """See tests/kit/invariants.py; nobody may be writing."""
        check_store(self.paths.database)
