"""A maildrop as one POP3 session sees it [RFC 1939 §4]: a snapshot, with marks for QUIT.

Messages are numbered three ways: 1..n in commands and answers, 0..n-1 as index into the snapshot
(`find` converts), and by entry id in what QUIT asks of the service.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Protocol

from app.mail.pop3.snapshot import Item, Snapshot
from app.mail.pop3.states import Code, Misused, Refused
from app.message.dot_stuffing import ended, stuffed, top

LINES_PER_PIECE = 1000
"""Lines of a LIST or UIDL answer that are made at a time."""

TOLD_PER_PIECE = 65_536
"""Octets that are sent at a time of what a snapshot has ready."""

_DELETED, _SENT = 1, 2


class Unreadable(Exception):
    """A message of the snapshot can no longer be read; the others can."""


class Maildrop(Protocol):
    """What a session needs of the mailbox it serves."""

    @property
    def messages(self) -> Snapshot:
        """The messages in the order of their numbers."""
        ...

    def opening(self, index: int) -> tuple[bytes, bytes]:
        """The prefix of the message with this index, and content chunk 0 (empty if there is none).

        Raises Unreadable.
        """
        ...

    def chunk(self, item: Item, seq: int) -> bytes:
        """Content octets number seq (0..chunks-1). Raises Unreadable."""
        ...


class NoMaildrop:
    """What there is before a login: nothing."""

    messages = Snapshot()

    def opening(self, index: int) -> tuple[bytes, bytes]:
        """There is none. Raises Unreadable."""
        raise Unreadable

    def chunk(self, item: Item, seq: int) -> bytes:
        """There is none. Raises Unreadable."""
        raise Unreadable


class MarkedMaildrop:
    """The snapshot with this session's marks: deleted, and sent whole."""

    def __init__(self, maildrop: Maildrop) -> None:
        self.messages = maildrop.messages
        self.chunk = maildrop.chunk
        self._opening = maildrop.opening
        self._marks = bytearray(len(self.messages))
        self.reset()

    # what STAT, DELE, RSET and QUIT need

    def reset(self) -> None:
        """Unmark every message [RFC 1939 §5, RSET]."""
        self._marks = bytearray(mark & ~_DELETED for mark in self._marks)
        self.count = len(self.messages)
        self.octets = self.messages.octets

    def delete(self, index: int) -> None:
        """Mark the message with this index; every other command then refuses it."""
        self._marks[index] |= _DELETED
        self.count -= 1
        self.octets -= self.messages.size(index)

    def sent(self, index: int) -> None:
        """Note that the message with this index was sent whole."""
        self._marks[index] |= _SENT

    def removed(self) -> tuple[int, ...]:
        """Entry ids of the messages marked as deleted."""
        entry = self.messages.entry
        return tuple(entry(n) for n, mark in enumerate(self._marks) if mark & _DELETED)

    def retrieved(self) -> tuple[int, ...]:
        """Entry ids of the messages sent whole and not marked as deleted."""
        entry = self.messages.entry
        return tuple(entry(n) for n, mark in enumerate(self._marks) if mark == _SENT)

    def find(self, argument: bytes) -> int:
        """The index of the message with this number. Raises Refused or Misused."""
        if not argument.isdigit():
            argument = argument.strip()
            if not argument.isdigit():
                raise Misused("one message number is needed")
        index = int(argument) - 1
        if not 0 <= index < len(self._marks):
            raise Refused(f"no such message, the numbers go from 1 to {len(self._marks)}")
        if self._marks[index] & _DELETED:
            raise Refused("that message is marked as deleted")
        return index

    # the answers

    def summary(self) -> str:
        """How many messages and octets there are, in words."""
        return f"{counted(self.count)} ({self.octets} octets)"

    def sizes(self) -> Iterator[bytes]:
        """The lines of LIST and its end."""
        lines = (b"%d %d\r\n" % (n + 1, self.messages.size(n)) for n in self._left())
        return self._listing(self.messages.sizes_told, lines)

    def uidls(self) -> Iterator[bytes]:
        """The lines of UIDL and its end."""
        lines = (b"%d %b\r\n" % (n + 1, self.messages.uidl(n)) for n in self._left())
        return self._listing(self.messages.uidls_told, lines)

    def opening(self, index: int) -> tuple[bytes, bytes]:
        """Prefix and chunk 0, read before the answer begins. Raises Refused if they cannot be."""
        try:
            return self._opening(index)
        except Unreadable as error:
            raise Refused(f"{Code.SYS_PERM}this message cannot be read") from error

    def message(self, index: int, opening: tuple[bytes, bytes]) -> Iterator[bytes]:
        """The whole message and its end; it counts as sent when the last piece is taken."""
        item = self.messages[index]
        pieces = self._pieces(item, opening)
        yield from ended(stuffed(pieces) if item.dotted else pieces)
        self.sent(index)

    def head(self, index: int, opening: tuple[bytes, bytes], lines: int) -> Iterator[bytes]:
        """Header and the first `lines` lines of the body, and the end [RFC 1939 §7, TOP].

        Where that was the whole message, it counts as sent, like one that was asked for whole:
        fetchmail reads so. Without lines of the body asked for it was a look at the header.
        """
        item = self.messages[index]
        given = 0

        def measured(pieces: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal given
            for piece in pieces:
                given += len(piece)
                yield piece

        pieces = measured(top(self._pieces(item, opening), lines))
        yield from ended(stuffed(pieces) if item.dotted else pieces)
        if lines and given == item.size:
            self.sent(index)

    def _pieces(self, item: Item, opening: tuple[bytes, bytes]) -> Iterator[bytes]:
        yield from opening
        for seq in range(1, item.chunks):
            yield self.chunk(item, seq)

    def _left(self) -> Iterator[int]:
        """The indexes of the messages that are not marked as deleted."""
        return (n for n, mark in enumerate(self._marks) if not mark & _DELETED)

    def _listing(self, told: bytes, lines: Iterator[bytes]) -> Iterator[bytes]:
        """What is told of all messages, or the lines of those that are left; and the end."""
        if self.count == len(self._marks):
            starts = range(0, len(told), TOLD_PER_PIECE)
            made: Iterable[bytes] = (told[at : at + TOLD_PER_PIECE] for at in starts)
        else:
            made = iter(lambda: b"".join(islice(lines, LINES_PER_PIECE)), b"")
        return chain(made, [b".\r\n"])


def counted(messages: int) -> str:
    """A number of messages in words."""
    return "1 message" if messages == 1 else f"{messages} messages"
