"""The whole appliance as its processes, under its supervisor, at real pace: `python -m app run`.

    with Running(house) as box:
        box.board("ring line1", "wait-for line1 beep")
        os.kill(box.pid("phone"), signal.SIGKILL)

At the end every process that belongs to the house's folder is ended by its id, whatever the test
has left of them.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from app.config.paths import PROJECT
from drivers.errors import BusClosed
from drivers.models.remote_operator import RemoteOperator
from tests.kit.killing import House

log = logging.getLogger(__name__)

T = TypeVar("T")

START_S = 60.0
LOOK_S = 0.02
READY = "Ctrl-C ends it."
"""The last line of the one screen."""


def until(true: Callable[[], T], within_s: float = 30.0) -> T:
    """Look again and again until something is so; AssertionError if it never is."""
    last = time.monotonic() + within_s
    while not (found := true()):
        assert time.monotonic() < last, f"not so within {within_s:g} s"
        time.sleep(LOOK_S)
    return found


def processes_of(var: Path) -> list[int]:
    """The processes that run for this folder and no other."""
    mark = f"SWITCHHOOK_VAR={var}".encode()
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and mark in _read(folder / "environ").split(b"\0")
    ]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


class Running:
    """One appliance; `with` starts it, waits for its screen, and ends it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.screen: list[str] = []
        self._said_ready = threading.Event()
        self._process: subprocess.Popen[str]
        self._operator: RemoteOperator

    def __enter__(self) -> "Running":
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", "run"],
            cwd=PROJECT,
            env={
                **os.environ,
                "SWITCHHOOK_VAR": str(self.house.var),
                "XDG_STATE_HOME": str(self.house.var.with_name("state")),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._said_ready.wait(START_S) and READY in self.screen, "\n".join(self.screen)
        self._operator = RemoteOperator(self.house.paths.operator)

    @property
    def process(self) -> int:
        """The process that was started."""
        return self._process.pid

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.screen.append(line.rstrip("\n"))
            if line.strip() == READY:
                self._said_ready.set()
        self._said_ready.set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._operator.close()
        self._end()

    def _end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        finally:
            for left in processes_of(self.house.var):
                os.kill(left, signal.SIGKILL)
            self._process.wait(10)

    def board(self, *lines: str) -> None:
        """Operate the virtual board; AssertionError if a command fails."""
        for line in lines:
            done, text = self._operator.run(line)
            assert done, f"{line}: {text}\n{self.log('phone')}"

    def beside(self, line: str) -> threading.Thread:
        """Have one command line carried out while the test goes on; join it."""

        def work() -> None:
            operator = RemoteOperator(self.house.paths.operator)
            try:
                operator.run(line)
            except BusClosed as closed:
                log.info("%s: %s", line, closed)  # the test is over, or the box was killed
            finally:
                operator.close()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def pid(self, service: str) -> int:
        """The process of a service; 0 while it is not running."""
        told = subprocess.run(
            ["s6-svstat", "-o", "pid", str(self.house.paths.run / "services" / service)],
            check=True,
            capture_output=True,
            text=True,
        )
        return max(0, int(told.stdout))

    def clerk(self) -> int:
        """The clerk's process, a child of the phone service; 0 while there is none."""
        phone = self.pid("phone")
        children = _read(Path(f"/proc/{phone}/task/{phone}/children")).split()
        for child in map(int, children):
            if b"app.clerk.server" in _read(Path(f"/proc/{child}/cmdline")):
                return child
        return 0

    def ports(self) -> dict[str, int]:
        """The TCP ports of mail: "pop3" and "smtp"."""
        ports = json.loads(self.house.paths.mail_ports.read_text())
        assert isinstance(ports, dict)
        return ports

    def log(self, service: str) -> str:
        """The end of a service's log."""
        return _read(self.house.paths.logs / service / "current").decode(errors="replace")[-3000:]
