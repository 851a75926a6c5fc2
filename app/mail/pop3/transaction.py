"""The commands of the TRANSACTION state [RFC 1939 §5, §7]: what a client does with its maildrop.

Each takes what follows its word, as it came, and raises Misused or Refused.
"""

from app.mail.pop3.maildrop import Maildrop, MarkedMaildrop, counted
from app.mail.pop3.output import Output
from app.mail.pop3.states import Commit, Misused


class Transaction:
    """A maildrop in use."""

    def __init__(self, maildrop: Maildrop, output: Output) -> None:
        self._maildrop = MarkedMaildrop(maildrop)
        self._output = output
        self.retrieved = 0
        """RETR commands."""
        self.topped = 0
        """TOP commands."""

    def begin(self) -> None:
        """Answer the login."""
        self._output.ok(self._maildrop.summary())

    def commit(self) -> Commit:
        """What QUIT makes of it [RFC 1939 §6]."""
        return Commit(self._maildrop.removed(), self._maildrop.retrieved())

    def stat(self, rest: bytes) -> None:
        """STAT."""
        nothing(rest)
        self._output.ok(f"{self._maildrop.count} {self._maildrop.octets}")

    def list(self, rest: bytes) -> None:
        """LIST."""
        if rest.strip():
            index = self._maildrop.find(rest)
            self._output.ok(f"{index + 1} {self._maildrop.messages.size(index)}")
        else:
            self._output.answer(self._maildrop.summary(), self._maildrop.sizes())

    def uidl(self, rest: bytes) -> None:
        """UIDL."""
        if rest.strip():
            index = self._maildrop.find(rest)
            self._output.ok(f"{index + 1} {self._maildrop.messages.uidl(index).decode()}")
        else:
            self._output.answer(counted(self._maildrop.count), self._maildrop.uidls())

    def retr(self, rest: bytes) -> None:
        """RETR."""
        maildrop = self._maildrop
        index = maildrop.find(rest)
        item = maildrop.messages[index]
        prefix, first = opening = maildrop.opening(index)
        self.retrieved += 1
        if item.chunks <= 1 and not item.dotted and first[-2:] == b"\r\n":
            # nearly every message: one chunk, sent as it lies
            said = b"+OK %d octets\r\n" % item.size
            self._output.send(b"".join((said, prefix, first, b".\r\n")))
            maildrop.sent(index)
        else:
            self._output.answer(f"{item.size} octets", maildrop.message(index, opening))

    def top(self, rest: bytes) -> None:
        """TOP; one that gives the whole message is as good as RETR. Raises Misused."""
        number, _, lines = rest.strip().partition(b" ")
        if not lines.strip().isdigit():
            raise Misused("a message number and a number of lines are needed")
        maildrop = self._maildrop
        index = maildrop.find(number)
        opening = maildrop.opening(index)
        self.topped += 1
        self._output.answer("header and lines", maildrop.head(index, opening, int(lines)))

    def dele(self, rest: bytes) -> None:
        """DELE."""
        index = self._maildrop.find(rest)
        self._maildrop.delete(index)
        self._output.ok(f"message {index + 1} will be removed by QUIT")

    def rset(self, rest: bytes) -> None:
        """RSET."""
        nothing(rest)
        self._maildrop.reset()
        self._output.ok(self._maildrop.summary())

    def noop(self, rest: bytes) -> None:
        """NOOP."""
        nothing(rest)
        self._output.ok("nothing done")


def nothing(rest: bytes) -> None:
    """Refuse an argument where there is none. Raises Misused."""
    if rest.strip():
        raise Misused("this command takes no argument")
