"""`python -m app device selftest`: try the hardware, a line for each part."""

import fcntl
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial

import click

from app.commands.child import in_child
from app.commands.plainly import plainly
from app.device.selftest import Outcome, Trial, run
from app.place import here


@click.command("selftest")
@click.option("--json", "as_json", is_flag=True, help="A list of results for programs.")
@click.option("--only", multiple=True, help="Try this part; may be given several times.")
@plainly
def selftest(as_json: bool, only: tuple[str, ...]) -> None:
    """Try pins, buses, sound, panel, watchdog, clock and data; exit code 1 if a part fails.

    Lines and calls go on meanwhile. Needs root: the kernel's simulated devices are made for it.
    """
    logging.disable(logging.WARNING)  # what drivers warn of is what the trials bring about
    told = []
    with _one_at_a_time():
        for outcome in _outcomes(only):
            told.append({**asdict(outcome), "result": outcome.result.value})
            if not as_json:
                click.echo(outcome.line)
    if as_json:
        click.echo(json.dumps(told, indent=1))
    sys.exit(any(outcome["result"] == "failed" for outcome in told))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for another self-test to end: the one of the start, for example."""
    place = here()
    place.run.mkdir(parents=True, exist_ok=True)
    with (place.run / "selftest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _outcomes(only: tuple[str, ...]) -> Iterator[Outcome]:
    """Each part's outcome, tried when it is asked for."""
    for name, do in _parts().items():
        if not only or name in only:
            # the pin library keeps the chip it has opened, so each part has a process of its own
            yield from in_child(partial(_tried, Trial(name, do)))


def _tried(trial: Trial) -> list[Outcome]:
    return list(run([trial], time.monotonic))


def _parts() -> dict[str, Callable[[], str]]:
    from app.appliance import board_spec, has_box
    from app.commands.control import NotRunning, ask
    from app.device import selftest_buses, selftest_machine, selftest_sound

    place = here()
    settings = place.settings()
    board, of_python = board_spec(settings), has_box(settings.phone.board)
    try:
        status = ask(place.phone_control, {"ask": "status"})
    except NotRunning:
        status = None
    running = status is not None
    return {
        "pins": lambda: selftest_buses.pins(board),
        "chips": lambda: selftest_buses.board_pins(board, of_python, running),
        "i2c": selftest_buses.i2c,
        "spi": lambda: selftest_buses.spi(board, of_python, running),
        "loopback": lambda: selftest_sound.loopback(time.sleep),
        "sound": lambda: selftest_sound.board_card(
            board, of_python and not board.box_device, running
        ),
        "panel": selftest_machine.panel,
        "watchdog": selftest_machine.watchdog,
        "clock": selftest_machine.clock,
        "data": lambda: selftest_machine.data(place.var),
        "lines": lambda: selftest_machine.lines(status),
    }
