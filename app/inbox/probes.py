"""Probes: mails that try a forward out from end to end, and what became of them.

A probe goes to the outside members of an alias only. Its rows in the queue tell nobody of their
outcome; triggers (app/store/schema.py) copy it here, where whoever asked reads it. It is known by
its Message-ID, which nobody can guess: one that comes back here is noted, taken and delivered to
nobody. Of each alias the last probe is kept.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from app.inbox.addresses import POSTMASTER, DeliveryConfig
from app.inbox.queue import Queue, RowState
from app.message.probe import ProbeMail, compose
from app.store.database import Database, Tx

_SUFFIX = ".probe"


@dataclass(frozen=True)
class ProbePart:
    """What became of a probe to one outside member."""

    recipient: str
    state: RowState
    reply: str
    """What the next hop said last, in its words; "" if it has not been asked yet."""


@dataclass(frozen=True)
class Probe:
    """One probe and what is known of it."""

    id: int
    alias: str
    at: float
    """When it was sent; seconds since 1970 UTC."""
    parts: tuple[ProbePart, ...]
    returned_at: float | None
    """When it came back here, if it has; seconds since 1970 UTC."""
    returned_to: str
    """The addresses here that it came back to."""

    @property
    def decided(self) -> bool:
        """Whether every next hop has taken or refused it."""
        return all(part.state is not RowState.WAITING for part in self.parts)


def new_token() -> str:
    """The part of a Message-ID before the @ by which a probe is known."""
    return secrets.token_hex(12) + _SUFFIX


def mail(config: DeliveryConfig, to: str, token: str, now: float) -> bytes:
    """The probe of the alias with the address `to`, as a whole message.

    `now` is in seconds since 1970 UTC.
    """
    message_id = f"<{token}@{config.hostname}>"
    sender = config.canonical(POSTMASTER)
    return compose(ProbeMail(sender, to, message_id, config.hostname, now))


def begin(tx: Tx, alias: str, token: str, now: float) -> int:
    """Note a new probe of an alias, in the place of the one before; returns its id.

    `now` is in seconds since 1970 UTC.
    """
    tx.execute(
        "DELETE FROM probe_part WHERE probe IN (SELECT id FROM probe WHERE alias = ?)", (alias,)
    )
    tx.execute("DELETE FROM probe WHERE alias = ?", (alias,))
    cursor = tx.execute(
        "INSERT INTO probe (alias, token, at) VALUES (?, ?, ?)", (alias, token, now)
    )
    return int(cursor.lastrowid or 0)


def note_rows(tx: Tx, probe: int, rows: list[int]) -> None:
    """Note which rows of the queue carry a probe; call it in the transaction that made them."""
    tx.executemany(
        "INSERT INTO probe_part SELECT id, ?, recipient, state, reply FROM queue WHERE id = ?",
        [(probe, row) for row in rows],
    )


def came_back(tx: Tx, message_id: str, to: str, now: float) -> bool:
    """Whether a mail with this Message-ID is a probe of ours; then note that it came back.

    `now` is in seconds since 1970 UTC.
    """
    local = message_id.strip("<>").rpartition("@")[0]
    if not local.endswith(_SUFFIX):
        return False
    done = tx.execute(
        "UPDATE probe SET returned_at = coalesce(returned_at, ?), returned_to = ? WHERE token = ?",
        (now, to, local),
    )
    return done.rowcount > 0


def last(db: Database, queue: Queue, alias: str) -> Probe | None:
    """The last probe of an alias; None if there was none."""
    found = (
        db.reader()
        .execute(
            "SELECT id, alias, at, returned_at, coalesce(returned_to, '') FROM probe"
            " WHERE alias = ?",
            (alias,),
        )
        .fetchone()
    )
    if found is None:
        return None
    id_, alias, at, returned_at, returned_to = found
    return Probe(id_, alias, at, tuple(_parts(db, queue, id_)), returned_at, returned_to)


def _parts(db: Database, queue: Queue, probe: int) -> Iterator[ProbePart]:
    rows = db.reader().execute(
        "SELECT queue, recipient, state, reply FROM probe_part WHERE probe = ? ORDER BY queue",
        (probe,),
    )
    for number, recipient, state, reply in rows.fetchall():
        waiting = queue.get(number)  # which also knows why nobody could be asked
        yield ProbePart(recipient, RowState(state), reply if waiting is None else waiting.reply)
