"""What the services say from now on: the ends of their logs, looked at again and again."""

import os
from pathlib import Path
from typing import BinaryIO

from app.config.paths import Paths
from app.operations.actor import Actor, require_admin
from app.operations.errors import NotFound
from app.operations.logs import LogLine, log_folder, log_line, services_with_logs

MOST = 65_536
"""Octets of one log that are taken at a look; the rest comes with the next ones."""


class LogFollower:
    """Follows one log, or all of them, also into the file that s6-log begins when one is full."""

    def __init__(self, paths: Paths, actor: Actor, service: str = "") -> None:
        """Begins at the end of what is there now. Raises NotAllowed, NotFound."""
        require_admin(actor, "read the logs")
        self._folder, self._service = log_folder(paths), service
        there = services_with_logs(self._folder)
        if service and service not in there:
            raise NotFound(
                "service",
                "there is no log of %(service)s; there are: %(there)s",
                service=service,
                there=", ".join(there),
            )
        self._files: dict[str, BinaryIO] = {}
        self._begun: dict[str, bytes] = {}
        """By service: a line whose end is not written yet."""
        for name in self._services():
            file = _opened(self._folder / name / "current")
            if file is not None:
                file.seek(0, os.SEEK_END)
                self._files[name] = file

    def _services(self) -> list[str]:
        return [self._service] if self._service else services_with_logs(self._folder)

    def look(self) -> list[LogLine]:
        """What was said since the last look, each service's in its order."""
        found = [line for name in self._services() for line in self._more(name)]
        found.sort(key=lambda line: line.at)
        return found

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _more(self, name: str) -> list[LogLine]:
        path = self._folder / name / "current"
        file = self._files.get(name) or _opened(path)
        if file is None:
            return []
        self._files[name] = file
        octets = file.read(MOST)
        if not octets and not _is(file, path):  # read to its end, and put aside since
            file.close()
            del self._files[name]
            return self._more(name) if path.exists() else []
        *whole, begun = (self._begun.get(name, b"") + octets).split(b"\n")
        self._begun[name] = begun[-MOST:]
        return [log_line(name, raw) for raw in whole]


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb", buffering=0)
    except OSError:
        return None


def _is(file: BinaryIO, path: Path) -> bool:
    """Whether this file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False
