"""Who is logged in to the web pages: sessions that outlive a restart, in the store.

    sessions = WebSessions(db, clock)
    token = sessions.begin(tx, ANNA, "192.0.2.7", "Firefox")      # the browser's cookie
    sessions.find(token, idle_s=3600, longest_s=86_400)           # whose it is

The store has a checksum of the token only, so who can read the store or its backup is not logged
in by that. Limits count by box time: a clock that is set on or back ends no session, and prolongs
none.
"""

import hashlib
import secrets
from dataclasses import dataclass

from app.core.clock import Clock
from app.store.database import Database, Tx

TOUCH_S = 300.0
"""Seconds of use after which it is written down: the idle limit may be so much shorter."""
MOST = 20
"""Sessions of a person at one time; beyond that the one that was used longest ago ends."""
LONGEST_PROGRAM = 120
"""Characters that are kept of what a browser calls itself."""


@dataclass(frozen=True)
class WebSession:
    """One session. Order of fields = order of columns read."""

    id: int
    person: int
    began_at: float
    """Seconds since 1970 UTC."""
    began_box_s: float
    """Box time, in seconds."""
    used_box_s: float
    """Box time of its last use that was written down."""
    peer: str
    """IP address from which it was begun."""
    program: str
    """What the browser calls itself."""


_SELECT = "SELECT id, person, began_at, began_box_s, used_box_s, peer, program FROM web_session"


class WebSessions:
    """The sessions of one store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def begin(self, tx: Tx, person: int, peer: str, program: str) -> str:
        """Begin a session of a person (id); the token by which it is found."""
        token, now = secrets.token_urlsafe(32), self._db.box_time.now()
        tx.execute(
            "DELETE FROM web_session WHERE id IN (SELECT id FROM web_session WHERE person = ?"
            " ORDER BY used_box_s DESC LIMIT -1 OFFSET ?)",
            (person, MOST - 1),
        )
        tx.execute(
            "INSERT INTO web_session (token, person, began_at, began_box_s, used_box_s, peer,"
            " program) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_digest(token), person, self._clock.now(), now, now, peer, program[:LONGEST_PROGRAM]),
        )
        return token

    def find(self, token: str, idle_s: float, longest_s: float) -> WebSession | None:
        """The session of a token; None if there is none, or it has ended.

        It ends `idle_s` after its last use, and `longest_s` after its begin.
        """
        row = self._db.reader().execute(f"{_SELECT} WHERE token = ?", (_digest(token),)).fetchone()
        if row is None:
            return None
        session, now = WebSession(*row), self._db.box_time.now()
        if now - session.used_box_s >= idle_s or now - session.began_box_s >= longest_s:
            return None
        return session

    def is_to_be_touched(self, session: WebSession) -> bool:
        """Whether its use is to be written down."""
        return self._db.box_time.now() - session.used_box_s >= TOUCH_S

    def touch(self, tx: Tx, session: WebSession) -> None:
        """Write down that it is used now."""
        now = self._db.box_time.now()
        tx.execute("UPDATE web_session SET used_box_s = ? WHERE id = ?", (now, session.id))

    def of(self, person: int, idle_s: float, longest_s: float) -> list[WebSession]:
        """A person's sessions that have not ended, the one used last first."""
        now = self._db.box_time.now()
        rows = self._db.reader().execute(
            f"{_SELECT} WHERE person = ? AND used_box_s > ? AND began_box_s > ?"
            " ORDER BY used_box_s DESC, id DESC",
            (person, now - idle_s, now - longest_s),
        )
        return [WebSession(*row) for row in rows.fetchall()]

    def end(self, tx: Tx, person: int, session: int) -> bool:
        """End a session of this person; False if there is none of this id."""
        sql = "DELETE FROM web_session WHERE id = ? AND person = ?"
        return tx.execute(sql, (session, person)).rowcount > 0

    def forget_ended(self, tx: Tx, idle_s: float) -> None:
        """Delete those that nobody has used for `idle_s`."""
        before = self._db.box_time.now() - idle_s
        tx.execute("DELETE FROM web_session WHERE used_box_s <= ?", (before,))


def end_sessions(tx: Tx, person: int) -> None:
    """End all of a person's sessions."""
    tx.execute("DELETE FROM web_session WHERE person = ?", (person,))


def _digest(token: str) -> bytes:
    """A token has 256 random bits, so a plain checksum is as good as a slow one."""
    return hashlib.sha256(token.encode()).digest()
