"""Tables of the text of voicemail: steps of app/store/schema.py, which numbers them."""

from app.store.people_tables import person_noted_anew

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

# Voicemail whose owner wants its text in the mail waits for it as a recording
# (app/inbox/awaited_texts.py). A program before it delivers it at once.
AWAITED_TEXTS = (
    "ALTER TABLE person ADD COLUMN text_wait_min INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE awaited_text (recording INTEGER PRIMARY KEY, until_box_s REAL NOT NULL,
        outcome TEXT, said TEXT NOT NULL DEFAULT '', number TEXT NOT NULL DEFAULT '')""",
    """CREATE TRIGGER awaited_text_gone AFTER DELETE ON recording BEGIN
        DELETE FROM awaited_text WHERE recording = OLD.id; END""",
    *person_noted_anew("text_wait_min"),
)
