"""`python -m app inbox …`: look into a box, with a history of who did what."""

import sys
import time
from collections.abc import Sequence

import click
from rich.table import Table

from app.commands.common import actor, console, inbox, size, when
from app.commands.errors import reports_errors
from app.inbox.entries import Entry, EntryState, MissedCall
from app.operations import inbox as operations

MISSED_DAYS = 30
DAY_S = 86_400


@click.group("inbox")
def inbox_() -> None:
    """One person's messages, voicemail and e-mail alike."""


@inbox_.command("list")
@click.argument("login")
@click.option("--bin", "removed", is_flag=True, help="What was removed and can be restored.")
@click.option("--former", is_flag=True, help="What is left of a LOGIN who has been removed.")
@reports_errors
def list_(login: str, removed: bool, former: bool) -> None:
    """What lies in LOGIN's inbox, what is on its way out, and calls of a month that were missed."""
    if former:
        _show_entries(operations.list_former(inbox(), actor(), login)[1])
        return
    since = time.time() - MISSED_DAYS * DAY_S
    listing = operations.list_inbox(inbox(), actor(), login, removed, since)
    _show_entries(listing.entries, listing.missed_calls)


def _show_entries(entries: Sequence[Entry], missed: Sequence[MissedCall] = ()) -> None:
    table = Table("entry", "kind", "state", "received", "from", "subject", "size", box=None)
    for entry in entries:
        table.add_row(
            str(entry.id),
            str(entry.kind),
            _state(entry),
            when(entry.received_at),
            entry.sender,
            entry.subject,
            size(entry.size),
        )
    for call in missed:
        table.add_row("-", "missed call", "-", when(call.at), call.caller, call.reason, "-")
    console.print(table)


def _state(entry: Entry) -> str:
    if entry.state is EntryState.BIN and entry.removed_at is not None:
        who = entry.removed_by or "the box"
        return f"removed by {who} through {entry.removed_door} {when(entry.removed_at)}"
    if entry.state is EntryState.LEAVING:
        return "on its way out"
    return f"{entry.state}{', saved' if entry.saved else ''}"


@inbox_.command("show")
@click.argument("entry", type=int)
@reports_errors
def show(entry: int) -> None:
    """The header of one message."""
    header = operations.show_header(inbox(), actor(), entry)
    click.echo(header.decode("utf-8", "replace").replace("\r\n", "\n"), nl=False)


@inbox_.command("export")
@click.argument("entry", type=int)
@reports_errors
def export(entry: int) -> None:
    """Write the octets of one message to standard output."""
    for octets in operations.export_message(inbox(), actor(), entry):
        sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


@inbox_.command("history")
@click.argument("login")
@click.option("--entry", type=int, help="Of this message only.")
@reports_errors
def history(login: str, entry: int | None) -> None:
    """Who did what, through which door, when."""
    table = Table("when", "what", "entry", "door", "by", "detail", box=None)
    for row in operations.history(inbox(), actor(), login, entry):
        number = "-" if row.entry is None else str(row.entry)
        table.add_row(when(row.at), row.verb, number, row.door, row.by or "the box", row.detail)
    console.print(table)


@inbox_.command("remove")
@click.argument("entries", type=int, nargs=-1, required=True)
@reports_errors
def remove(entries: tuple[int, ...]) -> None:
    """Move messages to the bin, from every door at once."""
    moved = operations.remove_entries(inbox(), actor(), entries)
    console.print(f"removed: {moved.done} of {moved.asked}")


@inbox_.command("restore")
@click.argument("entries", type=int, nargs=-1, required=True)
@click.option("--to", "heir", metavar="LOGIN", help="Who gets what a removed person had.")
@reports_errors
def restore(entries: tuple[int, ...], heir: str | None) -> None:
    """Bring removed messages back."""
    moved = operations.restore_entries(inbox(), actor(), entries, heir)
    to = f", to {heir} what has no owner any more" if heir else ""
    console.print(f"restored: {moved.done} of {moved.asked}{to}")
