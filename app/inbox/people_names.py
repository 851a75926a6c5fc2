"""What people are looked for by, without all that is set for them: for lists of many."""

from typing import NamedTuple

from app.store.database import Database


class PersonName(NamedTuple):
    """What people are looked for by, and what their limits depend on; see Person."""

    id: int
    login: str
    name: str
    mailbox: str
    handset: str | None
    address: str | None
    quota: int | None
    """Octets."""
    voicemails: int | None
    """Number of them."""
    template: int | None
    """Its id."""

    @property
    def words(self) -> str:
        """What somebody may look for, a line each."""
        return "\n".join(filter(None, self[1:6]))


_COLUMNS = "id, login, name, mailbox, handset, address, own_quota, own_voicemails, template"


class PersonNames:
    """The names of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[PersonName]:
        """Everybody by login; a fifth of what whole people cost."""
        rows = self._db.reader().execute(
            f"SELECT {_COLUMNS} FROM person WHERE removed_at IS NULL ORDER BY login"
        )
        return list(map(PersonName._make, rows.fetchall()))
