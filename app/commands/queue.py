"""`python -m app queue …`: mail on its way to the world outside."""

import click
from rich.table import Table

from app.commands.common import actor, console, inbox, size, when
from app.commands.errors import reports_errors
from app.operations import queue as operations


@click.group()
def queue() -> None:
    """The outgoing queue."""


@queue.command("list")
@reports_errors
def list_() -> None:
    """Everything that waits, with what the next hop said last."""
    table = Table("id", "to", "for", "since", "tries", "next", "size", "last reply", box=None)
    for row in operations.list_queue(inbox(), actor()):
        table.add_row(
            str(row.id),
            row.recipient,
            row.purpose.value,
            when(row.created_at),
            str(row.attempts),
            when(row.next_at) if row.state == "waiting" else row.state.value,
            size(row.size),
            row.reply or "-",
        )
    console.print(table)


@queue.command("show")
@click.argument("number", type=int)
@reports_errors
def show(number: int) -> None:
    """All about one queued mail."""
    found = operations.show_queued(inbox(), actor(), number)
    row = found.row
    facts = {
        "to": row.recipient,
        "envelope sender": row.sender or "<> (the null sender)",
        "purpose": row.purpose.value,
        "who gets it back": found.returns_to,
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
@reports_errors
def retry(number: int) -> None:
    """Try one now."""
    operations.retry_queued(inbox(), actor(), number)
    console.print("it is due now")


@queue.command("remove")
@click.argument("number", type=int)
@reports_errors
def remove(number: int) -> None:
    """Give one up: whoever answers for it gets it back, as if it had been refused."""
    dropped = operations.drop_queued(inbox(), actor(), number)
    back = f"; entry {dropped.returned} is back in the inbox" if dropped.returned else ""
    console.print(f"removed from the queue{back}")
