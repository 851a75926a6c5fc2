"""What mail programs have done on the IMAP server, brought into the store.

Everything goes by the store's own verbs, so that lamps, history and change log follow as ever; the
door is `imap`. Each function ends in `Mirror.settle`: what the server itself has said is not told
to it again. Where both sides have changed a flag, the one that the server has changed last holds;
of what only one side has changed nothing is taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.mirror import Mirror, Mirrored, Place
from app.inbox.store import Store
from app.store.database import Tx

DOOR = "imap"


@dataclass(frozen=True)
class Flags:
    """Of a message on the server."""

    seen: bool
    saved: bool = False


@dataclass(frozen=True)
class Arrival:
    """A message of the inbox on the server that is not known here by its UID."""

    uid: int
    flags: Flags
    message_id: str
    """The one in its header, or what stands for it where there is none."""
    octets: int
    """Size that the server names."""


@dataclass(frozen=True)
class Fetched:
    """What there is to be kept of an arrival."""

    kind: Kind
    facts: Facts
    pieces: tuple[bytes, ...]
    """Its octets, or those that stand for it; none where they are kept already."""
    partial: bool = False
    """They are not all that the server has."""
    content: int | None = None
    """Number of the sealed content that has them, where they were kept as they came."""


class Inward:
    """Brings in what happened to one person's inbox."""

    def __init__(self, store: Store, mirror: Mirror, person: int, by: str) -> None:
        """`by` is whom the history names: the person's login."""
        self._store = store
        self._mirror = mirror
        self._person = person
        self._by = by

    def recognize(self, tx: Tx, arrival: Arrival) -> bool:
        """Whether an arrival is an entry that is here; it is then brought in step with it.

        Such are: our own copy whose answer was lost, what has another UID since the UIDVALIDITY
        changed, and what was taken out of the trash there. A stranger can write any Message-ID into
        a mail: what is in our bin is only taken for it if it has the same size, too.
        """
        if self._mirror.at(tx, self._person, arrival.uid) is not None:
            self.flagged(tx, arrival.uid, arrival.flags)
            return True
        known = self._mirror.with_message_id(tx, self._person, arrival.message_id)
        row = next((row for row in known if _is_meant(row, arrival)), None)
        if row is None:
            return False
        if _was_removed(row):
            state = EntryState.HEARD if arrival.flags.seen else EntryState.NEW
            self._store.restore(tx, [row.entry], DOOR, self._by, detail="in a mail program")
            self._store.mark(tx, [row.entry], state, arrival.flags.saved, DOOR, self._by)
        self.found(tx, row, arrival)
        return True

    def is_second(self, tx: Tx, arrival: Arrival) -> bool:
        """Whether an arrival that is not recognized is a second copy of an entry: the server took
        a copy whose sending broke off only after it had been looked for, and sent again."""
        known = self._mirror.with_message_id(tx, self._person, arrival.message_id)
        return any(
            row.again and row.place is Place.INBOX and row.octets == arrival.octets for row in known
        )

    def found(self, tx: Tx, row: Mirrored, arrival: Arrival) -> None:
        """Give an entry its UID. Flags that are not as last told were changed there."""
        tx.execute(
            "UPDATE mirror_entry SET place = 'inbox', uid = ?, begun = NULL,"
            " begun_validity = NULL, octets = ?, failures = 0, next_box_s = 0, error = ''"
            " WHERE entry = ?",
            (arrival.uid, arrival.octets, row.entry),
        )
        self.flagged(tx, arrival.uid, arrival.flags)

    def arrived(self, tx: Tx, arrival: Arrival, fetched: Fetched, is_news: bool = True) -> int:
        """Make an entry of an arrival that is none yet; its number. Raises ContentGone.

        Nobody is notified of what is no news: it lay there before the box knew the inbox.
        """
        content = fetched.content
        if content is None:
            content = self._store.contents.write(tx, fetched.pieces)
        state = EntryState.HEARD if arrival.flags.seen else EntryState.NEW
        parts = (content, b"", fetched.kind, state, fetched.facts)
        entry = self._store.add_entry(tx, self._person, *parts)
        if arrival.flags.saved:
            self._store.mark(tx, [entry], None, saved=True, door=DOOR, by=self._by)
        if not is_news:
            tx.execute("DELETE FROM notification_run WHERE entry = ?", (entry,))
        tx.execute(
            "INSERT OR REPLACE INTO mirror_entry (entry, person, place, uid, seen, saved,"
            " message_id, octets, partial, verified) VALUES (?, ?, 'inbox', ?, ?, ?, ?, ?, ?, 1)",
            (
                entry,
                self._person,
                arrival.uid,
                arrival.flags.seen,
                arrival.flags.saved,
                arrival.message_id,
                arrival.octets,
                fetched.partial,
            ),
        )
        return entry

    def completed(self, tx: Tx, row: Mirrored, arrival: Arrival, fetched: Fetched) -> int:
        """All of a message of which the header was kept takes its place; the new entry's number.

        What its owner has done with it holds. Raises ContentGone.
        """
        self._drop(tx, row.entry)
        entry = self.arrived(tx, arrival, fetched, is_news=False)
        state = EntryState.HEARD if row.heard else EntryState.NEW
        self._store.mark(tx, [entry], state, row.kept, DOOR, self._by)
        return entry

    def flagged(self, tx: Tx, uid: int, flags: Flags) -> None:
        """Take over what has changed of a message's flags since the server was heard last."""
        row = self._mirror.at(tx, self._person, uid)
        if row is None:
            return
        state, saved = None, None
        if flags.seen != row.seen:
            state = EntryState.HEARD if flags.seen else EntryState.NEW
        if flags.saved != row.saved:
            saved = flags.saved
        tx.execute(
            "UPDATE mirror_entry SET seen = ?, saved = ? WHERE entry = ?",
            (flags.seen, flags.saved, row.entry),
        )
        if state is not None or saved is not None:
            self._store.mark(tx, [row.entry], state, saved, DOOR, self._by)
        self._mirror.settle(tx, row.entry)

    def vanished(self, tx: Tx, uids: Iterable[int]) -> int:
        """Remove what is no more in the inbox there; how many entries."""
        rows = [self._mirror.at(tx, self._person, uid) for uid in uids]
        return self.removed_there(tx, [row for row in rows if row is not None])

    def removed_there(self, tx: Tx, rows: Iterable[Mirrored]) -> int:
        """The same of entries whose rows are known."""
        removed = 0
        for row in rows:
            tx.execute(
                "UPDATE mirror_entry SET place = '', uid = NULL WHERE entry = ?", (row.entry,)
            )
            if row.is_here:
                detail = "in a mail program"
                removed += self._store.remove(tx, [row.entry], DOOR, self._by, detail)
            self._mirror.settle(tx, row.entry)
        return removed

    def lose_uids(self, tx: Tx) -> None:
        """The inbox has another UIDVALIDITY: the UIDs that are known of it mean nothing now."""
        tx.execute(
            "UPDATE mirror_entry SET place = 'lost', uid = NULL"
            " WHERE person = ? AND place = 'inbox'",
            (self._person,),
        )

    def not_found(self, tx: Tx, row: Mirrored) -> None:
        """An entry that was lost so is not there any more.

        Voicemail that its owner has here is given to the server again: more likely than a removal
        in just this moment is that the server was restored from a backup without it.
        """
        if row.is_here and row.kind is Kind.VOICEMAIL and not row.partial:
            self._mirror.told(tx, row.entry, Place.NOWHERE, None, False, False)
        else:
            self.removed_there(tx, [row])

    def forget(self, tx: Tx, entries: Iterable[int]) -> int:
        """Keep these no longer, as the cache is for what is new; the server keeps them."""
        forgotten = 0
        for number in entries:
            row = self._mirror.get(tx, number)
            if row is not None and row.settled and row.verified:
                forgotten += self._drop(tx, number)
        return forgotten

    def _drop(self, tx: Tx, number: int) -> bool:
        """Keep an entry no longer that the server keeps; whether there was one."""
        entry = self._store.entry(number)
        if entry is None:
            return False
        tx.execute("DELETE FROM mirror_entry WHERE entry = ?", (number,))
        tx.execute("DELETE FROM entry WHERE id = ?", (number,))
        self._store.contents.drop_unused(tx, [entry.content])
        self._store.audit_log.note(tx, "purged", self._person, number)
        return True


def _is_meant(row: Mirrored, arrival: Arrival) -> bool:
    """Whether an entry with the Message-ID of an arrival is that arrival."""
    if row.place is Place.LOST:
        return True
    if row.begun is not None:
        return row.uid is None and arrival.uid >= row.begun
    return _was_removed(row) and row.octets == arrival.octets


def _was_removed(row: Mirrored) -> bool:
    """Whether it is in the bin here and the server knows so."""
    return row.state is EntryState.BIN and row.begun is None and row.place is not Place.LOST
