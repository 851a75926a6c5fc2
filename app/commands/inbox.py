"""`python -m app inbox …`: look into a box, with a history of who did what."""

import sys
import time
from collections.abc import Sequence

import click

from app.commands.common import actor, inbox, size, when
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.commands.shared import release, take
from app.config.paths import here
from app.core.process import lower_priority
from app.core.sentences import sentence
from app.inbox.entries import Entry, EntryState, MissedCall
from app.operations import inbox as operations
from app.operations.repair import check_store, repair_store

MISSED_DAYS = 30
DAY_S = 86_400
LONGEST_REST_S = 5.0
"""Between two slices of a check in the background."""


_limit = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=1), help="The newest so many."
)


@click.group("inbox")
def inbox_() -> None:
    """One person's messages, voicemail and e-mail alike."""


@inbox_.command("list")
@click.argument("login")
@click.option("--bin", "removed", is_flag=True, help="What was removed and can be restored.")
@click.option("--former", is_flag=True, help="What is left of a LOGIN who has been removed.")
@click.option("--before", type=int, metavar="ENTRY", help="Only older ones than this.")
@_limit
@reports_errors
def list_(login: str, removed: bool, former: bool, before: int | None, limit: int) -> None:
    """What lies in LOGIN's inbox, what is on its way out, and calls of a month that were missed."""
    if former:
        _show_entries(operations.list_former(inbox(), actor(), login)[1])
        return
    since = time.time() - MISSED_DAYS * DAY_S
    listing = operations.list_inbox(inbox(), actor(), login, removed, since, before, limit)
    _show_entries((*listing.urgent, *listing.entries), listing.missed_calls)
    if listing.away:
        say(
            f"The mail system is out of reach: this is what was known last. What is done to"
            f" {login}'s messages is done there, too, when it is back; `status` says why."
        )
    if listing.more:
        of = f"{login} --bin" if removed else login
        say(f"older ones: `inbox list {of} --before {listing.oldest}`")


@inbox_.command("missed-seen")
@click.argument("login")
@reports_errors
def missed_seen(login: str) -> None:
    """LOGIN's missed calls are seen: they light no lamp any more."""
    count = operations.see_missed_calls(inbox(), actor(), login)
    say(f"{login}: {count} missed calls are seen now" if count else f"{login}: none was unseen")


def _show_entries(entries: Sequence[Entry], missed: Sequence[MissedCall] = ()) -> None:
    table = Listing("entry", "kind", "state", "received", "from", "subject", "size")
    for entry in entries:
        table.row(
            str(entry.id),
            str(entry.kind),
            _state(entry),
            when(entry.received_at),
            entry.sender,
            entry.subject,
            size(entry.size),
        )
    for call in missed:
        table.row("-", "missed call", "-", when(call.at), call.caller, call.reason, "-")
    table.show()


def _state(entry: Entry) -> str:
    if entry.state is EntryState.BIN and entry.removed_at is not None:
        who = entry.removed_by or "the box"
        return f"removed by {who} through {entry.removed_door} {when(entry.removed_at)}"
    if entry.state is EntryState.LEAVING:
        return "on its way out"
    said = (str(entry.state), "saved" if entry.saved else "", "urgent" if entry.urgent else "")
    return ", ".join(filter(None, said))


@inbox_.command("show")
@click.argument("entry", type=int)
@reports_errors
def show(entry: int) -> None:
    """The header of one message."""
    header = operations.show_header(inbox(), actor(), entry)
    say_text(header.decode("utf-8", "replace"))


@inbox_.command("export")
@click.argument("entry", type=int)
@reports_errors
def export(entry: int) -> None:
    """Write the octets of one message to standard output; a terminal gets them made visible."""
    pieces = operations.export_message(inbox(), actor(), entry)
    if sys.stdout.isatty():
        say_text(b"".join(pieces).decode("utf-8", "replace"))
        return
    for octets in pieces:
        sys.stdout.buffer.write(octets)
    sys.stdout.buffer.flush()


@inbox_.command("history")
@click.argument("login")
@click.option("--entry", type=int, help="Of this message only.")
@click.option("--before", type=int, metavar="ROW", help="Only older rows than this.")
@_limit
@reports_errors
def history(login: str, entry: int | None, before: int | None, limit: int) -> None:
    """Who did what, through which door, when."""
    table = Listing("when", "what", "entry", "door", "by", "detail")
    page = operations.history(inbox(), actor(), login, entry, before, limit)
    for row in page.rows:
        number = "-" if row.entry is None else str(row.entry)
        verb, by = sentence(row.verb), row.by or sentence("the box")
        table.row(when(row.at), verb, number, row.door, by, row.detail)
    table.show()
    if page.more:
        of = login if entry is None else f"{login} --entry {entry}"
        say(f"older rows: `inbox history {of} --before {page.rows[0].id}`")


@inbox_.command("remove")
@click.argument("entries", type=int, nargs=-1, required=True)
@reports_errors
def remove(entries: tuple[int, ...]) -> None:
    """Move messages to the bin, from every door at once."""
    moved = operations.remove_entries(inbox(), actor(), entries)
    say(f"removed: {moved.done} of {moved.asked}")


@inbox_.command("restore")
@click.argument("entries", type=int, nargs=-1, required=True)
@click.option("--to", "heir", metavar="LOGIN", help="Who gets what a removed person had.")
@reports_errors
def restore(entries: tuple[int, ...], heir: str | None) -> None:
    """Bring removed messages back."""
    moved = operations.restore_entries(inbox(), actor(), entries, heir)
    to = f", to {heir} what has no owner any more" if heir else ""
    say(f"restored: {moved.done} of {moved.asked}{to}")


@inbox_.command("check")
@click.option("--background", is_flag=True, help="At the lowest priority, with rests.")
@reports_errors
def check(background: bool) -> None:
    """Read the whole store and say whether it is well; exit code 1 if it is damaged.

    It goes on beside everything else and is done every night anyway.
    """
    if background:
        lower_priority()
    condition = check_store(actor(), here(), _rest if background else lambda _: None)
    say(condition.text or "the store is well")
    sys.exit(1 if condition.text else 0)


def _rest(worked_s: float) -> None:
    """Half of the time is for others, whose priority may be no better."""
    time.sleep(min(worked_s, LONGEST_REST_S))


@inbox_.command("repair")
@reports_errors
def repair() -> None:
    """Make a new store of all that can be read of a damaged one; the old one is kept.

    UIDLs stay, so mail programs fetch nothing twice. Mail that comes meanwhile is put off, and its
    senders try again; calls go on. It may be interrupted and begun again.
    """
    done = repair_store(actor(), here(), lambda text: say(f"{text} …"), time.sleep)
    if done is None:
        say("the store is well; there is nothing to repair")
        return
    for line in done.report.splitlines():
        say(line)
    say(f"The damaged store is kept as {done.kept}; delete it when nothing is missed.")


inbox_.add_command(take)
inbox_.add_command(release)
