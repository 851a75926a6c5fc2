"""Named templates of limits, in the store: people are assigned to one, and follow its changes."""

import re
from typing import Any, cast

from app.core.sentences import sentence
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import BadName, StillMember
from app.inbox.limits import Template
from app.store.database import Database, Tx

FIELDS = tuple(Template.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(FIELDS)} FROM template"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Templates:
    """The templates of one store."""

    def __init__(self, db: Database, audit_log: AuditLog) -> None:
        self._db = db
        self._audit_log = audit_log

    def all(self) -> list[Template]:
        """Every template, by name."""
        rows = self._db.reader().execute(f"{_SELECT} ORDER BY name").fetchall()
        return [Template(*row) for row in rows]

    def get(self, template_id: int) -> Template | None:
        """The template with this id."""
        return self._one("id", template_id)

    def by_name(self, name: str) -> Template | None:
        """The template with this name, in any case of letters."""
        return self._one("name", name)

    def members(self, template_id: int) -> list[str]:
        """Logins of the people who are assigned to a template."""
        rows = self._db.reader().execute(
            "SELECT login FROM person WHERE template = ? AND removed_at IS NULL ORDER BY login",
            (template_id,),
        )
        return [login for (login,) in rows.fetchall()]

    def examples(self) -> list[str]:
        """The login of one person of each template and transfer there is."""
        rows = self._db.reader().execute(
            "SELECT min(login) FROM person WHERE removed_at IS NULL GROUP BY template, transfer"
        )
        return [login for (login,) in rows.fetchall()]

    def _one(self, column: str, value: object) -> Template | None:
        row = self._db.reader().execute(f"{_SELECT} WHERE {column} = ?", (value,)).fetchone()
        return None if row is None else Template(*row)

    def set(
        self, tx: Tx, name: str, limits: dict[str, int | None], by: str = "", door: Door = "admin"
    ) -> int:
        """Make a template, or change some limits of one that is there; its id.

        Raises BadName for a name or a number that cannot be.
        """
        if not _NAME.fullmatch(name):
            raise BadName(
                sentence(
                    "%(name)s cannot be a template: letters, digits and . _ - can", name=repr(name)
                ),
                "name",
            )
        for limit, value in limits.items():
            if limit not in FIELDS[2:] or (value is not None and value < 0):
                raise BadName(
                    sentence("%(limit)s cannot be %(value)s", limit=limit, value=value), limit
                )
        row = tx.execute("SELECT id FROM template WHERE name = ?", (name,)).fetchone()
        if row is None:
            made = tx.execute("INSERT INTO template (name) VALUES (?)", (name,))
            row = (cast(int, made.lastrowid),)
        for limit, value in limits.items():
            tx.execute(f"UPDATE template SET {limit} = ? WHERE id = ?", (value, row[0]))
        detail = ", ".join(f"{limit} = {_shown(value)}" for limit, value in limits.items())
        self._log(tx, "template set", f"{name}: {detail}" if detail else name, by, door)
        return int(row[0])

    def remove(self, tx: Tx, template: Template, by: str = "", door: Door = "admin") -> None:
        """Remove a template nobody is assigned to. Raises StillMember, which names who is."""
        rows = tx.execute(
            "SELECT login FROM person WHERE template = ? AND removed_at IS NULL ORDER BY login",
            (template.id,),
        ).fetchall()
        if rows:
            members = ", ".join(login for (login,) in rows)
            raise StillMember(
                sentence(
                    "%(name)s is the template of %(members)s; assign them to another one first",
                    name=template.name,
                    members=members,
                ),
                "name",
            )
        tx.execute("UPDATE person SET template = NULL WHERE template = ?", (template.id,))
        tx.execute("DELETE FROM template WHERE id = ?", (template.id,))
        self._log(tx, "template removed", template.name, by, door)

    def _log(self, tx: Tx, verb: str, detail: str, by: str, door: Door) -> None:
        self._audit_log.write(tx, verb, door, by, [AuditEvent(None, None, detail)])


def _shown(value: Any) -> str:
    return "as the settings" if value is None else str(value)
