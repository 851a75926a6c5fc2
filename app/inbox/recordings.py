"""Recordings under way: raw samples, committed as they come, so that a power cut keeps them.

A recording is samples and a few facts; it is not a message yet. Whoever composes the message drops
the recording in the transaction that delivers it, so there is never both or neither.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from app.core.clock import Clock
from app.inbox.contents import CHUNK, place
from app.inbox.entries import Recording
from app.inbox.errors import ContentGone
from app.inbox.once import done_once
from app.store.database import Database, Tx

NUMBERS = 1 << 42
"""Numbers of recordings are below this; with 2^20 pieces each, places fit SQLite's integers."""

_SELECT = (
    "SELECT id, person, line, caller_number, caller_name, started_at, ended_at, why,"
    " (SELECT coalesce(sum(length(octets)), 0) FROM sample"
    "  WHERE place BETWEEN recording.id << 20 AND ((recording.id + 1) << 20) - 1),"
    " takes, urgent"
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
        number: int | None = None,
    ) -> int:
        """Start a recording for a person's box; returns its number.

        `line` is the jack of the call, `started_at` its moment in seconds since 1970 UTC, `number`
        one below NUMBERS that nobody else has, None: the next one.
        """
        cursor = tx.execute(
            "INSERT INTO recording (id, person, line, caller_number, caller_name, started_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (number, person_id, line, caller_number, caller_name, started_at),
        )
        return cast(int, cursor.lastrowid)

    def once(self, tx: Tx, number: int) -> bool:
        """Note that what has this number is done, in the transaction that does it.

        False: it is done already. The last numbers are remembered (once.py).
        """
        return done_once(tx, number)

    def add_samples(self, tx: Tx, recording: int, seq: int, octets: bytes) -> None:
        """Store piece `seq` (from 0) of the samples: S16LE, 8 kHz, mono; at most CHUNK octets.

        A piece that is there already stays as it is.
        """
        if len(octets) > CHUNK:
            raise ValueError(f"{len(octets)} octets of samples at once; at most {CHUNK}")
        tx.execute("INSERT OR IGNORE INTO sample VALUES (?, ?)", (place(recording, seq), octets))
        tx.octets += len(octets)

    def end(
        self,
        tx: Tx,
        recording: int,
        why: str,
        takes: tuple[int, ...] = (),
        urgent: bool = False,
    ) -> None:
        """Note that no samples will follow, and why. Raises ContentGone if there is none.

        `takes` are the pieces with which the caller began anew; `urgent` is their word.
        """
        done = tx.execute(
            "UPDATE recording SET ended_at = ?, why = ?, takes = ?, urgent = ? WHERE id = ?",
            (self._clock.now(), why, " ".join(map(str, takes)), urgent, recording),
        )
        if done.rowcount != 1:
            raise ContentGone(f"recording {recording} does not exist")

    def all(self, unfinished_only: bool = False) -> list[Recording]:
        """Recordings that are not messages yet, oldest first; optionally only those not ended."""
        where = " WHERE ended_at IS NULL" if unfinished_only else ""
        rows = self._db.reader().execute(f"{_SELECT}{where} ORDER BY started_at, id")
        return [_recording(row) for row in rows.fetchall()]

    def get(self, recording: int) -> Recording | None:
        """One recording, or None."""
        row = self._db.reader().execute(f"{_SELECT} WHERE id = ?", (recording,)).fetchone()
        return None if row is None else _recording(row)

    def samples(self, recording: int, since: int = 0) -> Iterator[tuple[int, bytes]]:
        """The samples in the pieces they came in, with their numbers. One read a piece.

        `since` is the number of the first piece that is wanted.
        """
        reader = self._db.reader()
        first, end = place(recording, 0), place(recording + 1, 0)
        last = first + since - 1
        while True:
            row = reader.execute(
                "SELECT place, octets FROM sample WHERE place > ? AND place < ?"
                " ORDER BY place LIMIT 1",
                (last, end),
            ).fetchone()
            if row is None:
                return
            last = row[0]
            yield last - first, row[1]

    def drop(self, tx: Tx, recording: int) -> None:
        """Forget a recording and its samples; call it in the transaction that delivers it."""
        tx.execute(
            "DELETE FROM sample WHERE place BETWEEN ? AND ?",
            (place(recording, 0), place(recording + 1, 0) - 1),
        )
        tx.execute("DELETE FROM recording WHERE id = ?", (recording,))


def _recording(row: tuple[Any, ...]) -> Recording:
    *facts, takes, urgent = row
    found = Recording(*facts)
    return replace(found, takes=tuple(map(int, takes.split())), urgent=bool(urgent))
