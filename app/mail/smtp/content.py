"""The octets of one incoming mail on their way into the store.

A small mail is kept here until its end and written by the one transaction that delivers it. Of a
bigger one each full chunk goes to the writer thread as it comes; a chunk commits beside whatever
else is being written, and nobody sees it before the last transaction. If any chunk could not be
made durable the mail is broken, and that last transaction refuses. So a 250 is said only of what is
on the disk [RFC 5321 §4.2.5]. What was written of a mail that is not delivered is deleted, and if
that fails it is tried again until it works.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import islice

from app.inbox.retention import looked_through
from app.inbox.room import Reservation
from app.inbox.store import CHUNK, Store
from app.mail.smtp.data import Findings
from app.store.condition import State
from app.store.database import Database, Tx
from app.store.errors import StoreFailed, StoreFull

log = logging.getLogger(__name__)

HOLD_BACK = 4 * CHUNK  # octets submitted and not yet durable at which reading stops
ALL_HOLD_BACK = 32 * CHUNK  # those of all mails together
AT_ONCE = 20  # contents that are deleted in one transaction
LONGEST_PAUSE = 16  # calls of retry() of which all but one do nothing, while tries fail


class Leftovers:
    """What the store holds of mails that are not delivered, for as long as it could not be deleted.

    After a restart that is what was begun before it and belongs to nobody.
    """

    def __init__(self, db: Database, store: Store) -> None:
        self._db = db
        self._store = store
        self._contents: deque[int] = deque()
        self._trying = False
        self._pause = self._paused = 0  # in calls of retry()

    def sweep(self) -> None:
        """At the start, before mail is taken: delete what was coming in when the service ended.

        What cannot be deleted now is left to `retry`.
        """
        if self._is_damaged:
            return
        contents, after = self._store.contents, looked_through(self._db)
        last = contents.last(self._db.reader())
        while unused := contents.unused(after, last):
            self._contents.extend(unused)
            after = unused[-1]
        try:
            while self._contents:
                self._forget(self._db.now(self._delete_some))
        except StoreFailed as problem:
            log.error("messages that never arrived whole are still in the store: %s", problem)

    def add(self, content: int) -> None:
        """Delete this content at the next try. From any thread."""
        self._contents.append(content)

    def retry(self) -> None:
        """Try again to delete what is left; call it twice a second.

        Nothing is done while a try is under way, and less and less often while tries fail.
        """
        if self._trying or not self._contents or self._is_damaged:
            return
        self._paused += 1
        if self._paused < self._pause:
            return
        self._trying, self._paused = True, 0
        self._db.submit(self._delete_some).add_done_callback(self._tried)

    @property
    def _is_damaged(self) -> bool:
        """Nothing is deleted from a damaged store: its broken pages would be handed out again."""
        return self._db.condition.damage().state is State.DAMAGED

    def _delete_some(self, tx: Tx) -> int:
        """Delete some of the contents that are left; how many."""
        contents = list(islice(self._contents, AT_ONCE))
        self._store.contents.drop_unused(tx, contents)
        return len(contents)

    def _forget(self, done: int) -> None:
        for _ in range(done):
            self._contents.popleft()
        log.info("%d messages that were not delivered have left the store", done)

    def _tried(self, future: "Future[int]") -> None:
        if future.exception() is None:
            self._forget(future.result())
            self._pause = 0
        else:
            self._pause = min(2 * self._pause or 2, LONGEST_PAUSE)
        self._trying = False


class InFlight:
    """Counts the chunks of all mails that are on their way to the disk."""

    def __init__(self) -> None:
        self.submitted = 0
        """Chunks given to the writer thread; counted in the loop's."""
        self.ended = 0
        """Chunks that are committed or have failed; counted in the writer thread."""

    @property
    def enough(self) -> bool:
        """True while no mail should add to them."""
        return (self.submitted - self.ended) * CHUNK >= ALL_HOLD_BACK


class IncomingContent:
    """One mail; made when its first octets come, over when `finish` has run or by `discard`.

    `on_progress` is called in the writer thread whenever a chunk has become durable or failed.
    """

    def __init__(
        self,
        db: Database,
        store: Store,
        room: Reservation,
        leftovers: Leftovers,
        in_flight: InFlight,
        on_progress: Callable[[], None],
    ) -> None:
        self._db = db
        self._store = store
        self._room = room
        self._leftovers = leftovers
        self._in_flight = in_flight
        self._on_progress = on_progress
        self._held = bytearray()  # what is no full chunk yet
        self._submitted = 0  # chunks given to the writer thread
        self._ended = 0  # chunks that are committed or have failed; counted in that thread
        self._kept = False  # a chunk is committed, so the content's number is ours
        self._content: int | None = None  # set in the writer thread, by the first chunk
        self._broken: StoreFailed | None = None  # why no more of it can be kept

    @property
    def must_wait(self) -> bool:
        """True while so much is on its way to the disk that no more should be read."""
        own = (self._submitted - self._ended) * CHUNK
        return own >= HOLD_BACK or self._in_flight.enough

    def add(self, octets: bytes) -> None:
        """Take the next octets, of any length. Raises NoSpace: then `discard` it."""
        if self._broken is not None:
            return  # `finish` will say so
        self._room.take(len(octets))
        self._held += octets
        if len(self._held) > CHUNK:
            self._submit_chunks()

    def finish(self, tx: Tx, found: Findings) -> int:
        """In the last transaction: write the rest and seal; returns the content's number.

        Raises StoreFailed (StoreFull for want of room) if an earlier chunk could not be written.
        """
        if self._broken is None and self._content is None and len(self._held) == found.size:
            return self._store.contents.write_small(tx, bytes(self._held), found.dotted)
        content = self._begin(tx)
        if self._held:
            self._store.contents.add_chunk(tx, content, self._submitted, bytes(self._held))
        self._store.contents.seal(tx, content, found.size, found.dotted)
        return content

    def discard(self) -> None:
        """The mail will not be delivered: what was written of it goes."""
        self._held = bytearray()
        if self._submitted:
            self._db.submit(self._drop).add_done_callback(self._dropped)

    def _submit_chunks(self) -> None:
        whole = len(self._held) // CHUNK * CHUNK
        for at in range(0, whole, CHUNK):
            self._submit(self._submitted, bytes(self._held[at : at + CHUNK]))
            self._submitted += 1
            self._in_flight.submitted += 1
        del self._held[:whole]

    def _submit(self, seq: int, octets: bytes) -> None:
        def write(tx: Tx) -> None:
            try:
                self._store.contents.add_chunk(tx, self._begin(tx), seq, octets)
            except BaseException as problem:
                self._break(problem)  # before the next work of the same group
                raise

        def written(future: "Future[None]") -> None:
            self._written(future, len(octets))

        self._db.submit(write).add_done_callback(written)

    def _break(self, problem: BaseException) -> None:
        if self._broken is None:
            kind = StoreFull if isinstance(problem, StoreFull) else StoreFailed
            self._broken = kind("an earlier part of the mail could not be written")

    def _begin(self, tx: Tx) -> int:
        """The content's number; the first work of this mail begins it."""
        if self._broken is not None:
            raise self._broken
        if self._content is None:
            self._content = self._store.contents.begin(tx)
        return self._content

    def _written(self, future: "Future[None]", octets: int) -> None:
        # Runs in the writer thread before its next group begins, so a later work sees the mark.
        self._ended += 1
        self._in_flight.ended += 1
        problem = future.exception()
        if problem is None:
            self._kept = True
            self._room.stored(octets)
        else:
            self._break(problem)
            if not self._kept:
                self._content = None  # it was rolled back, and its number may be another's now
        self._on_progress()

    def _drop(self, tx: Tx) -> None:
        if self._content is not None:
            self._store.contents.drop_unused(tx, [self._content])

    def _dropped(self, future: "Future[None]") -> None:
        if future.exception() is not None and self._content is not None:
            self._leftovers.add(self._content)
