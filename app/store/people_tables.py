"""Who has changed: a step of app/store/schema.py, which says how they are numbered.

Whoever keeps a copy of what is known of people (the clerk for the telephones, delivery for its
routes) asks for the last number and reads those with higher ones than it has seen, instead of
everybody after every commit. One row a person; 0 stands for aliases and templates, which are
nobody's. Triggers write it, whoever changes a person.
"""

# What others see of a person; not the secrets, nor what counts guesses at them.
PERSON_COLUMNS = (
    *("login", "name", "mailbox", "handset", "address", "admin", "roles", "own_quota"),
    *("own_voicemails", "template", "transfer", "fetched_is_heard", "language", "key_map"),
    *("outside_login", "mail_by_phone", "may_call", "envelope_first", "missed_lamp"),
    "removed_at",
)


def _noted(person: str) -> str:
    # No INSERT OR REPLACE: in a trigger, the policy of the statement that fired it would count.
    return (
        f"DELETE FROM person_change WHERE person = {person};"
        f" INSERT INTO person_change (person) VALUES ({person})"
    )


def _triggers(table: str, person: str, update: str = "UPDATE") -> tuple[str, ...]:
    """Triggers that note the person (an expression of NEW) of every row that comes or goes."""
    old = person.replace("NEW.", "OLD.")
    name = f"{table}_noted"
    return (
        f"CREATE TRIGGER {name}_new AFTER INSERT ON {table} BEGIN {_noted(person)}; END",
        f"CREATE TRIGGER {name}_set AFTER {update} ON {table} BEGIN {_noted(person)}; END",
        f"CREATE TRIGGER {name}_gone AFTER DELETE ON {table} BEGIN {_noted(old)}; END",
    )


def person_noted_anew(*columns: str) -> tuple[str, ...]:
    """Have changes of these columns, which a later step has added, noted as well."""
    every = ", ".join((*PERSON_COLUMNS, *columns))
    _, on_change, _ = _triggers("person", "NEW.id", f"UPDATE OF {every}")
    return "DROP TRIGGER person_noted_set", on_change


PEOPLE_CHANGES = (
    """CREATE TABLE person_change (seq INTEGER PRIMARY KEY AUTOINCREMENT,
        person INTEGER NOT NULL UNIQUE)""",
    "INSERT INTO person_change (person) SELECT 0 UNION SELECT id FROM person",
    *_triggers("person", "NEW.id", f"UPDATE OF {', '.join(PERSON_COLUMNS)}"),
    *_triggers("presence", "NEW.person"),
    *_triggers("presence_rule", "NEW.person"),
    *_triggers("follow_me", "NEW.person"),
    *_triggers("mailbox_member", "NEW.mailbox"),
    *_triggers("alias", "0"),
    *_triggers("alias_member", "0"),
    *_triggers("list_alias", "0"),
    *_triggers("template", "0"),
)
