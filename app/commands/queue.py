"""`python -m app queue …`: mail on its way to the world outside."""

import click
from rich.table import Table

from app.appliance import Inbox
from app.commands.common import console, inbox, me, size, when
from app.commands.errors import plainly
from app.inbox.queue import QueueRow


@click.group()
def queue() -> None:
    """The outgoing queue."""


@queue.command("list")
@plainly
def list_() -> None:
    """Everything that waits, with what the next hop said last."""
    table = Table("id", "to", "for", "since", "tries", "next", "size", "last reply", box=None)
    for row in inbox().queue.all():
        table.add_row(
            str(row.id),
            row.recipient,
            row.errand.value,
            when(row.created_at),
            str(row.attempts),
            when(row.next_at) if row.state == "waiting" else row.state.value,
            size(row.size),
            row.reply or "-",
        )
    console.print(table)


def _row(box: Inbox, number: int) -> QueueRow:
    row = box.queue.get(number)
    if row is None:
        raise click.ClickException(f"nothing in the queue has the number {number}")
    return row


@queue.command("show")
@click.argument("number", type=int)
@plainly
def show(number: int) -> None:
    """All about one queued mail."""
    box = inbox()
    row = _row(box, number)
    owner = box.people.by_id(row.owner) if row.owner is not None else None
    facts = {
        "to": row.recipient,
        "envelope sender": row.sender or "<> (the null sender)",
        "errand": row.errand.value,
        "who gets it back": owner.login if owner else row.sender or "nobody",
        "entry": "-" if row.entry is None else str(row.entry),
        "state": row.state.value,
        "since": when(row.created_at),
        "tries": str(row.attempts),
        "next try": when(row.next_at),
        "last reply": row.reply or "-",
        "size": size(row.size),
    }
    for name, value in facts.items():
        console.print(f"{name:<18}{value}", markup=False)


@queue.command("retry")
@click.argument("number", type=int)
@plainly
def retry(number: int) -> None:
    """Try one now."""
    box = inbox()
    _row(box, number)
    due = box.db.now(lambda tx: box.queue.retry(tx, number))
    console.print("it is due now" if due else "it is settled already; nothing to try")


@queue.command("remove")
@click.argument("number", type=int)
@plainly
def remove(number: int) -> None:
    """Give one up: whoever answers for it gets it back, as if it had been refused."""
    box = inbox()
    _row(box, number)
    settled = box.db.now(lambda tx: box.queue.remove(tx, number, by=me()))
    back = f"; entry {settled.returned} is back in the inbox" if settled.returned else ""
    console.print(f"taken out of the queue{back}")
