"""Recordings under way: raw samples, committed as they come, so that a power cut keeps them.

A recording is samples and a few facts; it is not a message yet. Whoever composes the message drops
the recording in the transaction that delivers it, so there is never both or neither.
"""

from collections.abc import Iterator
from typing import cast

from app.core.clock import Clock
from app.inbox.contents import CHUNK, place
from app.inbox.entries import Recording
from app.inbox.errors import ContentGone
from app.store.database import Database, Tx

_SELECT = (
    "SELECT id, person, line, caller_number, caller_name, started_at, ended_at, why,"
    " (SELECT coalesce(sum(length(octets)), 0) FROM sample"
    "  WHERE place BETWEEN recording.id << 20 AND ((recording.id + 1) << 20) - 1)"
    " FROM recording"
)


class Recordings:
    """The part of the store that keeps unfinished voicemail."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def begin(
        self,
        tx: Tx,
        person_id: int,
        line: str,
        caller_number: str | None,
        caller_name: str | None,
        started_at: float,
    ) -> int:
        """Start a recording for a person's box; returns its number.

        `line` is the jack of the call, `started_at` its moment in seconds since 1970 UTC.
        """
        cursor = tx.execute(
            "INSERT INTO recording (person, line, caller_number, caller_name, started_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (person_id, line, caller_number, caller_name, started_at),
        )
        return cast(int, cursor.lastrowid)

    def add_samples(self, tx: Tx, recording: int, seq: int, octets: bytes) -> None:
        """Store piece `seq` (from 0) of the samples: S16LE, 8 kHz, mono; at most CHUNK octets."""
        if len(octets) > CHUNK:
            raise ValueError(f"{len(octets)} octets of samples at once; at most {CHUNK}")
        tx.execute("INSERT INTO sample VALUES (?, ?)", (place(recording, seq), octets))
        tx.octets += len(octets)

    def end(self, tx: Tx, recording: int, why: str) -> None:
        """Note that no samples will follow, and why. Raises ContentGone if there is none."""
        done = tx.execute(
            "UPDATE recording SET ended_at = ?, why = ? WHERE id = ?",
            (self._clock.now(), why, recording),
        )
        if done.rowcount != 1:
            raise ContentGone(f"recording {recording} does not exist")

    def all(self, unfinished_only: bool = False) -> list[Recording]:
        """Recordings that are not messages yet, oldest first; optionally only those not ended."""
        where = " WHERE ended_at IS NULL" if unfinished_only else ""
        rows = self._db.reader().execute(f"{_SELECT}{where} ORDER BY id")
        return [Recording(*row) for row in rows.fetchall()]

    def get(self, recording: int) -> Recording | None:
        """One recording, or None."""
        row = self._db.reader().execute(f"{_SELECT} WHERE id = ?", (recording,)).fetchone()
        return None if row is None else Recording(*row)

    def samples(self, recording: int) -> Iterator[bytes]:
        """The samples in the pieces they came in. One read a piece."""
        reader = self._db.reader()
        last, end = place(recording, 0) - 1, place(recording + 1, 0)
        while True:
            row = reader.execute(
                "SELECT place, octets FROM sample WHERE place > ? AND place < ?"
                " ORDER BY place LIMIT 1",
                (last, end),
            ).fetchone()
            if row is None:
                return
            last = row[0]
            yield row[1]

    def drop(self, tx: Tx, recording: int) -> None:
        """Forget a recording and its samples; call it in the transaction that delivers it."""
        tx.execute(
            "DELETE FROM sample WHERE place BETWEEN ? AND ?",
            (place(recording, 0), place(recording + 1, 0) - 1),
        )
        tx.execute("DELETE FROM recording WHERE id = ?", (recording,))
