"""What the services have said: the end of their logs, as text that can be shown anywhere."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.config.paths import Paths
from app.core.text import visible
from app.operations.actor import Actor, Role, require_role
from app.operations.errors import NotFound

READ = 262_144
"""Octets of one service's log that are looked at, from its end."""
MOST = 1_000
"""Lines that are given at most."""
LONGEST = 2_000
"""Characters of a line; what is longer is cut."""

# The time in UTC that s6-log's T puts before a line, cut to the second.
_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? +(.*)", re.DOTALL)
_WORTH = re.compile(r"^[\w-]+: (WARNING|ERROR|CRITICAL) ")


@dataclass(frozen=True)
class LogLine:
    """One line of a log."""

    service: str
    at: str
    """When it was written, in UTC: "2026-11-28 02:46:04"; "" if it does not say."""
    text: str
    """With nothing in it that moves a cursor or turns a line round."""
    worth_reading: bool
    """A warning or an error."""


@dataclass(frozen=True)
class LogTail:
    """The end of one log, or of all of them together."""

    services: tuple[str, ...]
    """Those that there is a log of."""
    lines: tuple[LogLine, ...]
    """Oldest first."""


def log_folder(paths: Paths) -> Path:
    """Where the logs lie: one folder a service. On a device that is in memory."""
    return Path(os.environ.get("SWITCHHOOK_LOGS") or paths.logs)


def log_tail(
    paths: Paths,
    actor: Actor,
    service: str = "",
    *,
    containing: str = "",
    warnings: bool = False,
    limit: int = 200,
) -> LogTail:
    """The newest `limit` lines of a service, or of all ("").

    `containing`: of those that hold this text, in any case of letters; `warnings`: of those that
    are worth reading. Raises NotAllowed, and NotFound for a service without a log.
    """
    require_role(actor, Role.NETWORK, "read the logs")
    folder = log_folder(paths)
    services = services_with_logs(folder)
    if service and service not in services:
        raise NotFound(
            "service",
            "there is no log of %(service)s; there are: %(there)s",
            service=service,
            there=", ".join(services),
        )
    wanted, most = containing.casefold(), max(1, min(limit, MOST))
    found = [
        line
        for name in ([service] if service else services)
        for line in _lines(folder, name)
        if wanted in line.text.casefold() and (line.worth_reading or not warnings)
    ]
    if not service:
        found.sort(key=lambda line: line.at)  # stable: lines of one second stay in order
    return LogTail(tuple(services), tuple(found[-most:]))


def services_with_logs(folder: Path) -> list[str]:
    """Names of the services that there is a log of in this folder."""
    try:
        return sorted(one.name for one in folder.iterdir() if (one / "current").is_file())
    except OSError:
        return []


def _lines(folder: Path, service: str) -> Iterator[LogLine]:
    octets = b"".join(_last_octets(folder / service))
    for raw in octets.splitlines():
        yield log_line(service, raw)


def log_line(service: str, raw: bytes) -> LogLine:
    """One line as it lies in a service's log."""
    found = _LINE.fullmatch(raw.decode(errors="replace"))
    at, text = found.groups() if found is not None else ("", raw.decode(errors="replace"))
    worth = _WORTH.match(text) is not None
    return LogLine(service, at, visible(text[:LONGEST]), worth)


def _last_octets(folder: Path) -> Iterator[bytes]:
    """The end of the file before the current one [s6-log(1): @…], and the current one's."""
    try:
        before = sorted(path for path in folder.iterdir() if path.name.startswith("@"))
        for path in (*before[-1:], folder / "current"):
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - READ))
                octets = file.read(READ)
            yield octets if size <= READ else octets.partition(b"\n")[2]
    except FileNotFoundError:  # it has just been put aside
        return
