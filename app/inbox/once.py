"""What the phone side asks for by a number is done once, though it may be asked twice.

A clerk that dies after its commit and before its answer is asked again by the next one. The number
is noted in the transaction that does the work. What is taken back notes the number's negative.
"""

from app.store.database import Tx

ONCE_KEPT = 10_000
"""Numbers that are remembered; what is asked again is asked again within seconds."""


def done_once(tx: Tx, number: int) -> bool:
    """Note that what has this number is done; False: it was done already."""
    done = tx.execute("INSERT OR IGNORE INTO phone_once (number) VALUES (?)", (number,))
    if done.rowcount != 1:
        return False
    tx.execute(
        "DELETE FROM phone_once WHERE id <= (SELECT max(id) FROM phone_once) - ?", (ONCE_KEPT,)
    )
    return True


def is_done(tx: Tx, number: int) -> bool:
    """Whether what has this number was done."""
    return tx.execute("SELECT 1 FROM phone_once WHERE number = ?", (number,)).fetchone() is not None
