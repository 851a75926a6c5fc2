"""One content of the store on its way in, in chunks of several transactions."""

from app.inbox.store import Store
from app.message.dot_stuffing import DotCounter
from app.store.database import Tx


class Writing:
    """One content of the store on its way in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._content: int | None = None
        self._dots, self._size, self._chunks = DotCounter(), 0, 0

    def add(self, tx: Tx, chunk: bytes) -> None:
        """Write the next piece."""
        if self._content is None:
            self._content = self._store.contents.begin(tx)
        self._store.contents.add_chunk(tx, self._content, self._chunks, chunk)
        self._dots.feed(chunk)
        self._size, self._chunks = self._size + len(chunk), self._chunks + 1

    def seal(self, tx: Tx) -> int:
        """End it; its number."""
        assert self._content is not None
        self._store.contents.seal(tx, self._content, self._size, self._dots.count)
        return self._content
