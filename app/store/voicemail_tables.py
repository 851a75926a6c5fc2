"""Tables of voicemail: steps of app/store/schema.py, which says how they are numbered."""

# What a caller or the owner has marked a message as, and whether its owner hears who called before
# it. The names of key maps are the menu's affair (app/voicemail/key_maps.py); this one is renamed.
MARKS = (
    "ALTER TABLE entry ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE entry ADD COLUMN private INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE person ADD COLUMN envelope_first INTEGER NOT NULL DEFAULT 0",
    "UPDATE person SET key_map = 'switchhook' WHERE key_map = 'standard'",
)
