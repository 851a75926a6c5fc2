"""Whether a person's web login wants a code beside the password, and which codes were used.

The key from which codes follow lies encrypted with the passwords of accounts
(account_passwords.py); recovery codes have 59 random bits, of which the store has a checksum.
"""

import hashlib
from collections.abc import Iterable

from app.store.database import Database, Tx

ACCOUNT, PLACE = "second factor", "the web pages of this box"
"""What the key is kept as, and for what use alone."""


class SecondFactors:
    """Those of one store."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def is_on(self, person: int) -> bool:
        """Whether this person (id) needs a code."""
        return self._found(person)[0]

    def last_step(self, person: int) -> int:
        """The step of the last code that was taken; none of it or before it is taken again."""
        return self._found(person)[1]

    def begin(self, tx: Tx, person: int) -> None:
        """A key was made; no code is needed before one was seen."""
        tx.execute("INSERT OR REPLACE INTO second_factor VALUES (?, 0, 0)", (person,))

    def confirm(self, tx: Tx, person: int, step: int, codes: Iterable[str]) -> None:
        """A code of this step was right: they are needed from now on; these are for emergencies."""
        tx.execute(
            "UPDATE second_factor SET confirmed = 1, last_step = ? WHERE person = ?", (step, person)
        )
        tx.execute("DELETE FROM recovery_code WHERE person = ?", (person,))
        rows = [(person, _digest(code)) for code in codes]
        tx.executemany("INSERT INTO recovery_code VALUES (?, ?)", rows)

    def use_step(self, tx: Tx, person: int, step: int) -> bool:
        """Take a code of this step; False if it, or a later one, was taken before."""
        sql = "UPDATE second_factor SET last_step = ? WHERE person = ? AND last_step < ?"
        return tx.execute(sql, (step, person, step)).rowcount > 0

    def use_recovery_code(self, tx: Tx, person: int, code: str) -> bool:
        """Take a recovery code, which is gone then; False if it is none."""
        sql = "DELETE FROM recovery_code WHERE person = ? AND code = ?"
        return tx.execute(sql, (person, _digest(code))).rowcount > 0

    def recovery_codes(self, person: int) -> int:
        """How many are left."""
        sql = "SELECT count(*) FROM recovery_code WHERE person = ?"
        return int(self._db.reader().execute(sql, (person,)).fetchone()[0])

    def _found(self, person: int) -> tuple[bool, int]:
        sql = "SELECT confirmed, last_step FROM second_factor WHERE person = ?"
        row = self._db.reader().execute(sql, (person,)).fetchone()
        return (False, 0) if row is None else (bool(row[0]), int(row[1]))


def forget_second_factor(tx: Tx, person: int) -> None:
    """No code is needed any more; the key is forgotten with the accounts, or by its owner."""
    tx.execute("DELETE FROM second_factor WHERE person = ?", (person,))
    tx.execute("DELETE FROM recovery_code WHERE person = ?", (person,))


def _digest(code: str) -> bytes:
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(plain.encode()).digest()
