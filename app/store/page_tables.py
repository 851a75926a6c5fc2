"""Tables of pages: steps of app/store/schema.py, which says how they are numbered."""

# What the pages of the box ask for: a message by its Message-ID, calls, and how far a new box is.
REPORTS = (
    "ALTER TABLE audit ADD COLUMN message_id TEXT",
    "CREATE INDEX audit_message_id ON audit (message_id) WHERE message_id IS NOT NULL",
    """CREATE TABLE call (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, line TEXT NOT NULL,
        caller_number TEXT, caller_name TEXT, reached TEXT NOT NULL, outcome TEXT NOT NULL,
        waited_s INTEGER NOT NULL, talked_s INTEGER NOT NULL)""",
    """CREATE TABLE first_step (name TEXT PRIMARY KEY, at REAL NOT NULL, by TEXT NOT NULL)
        WITHOUT ROWID""",
    # A box that people live with already is not asked how it is to be set up.
    "INSERT INTO first_step SELECT 'dismissed', 0, 'update' FROM person LIMIT 1",
)

# What a login to the web pages wants beside the password (app/inbox/second_factors.py).
SECOND_FACTORS = (
    """CREATE TABLE second_factor (person INTEGER PRIMARY KEY REFERENCES person,
        confirmed INTEGER NOT NULL, last_step INTEGER NOT NULL)""",
    """CREATE TABLE recovery_code (person INTEGER NOT NULL, code BLOB NOT NULL,
        PRIMARY KEY (person, code)) WITHOUT ROWID""",
)

# Who is logged in to the web pages (app/inbox/web_sessions.py), and what people may do beside
# their own box; an administrator (column admin) may everything.
WEB_SESSIONS = (
    """CREATE TABLE web_session (id INTEGER PRIMARY KEY AUTOINCREMENT, token BLOB NOT NULL UNIQUE,
        person INTEGER NOT NULL REFERENCES person, began_at REAL NOT NULL,
        began_box_s REAL NOT NULL, used_box_s REAL NOT NULL, peer TEXT NOT NULL,
        program TEXT NOT NULL)""",
    "CREATE INDEX web_session_person ON web_session (person)",
    "CREATE INDEX web_session_used ON web_session (used_box_s)",
    "ALTER TABLE person ADD COLUMN roles TEXT NOT NULL DEFAULT ''",
)
