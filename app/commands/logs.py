"""`python -m app logs`: what the services say."""

import time

import click

from app.commands.common import actor
from app.commands.errors import reports_errors
from app.commands.output import say, show_by
from app.config.paths import here
from app.core.privileges import as_service
from app.operations.log_following import LogFollower
from app.operations.logs import LogLine, log_tail

LOOK_S = 0.3


@click.command("logs")
@click.argument("service", default="")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is said; Ctrl-C ends it.")
@click.option("-n", "--lines", default=50, show_default=True, type=click.IntRange(0, 1000))
@click.option("--warnings", is_flag=True, help="Only what is worth reading: warnings and errors.")
@click.option("--containing", default="", metavar="TEXT", help="Only lines with this text.")
@reports_errors
def logs(service: str, follow: bool, lines: int, warnings: bool, containing: str) -> None:
    """The newest lines of the log of SERVICE, or of all services; times are UTC."""
    paths = here()
    with as_service():  # who writes a log could lay a link in its place
        follower = LogFollower(paths, actor(), service) if follow else None
    if follow:
        show_by(None)  # it has no end that a screenful at a time could reach
    if lines:
        with as_service():
            tail = log_tail(
                paths, actor(), service, containing=containing, warnings=warnings, limit=lines
            )
        _show(tail.lines, service)
    try:
        while follower is not None:
            with as_service():
                found = follower.look()
            _show(
                [
                    line
                    for line in found
                    if containing.casefold() in line.text.casefold()
                    and (line.worth_reading or not warnings)
                ],
                service,
            )
            if not found:
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        say("")


def _show(lines: "tuple[LogLine, ...] | list[LogLine]", service: str) -> None:
    for line in lines:
        # A line of ours begins with its service; other programs' lines do not.
        named = service or line.text.startswith(f"{line.service}: ")
        say(f"{line.at} {line.text}" if named else f"{line.at} {line.service}: {line.text}")
