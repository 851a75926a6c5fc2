"""Who has which number, as the store said last: kept in a file for when it says nothing.

No secrets are in it: neither PINs nor passwords.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from app.core import files
from app.core.clock import Clock
from app.core.records import BadRecord, from_json, parse_json, to_json
from app.phone.calls.dialplan import Directory
from app.voicemail.jobs import MailboxInfo

log = logging.getLogger(__name__)

SAVE_S = 10.0
"""Seconds between two writes: 5,000 people are 1.5 MB and 0.08 s of a PC, while callers wait."""
FEW = 200
"""People up to whom it is written at once."""
ANYBODY = "0"
"""Mailbox of nobody in particular, when nobody is known: its messages go to the postmaster."""


@dataclass(frozen=True, slots=True)
class _Known:
    directory: Directory
    mailboxes: tuple[MailboxInfo, ...]


class Known:
    """The people as they were last seen. `path` is a file of our own."""

    def __init__(self, path: Path, language: str, clock: Clock) -> None:
        self._path, self._language, self._clock = path, language, clock
        self._known = self._read()
        self._saved = True
        self._save_at = 0.0  # monotonic seconds; it is not written before

    @property
    def empty(self) -> bool:
        """Whether nobody was ever seen."""
        return not self._known.directory.people

    def remember(self, directory: Directory, mailboxes: tuple[MailboxInfo, ...]) -> None:
        """What the store says now; it is written at once, or by `save_due` where there are many."""
        known = _Known(directory, mailboxes)
        if known == self._known:
            return
        self._known, self._saved = known, False
        if len(directory.people) <= FEW:
            self.save()
        else:
            self.save_due()

    def save_due(self) -> None:
        """Write what has changed, SAVE_S after the last time."""
        if not self._saved and self._clock.monotonic() >= self._save_at:
            self.save()

    def save(self) -> None:
        """Write what has changed. A file that cannot be written is in the log."""
        if self._saved:
            return
        self._saved, self._save_at = True, self._clock.monotonic() + SAVE_S
        try:
            files.write(self._path, json.dumps(to_json(self._known)), 0o660)
        except OSError as problem:
            log.warning("%s cannot be written: %s", self._path, problem)

    def directory(self) -> Directory:
        """Everybody's numbers; without anybody, calls from outside are answered all the same."""
        if self.empty:
            return Directory(default=ANYBODY)
        return self._known.directory

    def mailbox(self, number: str) -> MailboxInfo | None:
        """What was known of a mailbox; None if there was none."""
        if self.empty and number == ANYBODY:
            return MailboxInfo(0, "", "", self._language, "switchhook", ())
        return next((box for box in self._known.mailboxes if box.number == number), None)

    def _read(self) -> _Known:
        try:
            return from_json(_Known, parse_json(self._path.read_bytes()), "known")
        except (OSError, ValueError, BadRecord) as problem:
            log.info("%s does not say who is here: %s", self._path, problem)
        return _Known(Directory(), ())
