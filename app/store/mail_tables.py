"""Tables of mail programs' doings."""

REMOVALS = (
    # A part of a removal that is too large for one transaction (app/inbox/removals.py).
    """CREATE TABLE removal (id INTEGER PRIMARY KEY AUTOINCREMENT, door TEXT NOT NULL,
        by TEXT NOT NULL, detail TEXT NOT NULL, entries TEXT NOT NULL)""",
)
