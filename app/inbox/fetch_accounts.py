"""Accounts that people have on POP3 servers elsewhere, and which messages of them were fetched.

A message is known by its mark: the name that its server gives it (`u:` and the unique-id [RFC 1939
§7]), or a digest of its header where the server names none (`h:`). Marks are written in the
transaction that delivers, so that nothing is delivered twice, whenever the power fails. A server
that was moved may give all messages new names: then a digest of the header, which is kept beside
the name, tells that it is an old one. What a server no longer lists is forgotten GONE_S later.

Ages are box time (app/store/box_time.py), other times are seconds since 1970 UTC.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.core.clock import Clock
from app.inbox.account_passwords import AccountPasswords
from app.inbox.audit import AuditEvent, AuditLog
from app.inbox.entries import Door
from app.inbox.errors import InboxError
from app.store.database import Database, Tx

DAY = 86_400.0  # seconds
GONE_S = 30 * DAY
AT_ONCE = 500
"""Marks that are looked up in one go: a turn of the loop stays short."""


class Tls(StrEnum):
    """How a connection is protected."""

    IMPLICIT = "implicit"
    """From the first octet, port 995 [RFC 8314 §3.2]."""
    STARTTLS = "starttls"
    """By STLS, and not at all without it [RFC 2595 §4]."""
    NONE = "none"


class NoSuchAccount(InboxError):
    """No account has this number."""


@dataclass(frozen=True)
class FetchAccount:
    """One account. Order of fields = order of columns read."""

    id: int
    person: int
    server: str
    port: int
    tls: Tls
    user: str
    fingerprint: str
    """SHA-256 of the one certificate that is accepted, in hexadecimal; "": what authorities say."""
    poll_s: float
    """Seconds from one visit to the next."""
    keep_days: int | None
    """Days until a fetched message is deleted there; 0 at once, None never."""
    next_box_s: float
    """When it is due; box time."""
    failures: int
    """Visits that have failed since one went well."""
    ok_at: float | None
    """When a visit went well last."""
    error: str
    """What went wrong at the last visit, in the server's words; "" if nothing did."""
    error_at: float | None
    """When, in seconds since 1970; None: never."""
    told_full: bool
    """Its person has been told that messages wait there because the mailbox is full."""

    @property
    def place(self) -> str:
        """Where its password may be said (app/inbox/account_passwords.py)."""
        return f"{self.user} at {self.server}"

    @property
    def password_name(self) -> str:
        """What its password is kept under."""
        return f"pop3 {self.id}"


@dataclass(frozen=True)
class Seen:
    """What is known of a message on a server."""

    first_box_s: float
    """When it was fetched, or given up."""
    fetched: bool
    """False: it was too large, and stays there."""


def forget_accounts(tx: Tx, person: int) -> None:
    """Take out all accounts of a person who leaves, and every password kept for them."""
    theirs = "(SELECT id FROM fetch_account WHERE person = ?)"
    tx.execute(f"DELETE FROM fetch_seen WHERE account IN {theirs}", (person,))
    tx.execute("DELETE FROM fetch_account WHERE person = ?", (person,))
    tx.execute("DELETE FROM outgoing_account WHERE person = ?", (person,))
    tx.execute("DELETE FROM account_password WHERE person = ?", (person,))


_FIELDS = tuple(FetchAccount.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM fetch_account"
_SETTABLE = frozenset({"server", "port", "tls", "user", "fingerprint", "poll_s", "keep_days"})


def _account(row: Sequence[Any]) -> FetchAccount:
    fields = dict(zip(_FIELDS, row, strict=True))
    fields |= {"tls": Tls(fields["tls"]), "told_full": bool(fields["told_full"])}
    return FetchAccount(**fields)


class FetchAccounts:
    """The accounts of one store."""

    def __init__(self, db: Database, passwords: AccountPasswords, clock: Clock) -> None:
        self._db = db
        self._passwords = passwords
        self._clock = clock
        self._audit_log = AuditLog(db, clock)

    # ---- finding

    def all(self) -> list[FetchAccount]:
        """Every account, by its number."""
        rows = self._db.reader().execute(f"{_SELECT} ORDER BY id").fetchall()
        return [_account(row) for row in rows]

    def of(self, person: int) -> list[FetchAccount]:
        """A person's accounts."""
        rows = self._db.reader().execute(f"{_SELECT} WHERE person = ? ORDER BY id", (person,))
        return [_account(row) for row in rows.fetchall()]

    def get(self, account: int) -> FetchAccount | None:
        """One account, or None."""
        row = self._db.reader().execute(f"{_SELECT} WHERE id = ?", (account,)).fetchone()
        return None if row is None else _account(row)

    def due(self, limit: int, but_for: Iterable[int] = ()) -> list[FetchAccount]:
        """Accounts to visit now, the longest due first."""
        rows = self._db.reader().execute(
            f"{_SELECT} WHERE next_box_s <= ? AND id NOT IN (SELECT value FROM json_each(?))"
            " ORDER BY next_box_s LIMIT ?",
            (self._db.box_time.now(), json.dumps(list(but_for)), limit),
        )
        return [_account(row) for row in rows.fetchall()]

    # ---- changing

    def add(
        self,
        tx: Tx,
        person: int,
        fields: dict[str, Any],
        password: str,
        by: str = "",
        door: Door = "admin",
    ) -> FetchAccount:
        """Add an account, due at once; `fields` are all that `change` may set."""
        columns, marks = ", ".join(fields), ", ".join("?" * len(fields))
        cursor = tx.execute(
            f"INSERT INTO fetch_account (person, {columns}) VALUES (?, {marks})",
            (person, *fields.values()),
        )
        made = self._must(tx, cast(int, cursor.lastrowid))
        self._passwords.set(tx, person, made.password_name, made.place, password)
        self._log(tx, "account added", made, by, door)
        return made

    def change(
        self,
        tx: Tx,
        account: int,
        fields: dict[str, Any],
        password: str | None,
        by: str = "",
        door: Door = "admin",
    ) -> FetchAccount:
        """Set some fields, and the password where one is given; it is due at once.

        What is known of messages stays. Raises NoSuchAccount.
        """
        if unknown := set(fields) - _SETTABLE:
            raise ValueError(f"not to be changed: {', '.join(sorted(unknown))}")
        columns = "".join(f"{column} = ?, " for column in fields)
        tx.execute(
            f"UPDATE fetch_account SET {columns} next_box_s = 0, failures = 0 WHERE id = ?",
            (*fields.values(), account),
        )
        changed = self._must(tx, account)
        if password is not None:
            self._passwords.set(tx, changed.person, changed.password_name, changed.place, password)
        self._log(tx, "account changed", changed, by, door)
        return changed

    def remove(self, tx: Tx, account: int, by: str = "", door: Door = "admin") -> FetchAccount:
        """Take an account out, with its password. Raises NoSuchAccount."""
        gone = self._must(tx, account)
        self._passwords.remove(tx, gone.person, gone.password_name)
        tx.execute("DELETE FROM fetch_seen WHERE account = ?", (account,))
        tx.execute("DELETE FROM fetch_account WHERE id = ?", (account,))
        self._log(tx, "account removed", gone, by, door)
        return gone

    def hurry(self, tx: Tx, account: int) -> None:
        """Make it due now. Raises NoSuchAccount."""
        tx.execute("UPDATE fetch_account SET next_box_s = 0 WHERE id = ?", (account,))
        self._audit_log.note(tx, "fetch", self._must(tx, account).person, None)

    def went_well(self, tx: Tx, account: int, next_box_s: float, error: str = "") -> None:
        """Note a visit that came to its end; `error` is what could not be done of it."""
        now = self._clock.now()
        tx.execute(
            "UPDATE fetch_account SET ok_at = ?, failures = 0, next_box_s = ?, error = ?,"
            " error_at = iif(? = '', error_at, ?) WHERE id = ?",
            (now, next_box_s, error, error, now, account),
        )

    def failed(self, tx: Tx, account: int, next_box_s: float, error: str) -> None:
        """Note a visit that did not come to its end."""
        tx.execute(
            "UPDATE fetch_account SET failures = failures + 1, next_box_s = ?, error = ?,"
            " error_at = ? WHERE id = ?",
            (next_box_s, error, self._clock.now(), account),
        )

    def set_told_full(self, tx: Tx, account: int, told: bool) -> None:
        """Note whether the person knows that messages wait because the mailbox is full."""
        tx.execute("UPDATE fetch_account SET told_full = ? WHERE id = ?", (told, account))

    # ---- messages

    def seen(self, account: int, marks: Sequence[str]) -> dict[str, Seen]:
        """What is known of these messages, AT_ONCE at most."""
        rows = self._db.reader().execute(
            "SELECT mark, first_box_s, fetched FROM fetch_seen WHERE account = ? AND mark IN"
            " (SELECT value FROM json_each(?))",
            (account, json.dumps(list(marks))),
        )
        return {mark: Seen(first, bool(fetched)) for mark, first, fetched in rows.fetchall()}

    def count_listed(self, account: int) -> int:
        """How many known messages the server had when it was visited last."""
        row = self._db.reader().execute(
            "SELECT count(*) FROM fetch_seen WHERE account = ? AND gone_box_s IS NULL", (account,)
        )
        return int(row.fetchone()[0])

    def listed(self, account: int, after: str) -> list[str]:
        """Marks of messages that the server had, in their order after `after`; AT_ONCE at most."""
        rows = self._db.reader().execute(
            "SELECT mark FROM fetch_seen WHERE account = ? AND mark > ? AND gone_box_s IS NULL"
            " ORDER BY mark LIMIT ?",
            (account, after, AT_ONCE),
        )
        return [mark for (mark,) in rows.fetchall()]

    def add_seen(self, tx: Tx, account: int, mark: str, head: str, fetched: bool = True) -> None:
        """Note a message that is fetched now, or given up; `head` is the digest of its header."""
        tx.execute(
            "INSERT OR REPLACE INTO fetch_seen (account, mark, head, first_box_s, fetched)"
            " VALUES (?, ?, ?, ?, ?)",
            (account, mark, head, self._db.box_time.now(), fetched),
        )

    def set_gone(self, tx: Tx, account: int, marks: Sequence[str]) -> None:
        """The server has these no more. What was known by its header only is forgotten at once."""
        now, these = self._db.box_time.now(), json.dumps(list(marks))
        tx.execute(
            "UPDATE fetch_seen SET gone_box_s = ? WHERE account = ? AND mark IN"
            " (SELECT value FROM json_each(?))",
            (now, account, these),
        )
        tx.execute(
            "DELETE FROM fetch_seen WHERE account = ? AND gone_box_s IS NOT NULL"
            " AND (gone_box_s < ? OR mark LIKE 'h:%')",
            (account, now - GONE_S),
        )

    def set_listed(self, tx: Tx, account: int, marks: Sequence[str]) -> None:
        """The server has these after all."""
        tx.execute(
            "UPDATE fetch_seen SET gone_box_s = NULL WHERE account = ? AND gone_box_s IS NOT NULL"
            " AND mark IN (SELECT value FROM json_each(?))",
            (account, json.dumps(list(marks))),
        )

    def has_gone(self, account: int) -> bool:
        """Whether the server has lost messages of late: new names may be those of old messages."""
        row = self._db.reader().execute(
            "SELECT 1 FROM fetch_seen WHERE account = ? AND gone_box_s IS NOT NULL LIMIT 1",
            (account,),
        )
        return row.fetchone() is not None

    def renamed(self, tx: Tx, account: int, mark: str, head: str) -> bool:
        """Give a message that has gone its new mark, if one had this header; whether one had."""
        found = tx.execute(
            "SELECT mark FROM fetch_seen WHERE account = ? AND head = ? AND gone_box_s IS NOT NULL"
            " ORDER BY first_box_s LIMIT 1",
            (account, head),
        ).fetchone()
        if found is None or not head:
            return False
        tx.execute(
            "UPDATE fetch_seen SET mark = ?, gone_box_s = NULL WHERE account = ? AND mark = ?",
            (mark, account, found[0]),
        )
        return True

    def _must(self, tx: Tx, account: int) -> FetchAccount:
        row = tx.execute(f"{_SELECT} WHERE id = ?", (account,)).fetchone()
        if row is None:
            raise NoSuchAccount(f"there is no account {account}")
        return _account(row)

    def _log(self, tx: Tx, verb: str, account: FetchAccount, by: str, door: Door) -> None:
        event = AuditEvent(account.person, None, f"{account.id}: {account.place}")
        self._audit_log.write(tx, verb, door, by, [event])
