"""`python -m app status`: how the box is."""

import click

from app.commands.common import actor, existing, size, when
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.commands.queue import down_text, held_text
from app.config.paths import here
from app.config.ports import ports_text
from app.core.sentences import joined, sentence
from app.operations.attention import attention
from app.operations.connections import Connections, read_connections
from app.operations.lines import Lines
from app.operations.panel_state import PanelState
from app.operations.status import DAYS, Elsewhere, StatusReport, read_status


@click.group(invoke_without_command=True)
@click.pass_context
@reports_errors
def status(context: click.Context) -> None:
    """Services, lines, inboxes, queue and disk at a glance, and what needs attention."""
    if context.invoked_subcommand is not None:
        return
    show(read_status(actor(), here(), existing))


@status.command("connections")
@reports_errors
def connections() -> None:
    """Who holds which connection of the mail service, and how many each address has."""
    show_connections(read_connections(actor(), here()))


def show_connections(found: Connections) -> None:
    """Print who holds what, those who have waited longest for a login or mail first."""
    if found.held:
        right = ("open s", "waits s", "received", "sent")
        table = Listing(
            "protocol",
            "TLS",
            "address",
            "of",
            "state",
            "person",
            *right,
            right=right,
            whole=("address",),
        )
        for one in found.held:
            table.row(
                one.protocol,
                one.tls.partition(" ")[0].removeprefix("TLSv") or "-",
                one.peer,
                "LAN" if one.lan else "strangers",
                one.state,
                one.person or "-",
                str(one.open_s),
                "-" if one.waits_s is None else str(one.waits_s),
                size(one.received),
                size(one.sent),
            )
        table.show()
        say("", *(f"{address} holds {count}" for address, count in found.by_address()[:10]), "")
    say(
        f"{len(found.held)} connections; of POP3 and of SMTP each the LAN may have {found.lan},"
        f" all others {found.strangers} (mail.connections, mail.strangers_percent)",
        f"{found.waiting_logins} passwords wait to be looked at",
    )


def show(report: StatusReport) -> None:
    """Print a report, what needs attention first."""
    for text in attention(report):
        say_text(sentence("ATTENTION: %(text)s", text=text))
        say("")
    for service in report.services:
        say(f"{service.name:<8} {service.state}")
    say(f"ports    {ports_text(report.ports) or 'the mail service does not run'}")
    _show_lines(report.lines)
    if report.panel is not None:
        say_text(f"panel    {panel_text(report.panel)}")
    if not report.store_problem:
        _show_store(report)
    when_it_is_there = "" if report.web_served else " (not now: the log of admin says why)"
    say("", f"mail programs are set up by {report.setup_page}{when_it_is_there}")


def panel_text(panel: PanelState) -> str:
    """What is known of the front panel."""
    by = {"gpio": "by pins (gpio)", "uart": "by a serial line (uart)"}[panel.kind]
    return f"{by}: {panel.problem or 'it answers'}"


def _show_store(report: StatusReport) -> None:
    say("", f"queue    {report.queue_waiting} to send")
    if report.queue_held:
        say(f"         {held_text(report.queue_held)}")
    for one in report.queue_down:
        say(f"         {down_text(one)}")
    _show_elsewhere(report.elsewhere)
    held = report.holdings
    say(
        f"store    {size(held.used)} in {held.inboxes} inboxes, {size(held.in_bin)} in the bin,"
        f" {size(held.disk_free)} free on the disk"
    )
    missed = [f"{login} {count}" for login, count in report.missed.by_login]
    nobody = report.missed.for_nobody
    missed += [f"for nobody {len(nobody)}"] if nobody else []
    say(f"missed   {', '.join(missed) or 'no calls'} in {DAYS} days")
    for call in nobody:
        say(f"         {when(call.at)} {call.line}: {call.caller}, {call.reason}")


def _show_elsewhere(accounts: tuple[Elsewhere, ...]) -> None:
    """What is fetched from servers elsewhere: when last, and what they say if it does not go."""
    for number, one in enumerate(accounts):
        last = "never yet" if one.ok_at is None else when(one.ok_at)
        say(f"{'' if number else 'fetch':<9}{one.login}, {one.place}: last {last}")
        if one.error and one.error_at is not None:
            say(f"{'':<9}  not at {when(one.error_at)}: {one.error}")


def _show_lines(lines: Lines) -> None:
    if lines.problem:
        say("", joined("", ("lines    ", lines.problem)))
        return
    table = Listing("line", "kind", "state", "call", "message waiting", "fault")
    for line in lines.lines:
        waiting = {True: "yes", False: "no", None: "-"}[line.message_waiting]
        table.row(line.name, line.kind, line.state, line.call or "-", waiting, line.fault or "-")
    say("")
    table.show()
    beat = f"beat     {lines.lost_periods} periods lost since start"
    beat += f", {lines.xruns} stops of a stream" if lines.xruns else ""
    beat += f", {lines.slot_failures} slots not proved" if lines.slot_failures else ""
    say(beat)
