"""The tables of the store, as numbered steps that only add.

A step that has been released is never edited: a change is a new step. `readable_from` says which
program version can still work on a store that has taken the step; older ones refuse to start.
Times are seconds since 1970 UTC; sizes are octets with CRLF line ends.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from app.store.errors import SchemaTooNew, StoreFailed


@dataclass(frozen=True)
class Step:
    """One migration: `statements` take a store from version-1 to `version`."""

    version: int
    readable_from: int
    statements: tuple[str, ...]


_PEOPLE = (
    # A removed person stays as a row: history and the bin still name them.
    """CREATE TABLE person (
        id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL COLLATE NOCASE,
        name TEXT NOT NULL, mailbox TEXT NOT NULL, handset TEXT, address TEXT COLLATE NOCASE,
        admin INTEGER NOT NULL, quota INTEGER NOT NULL, transfer TEXT NOT NULL,
        fetched_is_heard INTEGER NOT NULL, language TEXT NOT NULL,
        password TEXT, pin TEXT,
        pin_failures INTEGER NOT NULL DEFAULT 0, pin_lockouts INTEGER NOT NULL DEFAULT 0,
        pin_locked_until REAL NOT NULL DEFAULT 0,
        added_at REAL NOT NULL, removed_at REAL)""",
    "CREATE UNIQUE INDEX person_login ON person (login) WHERE removed_at IS NULL",
    "CREATE UNIQUE INDEX person_mailbox ON person (mailbox) WHERE removed_at IS NULL",
    "CREATE UNIQUE INDEX person_handset ON person (handset) WHERE removed_at IS NULL",
    "CREATE UNIQUE INDEX person_address ON person (address) WHERE removed_at IS NULL",
    "CREATE TABLE usage (person INTEGER PRIMARY KEY REFERENCES person, octets INTEGER NOT NULL)",
    """CREATE TABLE alias (name TEXT PRIMARY KEY COLLATE NOCASE,
        responsible INTEGER REFERENCES person) WITHOUT ROWID""",
    """CREATE TABLE alias_member (alias TEXT NOT NULL COLLATE NOCASE REFERENCES alias,
        place INTEGER NOT NULL, member TEXT NOT NULL COLLATE NOCASE,
        PRIMARY KEY (alias, place)) WITHOUT ROWID""",
    "CREATE INDEX alias_member_member ON alias_member (member)",
)

_MESSAGES = (
    # size stays NULL until the content is sealed
    """CREATE TABLE content (id INTEGER PRIMARY KEY AUTOINCREMENT, begun_at REAL NOT NULL,
        size INTEGER, dotted INTEGER, chunks INTEGER)""",
    # place = content << 20 | seq: one look-up in one tree, neighbours side by side
    "CREATE TABLE chunk (place INTEGER PRIMARY KEY, octets BLOB NOT NULL)",
    """CREATE TABLE entry (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES person,
        content INTEGER NOT NULL REFERENCES content, uidl TEXT NOT NULL, kind TEXT NOT NULL,
        state TEXT NOT NULL, saved INTEGER NOT NULL DEFAULT 0, prefix BLOB NOT NULL,
        size INTEGER NOT NULL, chunks INTEGER NOT NULL, dotted INTEGER NOT NULL,
        received_at REAL NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL,
        caller_number TEXT, caller_name TEXT, duration_s INTEGER,
        removed_at REAL, removed_door TEXT, removed_by TEXT, state_before TEXT)""",
    "CREATE INDEX entry_person ON entry (person, state)",
    "CREATE INDEX entry_content ON entry (content)",
    "CREATE INDEX entry_bin ON entry (removed_at) WHERE state = 'bin'",
    # Quota counts what is in the inbox: neither the bin nor what is on its way out.
    """CREATE TRIGGER usage_added AFTER INSERT ON entry WHEN NEW.state IN ('new', 'heard') BEGIN
        UPDATE usage SET octets = octets + NEW.size WHERE person = NEW.person; END""",
    """CREATE TRIGGER usage_moved AFTER UPDATE OF state, person ON entry BEGIN
        UPDATE usage SET octets = octets - OLD.size
            WHERE person = OLD.person AND OLD.state IN ('new', 'heard');
        UPDATE usage SET octets = octets + NEW.size
            WHERE person = NEW.person AND NEW.state IN ('new', 'heard'); END""",
    """CREATE TRIGGER usage_gone AFTER DELETE ON entry WHEN OLD.state IN ('new', 'heard') BEGIN
        UPDATE usage SET octets = octets - OLD.size WHERE person = OLD.person; END""",
)

_WORK = (
    """CREATE TABLE queue (
        id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL, errand TEXT NOT NULL,
        owner INTEGER REFERENCES person, entry INTEGER, content INTEGER NOT NULL REFERENCES content,
        prefix BLOB NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        state TEXT NOT NULL, created_at REAL NOT NULL, next_at REAL NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, reply TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX queue_due ON queue (next_at) WHERE state = 'waiting'",
    "CREATE INDEX queue_batch ON queue (batch)",
    "CREATE INDEX queue_content ON queue (content)",
    """CREATE TABLE recording (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES person,
        line TEXT NOT NULL, caller_number TEXT, caller_name TEXT, started_at REAL NOT NULL,
        ended_at REAL, why TEXT)""",
    # place = recording << 20 | seq, as in chunk
    "CREATE TABLE sample (place INTEGER PRIMARY KEY, octets BLOB NOT NULL)",
    """CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, door TEXT NOT NULL,
        by TEXT NOT NULL, verb TEXT NOT NULL, person INTEGER, entry INTEGER,
        detail TEXT NOT NULL)""",
    "CREATE INDEX audit_person ON audit (person)",
    "CREATE INDEX audit_entry ON audit (entry) WHERE entry IS NOT NULL",
    """CREATE TABLE change (seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL,
        person INTEGER, entry INTEGER, verb TEXT NOT NULL)""",
)

# A call that left no message has a row of its own, so that it can be listed and counted: the line
# in the history is prose.
_MISSED_CALLS = (
    # The names of the maps are the voicemail menu's affair; this one is always there.
    "ALTER TABLE person ADD COLUMN key_map TEXT NOT NULL DEFAULT 'standard'",
    # person is NULL where nobody was called: the administrator's to know
    """CREATE TABLE missed_call (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, person INTEGER REFERENCES person,
        caller_number TEXT, caller_name TEXT, line TEXT NOT NULL, reason TEXT NOT NULL)""",
    "CREATE INDEX missed_call_person ON missed_call (person, at)",
    "CREATE INDEX missed_call_at ON missed_call (at)",
)

STEPS: tuple[Step, ...] = (
    Step(1, 1, ("CREATE TABLE schema (version INTEGER NOT NULL, readable_from INTEGER NOT NULL)",)),
    Step(2, 2, _PEOPLE),
    Step(3, 3, _MESSAGES),
    Step(4, 4, _WORK),
    Step(5, 4, _MISSED_CALLS),  # a program of version 4 neither reads nor needs any of it
)


def prepare(connection: sqlite3.Connection) -> None:
    """Set the page size and auto_vacuum, which only hold before the first table, and WAL mode.

    [SQLite, PRAGMA page_size, auto_vacuum, journal_mode]. Raises sqlite3.Error.
    """
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL").fetchone()


def version_of(connection: sqlite3.Connection) -> tuple[int, int]:
    """(version, readable_from) of the store; (0, 0) if it is empty."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema'").fetchone()
    if found is None:
        return 0, 0
    row = connection.execute("SELECT version, readable_from FROM schema").fetchone()
    return int(row[0]), int(row[1])


def migrate(connection: sqlite3.Connection, path: Path, steps: tuple[Step, ...] = STEPS) -> None:
    """Bring the store up to the last of `steps`, each in a transaction of its own.

    The caller holds the write lock. Raises SchemaTooNew before anything is touched.
    """
    version = _readable_version(connection, path, steps)
    for step in steps:
        if step.version > version:
            _apply(connection, step)


def check(path: Path, steps: tuple[Step, ...] = STEPS) -> None:
    """Look whether the store could be opened, for programs that leave that to another process.

    A store that is not there yet is no fault. Raises SchemaTooNew or StoreFailed.
    """
    if not path.exists():
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            _readable_version(connection, path, steps)
        finally:
            connection.close()
    except sqlite3.Error as problem:
        raise StoreFailed(f"{path} cannot be opened: {problem}") from problem


def _readable_version(connection: sqlite3.Connection, path: Path, steps: tuple[Step, ...]) -> int:
    known = steps[-1].version
    version, readable_from = version_of(connection)
    if readable_from > known:
        raise SchemaTooNew(
            f"{path} has schema version {version} and needs a program that knows version "
            f"{readable_from} or newer; this program knows up to {known}. Install the newer "
            "program again, or restore a backup made before the update."
        )
    return version


def _apply(connection: sqlite3.Connection, step: Step) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in step.statements:
            connection.execute(statement)
        connection.execute("DELETE FROM schema")
        connection.execute("INSERT INTO schema VALUES (?, ?)", (step.version, step.readable_from))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
