"""Voicemail that waits for its text before it is delivered, because its owner wants so.

It waits as a recording, which nothing can lose, until its text is there or its time is over; who
writes it down is app/transcript/transcriber.py, and the clerk makes it a message (composer.py).
"""

from dataclasses import dataclass

from app.inbox.transcripts import Outcome, Transcript
from app.store.database import Database, Tx

LONGEST_MIN = 60
"""Minutes that a voicemail may wait for its text."""


@dataclass(frozen=True)
class Awaited:
    """What is known of a recording that waits."""

    over: bool
    """Whether it has waited long enough."""
    transcript: Transcript | None
    """Its text, as soon as it has been looked for."""


class AwaitedTexts:
    """The recordings of one store that wait."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def begin(self, tx: Tx, recording: int, minutes: int) -> None:
        """Have an ended recording wait, from now on and so many minutes at most."""
        tx.execute(
            "INSERT OR IGNORE INTO awaited_text (recording, until_box_s) VALUES (?, ?)",
            (recording, self._db.box_time.now() + 60 * minutes),
        )

    def get(self, recording: int) -> Awaited | None:
        """What is known of it; None: it does not wait."""
        row = self._db.reader().execute(
            "SELECT until_box_s, outcome, said, number FROM awaited_text WHERE recording = ?",
            (recording,),
        )
        found = row.fetchone()
        if found is None:
            return None
        until_box_s, outcome, said, number = found
        text = None if outcome is None else Transcript(Outcome(outcome), said, number)
        return Awaited(until_box_s <= self._db.box_time.now(), text)

    def next(self) -> int | None:
        """The recording that has waited longest of those whose text has not been looked for."""
        row = self._db.reader().execute(
            "SELECT recording FROM awaited_text WHERE outcome IS NULL AND until_box_s > ?"
            " ORDER BY until_box_s LIMIT 1",
            (self._db.box_time.now(),),
        )
        found = row.fetchone()
        return None if found is None else int(found[0])

    def keep(self, tx: Tx, recording: int, transcript: Transcript) -> None:
        """Keep its text; nothing if it has been delivered meanwhile."""
        tx.execute(
            "UPDATE awaited_text SET outcome = ?, said = ?, number = ? WHERE recording = ?",
            (transcript.outcome, transcript.said, transcript.number, recording),
        )

    def ended(self) -> list[int]:
        """Those that need not wait any longer."""
        rows = self._db.reader().execute(
            "SELECT recording FROM awaited_text WHERE outcome IS NOT NULL OR until_box_s <= ?",
            (self._db.box_time.now(),),
        )
        return [recording for (recording,) in rows.fetchall()]
