"""Tables of the text of voicemail: a step of app/store/schema.py, which numbers it."""

# By content, which several people's entries may share (app/inbox/transcripts.py). What is newest is
# looked for among the latest voicemails, whoever's they are. A program before it neither makes nor
# shows text.
TRANSCRIPTS = (
    """CREATE TABLE transcript (content INTEGER PRIMARY KEY, outcome TEXT NOT NULL,
        said TEXT NOT NULL, number TEXT NOT NULL, tries INTEGER NOT NULL, made_at REAL NOT NULL)""",
    "CREATE INDEX entry_recorded ON entry (id) WHERE kind = 'voicemail'",
    """CREATE TRIGGER transcript_gone AFTER DELETE ON content BEGIN
        DELETE FROM transcript WHERE content = OLD.id; END""",
)
