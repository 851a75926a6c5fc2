"""The folder of one fax that comes in: each page is on the disk before the far end is told so.

    <root>/<number>/call.json                     who calls, and for whom
                    page-003-1728x2200-204x196.g4 page 3: pixels, dots an inch; T.6, most
                                                  significant bit first
                    end.json                      how the call ended; missing after a power cut

Whoever receives the fax holds a lock on the folder [flock(2)]; a folder without it is finished,
in good order or not, and belongs to the clerk, which makes a message of it and removes it.
"""

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.core import files
from app.core.fax_page import FaxPage
from app.core.records import BadRecord, from_json, parse_json, to_json

_CALL, _END = "call.json", "end.json"
_PAGE = re.compile(r"page-(\d{3})-(\d+)x(\d+)-(\d+)x(\d+)\.g4")
PAGES_MOST = 200
"""Pages of one fax; the call ends with the page before."""
OCTETS_MOST = 16_000_000
"""Octets of all pages of one fax, as T.6."""


@dataclass(frozen=True, slots=True)
class FaxFacts:
    """Whose fax it is and where it came in."""

    mailbox: str
    line: str
    number: str | None
    name: str | None
    started_at: float
    """Seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class FaxEnd:
    """How a fax call ended."""

    well: bool
    why: str
    """In spandsp's words, for the log and the message."""
    far_ident: str = ""
    """What the far station calls itself."""
    pages: int = 0
    """Pages received, or sent and confirmed."""
    seconds: int = 0
    bit_rate: int = 0
    corrected: bool = False
    """Whether pages went with error correction."""


BROKEN_OFF = FaxEnd(False, "the box lost its power or was restarted")
"""How a fax ended of which nobody has noted the end."""


class FaxFolder:
    """One fax that comes in, at the receiving end. Raises OSError if it cannot be kept."""

    def __init__(self, path: Path, facts: FaxFacts) -> None:
        self.path = path
        self._octets = 0
        path.mkdir(mode=0o770, parents=True)
        self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _write(path / _CALL, to_json(facts))
        files.sync_folder(path.parent)

    def add(self, number: int, page: FaxPage) -> None:
        """Keep page `number`, from 1; it is on the disk when this returns. Raises OSError."""
        self._octets += len(page.octets)
        if number > PAGES_MOST or self._octets > OCTETS_MOST:
            raise OSError(f"{PAGES_MOST} pages and {OCTETS_MOST} octets are the most of one fax")
        pixels = f"{page.width}x{page.length}-{page.x_dpi:.0f}x{page.y_dpi:.0f}"
        files.write(self.path / f"page-{number:03}-{pixels}.g4", page.octets)

    def end(self, end: FaxEnd) -> None:
        """No page follows; the folder is the clerk's from now on."""
        try:
            _write(self.path / _END, to_json(end))
        finally:
            os.close(self._lock)


@dataclass(frozen=True, slots=True)
class KeptFax:
    """A fax that has come in and is not delivered yet."""

    path: Path
    facts: FaxFacts
    end: FaxEnd
    pages: tuple[Path, ...]

    @property
    def number(self) -> int:
        """The number of the call."""
        return int(self.path.name)

    def page(self, index: int) -> FaxPage:
        """Page `index`, from 0. Raises OSError."""
        path = self.pages[index]
        found = _PAGE.fullmatch(path.name)
        assert found is not None
        _, width, length, x_dpi, y_dpi = map(int, found.groups())
        return FaxPage(width, length, x_dpi, y_dpi, path.read_bytes())

    def remove(self) -> None:
        """It is delivered. Raises OSError."""
        from shutil import rmtree  # it loads what unpacks archives

        rmtree(self.path)


def kept_faxes(root: Path) -> Iterator[KeptFax]:
    """The faxes that nobody receives any more, in no order.

    What cannot be read is no fax of ours and stays where it is.
    """
    with contextlib.suppress(FileNotFoundError):
        for path in sorted(root.iterdir()):
            if path.name.isdigit() and path.is_dir() and not _is_locked(path):
                kept = _read(path)
                if kept is not None:
                    yield kept


def _read(path: Path) -> KeptFax | None:
    try:
        facts = from_json(FaxFacts, parse_json((path / _CALL).read_bytes()), _CALL)
    except (OSError, BadRecord):  # its receiver has only begun, or was killed then
        return None
    try:
        end = from_json(FaxEnd, parse_json((path / _END).read_bytes()), _END)
    except (OSError, BadRecord):
        end = BROKEN_OFF
    pages = sorted(page for page in path.iterdir() if _PAGE.fullmatch(page.name))
    return KeptFax(path, facts, end, tuple(pages))


def _is_locked(path: Path) -> bool:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def _write(path: Path, value: object) -> None:
    files.write(path, json.dumps(value))
