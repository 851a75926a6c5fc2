"""What untagged data means: flags, facts, mailboxes [RFC 3501 §7, RFC 7162, RFC 4731, RFC 5819].

Every function raises BadResponse for what no server may say.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from app.imap.net.api import Status, UidRange
from app.imap.net.commands import moment
from app.imap.net.reader import GREATEST, BadResponse, Data
from app.imap.net.tokens import Atom, Token, number

UID_GREATEST = 2**32 - 1
MAILS_LIMIT = 500_000
"""Mails that one answer may name."""
RANGES_LIMIT = 100_000


@dataclass
class Fetched:
    """What one FETCH response tells of a mail; None: it does not say."""

    uid: int | None = None
    flags: frozenset[str] | None = None
    modseq: int | None = None
    """The number of its last change."""
    size: int | None = None
    """In octets."""
    internal_date: datetime | None = None
    body: bytes | None = None
    """The one part of it that was asked for; empty where the server says NIL."""


@contextmanager
def _as_bad_response(data: Data) -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError) as problem:
        raise BadResponse(f"{problem}, in {data.name}") from problem


def uid(token: Token) -> int:
    """A UID, or another number of 32 bits that is not 0. Raises ValueError."""
    value = number(token, UID_GREATEST)
    if not value:
        raise ValueError("0 where a number from 1 belongs")
    return value


def fetched(data: Data) -> Fetched:
    """What a FETCH response tells [RFC 3501 §7.4.2]."""
    with _as_bad_response(data):
        (items,) = data.fields
        found = Fetched()
        for name, value in _pairs(items):
            _note(found, name, value)
        return found


def _note(found: Fetched, name: str, value: Token) -> None:
    if name == "UID":
        found.uid = uid(value)
    elif name == "FLAGS":
        found.flags = flags(value)
    elif name == "MODSEQ":
        (one,) = _list(value)
        found.modseq = number(one, GREATEST)
    elif name == "RFC822.SIZE":
        found.size = number(value, GREATEST)
    elif name == "INTERNALDATE":
        found.internal_date = moment(_octets(value))
    elif name.startswith("BODY["):
        found.body = _octets(value)


def flags(token: Token) -> frozenset[str]:
    """A list of flags. Raises ValueError."""
    several = _list(token)
    atoms = [flag for flag in several if isinstance(flag, Atom)]
    if len(atoms) != len(several):
        raise ValueError("a flag that is none")
    return frozenset(flag.decode("utf-8", "replace") for flag in atoms)


def vanished(data: Data) -> tuple[bool, list[UidRange]]:
    """Whether this is about before (EARLIER), and the UIDs that are gone [RFC 7162 §3.2.10]."""
    with _as_bad_response(data):
        *earlier, uids = data.fields
        if earlier not in ([], [[b"EARLIER"]]):
            raise ValueError("a word too many")
        return bool(earlier), uid_ranges(uids)


def uid_ranges(token: Token) -> list[UidRange]:
    """A set of UIDs without "*" [RFC 3501 §9: sequence-set]. Raises ValueError."""
    found: list[UidRange] = []
    for one in _octets(token).split(b","):
        if len(found) == RANGES_LIMIT:
            raise ValueError(f"more than {RANGES_LIMIT} ranges")
        first, colon, last = one.partition(b":")
        ends = (uid(Atom(first)), uid(Atom(last if colon else first)))
        found.append(UidRange(min(ends), max(ends)))
    return found


def uids_of(several: Iterable[UidRange]) -> list[int]:
    """All UIDs of ranges that name mails that are there. Raises ValueError if they are too many."""
    found: list[int] = []
    for first, last in several:
        if last - first >= MAILS_LIMIT - len(found):
            raise ValueError(f"more than {MAILS_LIMIT} mails")
        found.extend(range(first, last + 1))
    return found


def searched(data: Data) -> list[int]:
    """UIDs of a SEARCH or ESEARCH response [RFC 3501 §7.2.5, RFC 4731 §3.1]."""
    with _as_bad_response(data):
        if data.name == "SEARCH":
            return [uid(one) for one in data.fields if not isinstance(one, list)]
        for name, value in zip(data.fields, data.fields[1:], strict=False):
            if isinstance(name, Atom) and name.upper() == b"ALL":
                return uids_of(uid_ranges(value))
        return []


def status(data: Data) -> tuple[bytes, Status]:
    """A mailbox's name as it came, and its numbers [RFC 3501 §7.2.4, RFC 7162 §3.1.7]."""
    with _as_bad_response(data):
        name, items = data.fields
        values = {key: number(value, GREATEST) for key, value in _pairs(items)}
        return _octets(name), Status(
            messages=values.get("MESSAGES"),
            unseen=values.get("UNSEEN"),
            uidnext=values.get("UIDNEXT"),
            uidvalidity=values.get("UIDVALIDITY"),
            highestmodseq=values.get("HIGHESTMODSEQ") or None,  # 0: it counts none
        )


def listed(data: Data) -> tuple[bytes, frozenset[str]]:
    r"""A mailbox's name as it came, and its attributes in lower case [RFC 3501 §7.2.2]."""
    with _as_bad_response(data):
        attributes, _, name, *_ = data.fields
        return _octets(name), frozenset(one.lower() for one in flags(attributes))


def namespaces(data: Data) -> list[list[tuple[bytes, str]]]:
    """Prefixes as they came, and delimiters: personal, others', shared [RFC 2342 §5]."""
    with _as_bad_response(data):
        kinds = [[] if _is_nil(kind) else _list(kind) for kind in data.fields]
        if len(kinds) != 3:
            raise ValueError("not three kinds of namespaces")
        return [[_namespace(one) for one in kind] for kind in kinds]


def _namespace(token: Token) -> tuple[bytes, str]:
    prefix, delimiter, *_ = _list(token)
    mark = "" if _is_nil(delimiter) else _octets(delimiter).decode("utf-8", "replace")
    return _octets(prefix), mark


def copied(code: list[Token]) -> tuple[int, dict[int, int]]:
    """UIDVALIDITY and new UIDs by old ones, of a COPYUID code [RFC 4315 §3]. Raises ValueError."""
    _, validity, old, new = code
    before, after = _in_order(old), _in_order(new)
    return uid(validity), dict(zip(before, after, strict=True))


def _in_order(token: Token) -> list[int]:
    """UIDs in the order in which the set has them."""
    return uids_of(uid_ranges(token))


def _pairs(token: Token) -> Iterator[tuple[str, Token]]:
    """Names in capitals, and their values."""
    items = _list(token)
    for name, value in zip(items[::2], items[1::2], strict=True):
        yield _octets(name).decode("ascii", "replace").upper(), value


def _list(token: Token) -> list[Token]:
    if not isinstance(token, list):
        raise ValueError("no list where one belongs")
    return token


def _octets(token: Token) -> bytes:
    if isinstance(token, list):
        raise ValueError("a list where none belongs")
    return b"" if _is_nil(token) else bytes(token)


def _is_nil(token: Token) -> bool:
    return isinstance(token, Atom) and token.upper() == b"NIL"
