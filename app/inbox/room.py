"""Room on the disk: what mail may take, what only voicemail may, and what the bin gives up.

    free  ≥  floor + what is reserved + what is asked for

Mail stops at the floor, voicemail goes below it by its reserve. What a mail will need is reserved
before its octets are taken and counts until they are stored, so that many mails at once are not
promised the same room. Where room is short the bin gives up its oldest messages, as many as are
needed and no more (bin_search.py); only if those do not help it is said that there is none. Nothing
of a full disk is remembered: whoever asks is answered from how the disk is then.
"""

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from app.core.sentences import sentence
from app.inbox.addresses import DeliveryConfig
from app.inbox.audit import AuditEvent
from app.inbox.bin_search import BinSearch, only_in_bin
from app.inbox.entries import Kind
from app.inbox.errors import NoSpace
from app.inbox.store import Store
from app.store.connection import Tx, Work
from app.store.database import Database
from app.store.errors import StoreFailed
from app.store.space import Space

log = logging.getLogger(__name__)

STEP = 65_536
"""Octets reserved at a time for a mail that is bigger than it has announced."""
GIVE_UP_MORE = 16 << 20
"""Octets that the bin gives up beyond what is needed, so that it is not asked for every piece."""
AT_ONCE = 64 << 20
"""Octets that leave the bin in one transaction at most: others wait for the lock meanwhile."""
ENTRIES_AT_ONCE = 500
"""The same in messages."""

# Many contents are one parameter, as in store.py.
_ENTRIES = "content IN (SELECT value FROM json_each(?)) AND state = 'bin'"


class Room:
    """The room of one store's disk, for one process; ask from one thread."""

    def __init__(
        self,
        db: Database,
        store: Store,
        config: DeliveryConfig,
        write: Callable[[Work], "Future[list[int]]"] | None = None,
        free: Callable[[int], int] | None = None,
    ) -> None:
        """`write` queues a unit of work before all that follow; by default it is done at once.

        `free(wanted)` is Space.free, by default of this store.
        """
        self._db, self._store = db, store
        floor = max(config.free_floor, config.voice_reserve)  # mail leaves the whole reserve
        self._floors = {Kind.EMAIL: floor, Kind.VOICEMAIL: floor - config.voice_reserve}
        self._write = write if write is not None else partial(_written, db)
        self._free = free if free is not None else Space(db).free
        self._lock = threading.Lock()
        self._reserved = 0
        self._bin = BinSearch()

    def check(self, octets: int, kind: Kind) -> None:
        """Raise NoSpace if there is no room for so many octets more; nothing is reserved."""
        wanted = self._floors[kind] + self._reserved + octets
        short = wanted - self._free(wanted)
        if short <= 0:
            return
        if not self._bin_can_give(short):
            raise NoSpace(sentence("the disk is nearly full; try again later"))
        try:
            for _ in range(0, short + GIVE_UP_MORE, AT_ONCE):
                self._write(lambda tx: self._give_up(tx, wanted)).add_done_callback(self._given_up)
        except StoreFailed as problem:
            raise NoSpace(sentence("the disk is full; try again later")) from problem

    def is_refused(self, kind: Kind) -> bool:
        """Whether even the smallest message of this kind finds no room now; nothing is changed."""
        wanted = self._floors[kind]
        short = wanted - self._free(wanted)
        if short <= 0:
            return False
        search = BinSearch()  # of its own: it may look at all there is
        version = self._store.data_version()
        while search.look(self._db.reader(), short, version):
            pass
        return search.octets < short

    def reserve(self, octets: int) -> "Reservation":
        """Reserve room for a mail of so many octets; 0 if it has not said. Raises NoSpace."""
        self.check(octets, Kind.EMAIL)
        return Reservation(self, octets)

    def count(self, octets: int) -> None:
        """Count so many octets more, or fewer, as reserved; for Reservation, from any thread."""
        with self._lock:
            self._reserved += octets

    def _bin_can_give(self, octets: int) -> bool:
        """Whether so much has been found in the bin, of which a piece more is looked at."""
        if self._store.bin_octets() < octets:
            return False
        wanted = octets + GIVE_UP_MORE
        self._bin.look(self._db.reader(), wanted, self._store.data_version())
        return self._bin.octets >= octets

    def _give_up(self, tx: Tx, wanted: int) -> list[int]:
        """Delete the oldest of the bin until `wanted` octets are free; the contents."""
        short = wanted - self._free(wanted)
        if short <= 0:
            return []
        oldest = self._bin.oldest(min(short + GIVE_UP_MORE, AT_ONCE), ENTRIES_AT_ONCE)
        gone = purge(self._store, tx, only_in_bin(tx, oldest))
        log.warning("the disk is nearly full: %d removed messages are gone for good", gone)
        return oldest

    def _given_up(self, done: "Future[list[int]]") -> None:
        """The room is there, for everybody to see; until then the bin counts as having it."""
        if done.exception() is None:
            self._bin.forget(done.result())


def _written(db: Database, work: Work) -> "Future[list[int]]":
    done: Future[list[int]] = Future()
    done.set_result(db.now(work))
    return done


class Reservation:
    """Room that one mail has; `release` it when the mail is over, delivered or not."""

    def __init__(self, room: Room, octets: int) -> None:
        self._room = room
        self._lock = threading.Lock()
        self._granted = octets  # in all
        self._taken = 0  # have come
        self._held = octets  # granted, and not yet stored
        room.count(octets)

    def take(self, octets: int) -> None:
        """So many octets of the mail have come. Raises NoSpace if there is no room for them."""
        self._taken += octets
        if self._taken > self._granted:
            more = max(STEP, self._taken - self._granted)
            self._room.check(more, Kind.EMAIL)
            self._granted += more
            self._hold(more)

    def stored(self, octets: int) -> None:
        """So many octets are on the disk now: they are not reserved but used. From any thread."""
        self._hold(-octets)

    def release(self) -> None:
        """Give back what has not been stored; once is enough, twice does no harm."""
        with self._lock:
            self._room.count(-self._held)
            self._held = 0

    def _hold(self, octets: int) -> None:
        with self._lock:
            change = max(octets, -self._held)
            self._held += change
            self._room.count(change)


def purge(store: Store, tx: Tx, contents: list[int]) -> int:
    """Delete for good what the bins hold of these contents; how many entries."""
    ids = json.dumps(contents)
    rows = tx.execute(f"SELECT id, person FROM entry WHERE {_ENTRIES} ORDER BY id", (ids,))
    events = [AuditEvent(person, entry, "no room on the disk") for entry, person in rows.fetchall()]
    tx.execute(f"DELETE FROM entry WHERE {_ENTRIES}", (ids,))
    store.contents.drop_unused(tx, contents)
    store.audit_log.write(tx, "purged", "expiry", "", events)
    return len(events)
