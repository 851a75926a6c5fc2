"""The inbox: what telephone, POP3, SMTP and commands read and write. The page to read first.

An entry is one person's reference to a message (content). It is made by `add_entry`, listed by
`entries`, changed by `mark`, and leaves by the one verb `remove`, whose inverse is `restore`;
`empty_bin` makes removal final. Each of these writes, in the same transaction, an audit row (who,
through which door) and a change row (what listeners follow). A store has three parts of its own:

    store.contents     the octets of messages (contents.py)
    store.recordings   voicemail that is not a message yet (recordings.py)
    store.audit_log    the audit and the change log (audit.py)

Mailbox sizes and all octets are counted as POP3 shows them, with CRLF line ends [RFC 1939 §11].
"""

import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import cast

from app.core.clock import Clock, SystemClock
from app.core.sentences import N_, sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.awaited_texts import AwaitedTexts
from app.inbox.call_log import CallLog
from app.inbox.contents import CHUNK, Contents
from app.inbox.counts import Counts
from app.inbox.entries import (
    ENTRY_COLUMNS,
    INBOX,
    AuditRow,
    Change,
    Door,
    Entry,
    EntryState,
    Facts,
    Kind,
    MissedCall,
    Recording,
    entry_of,
    ids_of,
)
from app.inbox.errors import NoSuchEntry, NoSuchPerson, OwnerGone
from app.inbox.fax_queue import FaxQueue
from app.inbox.first_steps import FirstSteps
from app.inbox.loops import LoopMarks
from app.inbox.missed_calls import MissedCalls
from app.inbox.recordings import Recordings
from app.inbox.transcripts import Transcripts
from app.inbox.unheard import Unheard
from app.message.dot_stuffing import dots_in
from app.store.database import Database, Tx

__all__ = [
    "CHUNK",
    "INBOX",
    "AuditRow",
    "Change",
    "Entry",
    "EntryState",
    "Facts",
    "Kind",
    "MissedCall",
    "Recording",
    "Store",
    "ids_of",
]

# Many entries are changed by one statement: with the usage triggers behind it, a statement an entry
# costs ten times as much, and all other writers wait for the lock.
_THESE = "id IN (SELECT value FROM json_each(?))"
_THESE_NAMED = "id IN (SELECT value FROM json_each(:ids))"


@dataclass(frozen=True)
class Moment:
    """A moment by both clocks: what people read, and what ages are counted by."""

    at: float
    """Seconds since 1970 UTC."""
    box_s: float
    """Box time (app/store/box_time.py)."""


_Found = tuple[int, int, str, int]
"""(id, person, state, saved) of an entry."""


class Store:
    """One store, for the people, doors and services of one process."""

    def __init__(self, db: Database, clock: Clock | None = None) -> None:
        self._db = db
        self._clock = clock if clock is not None else SystemClock()
        self.contents = Contents(db, self._clock)
        self.recordings = Recordings(db, self._clock)
        self.audit_log = AuditLog(db, self._clock)
        self.loop_marks = LoopMarks(db)
        self.history = self.audit_log.history
        self.by_message_id = self.audit_log.by_message_id
        self.last_change = self.audit_log.last_change
        self.changes = self.audit_log.changes
        counts = Counts(db)
        self.used, self.used_by_all = counts.used, counts.used_by_all
        self.bin_octets = counts.bin_octets
        self.unheard, self.unheard_by_handset = counts.unheard, counts.unheard_by_handset
        self.voicemails = counts.voicemails
        self.unheard_beyond = Unheard(db).beyond
        missed = MissedCalls(db, self._clock, self.audit_log)
        self.missed_call, self.missed_calls = missed.note, missed.all
        self.missed_call_counts, self.latest_missed_calls = missed.counts, missed.latest
        self.unseen_missed_calls, self.missed_calls_seen = missed.unseen, missed.seen
        self.calls = CallLog(db, self._clock)
        self.first_steps = FirstSteps(db, self._clock)
        self.faxes = FaxQueue(db)
        self.transcripts = Transcripts(db, self._clock, self.audit_log)
        self.awaited_texts = AwaitedTexts(db)

    @property
    def directory(self) -> Path:
        """Where the store's files lie; its disk is the one whose free space matters."""
        return self._db.path.parent

    # ---- reading

    def entries(
        self,
        person_id: int,
        kinds: Iterable[Kind] | None = None,
        states: Iterable[EntryState] = INBOX,
    ) -> list[Entry]:
        """A person's entries in the order of delivery, of these kinds (None: all) and states."""
        kept, wanted = list(states), list(kinds if kinds is not None else Kind)
        # Left to itself SQLite reads past thousands of mails to find a few voicemails.
        only = wanted == [Kind.VOICEMAIL]
        index = "INDEXED BY entry_voicemail WHERE kind = 'voicemail' AND" if only else "WHERE"
        rows = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry {index} person = ?"
            f" AND state IN ({_marks(kept)}) AND kind IN ({_marks(wanted)})",
            (person_id, *kept, *wanted),
        )
        # Sorting here is cheaper than in SQLite, which would carry every column through its sorter.
        return sorted(map(entry_of, rows.fetchall()), key=lambda entry: entry.id)

    def voicemails_beyond(
        self, person_id: int, state: EntryState, beyond: int, most: int, downwards: bool = False
    ) -> list[Entry]:
        """A person's first `most` voicemails in a state with numbers above `beyond`, upwards.

        Or those below it, downwards. Costs the same however many there are.
        """
        if downwards:
            return self.newest(person_id, most, (state,), beyond, voicemail=True)
        rows = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry INDEXED BY entry_voicemail"
            " WHERE kind = 'voicemail' AND person = ? AND state = ? AND id > ? ORDER BY id LIMIT ?",
            (person_id, state, beyond, most),
        )
        return list(map(entry_of, rows.fetchall()))

    def newest(
        self,
        person_id: int,
        limit: int,
        states: Iterable[EntryState] = tuple(EntryState),
        before: int | None = None,
        voicemail: bool = False,
    ) -> list[Entry]:
        """A person's newest `limit` entries in these states, newest first; optionally voicemail.

        `before`: of those with smaller numbers only. It reads no more than `limit` of each state.
        """
        index = (
            "entry_voicemail WHERE kind = 'voicemail' AND" if voicemail else "entry_person WHERE"
        )
        select = (
            f"SELECT {ENTRY_COLUMNS} FROM entry INDEXED BY {index} person = ? AND state = ?"
            " AND id < ? ORDER BY id DESC LIMIT ?"
        )
        read, end = self._db.reader().execute, before or 1 << 62
        rows = [row for state in states for row in read(select, (person_id, state, end, limit))]
        return sorted(map(entry_of, rows), key=lambda entry: entry.id, reverse=True)[:limit]

    def entry(self, entry_id: int) -> Entry | None:
        """One entry in whatever state, or None."""
        row = self._db.reader().execute(
            f"SELECT {ENTRY_COLUMNS} FROM entry WHERE id = ?", (entry_id,)
        )
        found = row.fetchone()
        return None if found is None else entry_of(found)

    def octets(self, entry: Entry) -> Iterator[bytes]:
        """The whole message in pieces: the entry's prefix, then the chunks. One read a piece."""
        return self.contents.octets(entry.content, entry.prefix)

    def header(self, entry: Entry) -> bytes:
        """Prefix and header of the message, up to and with the empty line that ends it.

        Of a message whose header never ends, about the first 512 kB.
        """
        held = bytearray()
        for piece in self.octets(entry):
            looked = max(0, len(held) - 3)
            held += piece
            end = held.find(b"\r\n\r\n", looked)
            if end >= 0:
                return bytes(held[: end + 4])
            if len(held) >= 2 * CHUNK:
                break
        return bytes(held)

    def moment(self) -> Moment:
        """The present, as removals note it."""
        return Moment(self._clock.now(), self._db.box_time.now())

    def data_version(self) -> int:
        """A number that differs from the last one this thread got if anybody has committed."""
        return int(self._db.reader().execute("PRAGMA data_version").fetchone()[0])

    # ---- writing

    def add_entry(
        self,
        tx: Tx,
        person_id: int,
        content: int,
        prefix: bytes,
        kind: Kind,
        state: EntryState,
        facts: Facts,
    ) -> int:
        """Make sealed content visible to a person; returns the entry's id.

        `prefix` is whole header lines ending in CRLF, or nothing. Raises ContentGone.
        """
        if prefix and not prefix.endswith(b"\r\n"):
            raise ValueError("a prefix is whole lines")
        size, chunks, dotted = self.contents.sealed(tx, content)
        uidl = secrets.token_urlsafe(12)  # 96 bits; an id would come again after a restore
        cursor = tx.execute(
            "INSERT INTO entry (person, content, uidl, kind, state, prefix, size, chunks, dotted,"
            " received_at, sender, subject, caller_number, caller_name, duration_s,"
            " urgent, private)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                person_id,
                content,
                uidl,
                kind,
                state,
                prefix,
                len(prefix) + size,
                chunks,
                dotted + dots_in(prefix),
                facts.received_at,
                facts.sender,
                facts.subject,
                facts.caller_number,
                facts.caller_name,
                facts.duration_s,
                facts.urgent,
                facts.private,
            ),
        )
        entry = cast(int, cursor.lastrowid)
        verb = "delivered" if state in INBOX else "leaving"
        event = AuditEvent(person_id, entry, facts.sender, uidl, facts.message_id)
        self.audit_log.write(tx, verb, facts.door, facts.by, [event])
        return entry

    def mark(
        self,
        tx: Tx,
        entry_ids: Iterable[int],
        state: EntryState | None = EntryState.HEARD,
        saved: bool | None = None,
        door: Door = "",
        by: str = "",
        detail: str = "",
        kinds: Iterable[Kind] = tuple(Kind),
    ) -> int:
        """Set entries that are in the inbox to NEW or HEARD, and saved or not (None: leave it).

        Returns how many changed; entries in the bin or on their way out, and those not of `kinds`,
        are left alone. `detail` is added to what the history says of it.
        """
        if state is not None and state not in INBOX:
            raise ValueError("mark knows NEW and HEARD; leaving the inbox is remove's work")
        events: list[AuditEvent] = []
        now = self._db.box_time.now()
        groups: dict[tuple[EntryState, bool], list[int]] = {}
        for entry, person, was, was_saved in self._find(tx, entry_ids, INBOX, kinds):
            to = state if state is not None else EntryState(was)
            keep = saved if saved is not None else bool(was_saved)
            if (to, keep) != (was, bool(was_saved)):
                groups.setdefault((to, keep), []).append(entry)
                parts = (f"{to}, saved" if keep else str(to), detail)
                events.append(AuditEvent(person, entry, ", ".join(filter(None, parts))))
        for (to, keep), ids in groups.items():
            tx.execute(
                "UPDATE entry SET since_box_s = iif(state = :to, since_box_s, :now),"
                f" state = :to, saved = :saved WHERE {_THESE_NAMED}",
                {"to": to, "now": now, "saved": keep, "ids": _json(ids)},
            )
        self.audit_log.write(tx, "marked", door, by, events)
        return len(events)

    def remove(
        self, tx: Tx, entry_ids: Iterable[int], door: Door, by: str, detail: str = ""
    ) -> int:
        """The one verb that takes entries out of inboxes: they move to the bin.

        Returns how many moved; what is in the bin already, or gone, is left as it is. `detail` is
        for the history: "from 192.0.2.7".
        """
        states = (EntryState.NEW, EntryState.HEARD, EntryState.LEAVING)
        found = self._find(tx, entry_ids, states)
        move_to_bin(tx, [row[0] for row in found], self.moment(), door, by)
        self._note(tx, "removed", door, by, found, detail)
        return len(found)

    def restore(
        self,
        tx: Tx,
        entry_ids: Iterable[int],
        door: Door,
        by: str,
        detail: str = "",
        heir: int | None = None,
    ) -> int:
        """The inverse of remove: back into the inbox, as new as they were, UIDL and all.

        What had been forwarded comes back as new. Returns how many came back. `detail` is for the
        history. `heir` is the person who gets what belonged to somebody who has been removed;
        others get back their own. Raises OwnerGone if there must be an heir, NoSuchPerson if the
        heir is not here either; nothing is then restored.
        """
        found = self._find(tx, entry_ids, (EntryState.BIN,))
        found = self._inherit(tx, found, heir, door, by)
        tx.execute(
            "UPDATE entry SET state = CASE state_before WHEN 'heard' THEN 'heard' ELSE 'new' END,"
            " removed_at = NULL, removed_door = NULL, removed_by = NULL, state_before = NULL,"
            " removed_box_s = NULL, since_box_s = ?"
            f" WHERE {_THESE}",
            (self._db.box_time.now(), _json(row[0] for row in found)),
        )
        self._note(tx, "restored", door, by, found, detail)
        return len(found)

    def returned(self, tx: Tx, entry_id: int, detail: str, door: Door = "forward") -> bool:
        """An entry that was leaving could not leave: it becomes new. False if it was not leaving.

        `detail` says, for the history, why it came back, `door` by what it was leaving.
        """
        found = self._find(tx, [entry_id], (EntryState.LEAVING,))
        for entry, person, *_ in found:
            tx.execute(
                "UPDATE entry SET state = 'new', since_box_s = ? WHERE id = ?",
                (self._db.box_time.now(), entry),
            )
            self.audit_log.write(tx, "returned", door, "", [AuditEvent(person, entry, detail)])
        return bool(found)

    def give_all(self, tx: Tx, person_id: int, heir_id: int, door: Door, by: str) -> int:
        """Give everything a person has, bin included, to another; returns how many entries."""
        rows = tx.execute("SELECT id FROM entry WHERE person = ?", (person_id,)).fetchall()
        tx.execute("UPDATE entry SET person = ? WHERE person = ?", (heir_id, person_id))
        tx.execute("UPDATE recording SET person = ? WHERE person = ?", (heir_id, person_id))
        tx.execute("UPDATE missed_call SET person = ? WHERE person = ?", (heir_id, person_id))
        login = tx.execute("SELECT login FROM person WHERE id = ?", (person_id,)).fetchone()[0]
        events = [AuditEvent(heir_id, entry, f"from {login}") for (entry,) in rows]
        self.audit_log.write(tx, "handed over", door, by, events)
        return len(rows)

    def adopt_bin(self, tx: Tx, oldest_s: float, entries: int = 500) -> int:
        """Give entries a box time that were put into the bin by a program that knew none.

        It follows from the wall clock's stamps, of which any may be wrong: none of the entries
        counts as removed before it was, nor more than `oldest_s` ago. Works on `entries` at a time;
        returns how many there were.
        """
        now = self.moment()
        return tx.execute(
            "UPDATE entry SET removed_box_s = ? - min(max(? - removed_at, 0), ?) WHERE id IN"
            " (SELECT id FROM entry WHERE state = 'bin' AND removed_box_s IS NULL LIMIT ?)",
            (now.box_s, now.at, oldest_s, entries),
        ).rowcount

    def empty_bin(
        self,
        tx: Tx,
        older_than: float,
        entries: int = 200,
        octets: int = 64 << 20,
        person_id: int | None = None,
    ) -> int:
        """Delete for good what was removed before `older_than` (box time), oldest first.

        Of everybody, or what one person's bin holds.
        Deletes about `entries` entries or `octets` octets at a time, whichever is less, and returns
        how many went; call it again in a new transaction until it returns 0, so that other writers
        do not wait long.
        """
        whose = "" if person_id is None else " AND person = :person"
        rows = tx.execute(
            "SELECT id, person, content, size FROM entry"
            f" WHERE state = 'bin'{whose} AND removed_box_s < :end"
            " ORDER BY removed_box_s LIMIT :most",
            {"person": person_id, "end": older_than, "most": entries},
        ).fetchall()
        before = list(accumulate((row[3] for row in rows), initial=0))
        rows = [
            row for row, octets_before in zip(rows, before, strict=False) if octets_before < octets
        ]
        tx.execute(f"DELETE FROM entry WHERE {_THESE}", (_json(row[0] for row in rows),))
        self.contents.drop_unused(tx, [row[2] for row in rows])
        self.audit_log.write(
            tx, "purged", "expiry", "", [AuditEvent(row[1], row[0]) for row in rows]
        )
        return len(rows)

    # ---- inside

    def _inherit(
        self, tx: Tx, found: list[_Found], heir: int | None, door: Door, by: str
    ) -> list[_Found]:
        """Give the heir those of the entries whose owner is gone; all entries as they are now."""
        owners = _json({row[1] for row in found})
        gone: dict[int, str] = dict(
            tx.execute(
                "SELECT id, login FROM person WHERE removed_at IS NOT NULL"
                " AND id IN (SELECT value FROM json_each(?))",
                (owners,),
            ).fetchall()
        )
        if not gone:
            return found
        if heir is None:
            names = ", ".join(sorted(set(gone.values())))
            why = N_("%(names)s is not here any more; name who gets the messages")
            raise OwnerGone(sentence(why, names=names), "heir")
        here = tx.execute("SELECT 1 FROM person WHERE id = ? AND removed_at IS NULL", (heir,))
        if here.fetchone() is None:
            raise NoSuchPerson(sentence("the heir is not here any more"))
        left = [row for row in found if row[1] in gone]
        ids = _json(row[0] for row in left)
        tx.execute(f"UPDATE entry SET person = ? WHERE {_THESE}", (heir, ids))
        events = [AuditEvent(heir, row[0], f"from {gone[row[1]]}") for row in left]
        self.audit_log.write(tx, "handed over", door, by, events)
        return [(row[0], heir if row[1] in gone else row[1], *row[2:]) for row in found]

    def _note(
        self, tx: Tx, verb: str, door: Door, by: str, found: Iterable[_Found], detail: str
    ) -> None:
        events = [AuditEvent(row[1], row[0], detail) for row in found]
        self.audit_log.write(tx, verb, door, by, events)

    def _find(
        self,
        tx: Tx,
        entry_ids: Iterable[int],
        states: Sequence[EntryState],
        kinds: Iterable[Kind] = tuple(Kind),
    ) -> list[_Found]:
        """(id, person, state, saved) of those entries that are in one of `states`, of `kinds`."""
        wanted = tuple(kinds)
        return tx.execute(
            "SELECT id, person, state, saved FROM entry"
            f" WHERE {_THESE} AND state IN ({_marks(states)}) AND kind IN ({_marks(wanted)})"
            " ORDER BY id",
            (_json(entry_ids), *states, *wanted),
        ).fetchall()

    def need(self, entry_id: int) -> Entry:
        """One entry, in whatever state. Raises NoSuchEntry."""
        found = self.entry(entry_id)
        if found is None:
            raise NoSuchEntry(sentence("there is no entry %(entry)s", entry=entry_id))
        return found


def move_to_bin(tx: Tx, ids: Iterable[int], when: Moment, door: Door, by: str) -> None:
    """Put entries into the bin, without a word in the history."""
    tx.execute(
        "UPDATE entry SET state_before = state, state = 'bin',"
        " removed_at = ?, removed_box_s = ?, removed_door = ?, removed_by = ?, since_box_s = NULL"
        f" WHERE {_THESE}",
        (when.at, when.box_s, door, by, _json(ids)),
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _json(ids: Iterable[int]) -> str:
    """Ids as one parameter."""
    return json.dumps(list(ids))
