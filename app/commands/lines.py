"""`python -m app lines`: what the lines' chips measure, and tests of a line."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from app.commands.common import actor
from app.commands.errors import reports_errors
from app.commands.output import Listing, say, say_text
from app.config.paths import here
from app.core.sentences import joined, sentence
from app.operations.actor import require_admin
from app.operations.line_readings import BoardReading, JackReading, read_readings
from app.operations.line_tests import LineTestResult, flash_line, run_line_test
from drivers.findings import Finding, Verdict


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
    say(
        f"sound   {found.lost_periods} periods of 10 ms lost since start, {found.xruns} stops of a"
        " stream (overruns and underruns), after each of which slots are proved again"
    )


def _cells(jack: JackReading) -> tuple[str, ...]:
    reading, call, faults = jack.reading, jack.call or "-", str(jack.faults)
    if reading is None:
        return jack.jack, jack.kind, "-", "-", jack.state, "-", "-", "-", "-", "-", call, faults
    return (
        jack.jack,
        jack.kind,
        reading.chip,
        reading.revision,
        jack.state,
        reading.doing,
        *(
            "-" if value is None else f"{value:.1f}"
            for value in (reading.volts, reading.ma, reading.battery_volts)
        ),
        "off" if reading.off_hook else "on",
        call,
        faults,
    )


LONGEST_LIFT_S = 120


@lines.command("test")
@click.argument("line")
@click.option(
    "--lift",
    "lift_s",
    type=click.IntRange(0, LONGEST_LIFT_S),
    default=0,
    metavar="SECONDS",
    help="Handset: wait so long for somebody to lift it, for loop, levels and noise.",
)
@click.option(
    "--no-digit",
    is_flag=True,
    help="Outside line: send no digit; noise and echo need one, to silence the dial tone.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@reports_errors
def test(line: str, lift_s: int, no_digit: bool, as_json: bool) -> None:
    """Measure a LINE that is not in use; exit code 1 if a value is bad.

    A handset rings for a second. An outside line is seized and, after the digit 1, released.
    """
    if not as_json:
        say(
            sentence(
                "%(line)s: measuring; this takes up to %(seconds)s seconds",
                line=line,
                seconds=15 + lift_s,
            )
        )
    result = run_line_test(actor(), here(), line, lift_s, not no_digit)
    if as_json:
        say_text(json.dumps(asdict(result), indent=1, allow_nan=False))
    else:
        show_findings(result)
    sys.exit(bool(result.why) or any(one.verdict is Verdict.BAD for one in result.found))


@lines.command("flash")
@click.argument("line")
@reports_errors
def flash(line: str) -> None:
    """Give the exchange of an outside LINE a flash, in the call that a handset has on it.

    It asks for a service of the exchange, such as a second call. At the handset it is R and *6.
    """
    flash_line(actor(), here(), line)
    say(f"{line}: the exchange has got a flash")


@lines.command("bring-up")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The report's file, which is gone on with; else bring-up.txt in the box's folder.",
)
@click.option(
    "--stop-phone",
    is_flag=True,
    help="End all calls, and stop the telephone service until bring-up is over.",
)
@reports_errors
def bring_up(report: Path | None, stop_phone: bool) -> None:
    """Lead through eight experiments at a line hat that nobody has run yet.

    Each says what to connect and what its readings mean; the report can be sent in.
    """
    from app.commands.line_bring_up import bring_up as lead  # it loads the drivers

    require_admin(actor(), "bring up a line hat")
    paths = here()
    lead(paths, report or paths.var / "bring-up.txt", stop_phone)


def show_findings(result: LineTestResult) -> None:
    """Print each value with its range, what it means, and what to do about bad ones."""
    value, meaning = sentence("value"), sentence("what it means")
    table = Listing("", value, sentence("usual"), sentence("verdict"), meaning, right=(value,))
    for one in result.found:
        found = sentence(one.name), value_of(one), range_of(one), sentence(one.verdict.value)
        table.row(*found, sentence(one.meaning))
    table.show()
    for remedy in dict.fromkeys(one.remedy for one in result.found if one.remedy):
        names = [sentence(one.name) for one in result.found if one.remedy == remedy]
        say_text(joined(": ", (joined(", ", names), sentence(remedy))))
    if result.why:
        say_text(sentence("the test ended early: %(why)s", why=sentence(result.why)))


def value_of(finding: Finding) -> str:
    """The value with its unit, as precise as it is."""
    if finding.value is None:
        return "-"
    digits = 0 if finding.unit in ("ohm", "Hz", "") else 1
    return f"{finding.value:.{digits}f} {finding.unit}".rstrip()


def range_of(finding: Finding) -> str:
    """The usual range in words."""
    low, high = finding.least, finding.most
    if low is None and high is None:
        return "-"
    if high is None:
        return sentence("%(least)s or more", least=f"{low:g}")
    if low is None:
        return sentence("%(most)s or less", most=f"{high:g}")
    return sentence("%(least)s to %(most)s", least=f"{low:g}", most=f"{high:g}")
