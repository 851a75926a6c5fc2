"""Which login somebody may have, and what is said when a name or number is somebody else's."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from app.core.sentences import sentence
from app.inbox.addresses import RESERVED, is_name
from app.inbox.errors import BadName, NameTaken, StillMember
from app.store.database import Tx


def checked_login(login: str) -> str:
    """A login in small letters. Raises BadName if it cannot be one."""
    login = login.lower()
    if not is_name(login) or login.isdigit():
        raise BadName(
            sentence(
                "%(login)s cannot be a login: letters, digits and . _ - with a letter",
                login=repr(login),
            ),
            "login",
        )
    if login in RESERVED:
        raise BadName(
            sentence(
                "%(login)s is reserved: mail to it goes elsewhere by rule; take another login",
                login=login,
            ),
            "login",
        )
    return login


def refuse_alias(tx: Tx, *names: str) -> None:
    """Raises NameTaken if one of these names is an alias's."""
    for name in names:
        if tx.execute("SELECT 1 FROM alias WHERE name = ?", (name,)).fetchone():
            raise NameTaken(
                sentence("%(name)s is the name of an alias; remove that first", name=name)
            )


def refuse_member(tx: Tx, login: str, person_id: int) -> None:
    """Raises StillMember if another alias than the person's own names them."""
    rows = tx.execute(
        "SELECT DISTINCT alias FROM alias_member WHERE member = ? AND alias <> ?"
        " UNION SELECT name FROM alias WHERE responsible = ? AND name <> ?",
        (login, login, person_id, login),
    ).fetchall()
    if rows:
        names = ", ".join(sorted(row[0] for row in rows))
        raise StillMember(
            sentence(
                "%(login)s is still named by the alias %(names)s; change that first",
                login=login,
                names=names,
            )
        )


@contextmanager
def taken(who: str) -> Iterator[None]:
    """Say in words which of the unique fields somebody else has already. Raises NameTaken."""
    try:
        yield
    except sqlite3.IntegrityError as problem:
        column = str(problem).rpartition(".")[2]
        raise NameTaken(
            sentence("%(who)s: this %(column)s is in use already", who=who, column=column), column
        ) from problem
