"""`python -m app lines`: what the lines' chips measure."""

import json
from dataclasses import asdict

import click

from app.commands.common import actor
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.config.paths import here
from app.operations.line_readings import BoardReading, JackReading, read_readings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
@reports_errors
def lines(context: click.Context, as_json: bool) -> None:
    """Each line's chip, voltages, currents, hook and faults, as the running box sees them."""
    if context.invoked_subcommand is not None:
        return
    found = read_readings(actor(), here())
    if as_json:
        say_text(json.dumps(asdict(found), indent=1, allow_nan=False))
    else:
        show_readings(found)


def show_readings(found: BoardReading) -> None:
    """Print a table of all jacks, what is wrong with them below, and what the sound lost."""
    right = ("line V", "line mA", "battery V", "faults")
    table = Listing(
        "line", "kind", "chip", "rev", "state", "the chip", *right[:3], "hook", "call", right[3],
        right=right,
    )  # fmt: skip
    for jack in found.jacks:
        table.row(*_cells(jack))
    table.show()
    troubles = [(jack.jack, jack.fault or jack.problem) for jack in found.jacks]
    for name, trouble in troubles:
        if trouble:
            say_text(f"{name}: {trouble}")
    say(f"sound   {found.lost_periods} periods of 10 ms lost since start (overruns and underruns)")


def _cells(jack: JackReading) -> tuple[str, ...]:
    reading, call, faults = jack.reading, jack.call or "-", str(jack.faults)
    if reading is None:
        return jack.jack, jack.kind, "-", "-", jack.state, "-", "-", "-", "-", "-", call, faults
    battery = "-" if reading.battery_volts is None else f"{reading.battery_volts:.1f}"
    return (
        jack.jack,
        jack.kind,
        reading.chip,
        reading.revision,
        jack.state,
        reading.doing,
        f"{reading.volts:.1f}",
        f"{reading.ma:.1f}",
        battery,
        "off" if reading.off_hook else "on",
        call,
        faults,
    )
