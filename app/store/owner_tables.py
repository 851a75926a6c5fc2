"""Tables of what owners do by telephone: steps of app/store/schema.py, which numbers them."""

# Whether a box is reached from outside lines, whether e-mails are read out, and what a person is
# led through at the first visit (app/inbox/first_use.py); who has lived with a box is not asked.
OWNERS = (
    "ALTER TABLE person ADD COLUMN outside_login INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE person ADD COLUMN mail_by_phone INTEGER NOT NULL DEFAULT 1",
    """CREATE TABLE first_use (person INTEGER NOT NULL REFERENCES person, step TEXT NOT NULL,
        PRIMARY KEY (person, step)) WITHOUT ROWID""",
)

# What a caller or the owner has marked a message as, and whether its owner hears who called before
# it. The names of key maps are the menu's affair (app/voicemail/key_maps.py); this one is renamed.
MARKS = (
    "ALTER TABLE entry ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entry ADD COLUMN private INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE person ADD COLUMN envelope_first INTEGER NOT NULL DEFAULT 0",
    "UPDATE person SET key_map = 'switchhook' WHERE key_map = 'standard'",
)

# The list of new voicemail has the urgent ones first; each half of it is read in pages.
URGENT_FIRST = (
    """CREATE INDEX entry_unheard ON entry (person, urgent)
        WHERE kind = 'voicemail' AND state = 'new'""",
)
