"""Tables of the telephones: steps of app/store/schema.py, which says how they are numbered."""

# Whether people can be reached (app/inbox/presence.py); who is not named is in. `until` is in
# seconds since 1970. Rules are only there where they differ from the usual ones.
PRESENCE = (
    """CREATE TABLE presence (person INTEGER PRIMARY KEY REFERENCES person,
        presence TEXT NOT NULL, until REAL)""",
    """CREATE TABLE presence_rule (person INTEGER NOT NULL, presence TEXT NOT NULL,
        rings INTEGER NOT NULL, messages INTEGER NOT NULL,
        PRIMARY KEY (person, presence)) WITHOUT ROWID""",
)
