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

from app.commands.errors import OURS, reports_errors
from app.commands.output import say, say_text
from app.config.paths import here
from app.core.subprocess_call import in_child
from app.device.selftest.findings import Outcome, Trial, run


@click.command("selftest")
@click.option("--json", "as_json", is_flag=True, help="A list of results for programs.")
@click.option("--only", multiple=True, help="Try this part; may be given several times.")
@reports_errors
def selftest(as_json: bool, only: tuple[str, ...]) -> None:
    """Try pins, buses, sound, panel, watchdog, clock and data; exit code 1 if a part fails.

    Lines and calls go on meanwhile. Needs root: the kernel's simulated devices are made for it.
    """
    results = []
    for outcome in outcomes(only):
        results.append({**asdict(outcome), "result": outcome.result.value})
        if not as_json:
            say(outcome.line)
    if as_json:
        say_text(json.dumps(results, indent=1, allow_nan=False))
    sys.exit(any(outcome["result"] == "failed" for outcome in results))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for another self-test to end: the one of the start, for example."""
    paths = here()
    paths.run.mkdir(parents=True, exist_ok=True)
    with (paths.run / "selftest.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def outcomes(only: tuple[str, ...] = ()) -> Iterator[Outcome]:
    """Each part's outcome, tried when it is asked for; `only` these parts if there are any."""
    logging.disable(logging.WARNING)  # what drivers warn of is what the trials bring about
    with _one_at_a_time():
        for name, do in _parts().items():
            if not only or name in only:
                # the pin library keeps the chip it has opened, so each part has its own process
                yield from in_child(partial(_tried, Trial(name, do)), OURS)


def _tried(trial: Trial) -> list[Outcome]:
    return list(run([trial], time.monotonic))


def _parts() -> dict[str, Callable[[], str]]:
    from app.appliance import board_spec, has_box
    from app.core.control import NotRunning, ask
    from app.device.selftest import buses, front_panel, machine, sound

    paths = here()
    settings = paths.settings()
    board, of_python = board_spec(settings), has_box(settings.phone.board)
    try:
        status = ask(paths.phone_control, {"ask": "status"})
    except NotRunning:
        status = None
    running = status is not None
    return {
        "pins": lambda: buses.pins(board),
        "chips": lambda: buses.board_pins(board, of_python, running),
        "i2c": buses.i2c,
        "leds": front_panel.front_panel,
        "spi": lambda: buses.spi(board, of_python, running),
        "loopback": lambda: sound.loopback(time.sleep),
        "sound": lambda: sound.board_card(board, of_python and not board.box_device, running),
        "panel": machine.panel,
        "watchdog": machine.watchdog,
        "clock": machine.clock,
        "data": lambda: machine.data(paths.var),
        "lines": lambda: machine.lines(status),
    }
