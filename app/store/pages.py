"""The pages of a store as they lie in its file, for a repair that cannot go through SQLite.

SQLite refuses a whole tree when one of its inner pages is broken. Here every page is read by
itself: which tree it belongs to is known twice in a file with auto_vacuum, from the tree and from
the pointer map, and either will do. [SQLite, Database File Format §1.5 "B-tree Pages", §1.6
"Overflow Pages", §1.8 "Pointer Map", §2.1 "Record Format", §4 "WAL Format"; numbers are big-endian]

Pages are numbered from 1; 0 stands for "none".
"""

import os
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from types import TracebackType

PAGE = 4096
"""Octets in a page; nothing is reserved at its end."""
_MAPPED = PAGE // 5  # pages that one page of the pointer map tells of
_LOCK_PAGE = (1 << 30) // PAGE + 1  # never used: it holds SQLite's locks
_WAL_HEADER, _FRAME_HEADER = 32, 24
_LITTLE, _BIG = 0x377F0682, 0x377F0683
_TABLE_LEAF_LOCAL = PAGE - 35
_INDEX_LOCAL = (PAGE - 12) * 64 // 255 - 23
_LEAST_LOCAL = (PAGE - 12) * 32 // 255 - 23
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # serial type: octets

Value = int | float | str | bytes | None


class BadPage(ValueError):
    """Octets that are no page, no cell or no record."""


class Use(IntEnum):
    """What the pointer map says that a page is for."""

    UNKNOWN = 0
    ROOT = 1
    FREE = 2
    FIRST_OVERFLOW = 3
    OVERFLOW = 4
    TREE = 5


class Kind(IntEnum):
    """What a page of a tree says of itself."""

    INDEX_INNER = 2
    TABLE_INNER = 5
    INDEX_LEAF = 10
    TABLE_LEAF = 13


@dataclass(frozen=True)
class Cell:
    """One record: its rowid (0 in an index), its octets, and where octets of it are lost.

    The octets of a lost part are NUL; each gap is (offset, length).
    """

    rowid: int
    payload: bytes
    local: int
    """How many of its octets lie on the page of the tree."""
    gaps: tuple[tuple[int, int], ...] = ()


class PageFile:
    """A store's file with what its WAL holds on top of it; read only, and nobody may write."""

    def __init__(self, store: Path) -> None:
        """Raises OSError."""
        self._file = os.open(store, os.O_RDONLY | os.O_CLOEXEC)
        self._wal = -1
        self._frames: dict[int, int] = {}  # page: offset of its octets in the WAL
        self._follows: array[int] | None = None
        self.count = os.fstat(self._file).st_size // PAGE
        """Pages there are."""
        wal = store.with_name(store.name + "-wal")
        if wal.exists():
            self._wal = os.open(wal, os.O_RDONLY | os.O_CLOEXEC)
            self._read_wal()

    def close(self) -> None:
        """Close the files."""
        for fd in (self._file, self._wal):
            if fd >= 0:
                os.close(fd)

    def __enter__(self) -> "PageFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def page(self, number: int) -> bytes:
        """The octets of a page. Raises BadPage if the disk does not give them."""
        fd, at = self._file, (number - 1) * PAGE
        if number in self._frames:
            fd, at = self._wal, self._frames[number]
        try:
            octets = os.pread(fd, PAGE, at) if 0 < number <= self.count else b""
        except OSError as problem:
            raise BadPage(f"page {number}: {problem.strerror}") from problem
        if len(octets) != PAGE:
            raise BadPage(f"there is no page {number}")
        return octets

    # ---- the WAL

    def _read_wal(self) -> None:
        """Take the frames of all whole transactions; SQLite, too, stops at the first bad one."""
        header = self._wal_octets(_WAL_HEADER, 0)
        if len(header) < _WAL_HEADER:
            return
        magic, _, size, _, *salt_and_sums = struct.unpack(">8I", header)
        if magic not in (_LITTLE, _BIG) or size != PAGE:
            return
        order = "<" if magic == _LITTLE else ">"
        sums = _checksum(header[:24], (0, 0), order)
        if sums != tuple(salt_and_sums[2:]):
            return
        waiting: dict[int, int] = {}  # frames of a transaction whose end has not come yet
        at = _WAL_HEADER
        while len(frame := self._wal_octets(_FRAME_HEADER + PAGE, at)) == _FRAME_HEADER + PAGE:
            number, pages, *rest = struct.unpack(">6I", frame[:_FRAME_HEADER])
            sums = _checksum(frame[:8] + frame[_FRAME_HEADER:], sums, order)
            if rest[:2] != salt_and_sums[:2] or sums != tuple(rest[2:]):
                return
            waiting[number] = at + _FRAME_HEADER
            at += _FRAME_HEADER + PAGE
            if pages:
                self._frames |= waiting
                self.count, waiting = pages, {}

    def _wal_octets(self, length: int, at: int) -> bytes:
        try:
            return os.pread(self._wal, length, at)
        except OSError:
            return b""

    # ---- the pointer map

    def use(self, number: int) -> tuple[Use, int]:
        """What a page is for, and the page that leads to it; (UNKNOWN, 0) if that is lost."""
        lead = _map_page(number)
        if number in (1, lead, _LOCK_PAGE):
            return (Use.ROOT if number == 1 else Use.UNKNOWN), 0
        try:
            told = struct.unpack_from(">BI", self.page(lead), 5 * (number - lead - 1))
        except (BadPage, struct.error):
            return Use.UNKNOWN, 0
        if told[0] not in set(Use) or told[1] > self.count:
            return Use.UNKNOWN, 0
        return Use(told[0]), told[1]

    def uses(self) -> Iterator[tuple[int, Use, int]]:
        """(page, use, the page that leads to it) of all pages that the map knows of."""
        lead = 2
        while lead <= self.count:
            try:
                octets = self.page(lead)
            except BadPage:
                octets = bytes(PAGE)
            for place, (use, parent) in enumerate(struct.iter_unpack(">BI", octets[: 5 * _MAPPED])):
                if 1 <= use <= Use.TREE and parent <= self.count:
                    yield lead + 1 + place, Use(use), parent
            lead = _map_page(lead + _MAPPED + 1)

    def after(self, number: int) -> int:
        """The overflow page that follows this one, by the pointer map; 0 if none does."""
        if self._follows is None:
            self._follows = array("I", bytes(4 * (self.count + 1)))
            for page, use, parent in self.uses():
                if use is Use.OVERFLOW and page <= self.count:
                    self._follows[parent] = page
        return self._follows[number]

    # ---- trees

    def trees(self) -> dict[int, list[int]]:
        """The pages of each tree, by the number of its root, as far as the pointer map knows."""
        parents = {page: up for page, use, up in self.uses() if use is Use.TREE}
        found: dict[int, list[int]] = {}
        for page in parents:
            root, steps = page, 0
            while root in parents and steps < 40:  # a circle would be damage, too
                root, steps = parents[root], steps + 1
            found.setdefault(root, []).append(page)
        return found

    def reachable(self, root: int) -> list[int]:
        """The pages of a tree as its own pages tell, leaves in the order of their keys."""
        found, stack, seen = [], [root], {root}
        while stack:
            number = stack.pop()
            found.append(number)
            try:
                children = list(_children(self.page(number), number))
            except BadPage:
                continue
            for child in reversed(children):
                if child not in seen and self.use(child) in (
                    (Use.TREE, number),
                    (Use.UNKNOWN, 0),
                ):
                    seen.add(child)
                    stack.append(child)
        return found

    def cells(self, number: int) -> Iterator[Cell]:
        """The records of one page of a tree, those of its cells that make sense.

        Raises BadPage if the page as a whole does not.
        """
        octets = self.page(number)
        kind, start, count = _header(octets, number)
        if kind is Kind.TABLE_INNER:
            return
        for place in range(count):
            try:
                yield self._cell(octets, kind, _pointer(octets, start, place))
            except BadPage:
                continue

    def _cell(self, octets: bytes, kind: Kind, at: int) -> Cell:
        at += 4 if kind is Kind.INDEX_INNER else 0
        length, at = varint(octets, at)
        rowid = 0
        if kind is Kind.TABLE_LEAF:
            rowid, at = varint(octets, at)
        most = _TABLE_LEAF_LOCAL if kind is Kind.TABLE_LEAF else _INDEX_LOCAL
        local = length
        if length > most:
            local = _LEAST_LOCAL + (length - _LEAST_LOCAL) % (PAGE - 4)
            local = local if local <= most else _LEAST_LOCAL
        if not 0 < length < 1 << 30 or at + local + (4 if length > local else 0) > PAGE:
            raise BadPage("a cell that does not fit into its page")
        payload = octets[at : at + local]
        if length == local:
            return Cell(rowid, payload, local)
        (first,) = struct.unpack_from(">I", octets, at + local)
        rest, gaps = self._overflow(first, length - local)
        return Cell(
            rowid, payload + rest, local, tuple((local + start, size) for start, size in gaps)
        )

    def _overflow(self, number: int, length: int) -> tuple[bytes, list[tuple[int, int]]]:
        """The octets of a chain of overflow pages, and its gaps; a broken page costs itself."""
        octets, gaps = bytearray(), []
        while len(octets) < length:
            wanted = min(PAGE - 4, length - len(octets))
            try:
                page = self.page(number)
            except BadPage:
                page = b""
            is_last = len(octets) + wanted == length
            following = int.from_bytes(page[:4], "big") if page else -1
            if not self._leads_on(number, following, is_last):
                gaps.append((len(octets), wanted))
                page, following = bytes(PAGE), 0 if is_last else self.after(number)
                if not is_last and not following:  # nothing tells how it goes on
                    gaps[-1] = (len(octets), length - len(octets))
                    octets += bytes(length - len(octets))
                    break
            octets += page[4 : 4 + wanted]
            number = following
        return bytes(octets), gaps

    def _leads_on(self, number: int, following: int, is_last: bool) -> bool:
        """Whether an overflow page names the one that follows; then its octets count as whole."""
        if is_last:
            return following == 0
        if not 0 < following <= self.count:
            return False
        use, parent = self.use(following)
        return use is Use.UNKNOWN or (use is Use.OVERFLOW and parent == number)


def record(payload: bytes) -> list[Value]:
    """The values of a record. Raises BadPage unless it makes sense to its last octet."""
    size, at = varint(payload, 0)
    if not 0 < size <= len(payload):
        raise BadPage("a record whose header does not fit")
    types, body = [], size
    while at < size:
        kind, at = varint(payload, at)
        types.append(kind)
    values: list[Value] = []
    for kind in types:
        value, body = _value(payload, kind, body)
        values.append(value)
    if body != len(payload):
        raise BadPage("a record that is longer or shorter than it says")
    return values


def _value(payload: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], at
    if kind in (10, 11):
        raise BadPage("a value of no type")
    size = _INTEGERS.get(kind, 8 if kind == 7 else (kind - 12) // 2)
    octets = payload[at : at + size]
    if len(octets) != size:
        raise BadPage("a value that does not fit into its record")
    if kind < 7:
        return int.from_bytes(octets, "big", signed=True), at + size
    if kind == 7:
        return float(struct.unpack(">d", octets)[0]), at + size
    if kind % 2 == 0:
        return octets, at + size
    try:
        return octets.decode(), at + size
    except UnicodeDecodeError as problem:
        raise BadPage("text that is not UTF-8") from problem


def varint(octets: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer, signed, and the place behind it. Raises BadPage."""
    value = 0
    for place in range(at, min(at + 8, len(octets))):
        value = value << 7 | octets[place] & 0x7F
        if octets[place] < 0x80:
            return value, place + 1
    if at + 8 >= len(octets):
        raise BadPage("a number that is cut off")
    value = value << 8 | octets[at + 8]
    return (value - (1 << 64) if value >> 63 else value), at + 9


def _header(octets: bytes, number: int) -> tuple[Kind, int, int]:
    """(kind of a tree's page, where its cell pointers begin, how many there are)."""
    at = 100 if number == 1 else 0
    if octets[at] not in set(Kind):
        raise BadPage(f"page {number} belongs to no tree")
    kind = Kind(octets[at])
    count = int.from_bytes(octets[at + 3 : at + 5], "big")
    start = at + (12 if kind in (Kind.TABLE_INNER, Kind.INDEX_INNER) else 8)
    if start + 2 * count > PAGE:
        raise BadPage(f"page {number} has too many cells")
    return kind, start, count


def _pointer(octets: bytes, start: int, place: int) -> int:
    at = int.from_bytes(octets[start + 2 * place : start + 2 * place + 2], "big")
    if not start < at < PAGE - 3:
        raise BadPage("a cell outside of its page")
    return at


def _children(octets: bytes, number: int) -> Iterator[int]:
    kind, start, count = _header(octets, number)
    if kind not in (Kind.TABLE_INNER, Kind.INDEX_INNER):
        return
    for place in range(count):
        try:
            at = _pointer(octets, start, place)
        except BadPage:
            continue
        yield int.from_bytes(octets[at : at + 4], "big")
    yield int.from_bytes(octets[start - 4 : start], "big")


def _map_page(number: int) -> int:
    """The page of the pointer map that tells of a page (or that is to come at or after it)."""
    lead = (number - 2) // (_MAPPED + 1) * (_MAPPED + 1) + 2
    return lead + 1 if lead == _LOCK_PAGE else lead


def _checksum(octets: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    """The running checksum of the WAL [Database File Format §4.2]."""
    first, second = sums
    for one, two in struct.iter_unpack(f"{order}II", octets):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + two + first) & 0xFFFFFFFF
    return first, second
