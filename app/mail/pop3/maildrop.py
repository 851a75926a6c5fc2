"""A maildrop as one POP3 session sees it [RFC 1939 §4]: a snapshot, with marks for QUIT.

Messages are numbered three ways: 1..n in commands and answers, 0..n-1 as index into the snapshot
(`find` converts), and by entry id in what QUIT asks of the service.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from app.mail.pop3.states import Code, Misused, Refused
from app.message.dot_stuffing import ended, stuffed, top

LINES_PER_PIECE = 1000
"""Lines of a LIST or UIDL answer that are made at a time."""


class Item(NamedTuple):
    """One message of a snapshot: prefix and then content chunks 0..chunks-1.

    size counts octets of prefix and content, CRLF line ends included, before byte-stuffing; dotted
    is the number of lines that begin with a dot.
    """

    entry: int
    content: int
    uidl: bytes
    size: int
    chunks: int
    dotted: int
    prefix: bytes


class Unreadable(Exception):
    """A message of the snapshot can no longer be read; the others can."""


class Maildrop(Protocol):
    """What a session needs of the mailbox it serves."""

    @property
    def items(self) -> Sequence[Item]:
        """The messages in the order of their numbers; never changed during the session."""
        ...

    def chunk(self, item: Item, seq: int) -> bytes:
        """Content octets number seq (0..chunks-1). Raises Unreadable."""
        ...


class NoMaildrop:
    """What there is before a login: nothing."""

    items: Sequence[Item] = ()

    def chunk(self, item: Item, seq: int) -> bytes:
        """There is none. Raises Unreadable."""
        raise Unreadable


class MarkedMaildrop:
    """The snapshot with this session's marks: deleted, and sent whole."""

    def __init__(self, maildrop: Maildrop) -> None:
        self.items = maildrop.items
        self.chunk = maildrop.chunk
        self._deleted: set[int] = set()
        self._sent: set[int] = set()
        self.reset()

    # what STAT, DELE, RSET and QUIT need

    def reset(self) -> None:
        """Unmark every message [RFC 1939 §5, RSET]."""
        self._deleted.clear()
        self.count = len(self.items)
        self.octets = sum(item.size for item in self.items)

    def delete(self, index: int) -> None:
        """Mark the message with this index; every other command then refuses it."""
        self._deleted.add(index)
        self.count -= 1
        self.octets -= self.items[index].size

    def sent(self, index: int) -> None:
        """Note that the message with this index was sent whole."""
        self._sent.add(index)

    def removed(self) -> tuple[int, ...]:
        """Entry ids of the messages marked as deleted."""
        return tuple(self.items[index].entry for index in sorted(self._deleted))

    def retrieved(self) -> tuple[int, ...]:
        """Entry ids of the messages sent whole and not marked as deleted."""
        return tuple(self.items[index].entry for index in sorted(self._sent - self._deleted))

    def find(self, argument: bytes) -> int:
        """The index of the message with this number. Raises Refused or Misused."""
        if not argument.isdigit():
            argument = argument.strip()
            if not argument.isdigit():
                raise Misused("one message number is needed")
        index = int(argument) - 1
        if not 0 <= index < len(self.items):
            raise Refused(f"no such message, the numbers go from 1 to {len(self.items)}")
        if index in self._deleted:
            raise Refused("that message is marked as deleted")
        return index

    # the answers

    def summary(self) -> str:
        """How many messages and octets there are, in words."""
        return f"{counted(self.count)} ({self.octets} octets)"

    def sizes(self) -> Iterator[bytes]:
        """The lines of LIST and its end."""
        return self._listing(b"%d %d\r\n", [item.size for item in self.items])

    def uidls(self) -> Iterator[bytes]:
        """The lines of UIDL and its end."""
        return self._listing(b"%d %b\r\n", [item.uidl for item in self.items])

    def first(self, item: Item) -> bytes:
        """Chunk 0, read before the answer begins. Raises Refused if it cannot be read."""
        try:
            return self.chunk(item, 0) if item.chunks else b""
        except Unreadable as error:
            raise Refused(f"{Code.SYS_PERM}this message cannot be read") from error

    def message(self, index: int, first: bytes) -> Iterator[bytes]:
        """The whole message and its end; it counts as sent when the last piece is taken."""
        item = self.items[index]
        pieces = self._pieces(item, first)
        yield from ended(stuffed(pieces) if item.dotted else pieces)
        self.sent(index)

    def head(self, index: int, first: bytes, lines: int) -> Iterator[bytes]:
        """Header and the first `lines` lines of the body, and the end [RFC 1939 §7, TOP].

        Where that was the whole message, it counts as sent, like one that was asked for whole:
        fetchmail reads so. Without lines of the body asked for it was a look at the header.
        """
        item = self.items[index]
        given = 0

        def measured(pieces: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal given
            for piece in pieces:
                given += len(piece)
                yield piece

        pieces = measured(top(self._pieces(item, first), lines))
        yield from ended(stuffed(pieces) if item.dotted else pieces)
        if lines and given == item.size:
            self.sent(index)

    def _pieces(self, item: Item, first: bytes) -> Iterator[bytes]:
        yield item.prefix
        yield first
        for seq in range(1, item.chunks):
            yield self.chunk(item, seq)

    def _listing(self, line: bytes, facts: Sequence[int] | Sequence[bytes]) -> Iterator[bytes]:
        numbers = [n for n in range(len(facts)) if n not in self._deleted]
        made = (
            b"".join([line % (n + 1, facts[n]) for n in numbers[start : start + LINES_PER_PIECE]])
            for start in range(0, len(numbers), LINES_PER_PIECE)
        )
        return chain(made, [b".\r\n"])


def counted(messages: int) -> str:
    """A number of messages in words."""
    return "1 message" if messages == 1 else f"{messages} messages"
