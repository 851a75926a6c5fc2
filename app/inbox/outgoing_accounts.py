"""Accounts at mail servers elsewhere by which people's own mail leaves, one a person.

What a person sends, and what their aliases send on, goes to that server with their login, whatever
way the box has for all other mail. Mail that waits when an account is set or removed changes over
(triggers in app/store/schema.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.core.clock import Clock
from app.inbox.account_passwords import AccountPasswords
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.destinations import PERSONAL
from app.inbox.entries import Door
from app.inbox.fetch_accounts import Tls
from app.store.database import Database, Tx

PASSWORD = "outgoing"
"""What the password of such an account is kept under."""


@dataclass(frozen=True)
class OutgoingAccount:
    """One account. Order of fields = order of columns read."""

    person: int
    server: str
    port: int
    tls: Tls
    """implicit and starttls check the certificate; none sends the password in plain text."""
    user: str

    @property
    def place(self) -> str:
        """Where its password may be said (app/inbox/account_passwords.py)."""
        return f"{self.user} at {self.server}"


def _account(row: Sequence[Any]) -> OutgoingAccount:
    person, server, port, tls, user = row
    return OutgoingAccount(person, server, port, Tls(tls), user)


_SELECT = "SELECT person, server, port, tls, user FROM outgoing_account"


class OutgoingAccounts:
    """The accounts of one store."""

    def __init__(self, db: Database, passwords: AccountPasswords, clock: Clock) -> None:
        self._db = db
        self._passwords = passwords
        self._audit_log = AuditLog(db, clock)

    def all(self) -> list[OutgoingAccount]:
        """Every account."""
        rows = self._db.reader().execute(f"{_SELECT} ORDER BY person").fetchall()
        return [_account(row) for row in rows]

    def of(self, person: int) -> OutgoingAccount | None:
        """A person's account, if there is one."""
        row = self._db.reader().execute(f"{_SELECT} WHERE person = ?", (person,)).fetchone()
        return None if row is None else _account(row)

    def password(self, account: OutgoingAccount) -> str:
        """Its password. Raises NoSuchPassword or PasswordUnreadable."""
        return self._passwords.get(account.person, PASSWORD, account.place)

    def set(
        self, tx: Tx, account: OutgoingAccount, password: str, by: str = "", door: Door = "admin"
    ) -> None:
        """Have a person's mail leave by this account, at once, instead of one there was before.

        Raises OSError if there is no key for the password.
        """
        tx.execute(
            "INSERT OR REPLACE INTO outgoing_account (person, server, port, tls, user)"
            " VALUES (?, ?, ?, ?, ?)",
            (account.person, account.server, account.port, account.tls, account.user),
        )
        self._passwords.set(tx, account.person, PASSWORD, account.place, password)
        tx.execute(
            "UPDATE destination SET failures = 0, reply = '', next_box_s = 0 WHERE name = ?",
            (f"{PERSONAL}{account.person}",),
        )
        self._log(tx, "outgoing account set", account, by, door)

    def remove(self, tx: Tx, account: OutgoingAccount, by: str = "", door: Door = "admin") -> None:
        """Have a person's mail leave as all other mail does."""
        tx.execute("DELETE FROM outgoing_account WHERE person = ?", (account.person,))
        self._passwords.remove(tx, account.person, PASSWORD)
        self._log(tx, "outgoing account removed", account, by, door)

    def _log(self, tx: Tx, verb: str, account: OutgoingAccount, by: str, door: Door) -> None:
        event = AuditEvent(account.person, None, account.place)
        self._audit_log.write(tx, verb, door, by, [event])
