"""Commands, as the parts that are sent one after another [RFC 3501 §6, RFC 9051 §6].

    Command(b"UID MOVE 7 ", *string("Trash"))

A part is text, or a literal: `Octets` that are known, or a `Stream` that comes later. How a literal
is announced, and when the text after it may follow, is the session's affair.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.imap.net.api import UidRange

SET_LIMIT = 4_000
"""Octets of a set of UIDs in one command; RFC 7162 §4 lets a server take 8,192 in all."""
QUOTED_LIMIT = 900
"""Octets of a quoted string; longer ones are literals [RFC 2683 §3.2.1.5: lines of 1,000]."""

_FLAG = re.compile(r"\\?[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,100}")
_FIELD = re.compile(r"[!-9;-~]{1,100}")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DATE = re.compile(
    rb"([ \d]?\d)-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])([01]\d|2[0-3])([0-5]\d)"
)


@dataclass(frozen=True)
class Octets:
    """A literal that is known."""

    octets: bytes


@dataclass(frozen=True)
class Stream:
    """A literal whose octets are given while they are sent."""

    size: int
    """In octets."""


Part = bytes | Octets | Stream


class Command:
    """One command without its tag."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts


def string(octets: bytes) -> Iterator[Part]:
    """An astring [RFC 3501 §4.3]: quoted if it may be, else a literal."""
    if len(octets) <= QUOTED_LIMIT and not re.search(rb"[\x00\r\n\x80-\xff]", octets):
        yield b'"' + re.sub(rb'(["\\])', rb"\\\1", octets) + b'"'
    else:
        yield Octets(octets)


def spaced(many: Iterable[Iterable[Part]]) -> Iterator[Part]:
    """Arguments with a blank between each two."""
    for number, parts in enumerate(many):
        if number:
            yield b" "
        yield from parts


def ranges(uids: Collection[int]) -> list[UidRange]:
    """The same UIDs as ranges, rising."""
    found: list[UidRange] = []
    for uid in sorted(uids):
        if found and found[-1].last >= uid - 1:
            found[-1] = UidRange(found[-1].first, uid)
        else:
            found.append(UidRange(uid, uid))
    return found


def sets(several: Sequence[UidRange]) -> Iterator[bytes]:
    """Ranges as sets that fit into a command each [RFC 3501 §9: sequence-set]."""
    out = b""
    for first, last in several:
        one = b"%d" % first if first == last else b"%d:%d" % (first, last)
        if out and len(out) + len(one) + 1 > SET_LIMIT:
            yield out
            out = one
        else:
            out = out + b"," + one if out else one
    if out:
        yield out


def flag_list(flags: Collection[str]) -> bytes:
    """Flags in brackets. Raises ValueError for what is no flag, such as one with a blank."""
    for flag in flags:
        if not _FLAG.fullmatch(flag):
            raise ValueError(f"no flag: {flag!r}")
    return b"(" + " ".join(sorted(flags)).encode("ascii") + b")"


def field_list(names: Sequence[str]) -> bytes:
    """Names of header fields in brackets. Raises ValueError for what is no name, or no names."""
    for name in names:
        if not _FIELD.fullmatch(name) or any(sign in name for sign in '()[]{}%*"\\'):
            raise ValueError(f"no name of a header field: {name!r}")
    if not names:
        raise ValueError("no names of header fields")
    return b"(" + " ".join(names).encode("ascii") + b")"


def date_time(moment: datetime) -> bytes:
    """A moment with its zone, in quotes [RFC 3501 §9: date-time]."""
    zone = moment.strftime("%z")[:5] or "+0000"
    text = f"{moment.day:2d}-{_MONTHS[moment.month - 1]}-{moment.year:04d} {moment:%H:%M:%S} {zone}"
    return b'"' + text.encode("ascii") + b'"'


def moment(text: bytes) -> datetime:
    """The moment that a date-time names, in UTC. Raises ValueError if it names none."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError("no date and time")
    day, name, year, hour, minute, second, sign, east_h, east_min = found.groups()
    month = _MONTHS.index(name.decode("ascii").capitalize()) + 1
    naive = datetime(
        int(year), month, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
    )
    east_s = (int(east_h) * 3600 + int(east_min) * 60) * (1 if sign == b"+" else -1)
    return datetime.fromtimestamp(naive.timestamp() - east_s, UTC)


def criteria(text: str) -> bytes:
    """The criteria of a SEARCH. Raises ValueError unless they are one line of printable ASCII."""
    if not text.isascii() or not text.isprintable() or not text or text.rstrip().endswith("}"):
        raise ValueError(f"no criteria of a search: {text!r}")
    return text.encode("ascii")
