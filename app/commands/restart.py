"""`python -m app restart`: services, or the machine, once more from the beginning."""

import click

from app.commands.common import actor
from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import here
from app.operations.restarting import SERVICES, restart_machine, restart_services


@click.command("restart")
@click.argument("services", nargs=-1, type=click.Choice(SERVICES))
@click.option("--now", is_flag=True, help="The telephones, too, if a call goes on.")
@click.option("--machine", is_flag=True, help="The whole device; calls are cut off.")
@reports_errors
def restart(services: tuple[str, ...], now: bool, machine: bool) -> None:
    """Start SERVICES again, or all of them."""
    if machine:
        restart_machine(actor())
        say("The machine starts again.")
        return
    done = restart_services(here(), actor(), services, now)
    say(f"started again: {', '.join(done.done) or 'none, since none is supervised here'}")
    for pending in done.pending:
        say(f"not yet: {pending.what}, since {pending.why}")
