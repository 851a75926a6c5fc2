"""The mirror of an IMAP server: what it has of each entry, and what it is still to be told.

Where the inbox lives on a server, the store is its spool and its cache. Each entry that is here
has a row (`Mirrored`), which triggers mark as due when the entry changes (app/store/mirror_tables).
A row stays due until the server has answered that it has the entry as it is here: nothing is lost
with a connection or with the power. What mail programs change there comes in by mirror_inward.py.

    on = Mirror(db)
    on.due(ANNA, 10)                 # rows whose entries the server does not have as they are here
    on.begun(tx, entry, ...)         # before a copy is sent: what it would be found by
    on.told(tx, entry, ...)          # the server has it so; due again if it has changed meanwhile

A row is state and no list of steps: to tell the same twice changes nothing there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.inbox.entries import INBOX, EntryState, Kind
from app.store.database import Database, Tx


class Place(StrEnum):
    """Where the server has an entry."""

    NOWHERE = ""
    """Not that we know of."""
    INBOX = "inbox"
    TRASH = "trash"
    """Where what is removed is moved; its UID there is of no use to us."""
    LOST = "lost"
    """In the inbox, under a UID that is void since its UIDVALIDITY changed [RFC 3501 §2.3.1.1]."""


@dataclass(frozen=True)
class MirrorAccount:
    """A person's inbox on the server. Order of fields = order of columns."""

    person: int
    uidvalidity: int = 0
    """0: never seen."""
    uidnext: int = 0
    """What has lower UIDs has been looked at."""
    modseq: int = 0
    """HIGHESTMODSEQ up to which changes are known [RFC 7162]; 0: none are told."""
    ok_at: float | None = None
    """When it came in step last, in seconds since 1970; None: never."""
    error: str = ""
    """Why it is not in step, in words; "" while it is."""
    error_at: float | None = None
    """Since when."""


@dataclass(frozen=True)
class Mirrored:
    """What the server has of an entry, and how the entry is here. Fields in the order read."""

    entry: int
    person: int
    place: Place
    uid: int | None
    seen: bool
    saved: bool
    message_id: str
    """By which it is found there; "" while no copy was ever begun."""
    octets: int
    """Size that the server names."""
    partial: bool
    """Only its header is here."""
    begun: int | None
    """Lowest UID that a copy under way may have; None: there is none."""
    begun_validity: int | None
    """The UIDVALIDITY of that."""
    again: bool
    """A second copy was sent, since the first one had not arrived when it was looked for."""
    verified: bool
    """What the server has was compared with what is here, octet by octet, or came from there."""
    failures: int
    """How often it could not be told."""
    state: EntryState | None
    """Of the entry here; None: it is deleted for good."""
    kept: bool
    """Whether its owner has saved it."""
    kind: Kind | None

    @property
    def is_here(self) -> bool:
        """Whether it is in the inbox here."""
        return self.state in INBOX

    @property
    def heard(self) -> bool:
        """Whether the server should have it as read."""
        return self.state is EntryState.HEARD

    @property
    def settled(self) -> bool:
        """Whether the server has it as it is here; of what is lost nobody knows."""
        if self.place is Place.LOST:
            return False
        if not self.is_here:
            return self.place is not Place.INBOX and self.begun is None
        if self.place is not Place.INBOX or self.uid is None:
            return False
        return (self.seen, self.saved) == (self.heard, self.kept)


_COLUMNS = (
    "m.entry, m.person, m.place, m.uid, m.seen, m.saved, m.message_id, m.octets, m.partial,"
    " m.begun, m.begun_validity, m.again, m.verified, m.failures, entry.state,"
    " coalesce(entry.saved, 0), entry.kind"
)
_FROM = "FROM mirror_entry AS m {index} LEFT JOIN entry ON entry.id = m.entry"
_SELECT = f"SELECT {_COLUMNS} {_FROM.format(index='')}"
_SELECT_DUE = f"SELECT {_COLUMNS} {_FROM.format(index='INDEXED BY mirror_entry_due')}"


def mirrored_of(row: Sequence[Any]) -> Mirrored:
    """A row of _COLUMNS."""
    entry, person, place, uid, seen, saved, known, octets, partial, *rest = row
    begun, validity, again, verified, failures, state, kept, kind = rest
    return Mirrored(
        entry,
        person,
        Place(place),
        uid,
        bool(seen),
        bool(saved),
        known,
        octets,
        bool(partial),
        begun,
        validity,
        bool(again),
        bool(verified),
        failures,
        None if state is None else EntryState(state),
        bool(kept),
        None if kind is None else Kind(kind),
    )


class Mirror:
    """What one store knows of the server."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # ---- on and off

    @property
    def is_on(self) -> bool:
        """Whether the inbox lives on a server."""
        return self._db.reader().execute("SELECT 1 FROM mirror").fetchone() is not None

    def switch(self, tx: Tx, on: bool) -> None:
        """Note from now on what the server is to be told, or no more.

        Switched on, everything is looked at: what came or changed before is told, too.
        """
        was = tx.execute("SELECT 1 FROM mirror").fetchone() is not None
        if on == was:
            return
        if not on:
            tx.execute("DELETE FROM mirror")
            return
        tx.execute("INSERT INTO mirror (id) VALUES (1)")
        tx.execute("UPDATE mirror_entry SET due = 1, next_box_s = 0, failures = 0")
        tx.execute(
            "INSERT OR IGNORE INTO mirror_entry (entry, person, due)"
            " SELECT id, person, 1 FROM entry WHERE state IN ('new', 'heard')"
        )

    # ---- outward

    def due(self, person: int, limit: int) -> list[Mirrored]:
        """What the server is to be told of a person's entries now, voicemail first.

        Of who has been removed nothing: their inbox there is the mail system's affair.
        """
        rows = self._db.reader().execute(
            f"{_SELECT_DUE} WHERE m.person = ? AND m.due = 1 AND m.next_box_s <= ?"
            " AND m.place <> 'lost' AND EXISTS (SELECT 1 FROM person WHERE person.id = m.person"
            " AND removed_at IS NULL) ORDER BY entry.kind IS NOT 'voicemail', m.entry LIMIT ?",
            (person, self._db.box_time.now(), limit),
        )
        return [mirrored_of(row) for row in rows.fetchall()]

    def waiting(self) -> dict[int, int]:
        """How many entries the server does not have as they are here, by person (id)."""
        rows = self._db.reader().execute(
            "SELECT person, count(*) FROM mirror_entry JOIN person ON person.id = person"
            " WHERE due = 1 AND removed_at IS NULL GROUP BY person"
        )
        return dict(rows.fetchall())

    def ready(self) -> list[int]:
        """People (ids) of whom the server is to be told something now."""
        rows = self._db.reader().execute(
            "SELECT DISTINCT person FROM mirror_entry WHERE due = 1 AND next_box_s <= ?"
            " AND place <> 'lost'",
            (self._db.box_time.now(),),
        )
        return [person for (person,) in rows.fetchall()]

    def begun(
        self,
        tx: Tx,
        entry: int,
        message_id: str,
        uidnext: int,
        uidvalidity: int,
        octets: int,
        flags: tuple[bool, bool],
    ) -> None:
        """A copy is going to be sent: note by what it is found, should the answer be lost.

        It will have a UID of `uidnext` or above under this `uidvalidity`, and these flags, read and
        saved: if they are others when it is found, a mail program has changed them.
        """
        tx.execute(
            "UPDATE mirror_entry SET again = again OR (place = '' AND message_id = ?1),"
            " message_id = ?1, begun = ?2, begun_validity = ?3, octets = ?4, verified = 0,"
            " seen = ?6, saved = ?7 WHERE entry = ?5",
            (message_id, uidnext, uidvalidity, octets, entry, *flags),
        )

    def told(
        self, tx: Tx, entry: int, place: Place, uid: int | None, seen: bool, saved: bool
    ) -> None:
        """Note how the server has an entry now; it is due again if it is not so here."""
        tx.execute(
            "UPDATE mirror_entry SET place = ?, uid = ?, seen = ?, saved = ?, begun = NULL,"
            " begun_validity = NULL, failures = 0, next_box_s = 0, error = '' WHERE entry = ?",
            (place, uid, seen, saved, entry),
        )
        self.settle(tx, entry)

    def settle(self, tx: Tx, entry: int) -> None:
        """Whether the server is still to be told of it; nothing is kept of what is gone for good.

        Whoever has changed the entry in this transaction because the server said so ends with it.
        """
        row = self.get(tx, entry)
        if row is None:
            return
        if row.state is None and row.settled:
            tx.execute("DELETE FROM mirror_entry WHERE entry = ?", (entry,))
            return
        due = None if row.settled else 1
        tx.execute("UPDATE mirror_entry SET due = ? WHERE entry = ?", (due, entry))

    def compared(self, tx: Tx, entry: int) -> None:
        """What the server has of it are the octets that are here."""
        tx.execute("UPDATE mirror_entry SET verified = 1 WHERE entry = ?", (entry,))

    # ---- migration

    def include(self, tx: Tx, person: int) -> None:
        """Have a row for each entry of a person's inbox, also while the server is told nothing."""
        tx.execute(
            "INSERT OR IGNORE INTO mirror_entry (entry, person, due)"
            " SELECT id, person, 1 FROM entry WHERE person = ? AND state IN ('new', 'heard')",
            (person,),
        )

    def whole(self, person: int) -> set[int]:
        """The UIDs of the inbox whose messages are here as a whole, removed ones, too."""
        rows = self._db.reader().execute(
            "SELECT uid FROM mirror_entry INDEXED BY mirror_entry_uid"
            " WHERE person = ? AND place = 'inbox' AND partial = 0 AND uid IS NOT NULL",
            (person,),
        )
        return {uid for (uid,) in rows.fetchall()}

    def incomplete(self, tx: Tx, entry: int) -> None:
        """Not all of it is here: it is to be fetched again."""
        tx.execute("UPDATE mirror_entry SET partial = 1 WHERE entry = ?", (entry,))

    def to_migrate(self, person: int) -> list[int]:
        """Entries of a person's inbox here that the server is not known to have as they are."""
        rows = self._db.reader().execute(
            "SELECT entry.id FROM entry LEFT JOIN mirror_entry ON entry = entry.id"
            " WHERE entry.person = ? AND state IN ('new', 'heard') AND partial IS NOT 1"
            " AND (place IS NOT 'inbox' OR verified = 0 OR seen <> (state = 'heard')"
            " OR mirror_entry.saved <> entry.saved) ORDER BY entry.id",
            (person,),
        )
        return [entry for (entry,) in rows.fetchall()]

    def look_again(self, tx: Tx, person: int, entry: int | None = None) -> None:
        """Where the server has these entries is void: they are looked for by their Message-IDs."""
        tx.execute(
            "UPDATE mirror_entry SET place = '', uid = NULL, begun = 1, begun_validity = NULL,"
            " verified = 0 WHERE person = ?1 AND place IN ('inbox', 'lost')"
            " AND (?2 IS NULL OR entry = ?2)",
            (person, entry),
        )

    def uidls(self, person: int) -> list[tuple[int, int, str]]:
        """Of what the server has in its inbox and was compared: UIDVALIDITY, UID, our UIDL."""
        rows = self._db.reader().execute(
            "SELECT uidvalidity, uid, uidl FROM mirror_entry AS m JOIN entry ON entry.id = m.entry"
            " JOIN mirror_account AS a ON a.person = m.person"
            " WHERE m.person = ? AND place = 'inbox' AND verified = 1 ORDER BY uid",
            (person,),
        )
        return cast(list[tuple[int, int, str]], rows.fetchall())

    def put_off(self, tx: Tx, entry: int, wait_s: float, error: str) -> None:
        """It could not be told: try again after so many seconds."""
        tx.execute(
            "UPDATE mirror_entry SET failures = failures + 1, next_box_s = ?, error = ?"
            " WHERE entry = ?",
            (self._db.box_time.now() + wait_s, error, entry),
        )

    def refusals(self, person: int) -> list[tuple[int, str]]:
        """Entries that the server has refused, with what it said."""
        rows = self._db.reader().execute(
            "SELECT entry, error FROM mirror_entry INDEXED BY mirror_entry_due"
            " WHERE person = ? AND due = 1 AND error <> ''",
            (person,),
        )
        return cast(list[tuple[int, str]], rows.fetchall())

    # ---- looking up

    def get(self, tx: Tx, entry: int) -> Mirrored | None:
        """The row of an entry, as it is in this transaction."""
        row = tx.execute(f"{_SELECT} WHERE m.entry = ?", (entry,)).fetchone()
        return None if row is None else mirrored_of(row)

    def find(self, entry: int) -> Mirrored | None:
        """The row of an entry, as it was committed last."""
        row = self._db.reader().execute(f"{_SELECT} WHERE m.entry = ?", (entry,)).fetchone()
        return None if row is None else mirrored_of(row)

    def at(self, tx: Tx, person: int, uid: int) -> Mirrored | None:
        """What has this UID in the inbox of a person."""
        row = tx.execute(
            f"{_SELECT} WHERE m.person = ? AND m.place = 'inbox' AND m.uid = ?", (person, uid)
        ).fetchone()
        return None if row is None else mirrored_of(row)

    def with_message_id(self, tx: Tx, person: int, message_id: str) -> list[Mirrored]:
        """A person's entries of a message, oldest first."""
        if not message_id:
            return []
        rows = tx.execute(
            f"{_SELECT} WHERE m.person = ? AND m.message_id = ? ORDER BY m.entry",
            (person, message_id),
        )
        return [mirrored_of(row) for row in rows.fetchall()]

    def in_place(self, person: int, place: Place) -> list[Mirrored]:
        """A person's entries in one place."""
        rows = self._db.reader().execute(
            f"{_SELECT} WHERE m.person = ? AND m.place = ? ORDER BY m.entry", (person, place)
        )
        return [mirrored_of(row) for row in rows.fetchall()]

    def unbound(self, person: int, uids: Iterable[int]) -> list[int]:
        """Those of these UIDs of the inbox that are no entry's yet."""
        known = {uid for (uid,) in self._uids(person)}
        return [uid for uid in uids if uid not in known]

    def uids(self, person: int) -> set[int]:
        """The UIDs of the inbox whose messages are here."""
        return {uid for (uid,) in self._uids(person)}

    def old_mail(self, person: int, recent: int) -> list[int]:
        """Entries of read mail that is none of the `recent` newest: the cache may give them up.

        Not what is saved, nor voicemail, because a telephone plays nothing else.
        """
        rows = self._db.reader().execute(
            "SELECT m.entry, state = 'heard' AND entry.saved = 0 AND due IS NULL"
            " FROM mirror_entry AS m JOIN entry ON entry.id = m.entry"
            " WHERE m.person = ? AND place = 'inbox' AND kind = 'email'"
            " ORDER BY uid DESC LIMIT -1 OFFSET ?",
            (person, recent),
        )
        return [entry for entry, may_go in rows.fetchall() if may_go]

    def _uids(self, person: int) -> list[tuple[int]]:
        rows = self._db.reader().execute(
            "SELECT uid FROM mirror_entry INDEXED BY mirror_entry_uid"
            " WHERE person = ? AND place = 'inbox' AND uid IS NOT NULL",
            (person,),
        )
        return cast(list[tuple[int]], rows.fetchall())

    # ---- accounts

    def account(self, person: int) -> MirrorAccount:
        """How far a person's inbox is known."""
        row = self._db.reader().execute(
            "SELECT person, uidvalidity, uidnext, modseq, ok_at, error, error_at"
            " FROM mirror_account WHERE person = ?",
            (person,),
        )
        found = row.fetchone()
        return MirrorAccount(person) if found is None else MirrorAccount(*found)

    def is_away(self, person: int) -> bool:
        """Whether a person's inbox lies on a server that cannot be worked with now: what is here
        is what was known last, and what is done to it is told there later."""
        found = self._db.reader().execute(
            "SELECT 1 FROM mirror, mirror_account WHERE person = ? AND error <> ''", (person,)
        )
        return found.fetchone() is not None

    def synced(self, tx: Tx, person: int, uidvalidity: int, uidnext: int, modseq: int) -> None:
        """Note up to where the inbox of a person has been looked at.

        All UIDs below `uidnext` of this `uidvalidity`, and all changes that `modseq` counts.
        """
        self._has_account(tx, person)
        tx.execute(
            "UPDATE mirror_account SET uidvalidity = ?, uidnext = ?, modseq = ? WHERE person = ?",
            (uidvalidity, uidnext, modseq, person),
        )

    def went_well(self, tx: Tx, person: int) -> None:
        """Both sides are in step."""
        self._has_account(tx, person)
        tx.execute(
            "UPDATE mirror_account SET ok_at = ?, error = '', error_at = NULL WHERE person = ?",
            (self._db.clock.now(), person),
        )

    def failed(self, tx: Tx, person: int, error: str) -> None:
        """They are not, and why; since when is that of the first failure after one success."""
        self._has_account(tx, person)
        tx.execute(
            "UPDATE mirror_account SET error = ?, error_at = coalesce(error_at, ?)"
            " WHERE person = ?",
            (error, self._db.clock.now(), person),
        )

    def _has_account(self, tx: Tx, person: int) -> None:
        tx.execute("INSERT OR IGNORE INTO mirror_account (person) VALUES (?)", (person,))
