"""The tables of the store, as numbered steps that only add.

A step that has been released is never edited: a change is a new step. `readable_from` says which
program version can still work on a store that has taken the step; older ones refuse to start.
Times are seconds since 1970 UTC, for people to read; columns that end in `box_s` are box time
(app/store/box_time.py), by which ages and deadlines are counted, and are NULL in what a program
of a version before 6 has written. Sizes are octets with CRLF line ends.
"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from app.store import (
    alias_tables,
    call_tables,
    mail_tables,
    mirror_tables,
    owner_tables,
    page_tables,
    people_tables,
    phone_tables,
    transcript_tables,
)
from app.store.condition import StoreCondition, as_store_error
from app.store.errors import SchemaTooNew


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

# A call that left no message has a row of its own, to be listed and counted: history is prose.
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

# What is old is told by box time and no longer by stamps of the wall clock.
_BOX_TIME = (
    """CREATE TABLE box_time (id INTEGER PRIMARY KEY CHECK (id = 1), boot TEXT NOT NULL,
        base_s REAL NOT NULL, now_s REAL NOT NULL)""",
    # The last rows that there were at a box time: what is not above them is older than that.
    """CREATE TABLE mark (box_s REAL PRIMARY KEY, audit INTEGER NOT NULL, change INTEGER NOT NULL,
        missed_call INTEGER NOT NULL, content INTEGER NOT NULL) WITHOUT ROWID""",
    "ALTER TABLE entry ADD COLUMN removed_box_s REAL",
    "CREATE INDEX entry_bin_box_s ON entry (removed_box_s) WHERE state = 'bin'",
    "ALTER TABLE person ADD COLUMN pin_locked_until_box_s REAL",
)

# What follows the last "@". In small letters, as domains are compared.
_DOMAIN = "lower(substr(recipient, length(rtrim(recipient, replace(recipient, '@', ''))) + 1))"
_IS, _WAS = "(NEW.state = 'waiting')", "(OLD.state = 'waiting')"
_DESTINATIONS = (
    "ALTER TABLE queue ADD COLUMN created_box_s REAL",
    "ALTER TABLE queue ADD COLUMN next_box_s REAL",
    f"ALTER TABLE queue ADD COLUMN destination TEXT GENERATED ALWAYS AS ({_DOMAIN}) VIRTUAL",
    "CREATE INDEX queue_turn ON queue (destination, next_box_s) WHERE state = 'waiting'",
    "CREATE INDEX queue_age ON queue (destination, created_box_s) WHERE state = 'waiting'",
    "CREATE INDEX queue_oldest ON queue (created_box_s) WHERE state = 'waiting'",
    # One row for each with waiting mail, and one named '' for the smarthost while that is down.
    """CREATE TABLE destination (name TEXT PRIMARY KEY, waiting INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0, next_box_s REAL NOT NULL,
        reply TEXT NOT NULL DEFAULT '') WITHOUT ROWID""",
    "CREATE INDEX destination_up ON destination (next_box_s) WHERE failures = 0",
    "CREATE INDEX destination_down ON destination (next_box_s) WHERE failures > 0",
    "CREATE TABLE queue_count (id INTEGER PRIMARY KEY CHECK (id = 1), waiting INTEGER NOT NULL)",
    "INSERT INTO queue_count SELECT 1, count(*) FROM queue WHERE state = 'waiting'",
    """INSERT INTO destination (name, waiting, next_box_s)
        SELECT destination, count(*), 0 FROM queue WHERE state = 'waiting' GROUP BY destination""",
    f"""CREATE TRIGGER queue_added AFTER INSERT ON queue WHEN {_IS} BEGIN
        UPDATE queue_count SET waiting = waiting + 1;
        INSERT INTO destination (name, waiting, next_box_s)
            VALUES (NEW.destination, 1, coalesce(NEW.next_box_s, 0))
            ON CONFLICT (name) DO UPDATE SET waiting = waiting + 1, next_box_s =
                iif(failures = 0, min(next_box_s, excluded.next_box_s), next_box_s); END""",
    f"""CREATE TRIGGER queue_closed AFTER UPDATE OF state ON queue WHEN {_WAS} > {_IS} BEGIN
        UPDATE queue_count SET waiting = waiting - 1;
        UPDATE destination SET waiting = waiting - 1 WHERE name = OLD.destination;
        DELETE FROM destination WHERE name = OLD.destination AND waiting <= 0; END""",
    f"""CREATE TRIGGER queue_deleted AFTER DELETE ON queue WHEN {_WAS} BEGIN
        UPDATE queue_count SET waiting = waiting - 1;
        UPDATE destination SET waiting = waiting - 1 WHERE name = OLD.destination;
        DELETE FROM destination WHERE name = OLD.destination AND waiting <= 0; END""",
)

# Who guessed at whose PIN from where; the columns pin_… of person are of before that.
_PIN_GUESSES = (
    # person is 0 for numbers that are nobody's; origin "*" is all callers from outside together
    """CREATE TABLE pin_guess (person INTEGER NOT NULL, origin TEXT NOT NULL,
        wrong INTEGER NOT NULL, lockouts INTEGER NOT NULL, until_box_s REAL NOT NULL,
        PRIMARY KEY (person, origin)) WITHOUT ROWID""",
)

# So that a repair finds the UIDLs of entries whose rows are lost.
_UIDLS = ("ALTER TABLE audit ADD COLUMN uidl TEXT",)

# Voicemails by state, newest first; e-mail costs nothing here.
_VOICEMAILS = (
    "CREATE INDEX entry_voicemail ON entry (person, state, kind) WHERE kind = 'voicemail'",
)

# What is asked for often and must cost the same however much lies in the store.
_NEW_VOICEMAIL = "({row}.state = 'new' AND {row}.kind = 'voicemail')"
_NEW_EMAIL = "({row}.state = 'new' AND {row}.kind = 'email')"
_BIN_OCTETS = "iif({row}.state = 'bin', {row}.size, 0)"
_HELD = ", ".join((_NEW_VOICEMAIL, _NEW_EMAIL, _BIN_OCTETS))
_HOLD = f"""INSERT INTO held VALUES (NEW.person, {_HELD.format(row="NEW")})
            ON CONFLICT (person) DO UPDATE SET voicemails = voicemails + excluded.voicemails,
                emails = emails + excluded.emails, bin_octets = bin_octets + excluded.bin_octets"""
_LET_GO = f"""UPDATE held SET voicemails = voicemails - {_NEW_VOICEMAIL.format(row="OLD")},
            emails = emails - {_NEW_EMAIL.format(row="OLD")},
            bin_octets = bin_octets - {_BIN_OCTETS.format(row="OLD")} WHERE person = OLD.person"""
_COUNTS = (
    # Beside `usage`, because programs of a version before this one fill that by its two columns.
    """CREATE TABLE held (person INTEGER PRIMARY KEY REFERENCES person,
        voicemails INTEGER NOT NULL, emails INTEGER NOT NULL, bin_octets INTEGER NOT NULL)""",
    "INSERT INTO held SELECT person, sum(state = 'new' AND kind = 'voicemail'),"
    " sum(state = 'new' AND kind = 'email'), sum(iif(state = 'bin', size, 0))"
    " FROM entry GROUP BY person",
    f"""CREATE TRIGGER held_added AFTER INSERT ON entry WHEN NEW.state IN ('new', 'bin') BEGIN
        {_HOLD}; END""",
    f"""CREATE TRIGGER held_moved AFTER UPDATE OF state, person ON entry
        WHEN OLD.state IN ('new', 'bin') OR NEW.state IN ('new', 'bin') BEGIN
        {_LET_GO};
        {_HOLD}; END""",
    f"""CREATE TRIGGER held_gone AFTER DELETE ON entry WHEN OLD.state IN ('new', 'bin') BEGIN
        {_LET_GO}; END""",
    "CREATE INDEX person_first ON person (admin DESC) WHERE removed_at IS NULL",
    "CREATE INDEX person_former ON person (login) WHERE removed_at IS NOT NULL",
    "CREATE INDEX pin_guess_locked ON pin_guess (until_box_s) WHERE lockouts > 0",
)

# What an account elsewhere is given as its password, encrypted (app/inbox/account_passwords.py).
_ACCOUNT_PASSWORDS = (
    # person is 0 for accounts of the box itself
    """CREATE TABLE account_password (person INTEGER NOT NULL, account TEXT NOT NULL,
        sealed BLOB NOT NULL, PRIMARY KEY (person, account)) WITHOUT ROWID""",
)

# By which this store knows what it has sent on (app/inbox/loops.py); a repaired one has another.
_LOOP_KEY = (
    "CREATE TABLE loop_key (id INTEGER PRIMARY KEY CHECK (id = 1), key BLOB NOT NULL)",
    "INSERT INTO loop_key SELECT 1, randomblob(32)",
)

# The rewriting of senders (app/inbox/rewritten_senders.py).
_REWRITTEN_SENDERS = (
    """CREATE TABLE srs_salt (id INTEGER PRIMARY KEY AUTOINCREMENT, salt BLOB NOT NULL,
        since_box_s REAL NOT NULL)""",
    """CREATE TABLE srs_sender (token TEXT PRIMARY KEY, sender TEXT NOT NULL,
        since_box_s REAL NOT NULL) WITHOUT ROWID""",
    "CREATE INDEX srs_sender_since ON srs_sender (since_box_s)",
)

# Mail that people have elsewhere (app/inbox/fetch_accounts.py).
_FETCH_ACCOUNTS = (
    """CREATE TABLE fetch_account (
        id INTEGER PRIMARY KEY AUTOINCREMENT, person INTEGER NOT NULL REFERENCES person,
        server TEXT NOT NULL, port INTEGER NOT NULL, tls TEXT NOT NULL, user TEXT NOT NULL,
        fingerprint TEXT NOT NULL DEFAULT '', poll_s REAL NOT NULL, keep_days INTEGER,
        next_box_s REAL NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, ok_at REAL,
        error TEXT NOT NULL DEFAULT '', error_at REAL, told_full INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX fetch_account_due ON fetch_account (next_box_s)",
    "CREATE INDEX fetch_account_person ON fetch_account (person)",
    """CREATE TABLE fetch_seen (account INTEGER NOT NULL, mark TEXT NOT NULL, head TEXT NOT NULL,
        first_box_s REAL NOT NULL, fetched INTEGER NOT NULL, gone_box_s REAL,
        PRIMARY KEY (account, mark)) WITHOUT ROWID""",
    "CREATE INDEX fetch_seen_gone ON fetch_seen (account, head) WHERE gone_box_s IS NOT NULL",
)

# What waits of one mail, and what waits without its sender knowing.
_WAITING = (
    "CREATE INDEX queue_open ON queue (batch) WHERE state = 'waiting'",
    "ALTER TABLE queue ADD COLUMN warned INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX queue_unwarned ON queue (created_box_s) WHERE state = 'waiting' AND warned = 0",
)

# What an inbox may hold and for how long: a person's own value, else the template's, else (NULL in
# both) the setting's. The column quota of person is of before that.
_IN = "({row}.state IN ('new', 'heard'))"
_LIMITS = (
    """CREATE TABLE template (id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE, quota INTEGER, voicemails INTEGER,
        heard_days INTEGER, unheard_days INTEGER, fetched_days INTEGER, unfetched_days INTEGER,
        grace_days INTEGER)""",
    "ALTER TABLE person ADD COLUMN template INTEGER REFERENCES template",
    "ALTER TABLE person ADD COLUMN own_quota INTEGER",
    "ALTER TABLE person ADD COLUMN own_voicemails INTEGER",
    "UPDATE person SET own_quota = quota",
    # Voicemails in the inbox, heard or not. E-mail costs nothing here.
    """CREATE TABLE kept (person INTEGER PRIMARY KEY REFERENCES person,
        voicemails INTEGER NOT NULL)""",
    "INSERT INTO kept SELECT person, count(*) FROM entry"
    " WHERE kind = 'voicemail' AND state IN ('new', 'heard') GROUP BY person",
    f"""CREATE TRIGGER kept_added AFTER INSERT ON entry
        WHEN NEW.kind = 'voicemail' AND {_IN.format(row="NEW")} BEGIN
        INSERT INTO kept VALUES (NEW.person, 1)
            ON CONFLICT (person) DO UPDATE SET voicemails = voicemails + 1; END""",
    f"""CREATE TRIGGER kept_moved AFTER UPDATE OF state, person ON entry
        WHEN NEW.kind = 'voicemail' AND (OLD.person <> NEW.person
            OR {_IN.format(row="OLD")} <> {_IN.format(row="NEW")}) BEGIN
        UPDATE kept SET voicemails = voicemails - {_IN.format(row="OLD")}
            WHERE person = OLD.person;
        INSERT INTO kept VALUES (NEW.person, {_IN.format(row="NEW")})
            ON CONFLICT (person) DO UPDATE SET voicemails = voicemails + excluded.voicemails;
        END""",
    f"""CREATE TRIGGER kept_gone AFTER DELETE ON entry
        WHEN OLD.kind = 'voicemail' AND {_IN.format(row="OLD")} BEGIN
        UPDATE kept SET voicemails = voicemails - 1 WHERE person = OLD.person; END""",
    # At which percentage people were warned last; no row: they were not, or it is less now.
    "CREATE TABLE warned (person INTEGER PRIMARY KEY REFERENCES person, percent INTEGER NOT NULL)",
    # Since when an entry is heard, or back from the bin. NULL: since its delivery, which its number
    # and the marks tell; so a delivery writes nothing into the index.
    "ALTER TABLE entry ADD COLUMN since_box_s REAL",
    "UPDATE entry SET since_box_s = coalesce((SELECT now_s FROM box_time), 0)"
    " WHERE state = 'heard'",
    "CREATE INDEX entry_since ON entry (person, kind, state, since_box_s)"
    " WHERE since_box_s IS NOT NULL AND saved = 0",
    "DROP INDEX entry_bin",  # nothing has read it since step 6
    "CREATE INDEX entry_bin_person ON entry (person, removed_box_s) WHERE state = 'bin'",
)

# What a sender wants to be told of a mail (app/message/dsn.py); a program before it tells as ever.
_ASKED = ("ALTER TABLE queue ADD COLUMN asked TEXT",)

# Mail that is held after a restore (app/inbox/held_mail.py); released, it waits again.
_HELD_MAIL = (
    "CREATE INDEX queue_held ON queue (batch) WHERE state = 'held'",
    f"""CREATE TRIGGER queue_released AFTER UPDATE OF state ON queue WHEN {_IS} > {_WAS} BEGIN
        UPDATE queue_count SET waiting = waiting + 1;
        INSERT INTO destination (name, waiting, next_box_s)
            VALUES (NEW.destination, 1, coalesce(NEW.next_box_s, 0))
            ON CONFLICT (name) DO UPDATE SET waiting = waiting + 1, next_box_s =
                iif(failures = 0, min(next_box_s, excluded.next_box_s), next_box_s); END""",
)

# Accounts by which a person's own mail leaves (app/inbox/outgoing_accounts.py). What waits for one
# is counted under "@" and the person's id, instead of the recipient's domain.
_WAY = f"iif(account IS NULL, {_DOMAIN}, '@' || account)"
_PERSONAL = "name >= '@' AND name < 'A'"
_COUNT_OFF = """UPDATE destination SET waiting = waiting - 1 WHERE name = OLD.way;
        DELETE FROM destination WHERE name = OLD.way AND waiting <= 0"""
_COUNT_ON = """INSERT INTO destination (name, waiting, next_box_s)
            VALUES (NEW.way, 1, coalesce(NEW.next_box_s, 0))
            ON CONFLICT (name) DO UPDATE SET waiting = waiting + 1, next_box_s =
                iif(failures = 0, min(next_box_s, excluded.next_box_s), next_box_s)"""
_QUEUE_TRIGGERS = ("queue_added", "queue_closed", "queue_deleted", "queue_released")
_OUTGOING_ACCOUNTS = (
    """CREATE TABLE outgoing_account (person INTEGER PRIMARY KEY REFERENCES person,
        server TEXT NOT NULL, port INTEGER NOT NULL, tls TEXT NOT NULL, user TEXT NOT NULL)""",
    "ALTER TABLE queue ADD COLUMN account INTEGER",
    f"ALTER TABLE queue ADD COLUMN way TEXT GENERATED ALWAYS AS ({_WAY}) VIRTUAL",
    *(f"DROP INDEX {name}" for name in ("queue_turn", "queue_age", "queue_oldest")),
    "CREATE INDEX queue_turn ON queue (way, next_box_s) WHERE state = 'waiting'",
    "CREATE INDEX queue_age ON queue (way, created_box_s) WHERE state = 'waiting'",
    "CREATE INDEX queue_oldest ON queue (created_box_s)"
    " WHERE state = 'waiting' AND account IS NULL",
    f"CREATE INDEX destination_personal ON destination (next_box_s) WHERE {_PERSONAL}",
    *(f"DROP TRIGGER {name}" for name in _QUEUE_TRIGGERS),
    f"""CREATE TRIGGER queue_added AFTER INSERT ON queue WHEN {_IS} BEGIN
        UPDATE queue_count SET waiting = waiting + 1;
        {_COUNT_ON}; END""",
    f"""CREATE TRIGGER queue_closed AFTER UPDATE OF state ON queue WHEN {_WAS} > {_IS} BEGIN
        UPDATE queue_count SET waiting = waiting - 1;
        {_COUNT_OFF}; END""",
    f"""CREATE TRIGGER queue_deleted AFTER DELETE ON queue WHEN {_WAS} BEGIN
        UPDATE queue_count SET waiting = waiting - 1;
        {_COUNT_OFF}; END""",
    f"""CREATE TRIGGER queue_released AFTER UPDATE OF state ON queue WHEN {_IS} > {_WAS} BEGIN
        UPDATE queue_count SET waiting = waiting + 1;
        {_COUNT_ON}; END""",
    f"""CREATE TRIGGER queue_rerouted AFTER UPDATE OF account ON queue
        WHEN {_WAS} AND {_IS} AND OLD.way <> NEW.way BEGIN
        {_COUNT_OFF};
        {_COUNT_ON}; END""",
    """CREATE TRIGGER outgoing_account_set AFTER INSERT ON outgoing_account BEGIN
        UPDATE queue SET account = NEW.person WHERE owner = NEW.person; END""",
    """CREATE TRIGGER outgoing_account_gone AFTER DELETE ON outgoing_account BEGIN
        UPDATE queue SET account = NULL WHERE account = OLD.person; END""",
)

STEPS: tuple[Step, ...] = (
    Step(1, 1, ("CREATE TABLE schema (version INTEGER NOT NULL, readable_from INTEGER NOT NULL)",)),
    Step(2, 2, _PEOPLE),
    Step(3, 3, _MESSAGES),
    Step(4, 4, _WORK),
    Step(5, 4, _MISSED_CALLS),  # a program of version 4 neither reads nor needs any of it
    Step(6, 4, _BOX_TIME),  # nor of this
    Step(7, 4, phone_tables.ONCE),  # nor of this
    Step(8, 4, _DESTINATIONS),  # nor of this: triggers keep the counts whoever writes
    Step(9, 4, _PIN_GUESSES),
    Step(10, 4, _UIDLS),
    Step(11, 4, _VOICEMAILS),
    Step(12, 4, _COUNTS),  # as with 8
    Step(13, 4, _ACCOUNT_PASSWORDS),
    Step(14, 4, _LOOP_KEY),
    Step(15, 4, _REWRITTEN_SENDERS),
    Step(16, 4, alias_tables.LISTS),
    Step(17, 4, _FETCH_ACCOUNTS),
    Step(18, 4, _WAITING),
    Step(19, 4, alias_tables.DOMAIN_FACTS),
    Step(20, 4, _LIMITS),  # as with 8; a program before it knows no templates
    Step(21, 4, _ASKED),
    Step(22, 4, _HELD_MAIL),  # a program before it sends none of it
    Step(23, 4, _OUTGOING_ACCOUNTS),  # a program before it leaves that mail waiting
    Step(24, 4, alias_tables.PROBES),
    Step(25, 4, page_tables.WEB_SESSIONS),  # a program before it knows administrators and others
    Step(26, 4, page_tables.SECOND_FACTORS),
    Step(27, 4, page_tables.REPORTS),  # nor of this
    Step(28, 4, phone_tables.PRESENCE),  # a program before it rings everybody
    Step(29, 4, owner_tables.OWNERS),  # a program before it leaves boxes to those inside
    Step(30, 4, call_tables.OUTGOING),  # nor of this: it lets nobody call outside
    Step(31, 4, phone_tables.SHARED_MAILBOXES),  # nor of this
    Step(32, 4, phone_tables.TAKES),  # a program before it delivers all takes, one after the other
    Step(33, 4, phone_tables.FOLLOW_ME),  # a program before it follows nobody
    Step(34, 4, phone_tables.WAYS),  # nor does it say by what a call went
    Step(35, 4, owner_tables.MARKS),  # a program before it forwards what is private
    Step(36, 4, owner_tables.URGENT_FIRST),
    Step(37, 4, owner_tables.MISSED_LAMP),  # a program before it lights no lamp for them
    Step(38, 4, phone_tables.NOTIFICATION),  # nor tells anybody of messages
    Step(39, 4, phone_tables.FAX_JOBS),  # a program before it sends none of them
    Step(40, 4, people_tables.PEOPLE_CHANGES),  # as with 8
    Step(41, 4, mail_tables.REMOVALS),  # a program before it does not end what was cut off
    Step(42, 4, transcript_tables.TRANSCRIPTS),  # a program before it shows none of it
    Step(43, 4, mirror_tables.MIRROR),  # a program before it tells no server of changes
    Step(44, 4, transcript_tables.AWAITED_TEXTS),  # a program before it waits for none
    Step(45, 4, mirror_tables.VERIFIED),  # a program before it gives up what was not compared
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

    An empty store takes all of them in one, so that it is made with one sync instead of forty.
    The caller holds the write lock. Raises SchemaTooNew before anything is touched, and
    StoreDamaged if nothing may be written to the store.
    """
    version = _readable_version(connection, path, steps)
    left = tuple(step for step in steps if step.version > version)
    for together in (left,) if version == 0 else tuple((step,) for step in left):
        if together:
            StoreCondition(path).require_writable()
            _apply(connection, together)


def check(path: Path, steps: tuple[Step, ...] = STEPS) -> None:
    """Look whether the store could be opened, for programs that leave that to another process.

    A store that is not there yet is no fault. Raises SchemaTooNew, and StoreDamaged or StoreFailed
    if its first pages cannot be read.
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
        raise as_store_error(problem, f"{path} cannot be opened") from problem


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


def _apply(connection: sqlite3.Connection, together: tuple[Step, ...]) -> None:
    last = together[-1]
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in together:
            for statement in step.statements:
                connection.execute(statement)
        connection.execute("DELETE FROM schema")
        connection.execute("INSERT INTO schema VALUES (?, ?)", (last.version, last.readable_from))
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
