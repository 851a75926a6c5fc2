"""Whether the box does what it is for: beats, answers mail, keeps what it accepts.

The watchdog asks every few seconds, so every question is cheap and has an end.
"""

import errno
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.config.paths import Paths

WITHIN_S = 3.0
"""A service that takes longer to answer is not well."""
PROBE_EVERY_S = 300.0
"""Between two trials to write to the disk: flash wears out."""
_CURED_BY_A_START = frozenset({errno.EIO, errno.EROFS, errno.EUCLEAN})
"""Errors of a disk that a new start, with its check of the file system, may mend."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question."""

    name: str
    ok: bool
    says: str


class Health:
    """The questions, each time with what was seen the last time in mind."""

    def __init__(self, paths: Paths, now: Callable[[], float]) -> None:
        """`now` is a monotonic clock, in seconds."""
        self._paths, self._now = paths, now
        self._periods: int | None = None
        self._probed_at: float | None = None
        self._probe = Finding("store", True, "not tried yet")

    def look(self) -> list[Finding]:
        """Ask all questions. The first look cannot tell whether the beat goes on."""
        return [self._phone(), self._mail(), self._store()]

    def _phone(self) -> Finding:
        try:
            status = _ask_phone(self._paths.phone_control)
        except (OSError, ValueError) as problem:
            self._periods = None
            return Finding("phone", False, f"no answer: {problem}")
        before, self._periods = self._periods, int(status["periods"])
        if not status["ready"]:
            return Finding("phone", False, "the lines are not up yet")
        if before is not None and self._periods == before:
            return Finding("phone", False, f"the beat stands still at {before}")
        return Finding("phone", True, f"period {self._periods}, {status['lost_periods']} lost")

    def _mail(self) -> Finding:
        try:
            ports = json.loads(self._paths.mail_ports.read_text())
            greeting = _greeting(ports.get("host", "127.0.0.1"), int(ports["pop3"]))
        except (OSError, ValueError, KeyError) as problem:
            return Finding("mail", False, f"no answer: {problem}")
        return Finding("mail", greeting.startswith(b"+OK"), greeting.decode("ascii", "replace"))

    def _store(self) -> Finding:
        now = self._now()
        if self._probed_at is None or now - self._probed_at >= PROBE_EVERY_S or not self._probe.ok:
            self._probed_at, self._probe = now, _probe(self._paths.database.parent)
        return self._probe


def _ask_phone(path: Path) -> dict[str, int]:
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(WITHIN_S)
        door.connect(str(path))
        door.sendall(b'{"ask": "status"}\n')
        with door.makefile("rb") as answers:
            status = json.loads(answers.readline() or b"null")
    if not isinstance(status, dict) or not {"periods", "ready", "lost_periods"} <= set(status):
        raise ValueError("it hung up")
    return status


def _greeting(host: str, port: int) -> bytes:
    """The first line that POP3 says; a box that listens on every address is asked on its own."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    with socket.create_connection((own, port), timeout=WITHIN_S) as client:
        line = client.recv(512)
        client.sendall(b"QUIT\r\n")
        while client.recv(512):  # to its end: a session broken off would be a line in the log
            continue
    return line.strip()


def _probe(folder: Path) -> Finding:
    """Write a few octets and wait until the disk has them."""
    path = folder / ".alive"
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            os.pwrite(fd, b"alive\n", 0)
            os.fsync(fd)
        finally:
            os.close(fd)
    except OSError as problem:
        well = problem.errno not in _CURED_BY_A_START
        return Finding("store", well, f"{path}: {problem.strerror}")
    return Finding("store", True, "writable")
