"""Tables of the telephones: steps of app/store/schema.py, which says how they are numbered."""

from app.store.notify_tables import NOTIFICATION as NOTIFICATION

# What the phone side has asked for once and must not be done twice: calls and recordings by the
# numbers that it has given them.
ONCE = (
    """CREATE TABLE phone_once (
        id INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL UNIQUE)""",
)

# Where a caller has begun a recording anew (numbers of pieces, between blanks), and whether it is
# urgent.
TAKES = (
    "ALTER TABLE recording ADD COLUMN takes TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE recording ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0",
)

# Whether people can be reached (app/inbox/presence.py); who is not named is in. `until` is in
# seconds since 1970. Rules are only there where they differ from the usual ones.
PRESENCE = (
    """CREATE TABLE presence (person INTEGER PRIMARY KEY REFERENCES person,
        presence TEXT NOT NULL, until REAL)""",
    """CREATE TABLE presence_rule (person INTEGER NOT NULL, presence TEXT NOT NULL,
        rings INTEGER NOT NULL, messages INTEGER NOT NULL,
        PRIMARY KEY (person, presence)) WITHOUT ROWID""",
)

# Who listens to whose mailbox besides its owner, and who sees to a message there
# (app/inbox/shared.py). `open` is kept by triggers: whether the message is an unheard voicemail,
# so that what lamps show is counted without looking at messages.
_UNHEARD = "NEW.state = 'new' AND NEW.kind = 'voicemail'"
SHARED_MAILBOXES = (
    """CREATE TABLE mailbox_member (mailbox INTEGER NOT NULL, member INTEGER NOT NULL,
        PRIMARY KEY (mailbox, member)) WITHOUT ROWID""",
    "CREATE INDEX mailbox_member_member ON mailbox_member (member)",
    """CREATE TABLE entry_claim (entry INTEGER PRIMARY KEY, mailbox INTEGER NOT NULL,
        person INTEGER NOT NULL, at REAL NOT NULL, open INTEGER NOT NULL)""",
    "CREATE INDEX entry_claim_open ON entry_claim (mailbox, person) WHERE open",
    f"""CREATE TRIGGER claim_moved AFTER UPDATE OF state ON entry BEGIN
        UPDATE entry_claim SET open = {_UNHEARD} WHERE entry = NEW.id; END""",
    """CREATE TRIGGER claim_given AFTER UPDATE OF person ON entry
        WHEN NEW.person <> OLD.person BEGIN
        DELETE FROM entry_claim WHERE entry = NEW.id; END""",
    """CREATE TRIGGER claim_gone AFTER DELETE ON entry BEGIN
        DELETE FROM entry_claim WHERE entry = OLD.id; END""",
)
# By what a call went: the attendant, a group, follow-me.
WAYS = ("ALTER TABLE call ADD COLUMN way TEXT NOT NULL DEFAULT ''",)

# Outside numbers at which people are called besides (app/inbox/follow_me.py).
FOLLOW_ME = (
    """CREATE TABLE follow_me (person INTEGER PRIMARY KEY REFERENCES person,
        number TEXT NOT NULL, after_s INTEGER NOT NULL)""",
)

# Faxes that people have mailed in (app/inbox/fax_queue.py). The mail itself is an entry that is
# leaving, and a row lasts as long as that does: whoever takes the mail back takes the fax back.
FAX_JOBS = (
    """CREATE TABLE fax_job (entry INTEGER PRIMARY KEY REFERENCES entry, number TEXT NOT NULL,
        attempts INTEGER NOT NULL, next_box_s REAL NOT NULL, calling INTEGER NOT NULL)""",
    """CREATE TRIGGER fax_job_over AFTER UPDATE OF state ON entry
        WHEN OLD.state = 'leaving' AND NEW.state <> 'leaving' BEGIN
        DELETE FROM fax_job WHERE entry = NEW.id; END""",
)
