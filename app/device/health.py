"""Whether the box does what it is for: beats, answers mail, keeps what it accepts.

The watchdog asks every few seconds, so every question is cheap and has an end. What is asked is how
the box is, by ways that its visitors cannot block; that many of them are there is no illness.
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.core.sentences import joined, sentence
from app.core.units import MB
from app.store.condition import State, StoreCondition
from app.store.presence import StoreMissing, must_exist
from app.store.space import disk_free

WITHIN_S = 3.0
"""A service that takes longer to answer is not well."""
WEB_SILENT_S = 30.0
"""Seconds without a sign of the web pages, which leave one every 5 (app/web/thread.py)."""
PROBE_EVERY_S = 300.0
"""Between two trials to write to the disk: flash wears out."""
_CURED_BY_A_START = frozenset({errno.EIO, errno.EROFS, errno.EUCLEAN})
"""Errors of a disk that a new start, with its check of the file system, may mend."""

_ASKED = frozenset({"periods", "ready", "lost_periods", "lines"})
"""What is looked at in the phone service's status."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question."""

    name: str
    ok: bool
    says: str
    cured_by_start: bool = True
    """Whether a new start may mend it; what it cannot mend is no reason for a reset."""


class Health:
    """The questions, each time with what was seen the last time in mind."""

    def __init__(self, paths: Paths, now: Callable[[], float]) -> None:
        """`now` is a monotonic clock, in seconds."""
        self._paths, self._now = paths, now
        self._periods: int | None = None
        self._probed_at: float | None = None
        self._probe = Finding("store", True, sentence("not tried yet"))

    def look(self) -> list[Finding]:
        """Ask all questions. The first look cannot tell whether the beat goes on."""
        return [*self._phone_and_lines(), self._mail(), self._web(), self._store()]

    def _phone_and_lines(self) -> list[Finding]:
        try:
            status = _ask_phone(self._paths.phone_control)
        except (NotRunning, ValueError) as problem:
            self._periods = None
            return [Finding("phone", False, getattr(problem, "text", str(problem)))]
        return [self._phone(status), _lines(status["lines"])]

    def _phone(self, status: dict[str, Any]) -> Finding:
        before, self._periods = self._periods, int(status["periods"])
        if not status["ready"]:
            return Finding("phone", False, sentence("the lines are not up yet"))
        if before is not None and self._periods == before:
            return Finding(
                "phone", False, sentence("the beat stands still at %(period)s", period=before)
            )
        lost = status["lost_periods"]
        says = sentence("period %(period)s, %(lost)s lost", period=self._periods, lost=lost)
        return Finding("phone", True, says)

    def _mail(self) -> Finding:
        """Asked at the service's own socket, which no visitor can fill; its loop answers.

        A loop that hangs is ended by its own service and started again; the box need not be.
        """
        try:
            status = ask(self._paths.mail_control, {"ask": "status"}, WITHIN_S)
            listening, late_ms = bool(status["listening"]), int(status["loop_late_ms"])
            held = int(status["connections"])
        except NotRunning as problem:
            return Finding("mail", False, problem.text, cured_by_start=False)
        except (ValueError, KeyError, TypeError) as problem:
            return Finding(
                "mail", False, f"no answer that can be used: {problem}", cured_by_start=False
            )
        says = sentence(
            "answers; %(held)s connections, at most %(late_ms)s ms late lately",
            held=held,
            late_ms=late_ms,
        )
        if not listening:
            says = sentence("it listens no more")
        return Finding("mail", listening, says, cured_by_start=False)

    def _web(self) -> Finding:
        """Seen by the sign of life that the pages' loop leaves: no visitor is asked to make room.

        A loop that hangs is ended by its own service; the box need not be started anew for it.
        """
        try:
            age = self._now() - self._paths.web_ports.stat().st_mtime
        except OSError:
            return Finding("web", False, sentence("no pages are served"), cured_by_start=False)
        if not 0 <= age <= WEB_SILENT_S:
            says = sentence("its loop gives no sign of life")
            return Finding("web", False, says, cured_by_start=False)
        says = sentence("pages are served, seen %(age)s s ago", age=round(age))
        return Finding("web", True, says, cured_by_start=False)

    def _store(self) -> Finding:
        now = self._now()
        if self._probed_at is None or now - self._probed_at >= PROBE_EVERY_S or not self._probe.ok:
            self._probed_at, self._probe = now, _probe(self._paths.database.parent)
        if not self._probe.ok:
            return self._probe
        try:
            must_exist(self._paths.database)
        except StoreMissing as problem:
            return Finding("store", False, problem.text, cured_by_start=False)
        damage = StoreCondition(self._paths.database).damage()
        if damage.state is not State.WELL:
            return Finding("store", False, damage.text, cured_by_start=False)
        return self._probe


def _lines(lines: dict[str, dict[str, Any]]) -> Finding:
    """Lines whose chips do not work. The phone service sets them up again by itself, for ever."""
    broken = [line["fault"] for line in lines.values() if not line["working"]]
    if not broken:
        return Finding("lines", True, sentence("%(count)s up", count=len(lines)))
    return Finding("lines", False, joined("; ", broken), cured_by_start=False)


def _ask_phone(path: Path) -> dict[str, Any]:
    status = ask(path, {"ask": "status"}, WITHIN_S)
    if missing := sorted(_ASKED - set(status)):
        raise ValueError(f"no answer that can be used: it does not say {', '.join(missing)}")
    return status


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
    return Finding(
        "store",
        True,
        sentence("writable, %(free)s MB of the disk are free", free=disk_free(folder) // MB),
    )
