"""Box time: how many seconds the box has been on since its store was made.

Ages and deadlines that outlive a process are counted by it and not by the wall clock, which a time
server may set on or back by years. All processes of a box agree on it:

    box time = base_s + uptime        base_s is fixed for as long as the machine runs

The store keeps (boot, base_s, now_s): the machine's start that base_s belongs to, and the box time
that was saved last. After a new start of the machine base_s is that saved time, whoever looks and
whenever, so nothing need be written to know it. The time for which the box was off does not count:
only the wall clock could tell how long that was, and it is least to be trusted after a start. A
power cut also loses what had not been saved yet: SAVE_S while anything happens, and until
the next housekeeping while nothing does. So an age is never too great, and little too small.
"""

import sqlite3

from app.core.clock import Clock

SAVE_S = 60.0
"""Seconds after which a transaction that is made anyway saves the box time."""


_LATEST = """SELECT max(0, coalesce((SELECT max(box_s) FROM mark), 0),
    coalesce((SELECT max(removed_box_s) FROM entry WHERE state = 'bin'), 0),
    coalesce((SELECT max(created_box_s) FROM queue WHERE state = 'waiting'), 0))"""


class BoxTime:
    """The box time of one store, for one process."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock) -> None:
        """Read it by `connection`, whose process holds the store's write lock.

        A store that has none begins at 0, or where what lies in it says, if a damage has taken the
        box time from it: nothing in it may be from a time to come. Raises sqlite3.Error.
        """
        self._clock, self._boot = clock, clock.boot()
        found = connection.execute("SELECT boot, base_s, now_s FROM box_time").fetchone()
        if found is None:
            begins = float(connection.execute(_LATEST).fetchone()[0])
            found = (self._boot, begins - clock.uptime(), begins)
            connection.execute("INSERT INTO box_time VALUES (1, ?, ?, ?)", found)
        boot, base_s, self._saved = found
        self._base_s = float(base_s if boot == self._boot else self._saved)

    def now(self) -> float:
        """The box time, in seconds."""
        return self._base_s + self._clock.uptime()

    def save(self, tx: sqlite3.Connection) -> None:
        """Save it in this transaction."""
        now = self.now()
        tx.execute(
            "UPDATE box_time SET boot = ?, base_s = ?, now_s = ?", (self._boot, self._base_s, now)
        )
        self._saved = now

    def save_now_and_then(self, tx: sqlite3.Connection) -> None:
        """Save it in this transaction if this process has not done so for SAVE_S."""
        if self.now() - self._saved >= SAVE_S:
            self.save(tx)
