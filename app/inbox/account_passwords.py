"""Passwords of accounts elsewhere, which the box must say itself and so cannot hash: encrypted.

    passwords.set(tx, ANNA, "smarthost", "mail.example.org anna", "pass word")
    passwords.get(ANNA, "smarthost", "mail.example.org anna")         # "pass word"

Each lies in the store under ChaCha20-Poly1305 [RFC 8439] with the key of this box, which is a file
outside of the store (app/config/paths.py, `account_key`): who has the store or its backup alone
reads none. What is authenticated with it says whose it is and where it may be said, so that nobody
who can write to the store gets it sent to a server of their own; an account that moves to another
server or user needs its password typed again.

The cryptography library is loaded when a password is set or read, and not before: a box without
such accounts is spared its 3 to 7 MB.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.sentences import sentence
from app.inbox.errors import InboxError
from app.store.database import Database, Tx

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

BOX = 0
"""Instead of a person's id: an account of the box itself."""
KEY = 32  # octets
_VERSION, _NONCE = b"\x01", 12
_KIND = "switchhook account password"


@dataclass(frozen=True)
class BoxAccount:
    """An account of the box itself at a server elsewhere."""

    name: str
    """What its password is kept under."""
    user: str
    server: str

    @property
    def place(self) -> str:
        """Where its password may be said."""
        return f"{self.user} at {self.server}"


def load() -> None:
    """Load the cryptography library: up to a second on the board, so not in a service's loop."""
    import cryptography.hazmat.primitives.ciphers.aead  # noqa: F401


class NoSuchPassword(InboxError):
    """No password is kept for this account."""


class PasswordUnreadable(InboxError):
    """A password cannot be decrypted for this use; the text says what to do."""


class AccountPasswords:
    """The passwords of one store; `key` gives the box's key, KEY octets, and may raise OSError."""

    def __init__(self, db: Database, key: Callable[[], bytes]) -> None:
        self._db = db
        self._key = key

    def set(self, tx: Tx, person: int, account: str, place: str, password: str) -> None:
        """Keep a password, instead of one that there was before.

        `account` names it among those of a `person` (an id, or BOX); `place` is server and user
        for which alone `get` will give it back. Raises OSError if there is no key.
        """
        nonce = os.urandom(_NONCE)
        sealed = self._cipher().encrypt(nonce, password.encode(), _use(person, account, place))
        tx.execute(
            "INSERT OR REPLACE INTO account_password (person, account, sealed) VALUES (?, ?, ?)",
            (person, account, _VERSION + nonce + sealed),
        )

    def get(self, person: int, account: str, place: str) -> str:
        """The password, to be said at `place`.

        Raises NoSuchPassword, and PasswordUnreadable if the key, the place or the row is another
        one.
        """
        row = self._db.reader().execute(
            "SELECT sealed FROM account_password WHERE person = ? AND account = ?",
            (person, account),
        )
        found = row.fetchone()
        if found is None:
            raise NoSuchPassword(
                sentence("there is no password for %(place)s: enter it", place=place)
            )
        return self._opened(bytes(found[0]), _use(person, account, place), place)

    def of_box(self, account: BoxAccount) -> str:
        """The password of an account of the box itself; see `get`."""
        return self.get(BOX, account.name, account.place)

    def has(self, person: int, account: str) -> bool:
        """Whether a password is kept for this account."""
        row = self._db.reader().execute(
            "SELECT 1 FROM account_password WHERE person = ? AND account = ?", (person, account)
        )
        return row.fetchone() is not None

    def remove(self, tx: Tx, person: int, account: str) -> None:
        """Forget a password, if there is one."""
        tx.execute(
            "DELETE FROM account_password WHERE person = ? AND account = ?", (person, account)
        )

    def _opened(self, sealed: bytes, use: bytes, place: str) -> str:
        from cryptography.exceptions import InvalidTag

        nonce, octets = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if sealed[:1] == _VERSION:
                return self._cipher().decrypt(nonce, octets, use).decode()
        except (OSError, InvalidTag, ValueError) as problem:
            raise PasswordUnreadable(_unreadable(place)) from problem
        raise PasswordUnreadable(_unreadable(place))

    def _cipher(self) -> "ChaCha20Poly1305":
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        return ChaCha20Poly1305(self._key())


def _use(person: int, account: str, place: str) -> bytes:
    return "\0".join((_KIND, str(person), account, place)).encode()


def _unreadable(place: str) -> str:
    return sentence(
        "the password for %(place)s cannot be read: it was kept with another key, or for another"
        " server or user; enter it again",
        place=place,
    )
