"""What is said in voicemail, as text beside the messages: their octets and sizes stay as they are.

A text belongs to a content, which several people's entries may share, and goes with it. Whoever
follows the change log is told by TRANSCRIBED, for each entry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.core.clock import Clock
from app.inbox.audit import AuditLog
from app.inbox.entries import ENTRY_COLUMNS, Entry, entry_of
from app.store.database import Database, Tx

TRANSCRIBED = "transcribed"
"""Verb of the change log."""
LATEST = 200
"""Voicemails of the box that are given a text, counted from the newest: a pack that is added to a
full box does not keep it busy for days."""
TRIES = 2
"""How often it is tried: a second time, because a process may be killed for want of memory."""
SHORTEST = 5
"""Digits that two numbers have in common, to be the same."""


class Outcome(StrEnum):
    """What became of a message."""

    SAID = "said"
    NOTHING = "nothing"
    """Nobody speaks in it."""
    FOREIGN = "foreign"
    """Somebody speaks, and not in the pack's language."""
    FAILED = "failed"
    """The process that was to write it down was killed, or took too long."""


@dataclass(frozen=True)
class Transcript:
    """The text of one content."""

    outcome: Outcome
    said: str = ""
    number: str = ""
    """Digits that somebody says in it, perhaps a telephone number; "" if there are none."""


def is_callers(transcript: Transcript, caller_number: str | None) -> bool:
    """Whether the number that is said is the one that the call came from.

    The shorter of the two may be without codes of area and country.
    """
    caller = "".join(filter(str.isdigit, caller_number or ""))
    least = min(len(transcript.number), len(caller))
    return least >= SHORTEST and transcript.number[-least:] == caller[-least:]


def other_number(transcript: Transcript | None, caller_number: str | None) -> str:
    """The number that is said, if it is not the one that the call came from; else ""."""
    if transcript is None or is_callers(transcript, caller_number):
        return ""
    return transcript.number


class Transcripts:
    """The texts of one store."""

    def __init__(self, db: Database, clock: Clock, audit_log: AuditLog) -> None:
        self._db, self._clock, self._audit_log = db, clock, audit_log

    def get(self, content: int) -> Transcript | None:
        """The text of a content, if it has been looked for."""
        return self.of([content]).get(content)

    def of(self, contents: Iterable[int]) -> dict[int, Transcript]:
        """The texts of those of these contents that have been looked at."""
        wanted = list(contents)
        rows = self._db.reader().execute(
            "SELECT content, outcome, said, number FROM transcript"
            f" WHERE content IN ({', '.join('?' * len(wanted))})",
            wanted,
        )
        return {
            content: Transcript(Outcome(outcome), said, number)
            for content, outcome, said, number in rows.fetchall()
        }

    def next(self) -> Entry | None:
        """The newest voicemail of those in inboxes whose text has not been looked for."""
        row = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM (SELECT * FROM entry INDEXED BY entry_recorded"
            " WHERE kind = 'voicemail' ORDER BY id DESC LIMIT ?) AS latest"
            " WHERE state IN ('new', 'heard') AND NOT EXISTS (SELECT 1 FROM transcript"
            " WHERE content = latest.content AND (outcome <> ? OR tries >= ?))"
            " ORDER BY id DESC LIMIT 1",
            (LATEST, Outcome.FAILED, TRIES),
        )
        found = row.fetchone()
        return None if found is None else entry_of(found)

    def keep(self, tx: Tx, content: int, transcript: Transcript) -> None:
        """Keep the text of a content; nothing if the content is gone meanwhile."""
        tx.execute(
            "INSERT INTO transcript SELECT id, ?, ?, ?, 1, ? FROM content WHERE id = ?"
            " ON CONFLICT (content) DO UPDATE SET outcome = excluded.outcome,"
            " said = excluded.said, number = excluded.number, tries = tries + 1,"
            " made_at = excluded.made_at",
            (transcript.outcome, transcript.said, transcript.number, self._clock.now(), content),
        )
        entries = tx.execute("SELECT person, id FROM entry WHERE content = ?", (content,))
        for person, entry in entries.fetchall():
            self._audit_log.note(tx, TRANSCRIBED, person, entry)
