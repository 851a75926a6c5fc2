"""Columns of who may call what, and of calls that went out."""

OUTGOING = (
    # A class of drivers/countries/numbering.py; '' is what the setting numbers.person_class says.
    "ALTER TABLE person ADD COLUMN may_call TEXT NOT NULL DEFAULT ''",
    # The outside line that a handset called on.
    "ALTER TABLE call ADD COLUMN trunk TEXT NOT NULL DEFAULT ''",
)
