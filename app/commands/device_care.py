"""Health and reset: `python -m app device health`, …"""

import sys
import time

import click

from app.commands.errors import reports_errors
from app.commands.output import say
from app.commands.services import begin
from app.config.paths import PROJECT, here
from app.core.sentences import sentence

BEAT_S = 0.3
"""Between the two looks of `health`: thirty beats."""
BUTTON_S = 0.1
_LINE = "%(part)-8s %(how)-9s %(says)s"


@click.command("health")
@reports_errors
def health() -> None:
    """Say whether lines, mail, web and store are well; exit code 1 if something is not."""
    from app.device.health import Health

    patient = Health(here(), time.monotonic)
    patient.look()
    time.sleep(BEAT_S)
    findings = patient.look()
    for finding in findings:
        how = sentence("well") if finding.ok else sentence("NOT WELL")
        say(sentence(_LINE, part=finding.name, how=how, says=finding.says))
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


@click.command("factory-reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--later", is_flag=True, help="Do not start again now.")
@reports_errors
def factory_reset(yes: bool, later: bool) -> None:
    """Erase people, messages, settings and keys; as new after the next start."""
    from app.device import reset

    if not yes:
        say("All people, messages, settings and keys of this box will be gone.")
        if (
            click.prompt(f"Type {reset.WORD} to go on", default="", show_default=False)
            != reset.WORD
        ):
            raise click.ClickException("nothing was erased")
    reset.request_reset(here())
    start_again(later, "the box is erased at its next start")


def start_again(later: bool, what: str) -> None:
    """Say what happens at the next start, and start again unless that is for later."""
    from app.core.process import run

    say(what if later else f"{what}, which is now")
    if not later:
        run("reboot")


@click.command("reset-button")
@click.argument("board")
@reports_errors
def reset_button(board: str) -> None:
    """At a start: if the reset button of BOARD is held for ten seconds, erase and start again."""
    from app.device import reset
    from drivers.board_spec import load_board
    from drivers.linux import LinuxHardware

    paths = begin("reset-button")
    spec = load_board(PROJECT / "board" / board / "board.toml")
    if spec.reset_button is None:
        return
    button = LinuxHardware(spec).input_pin(spec.reset_button)
    held = reset.Held(time.monotonic())
    while (sure := held.look(time.monotonic(), not button.read())) is None:
        time.sleep(BUTTON_S)
    if sure:
        reset.request_reset(paths)
        start_again(False, "the reset button was held: the box is erased at its next start")
