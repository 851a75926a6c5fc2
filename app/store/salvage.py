"""All rows that can be read of a damaged store, brought into a fresh one.

Pages are read one by one (pages.py), so a broken inner page costs nothing and a broken leaf its own
rows. What is then missing is rebuilt from what else tells of it (mending.py).
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.store.pages import PAGE, BadPage, Cell, PageFile, Use, Value, record, varint

_TYPES: dict[str, tuple[type, ...]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "REAL": (int, float),
    "BLOB": (bytes,),
}
_OWN = ("schema", "usage", "held", "kept", "person_change", "sqlite_sequence")
"""Tables that are not copied as they are: the fresh store has its own, or they are worked out."""


@dataclass(frozen=True)
class Column:
    """One column, as the fresh store declares it."""

    name: str
    types: tuple[type, ...]
    must: bool
    """It may not be NULL."""
    default: Value
    """What it has in rows that are older than the column."""


@dataclass(frozen=True)
class Tree:
    """A table, or an index, and where its pages begin in the damaged store."""

    name: str
    columns: tuple[Column, ...]
    rowid: int | None
    """Which column the rowid is; None: none of them, or it has no rowid."""
    root: int


@dataclass(frozen=True)
class Loss:
    """Something that could not be kept as it was."""

    what: str
    person: int | None = None
    """Whose it was (id), if that is known."""
    entry: int | None = None
    """Number of the message, if it is one."""


@dataclass
class Findings:
    """What a salvage has found, for mending and report."""

    rows: dict[str, int] = field(default_factory=dict)
    """Rows brought over, by table."""
    broken: set[int] = field(default_factory=set)
    """Roots of the trees that have pages that cannot be read."""
    gaps: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Lost parts of chunks: (offset, octets), by place."""
    losses: list[Loss] = field(default_factory=list)


class Salvage:
    """Reads `old` and fills `fresh`, a store without rows whose triggers are switched off."""

    def __init__(self, old: PageFile, fresh: sqlite3.Connection) -> None:
        self._old = old
        self._fresh = fresh
        self._roots = self._read_roots()
        self._members = old.trees()
        self.found = Findings()

    def copy_tables(self) -> None:
        """Bring over the rows of all tables."""
        names = self._fresh.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            " ORDER BY rowid"
        ).fetchall()
        for (name,) in names:
            if name not in _OWN:
                self._copy(self._table(name))
        self._keep_numbers()

    def index_rows(self, name: str) -> Iterator[list[Value]]:
        """The rows of an index: its columns' values, then the rowid of its table."""
        for cell in self._cells(self._roots.get(name, 0)):
            try:
                yield record(cell.payload)
            except BadPage:
                continue

    def is_broken(self, table: str) -> bool:
        """Whether pages of a table could not be read."""
        return self._roots.get(table, 0) in self.found.broken | {0}

    def _copy(self, table: Tree) -> None:
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT OR IGNORE INTO {table.name} VALUES ({marks})"
        count = 0
        for cell in self._cells(table.root):
            try:
                values = _row(table, cell)
            except BadPage:
                continue
            count += self._fresh.execute(statement, values).rowcount
            if table.name in ("chunk", "sample"):
                self._note_gaps(cell, table.name == "chunk")
            elif cell.gaps:
                text = f"{table.name} {cell.rowid}: part of a long value is lost"
                self.found.losses.append(Loss(text))
        self.found.rows[table.name] = count

    def _note_gaps(self, cell: Cell, is_text: bool) -> None:
        """Note what is lost of a chunk. In the octets of a mail a NUL is damage as well."""
        begins, _ = varint(cell.payload, 0)
        gaps = list(cell.gaps)
        if is_text and b"\0" in cell.payload[begins:]:
            parts = _parts(cell, begins)
            gaps = [part for part in parts if b"\0" in cell.payload[part[0] : sum(part)]]
        inside = [(max(0, at - begins), size + min(0, at - begins)) for at, size in gaps]
        if inside and is_text:
            self.found.gaps[cell.rowid] = inside
        elif inside:
            lost = sum(size for _, size in inside)
            self.found.losses.append(Loss(f"{lost} octets of a recording under way are silence"))

    def _cells(self, root: int) -> Iterator[Cell]:
        """The cells of all pages of a tree; those that only the pointer map knows come last."""
        if not root:
            return
        reachable = self._old.reachable(root)
        known = set(reachable)
        orphans = [page for page in self._members.get(root, ()) if page not in known]
        for page in (*reachable, *sorted(orphans)):
            try:
                yield from self._old.cells(page)
            except BadPage:
                self.found.broken.add(root)

    # ---- where the tables are

    def _read_roots(self) -> dict[str, int]:
        """The root page of each table and index.

        Roots lie where they were made, in the order of the schema's steps, and that order never
        changes: where the damaged store does not tell, they are where the fresh one has them.
        """
        master = "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"
        roots = dict(self._fresh.execute(master).fetchall())
        told: dict[str, int] = {}
        for page in self._old.reachable(1):
            try:
                for cell in self._old.cells(page):
                    _, name, _, root, _ = record(cell.payload)
                    if name in roots and isinstance(root, int):
                        told[str(name)] = root
            except ValueError:  # BadPage, or a row of another kind
                continue
        roots |= {name: root for name, root in told.items() if self._is_root(root)}
        return {name: root for name, root in roots.items() if self._is_root(root)}

    def _is_root(self, page: int) -> bool:
        return page <= self._old.count and self._old.use(page)[0] in (Use.ROOT, Use.UNKNOWN)

    def _table(self, name: str) -> Tree:
        info = self._fresh.execute(f"PRAGMA table_info({name})").fetchall()
        (sql,) = self._fresh.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (name,)
        ).fetchone()
        keys = [number for number, _, kind, _, _, key in info if key and kind == "INTEGER"]
        has_rowid = "WITHOUT ROWID" not in sql.upper() and sum(bool(row[5]) for row in info) == 1
        columns = tuple(
            Column(column, _TYPES[kind.upper()], bool(must or key), self._value(default))
            for _, column, kind, must, default, key in info
        )
        rowid = keys[0] if has_rowid and keys else None
        return Tree(name, columns, rowid, self._roots.get(name, 0))

    def _value(self, default: str | None) -> Value:
        """A default as the schema writes it, as a value."""
        if default is None:
            return None
        value: Value = self._fresh.execute(f"SELECT {default}").fetchone()[0]
        return value

    def _keep_numbers(self) -> None:
        """Go on counting where the damaged store has stopped: no number is used twice."""
        used: dict[str, int] = dict(
            self._fresh.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        )
        for cell in self._cells(self._roots.get("sqlite_sequence", 0)):
            try:
                name, last = record(cell.payload)
            except ValueError:
                continue
            if isinstance(name, str) and isinstance(last, int):
                used[name] = max(last, used.get(name, 0))
        self._fresh.execute("DELETE FROM sqlite_sequence")
        self._fresh.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", used.items())


def _row(table: Tree, cell: Cell) -> list[Any]:
    """The values of a row for the fresh table. Raises BadPage unless they can be such a row."""
    values = record(cell.payload)
    columns = table.columns
    if len(values) > len(columns):
        raise BadPage("a row of too many values")
    values += [column.default for column in columns[len(values) :]]
    if table.rowid is not None:
        if values[table.rowid] is not None:
            raise BadPage("a row that has its number twice")
        values[table.rowid] = cell.rowid
    for column, value in zip(columns, values, strict=True):
        if value is None and column.must:
            raise BadPage(f"a row without {column.name}")
        if value is not None and not isinstance(value, column.types):
            raise BadPage(f"a row with a wrong {column.name}")
    return values


def _parts(cell: Cell, begins: int) -> Iterator[tuple[int, int]]:
    """The parts of a record from `begins` on that lie on different pages: (offset, octets)."""
    yield begins, cell.local - begins
    for at in range(cell.local, len(cell.payload), PAGE - 4):
        yield at, min(PAGE - 4, len(cell.payload) - at)
