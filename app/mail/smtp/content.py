"""The octets of one incoming mail on their way into the store.

A small mail is kept here until its end and written by the one transaction that delivers it. Of a
bigger one each full chunk goes to the writer thread as it comes; a chunk commits beside whatever
else is being written, and nobody sees it before the last transaction. If any chunk could not be
made durable the mail is broken, and that last transaction refuses. So a 250 is said only of what is
on the disk [RFC 5321 §4.2.5].
"""

from collections.abc import Callable
from concurrent.futures import Future

from app.inbox.store import CHUNK, Store
from app.mail.smtp.data import Findings
from app.store.database import Database, Tx
from app.store.errors import StoreFailed

HOLD_BACK = 4 * CHUNK  # octets submitted and not yet durable at which reading stops


class IncomingContent:
    """One mail; made when its first octets come, over when `finish` has run or by `discard`.

    `on_progress` is called in the writer thread whenever a chunk has become durable or failed.
    """

    def __init__(self, db: Database, store: Store, on_progress: Callable[[], None]) -> None:
        self._db = db
        self._store = store
        self._on_progress = on_progress
        self._pieces: list[bytes] = []
        self._held = 0  # octets in _pieces
        self._submitted = 0  # chunks given to the writer thread
        self._ended = 0  # chunks that are committed or have failed; counted in that thread
        self._kept = False  # a chunk is committed, so the content's number is ours
        self._content: int | None = None  # set in the writer thread, by the first chunk
        self._broken = False

    @property
    def must_wait(self) -> bool:
        """True while so much is on its way to the disk that no more should be read."""
        return (self._submitted - self._ended) * CHUNK >= HOLD_BACK

    def add(self, octets: bytes) -> None:
        """Take the next octets, of any length."""
        self._pieces.append(octets)
        self._held += len(octets)
        if self._held > CHUNK:
            self._submit_chunks()

    def finish(self, tx: Tx, found: Findings) -> int:
        """In the last transaction: write the rest and seal; returns the content's number.

        Raises StoreFailed if an earlier chunk could not be written.
        """
        content = self._begin(tx)
        if self._held:
            self._store.contents.add_chunk(tx, content, self._submitted, b"".join(self._pieces))
        self._store.contents.seal(tx, content, found.size, found.dotted)
        return content

    def discard(self) -> None:
        """The mail will not be delivered: what was written of it goes."""
        self._pieces, self._held = [], 0
        if self._submitted:
            self._db.submit(self._drop)

    def _submit_chunks(self) -> None:
        octets = b"".join(self._pieces)
        whole = len(octets) // CHUNK * CHUNK
        for at in range(0, whole, CHUNK):
            self._submit(self._submitted, octets[at : at + CHUNK])
            self._submitted += 1
        rest = octets[whole:]
        self._pieces, self._held = ([rest] if rest else []), len(rest)

    def _submit(self, seq: int, octets: bytes) -> None:
        def write(tx: Tx) -> None:
            try:
                self._store.contents.add_chunk(tx, self._begin(tx), seq, octets)
            except BaseException:
                self._broken = True  # before the next work of the same group
                raise

        self._db.submit(write).add_done_callback(self._written)

    def _begin(self, tx: Tx) -> int:
        """The content's number; the first work of this mail begins it."""
        if self._broken:
            raise StoreFailed("an earlier part of the mail could not be written")
        if self._content is None:
            self._content = self._store.contents.begin(tx)
        return self._content

    def _written(self, future: "Future[None]") -> None:
        # Runs in the writer thread before its next group begins, so a later work sees the mark.
        self._ended += 1
        if future.exception() is None:
            self._kept = True
        else:
            self._broken = True
            if not self._kept:
                self._content = None  # it was rolled back, and its number may be another's now
        self._on_progress()

    def _drop(self, tx: Tx) -> None:
        if self._content is not None:
            self._store.contents.drop_unused(tx, [self._content])
