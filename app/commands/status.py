"""`python -m app status`: how the box is."""

import click
from rich.table import Table

from app.appliance import open_inbox
from app.commands.common import actor, console, size, when
from app.commands.errors import reports_errors
from app.config.paths import here
from app.operations.status import DAYS, Lines, StatusReport, read_status


@click.command()
@reports_errors
def status() -> None:
    """Services, lines, inboxes, queue and disk at a glance, and what needs attention."""
    paths = here()
    paths.make()
    show(read_status(actor(), paths, open_inbox))


def show(report: StatusReport) -> None:
    """Print a report, what needs attention first."""
    for text in attention(report):
        console.print(f"ATTENTION: {text}\n", markup=False)
    for service in report.services:
        console.print(f"{service.name:<8} {service.state}", markup=False)
    _show_lines(report.lines)
    if report.store_problem:
        return
    console.print(f"\nqueue    {report.queue_waiting} to send, {report.queue_tried} tried before")
    held = report.holdings
    console.print(
        f"store    {size(held.used)} in {held.inboxes} inboxes, {size(held.in_bin)} in the bin,"
        f" {size(held.disk_free)} free on the disk"
    )
    missed = [f"{login} {count}" for login, count in report.missed.by_login]
    nobody = report.missed.for_nobody
    missed += [f"for nobody {len(nobody)}"] if nobody else []
    console.print(f"missed   {', '.join(missed) or 'no calls'} in {DAYS} days", markup=False)
    for call in nobody:
        console.print(
            f"         {when(call.at)} {call.line}: {call.caller}, {call.reason}", markup=False
        )


def attention(report: StatusReport) -> list[str]:
    """What somebody must see to, a text each."""
    texts = list(report.notices)
    if report.settings_problem:
        texts.append(f"the settings cannot be used:\n{report.settings_problem}")
    if report.store_problem:
        texts.append(f"the store cannot be opened: {report.store_problem}")
    texts += [str(problem) for problem in report.problems]
    texts += [
        f"the PIN of {lock.login} is locked until {when(lock.until)}; `people pin {lock.login}`"
        " lifts that"
        for lock in report.locks
    ]
    return texts


def _show_lines(lines: Lines) -> None:
    if lines.problem:
        console.print(f"\nlines    {lines.problem}", markup=False)
        return
    table = Table("line", "kind", "state", "call", "message waiting", "fault", box=None)
    for line in lines.lines:
        waiting = {True: "yes", False: "no", None: "-"}[line.message_waiting]
        table.add_row(
            line.name, line.kind, line.state, line.call or "-", waiting, line.fault or "-"
        )
    console.print()
    console.print(table)
    console.print(f"beat     {lines.lost_periods} periods lost since start")
