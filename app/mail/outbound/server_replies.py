"""The replies of an SMTP server, read from octets as they come [RFC 5321 §4.2]."""

import re
from dataclasses import dataclass

from app.core.text import one_line
from app.net.lines import LineError, LineReader

REPLY_LIMIT = 500  # characters of a reply that are kept
LINE_LIMIT = 4096  # octets; RFC 5321 §4.5.3.1.5 allows 512
LINES_LIMIT = 128  # of one reply

_LINE = re.compile(r"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")


class NoReply(Exception):
    """What came is no reply of SMTP; the text says what it is."""


@dataclass(frozen=True)
class Reply:
    """One reply, however many lines it had."""

    code: int
    lines: tuple[str, ...]

    @property
    def kind(self) -> int:
        """2 done, 3 go on, 4 not now, 5 never [RFC 5321 §4.2.1]."""
        return self.code // 100

    def __str__(self) -> str:
        first, *others = self.lines
        said = _ENHANCED.match(first)  # it is repeated in each line [RFC 2034 §4]
        rest = [line.removeprefix(said[0]) if said else line for line in others]
        return f"{self.code} {one_line(' '.join([first, *rest]), REPLY_LIMIT)}".rstrip()


class ReplyReader:
    """Octets in, replies out."""

    def __init__(self) -> None:
        self._lines = LineReader(LINE_LIMIT, lf_ends=True)
        self._begun: list[str] = []

    @property
    def empty(self) -> bool:
        """Whether all that came has been given as replies."""
        return not self._lines.buffered and not self._begun

    def feed(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        self._lines.feed(data)

    def reply(self) -> Reply | None:
        """The next whole reply; None when it has not all arrived. Raises NoReply."""
        try:
            while (line := self._lines.line()) is not None:
                text = line.decode("utf-8", "replace")
                match = _LINE.fullmatch(text)
                if match is None:
                    raise NoReply(one_line(text))
                self._begun.append(match[3] or "")
                if len(self._begun) == LINES_LIMIT:
                    raise NoReply(f"what has more than {LINES_LIMIT - 1} lines")
                if match[2] != "-":
                    lines, self._begun = tuple(self._begun), []
                    return Reply(int(match[1]), lines)
        except LineError as problem:
            raise NoReply(f"a line that cannot be read ({type(problem).__name__})") from problem
        return None
