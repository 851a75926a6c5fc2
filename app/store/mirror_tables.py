"""Tables of the mirror of an IMAP server: a step of app/store/schema.py, which numbers it.

Each entry has a row that says where the server has it and which flags it has there. Triggers note
that an entry is no more as the server knows it (`due`), whatever changed it: whoever changes an
entry need not know of the mirror, and a box without one pays one look into an empty table.
"""

_ON = "EXISTS (SELECT 1 FROM mirror)"
_INBOX = "NEW.state IN ('new', 'heard')"
_BEGIN = "INSERT OR IGNORE INTO mirror_entry (entry, person, due) VALUES (NEW.id, NEW.person, 1)"

MIRROR = (
    # One row while the inbox lives on an IMAP server.
    "CREATE TABLE mirror (id INTEGER PRIMARY KEY CHECK (id = 1))",
    # How far a person's inbox there is known; `error` and since when (seconds since 1970).
    """CREATE TABLE mirror_account (person INTEGER PRIMARY KEY REFERENCES person,
        uidvalidity INTEGER NOT NULL DEFAULT 0, uidnext INTEGER NOT NULL DEFAULT 0,
        modseq INTEGER NOT NULL DEFAULT 0, ok_at REAL, error TEXT NOT NULL DEFAULT '',
        error_at REAL)""",
    # `place`: app/inbox/mirror.py; uid is NULL but for what is in the inbox there. `begun` is the
    # lowest UID that a copy under way may have got, with the UIDVALIDITY it was begun under.
    # `octets` is the size that the server names. `again`: a second copy was sent, because the first
    # one was not found after the connection had broken.
    """CREATE TABLE mirror_entry (entry INTEGER PRIMARY KEY, person INTEGER NOT NULL,
        place TEXT NOT NULL DEFAULT '', uid INTEGER, seen INTEGER NOT NULL DEFAULT 0,
        saved INTEGER NOT NULL DEFAULT 0, message_id TEXT NOT NULL DEFAULT '',
        octets INTEGER NOT NULL DEFAULT 0, partial INTEGER NOT NULL DEFAULT 0,
        begun INTEGER, begun_validity INTEGER, again INTEGER NOT NULL DEFAULT 0,
        due INTEGER, next_box_s REAL NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT '')""",
    "CREATE INDEX mirror_entry_due ON mirror_entry (person, entry) WHERE due = 1",
    "CREATE INDEX mirror_entry_uid ON mirror_entry (person, place, uid)",
    "CREATE INDEX mirror_entry_message_id ON mirror_entry (person, message_id)",
    f"""CREATE TRIGGER mirror_added AFTER INSERT ON entry WHEN {_INBOX} AND {_ON} BEGIN
        {_BEGIN}; END""",
    f"""CREATE TRIGGER mirror_moved AFTER UPDATE OF state, saved ON entry
        WHEN (OLD.state <> NEW.state OR OLD.saved <> NEW.saved) AND {_ON} BEGIN
        UPDATE mirror_entry SET due = 1, next_box_s = 0, failures = 0 WHERE entry = NEW.id;
        INSERT OR IGNORE INTO mirror_entry (entry, person, due)
            SELECT NEW.id, NEW.person, 1 WHERE {_INBOX}; END""",
    # Whom it is given to has an inbox of their own there.
    f"""CREATE TRIGGER mirror_given AFTER UPDATE OF person ON entry
        WHEN OLD.person <> NEW.person BEGIN
        DELETE FROM mirror_entry WHERE entry = NEW.id;
        INSERT OR IGNORE INTO mirror_entry (entry, person, due)
            SELECT NEW.id, NEW.person, 1 WHERE {_INBOX} AND {_ON}; END""",
    # What the server has still in its inbox is told of its removal, though nothing is left of it.
    """CREATE TRIGGER mirror_gone AFTER DELETE ON entry BEGIN
        DELETE FROM mirror_entry WHERE entry = OLD.id AND NOT (due = 1 AND place = 'inbox'); END""",
)

VERIFIED = (
    # `verified`: what the server has was compared with what is here, or is where it came from.
    "ALTER TABLE mirror_entry ADD COLUMN verified INTEGER NOT NULL DEFAULT 0",
    # What the server has in its inbox is remembered until it is told, also while it is told
    # nothing: else it would come back from there.
    "DROP TRIGGER mirror_gone",
    """CREATE TRIGGER mirror_gone AFTER DELETE ON entry BEGIN
        UPDATE mirror_entry SET due = 1 WHERE entry = OLD.id AND place = 'inbox';
        DELETE FROM mirror_entry WHERE entry = OLD.id AND place <> 'inbox'; END""",
)
