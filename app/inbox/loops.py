"""Mail that comes back to where it was sent on: known by a mark of our own [RFC 5321 §6.3].

Delivered-To [RFC 9228] does not tell it. A mail that an old server has delivered to the same
address, and that its owner now brings here, bears that field as well. So what is sent on from here
bears the mark besides, which names the alias and this store, under a key that only this store has.
"""

import hashlib
import hmac

from app.message.headers import MARK
from app.store.database import Database

_LENGTH = 32  # hexadecimal digits


class LoopMarks:
    """The marks of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._key: bytes | None = None

    def of(self, name: str) -> str:
        """The mark of what is sent on by a local name (a login or an alias)."""
        if self._key is None:
            row = self._db.reader().execute("SELECT key FROM loop_key").fetchone()
            self._key = bytes(row[0])
        return hmac.new(self._key, name.lower().encode(), hashlib.sha256).hexdigest()[:_LENGTH]

    def field(self, name: str) -> bytes:
        """The header field that bears it."""
        return f"{MARK.title()}: {self.of(name)}\r\n".encode("ascii")
