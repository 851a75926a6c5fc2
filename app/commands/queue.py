"""`python -m app queue …`: mail on its way to the world outside."""

import click

from app.commands.common import actor, inbox, size, when
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.operations import queue as operations


@click.group()
def queue() -> None:
    """The outgoing queue."""


@queue.command("list")
@click.option("--after", default=0, metavar="ID", help="Only what has a number above this one.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1))
@reports_errors
def list_(after: int, limit: int) -> None:
    """What waits, oldest first, with what the next hop said last."""
    page = operations.list_queue(inbox(), actor(), after, limit)
    if page.held:
        say(held_text(page.held))
    for one in page.down:
        say(down_text(one))
    table = Listing("id", "to", "for", "since", "tries", "next", "size", "last reply")
    for row in page.rows:
        table.row(
            str(row.id),
            row.recipient,
            row.purpose.value,
            when(row.created_at),
            str(row.attempts),
            when(row.next_at) if row.state == "waiting" else row.state.value,
            size(row.size),
            row.reply or "-",
        )
    table.show()
    if page.more:
        last = page.rows[-1].id
        say(f"{page.waiting} wait in all; the next ones: `queue list --after {last}`")


def held_text(held: int) -> str:
    """What is to be known of mail that a restore has held."""
    return (
        f"{held} held since a restore, which may have been sent before it: `queue release --all`"
        " sends them, `queue remove --held` gives them back to who sent them"
    )


def down_text(down: operations.DownDestination) -> str:
    """What is known of a destination that could not be reached."""
    name = f"the account of {down.owner}" if down.owner else down.name or "the smarthost"
    return (
        f"{name} cannot be reached ({down.reply}); {down.waiting} to send there,"
        f" tried again {when(down.next_at)}"
    )


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
        say(f"{name:<18}{value}")


@queue.command("retry")
@click.argument("number", type=int)
@reports_errors
def retry(number: int) -> None:
    """Try one now."""
    operations.retry_queued(inbox(), actor(), number)
    say("it is due now")


@queue.command("release")
@click.argument("number", type=int, required=False)
@click.option("--all", "everything", is_flag=True, help="All that is held.")
@reports_errors
def release(number: int | None, everything: bool) -> None:
    """Send mail that is held since a restore: one, or all of it."""
    if (number is None) != everything:
        raise click.UsageError("name the number of one, or --all")
    say(f"{operations.release_held(inbox(), actor(), number)} wait to be sent now")


@queue.command("remove")
@click.argument("number", type=int, required=False)
@click.option("--held", is_flag=True, help="All that is held since a restore.")
@reports_errors
def remove(number: int | None, held: bool) -> None:
    """Give one up: whoever answers for it gets it back, as if it had been refused."""
    if (number is None) != held:
        raise click.UsageError("name the number of one, or --held")
    if number is None:
        say(f"{operations.drop_held(inbox(), actor())} removed from the queue, and given back")
        return
    dropped = operations.drop_queued(inbox(), actor(), number)
    back = f"; entry {dropped.returned} is back in the inbox" if dropped.returned else ""
    say(f"removed from the queue{back}")
