"""Tables of notification: a step of app/store/schema.py, which says how they are numbered.

A run is one message that somebody is being told of (app/inbox/notification_runs.py). Triggers begin
it and have it looked at again when the message has moved, whatever moved it: nothing else need know
of notification, and who is told of nothing costs one look into an empty index.
"""

_IS_TOLD = """(SELECT emails OR NEW.kind = 'voicemail' FROM notification
        WHERE notification.person = NEW.person)"""
_BEGIN = "INSERT OR IGNORE INTO notification_run (entry, person) VALUES (NEW.id, NEW.person)"

NOTIFICATION = (
    """CREATE TABLE notification (person INTEGER PRIMARY KEY REFERENCES person,
        texts_to TEXT NOT NULL, emails INTEGER NOT NULL, urgent INTEGER NOT NULL,
        quiet_from INTEGER, quiet_to INTEGER)""",
    """CREATE TABLE notification_level (person INTEGER NOT NULL, level INTEGER NOT NULL,
        way TEXT NOT NULL, target TEXT NOT NULL, period INTEGER NOT NULL,
        retries INTEGER NOT NULL, continued INTEGER NOT NULL,
        PRIMARY KEY (person, level)) WITHOUT ROWID""",
    # Minute and level are those of the last step done, minute -1: none yet. `due_box_s` is when the
    # next one is due, NULL: nobody has looked yet. `call` is the number of a call under way, or 0.
    """CREATE TABLE notification_run (entry INTEGER PRIMARY KEY, person INTEGER NOT NULL,
        minute INTEGER NOT NULL DEFAULT -1, level INTEGER NOT NULL DEFAULT 0,
        done INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
        call INTEGER NOT NULL DEFAULT 0, due_box_s REAL, look_box_s REAL NOT NULL DEFAULT 0)""",
    "CREATE INDEX notification_run_look ON notification_run (look_box_s)",
    "CREATE INDEX notification_run_call ON notification_run (call) WHERE call > 0",
    f"""CREATE TRIGGER notified_added AFTER INSERT ON entry
        WHEN NEW.state = 'new' AND {_IS_TOLD} BEGIN {_BEGIN}; END""",
    f"""CREATE TRIGGER notified_returned AFTER UPDATE OF state ON entry
        WHEN OLD.state = 'leaving' AND NEW.state = 'new' AND {_IS_TOLD} BEGIN {_BEGIN}; END""",
    """CREATE TRIGGER notified_moved AFTER UPDATE OF state ON entry WHEN NEW.state <> 'new' BEGIN
        UPDATE notification_run SET look_box_s = 0 WHERE entry = NEW.id; END""",
    """CREATE TRIGGER notified_taken AFTER INSERT ON entry_claim BEGIN
        UPDATE notification_run SET look_box_s = 0 WHERE entry = NEW.entry; END""",
    # Given back unheard, it is escalated from the first level on; the texts have been sent.
    """CREATE TRIGGER notified_released AFTER DELETE ON entry_claim BEGIN
        INSERT OR IGNORE INTO notification_run (entry, person, minute)
        SELECT id, entry.person, 0 FROM entry JOIN notification USING (person)
        WHERE id = OLD.entry AND state = 'new'; END""",
    """CREATE TRIGGER notified_given AFTER UPDATE OF person ON entry
        WHEN NEW.person <> OLD.person BEGIN
        DELETE FROM notification_run WHERE entry = NEW.id; END""",
    """CREATE TRIGGER notified_gone AFTER DELETE ON entry BEGIN
        DELETE FROM notification_run WHERE entry = OLD.id; END""",
)
