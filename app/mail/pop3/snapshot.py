"""The messages that a POP3 session sees, as columns: about 70 octets a message, and never changed.

A list of objects took 1.7 kB a message. Sessions share a snapshot, and the service keeps it for the
person's next login (snapshots.py). What LIST and UIDL say of all messages is part of it, since mail
programs ask for both at every visit; a UIDL is kept there alone.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from app.inbox.listing import Listed


class Item(NamedTuple):
    """One message of a snapshot: the entry's prefix, and then content chunks 0..chunks-1.

    size counts octets of prefix and content, CRLF line ends included, before byte-stuffing; dotted
    is the number of lines that begin with a dot.
    """

    entry: int
    content: int
    size: int
    chunks: int
    dotted: int


class Snapshot:
    """Messages by index, 0 for the first; see the module's head."""

    __slots__ = (
        *("_chunks", "_contents", "_dotted", "_entries", "_sizes", "_uidl_ends"),
        *("octets", "sizes_told", "uidls_told"),
    )

    def __init__(self, rows: Iterable[Listed] = (), before: "Snapshot | None" = None) -> None:
        """Messages in the order of their numbers, behind those of `before`."""
        columns = list(zip(*rows, strict=True)) or [()] * len(Listed._fields)
        entries, contents, uidls, sizes, chunks, dotted = columns
        first = 1 if before is None else len(before) + 1
        numbers = range(first, first + len(entries))
        told = [b"%d %b\r\n" % (n, uidl.encode()) for n, uidl in zip(numbers, uidls, strict=True)]
        self.sizes_told = b"".join(map(b"%d %d\r\n".__mod__, zip(numbers, sizes, strict=True)))
        """The lines of LIST."""
        self.uidls_told = b"".join(told)
        """The lines of UIDL."""
        self.octets = sum(sizes)
        """Of all messages together."""
        self._entries: array[int]
        self._sizes: array[int]
        self._entries, self._contents = array("q", entries), array("q", contents)
        self._sizes = array("q", sizes)
        self._chunks, self._dotted = array("I", chunks), array("I", dotted)
        self._uidl_ends = array("I", _ends(0 if before is None else len(before.uidls_told), told))
        if before is not None:
            self.sizes_told = before.sizes_told + self.sizes_told
            self.uidls_told = before.uidls_told + self.uidls_told
            self.octets += before.octets
            for column in self.__slots__[:6]:
                setattr(self, column, getattr(before, column) + getattr(self, column))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Item:
        return Item(
            self._entries[index],
            self._contents[index],
            self._sizes[index],
            self._chunks[index],
            self._dotted[index],
        )

    def entry(self, index: int) -> int:
        """The number of the entry with this index."""
        return self._entries[index]

    @property
    def last(self) -> int:
        """The highest entry number; 0 if there is none."""
        return self._entries[-1] if self._entries else 0

    def uidl(self, index: int) -> bytes:
        """The UIDL of the message with this index."""
        begin = self._uidl_ends[index - 1] if index else 0
        line = self.uidls_told[begin : self._uidl_ends[index]]
        return line[line.index(b" ") + 1 : -2]

    def without(self, contents: Collection[int]) -> "Snapshot":
        """The same without messages of these contents, numbered anew."""
        left = [n for n, content in enumerate(self._contents) if content not in contents]
        return Snapshot(map(self._listed, left))

    def _listed(self, index: int) -> Listed:
        item, uidl = self[index], self.uidl(index).decode()
        return Listed(item.entry, item.content, uidl, item.size, item.chunks, item.dotted)

    def size(self, index: int) -> int:
        """Octets of the message with this index."""
        return self._sizes[index]


def _ends(begin: int, lines: Iterable[bytes]) -> Iterator[int]:
    """Where each line ends, if the first begins there."""
    for line in lines:
        begin += len(line)
        yield begin
