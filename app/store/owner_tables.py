"""Tables of what owners do by telephone: steps of app/store/schema.py, which numbers them."""

# Whether a box is reached from outside lines, whether e-mails are read out, and what a person is
# led through at the first visit (app/inbox/first_use.py); who has lived with a box is not asked.
OWNERS = (
    "ALTER TABLE person ADD COLUMN outside_login INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE person ADD COLUMN mail_by_phone INTEGER NOT NULL DEFAULT 1",
    """CREATE TABLE first_use (person INTEGER NOT NULL REFERENCES person, step TEXT NOT NULL,
        PRIMARY KEY (person, step)) WITHOUT ROWID""",
)
