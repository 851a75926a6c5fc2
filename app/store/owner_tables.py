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

# Whether missed calls light the lamps of those who listen to a box, and the last one that was seen;
# what was missed before that is wanted is not new (app/inbox/missed_calls.py).
MISSED_LAMP = (
    "ALTER TABLE person ADD COLUMN missed_lamp INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE person ADD COLUMN missed_seen INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX missed_call_unseen ON missed_call (person)",
    """CREATE TRIGGER missed_lamp_on AFTER UPDATE OF missed_lamp ON person
        WHEN NEW.missed_lamp > OLD.missed_lamp BEGIN
        UPDATE person SET missed_seen = coalesce(
            (SELECT max(id) FROM missed_call INDEXED BY missed_call_unseen
                WHERE person = NEW.id), 0)
            WHERE id = NEW.id; END""",
)

# The list of new voicemail has the urgent ones first; each half of it is read in pages.
URGENT_FIRST = (
    """CREATE INDEX entry_unheard ON entry (person, urgent)
        WHERE kind = 'voicemail' AND state = 'new'""",
)
