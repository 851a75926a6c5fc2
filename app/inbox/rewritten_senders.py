"""What the rewriting of senders keeps in the store: its salts, and senders too long to be packed.

A salt is chance that goes into the key of rewritten senders; a new one comes every SALT_S, and one
is forgotten KEPT_S later: what was signed with it is then void, even for somebody who has found out
the box's key. Ages are box time.
"""

import os

from app.store.database import Database, Tx

DAY = 86_400.0  # seconds
SALT_S = 7 * DAY
"""How long senders are signed with one salt."""
KEPT_S = 29 * DAY
"""How long a salt, or a sender, is kept: for SALT_S it is used, then a notice may take 21 days."""
SALT = 32  # octets


class RewrittenSenders:
    """The memory of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def salts(self) -> list[bytes]:
        """Those of which a signature may be, the one to sign with first; may be empty."""
        now = self._db.box_time.now()
        return [salt for salt, since in self._read() if since > now - KEPT_S]

    @property
    def is_due(self) -> bool:
        """Whether `renew` would make a salt."""
        newest = self._read()[:1]
        return not newest or newest[0][1] <= self._db.box_time.now() - SALT_S

    def renew(self, tx: Tx) -> None:
        """Make a salt if it is time for one, and forget what is too old."""
        now = self._db.box_time.now()
        tx.execute("DELETE FROM srs_salt WHERE since_box_s <= ?", (now - KEPT_S,))
        tx.execute("DELETE FROM srs_sender WHERE since_box_s <= ?", (now - KEPT_S,))
        tx.execute(
            "INSERT INTO srs_salt (salt, since_box_s) SELECT ?, ?"
            " WHERE NOT EXISTS (SELECT 1 FROM srs_salt WHERE since_box_s > ?)",
            (os.urandom(SALT), now, now - SALT_S),
        )

    def keep(self, tx: Tx, token: str, sender: str) -> None:
        """Keep a sender under a token, for another KEPT_S if it is kept already."""
        tx.execute(
            "INSERT OR REPLACE INTO srs_sender (token, sender, since_box_s) VALUES (?, ?, ?)",
            (token, sender, self._db.box_time.now()),
        )

    def find(self, token: str) -> str | None:
        """The sender kept under a token; None if there is none, or no more."""
        row = self._db.reader().execute(
            "SELECT sender FROM srs_sender WHERE token = ? AND since_box_s > ?",
            (token, self._db.box_time.now() - KEPT_S),
        )
        found = row.fetchone()
        return None if found is None else str(found[0])

    def _read(self) -> list[tuple[bytes, float]]:
        rows = self._db.reader().execute("SELECT salt, since_box_s FROM srs_salt ORDER BY id DESC")
        return [(bytes(salt), since) for salt, since in rows.fetchall()]
