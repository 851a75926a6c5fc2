"""Tables of aliases: steps of app/store/schema.py, which says how they are numbered."""

# Which aliases are lists. Beside `alias`, because programs of a version before this one fill that
# by its two columns.
LISTS = (
    "CREATE TABLE list_alias (name TEXT PRIMARY KEY COLLATE NOCASE) WITHOUT ROWID",
    """CREATE TRIGGER alias_gone AFTER DELETE ON alias BEGIN
        DELETE FROM list_alias WHERE name = OLD.name; END""",
    # What a queue row is for, where a program of a version before this one takes it for a relay.
    "ALTER TABLE queue ADD COLUMN kind TEXT",
)

# What the DNS has said of the domains of settings and aliases (app/inbox/domains.py); hosts and
# addresses are separated by blanks.
DOMAIN_FACTS = (
    """CREATE TABLE domain_facts (domain TEXT PRIMARY KEY, state TEXT NOT NULL,
        hosts TEXT NOT NULL, addresses TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID""",
)

# Probes of aliases (app/inbox/probes.py). The queue forgets its rows, these remember the outcome.
PROBES = (
    """CREATE TABLE probe (id INTEGER PRIMARY KEY AUTOINCREMENT,
        alias TEXT NOT NULL UNIQUE COLLATE NOCASE, token TEXT NOT NULL UNIQUE, at REAL NOT NULL,
        returned_at REAL, returned_to TEXT)""",
    # queue is the id of a queue row, which is never used again
    """CREATE TABLE probe_part (queue INTEGER PRIMARY KEY, probe INTEGER NOT NULL,
        recipient TEXT NOT NULL, state TEXT NOT NULL, reply TEXT NOT NULL)""",
    "CREATE INDEX probe_part_probe ON probe_part (probe)",
    """CREATE TRIGGER probe_outcome AFTER UPDATE OF state, reply ON queue WHEN NEW.kind = 'probe'
        BEGIN UPDATE probe_part SET state = NEW.state, reply = NEW.reply WHERE queue = NEW.id;
        END""",
)
