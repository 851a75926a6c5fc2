"""What the bins could give up on a full disk, oldest first, looked for a piece at a time.

A message of which others still have a copy, or that waits to be sent, gives no room. A bin may hold
many such, so whoever asks passes PASSED_AT_ONCE of them at most, and the next one goes on from
there. What has been found is only a candidate: it may have been restored since.
"""

import json
import threading
from itertools import islice
from sqlite3 import Connection

PASSED_AT_ONCE = 500
"""Entries that one question looks at in vain: a few milliseconds."""

_NEEDED = (
    "(EXISTS (SELECT 1 FROM entry AS other WHERE other.content = entry.content"
    "  AND other.state <> 'bin')"
    " OR EXISTS (SELECT 1 FROM queue WHERE queue.content = entry.content))"
)
_IN_BIN = (
    f"SELECT removed_box_s, id, content, size, {_NEEDED} FROM entry"
    " WHERE state = 'bin' AND removed_box_s >= ? AND (removed_box_s > ? OR id > ?)"
    " ORDER BY removed_box_s, id"
)


class BinSearch:
    """The search of one process; ask from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()
        self._ended_at: int | None = None  # data version of the store when its end was reached

    def _start(self) -> None:
        self._at = (-1.0, 0)  # box time of removal and id of the entry looked at last
        self._found: dict[int, int] = {}  # contents and their octets, oldest first

    @property
    def octets(self) -> int:
        """What has been found, in octets."""
        with self._lock:
            return sum(self._found.values())

    def look(self, connection: Connection, octets: int, version: int) -> bool:
        """Look on until so many octets are found; whether there is more to look at.

        `version` is the store's data version: at the end it goes back to the beginning only if
        something has changed, since others may have let go of what they needed.
        """
        with self._lock:
            if sum(self._found.values()) >= octets or self._ended_at == version:
                return False
            if self._ended_at is not None:
                self._start()
                self._ended_at = None
            more = self._go_on(connection, octets)
            if more is None:
                self._ended_at = version
            return bool(more)

    def _go_on(self, connection: Connection, octets: int) -> bool | None:
        """Whether PASSED_AT_ONCE were looked at in vain; None at the end of the bins."""
        time, entry = self._at
        total, in_vain = sum(self._found.values()), 0
        rows = connection.execute(_IN_BIN, (time, time, entry))
        for removed, number, content, size, needed in rows:
            self._at = (removed, number)
            if needed:
                in_vain += 1
            elif content not in self._found:
                self._found[content] = size
                total += size
            if total >= octets or in_vain >= PASSED_AT_ONCE:
                rows.close()
                return total < octets
        return None

    def oldest(self, octets: int, most: int) -> list[int]:
        """Contents of those found that hold so many octets together, `most` of them at most."""
        chosen, total = [], 0
        with self._lock:
            for content, size in islice(self._found.items(), most):
                chosen.append(content)
                total += size
                if total >= octets:
                    break
        return chosen

    def forget(self, contents: list[int]) -> None:
        """These are not there any more, or still needed after all."""
        with self._lock:
            for content in contents:
                self._found.pop(content, None)


def only_in_bin(connection: Connection, contents: list[int]) -> list[int]:
    """Those of these contents that are in bins and nobody else needs."""
    rows = connection.execute(
        "SELECT DISTINCT content FROM entry WHERE content IN (SELECT value FROM json_each(?))"
        f" AND state = 'bin' AND NOT {_NEEDED}",
        (json.dumps(contents),),
    )
    return [content for (content,) in rows.fetchall()]
