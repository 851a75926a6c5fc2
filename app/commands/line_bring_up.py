"""`lines bring-up`: a technician is led through the experiments at a new line hat."""

import asyncio
import fcntl
import logging
import os
import select
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.bringup.bench import Bench
from app.bringup.experiments import TITLES
from app.bringup.report import NoReport, Report, load, save
from app.bringup.session import Session, chips_of
from app.bringup.talk import Talk
from app.commands.output import say, say_text
from app.commands.service_phone import board_hardware
from app.config.paths import Paths
from app.config.services import plan
from app.core.control import NotRunning
from app.core.errors import DeviceError
from app.operations.backups import program_version
from app.operations.running import phone_status, stopped
from drivers.countries import line_settings

STOPS = "--stop-phone"
STDIN = 0


def bring_up(paths: Paths, path: Path, stop_phone: bool) -> None:
    """One sitting; the report at `path` is gone on with. Raises SwitchhookError, HardwareError."""
    with ExitStack() as held:
        held.enter_context(_alone(paths))
        _free_lines(paths, stop_phone, held)
        known = plan(paths, "phone")
        board = known.board
        kept = load(path)
        if kept is not None and kept.board != board.name:
            raise NoReport(
                f"{path} is of the board {kept.board}, and this one is {board.name}; name another "
                "file by --report"
            )
        logging.disable(logging.WARNING)  # what drivers warn of is what experiments bring about
        held.callback(logging.disable, logging.NOTSET)
        hardware = asyncio.run(board_hardware(paths, known))
        bench = Bench(board, hardware, line_settings(board.country))
        held.callback(bench.close)
        say(f"board {board.name}: {board.title}", f"report: {path}", "the chips are set up")
        bench.start()
        chips = chips_of(bench)
        say(*(f"  {jack}: {chip}" for jack, chip in chips.items()))
        report = kept or Report(board.name, program_version(), chips)
        session = Session(bench, _at_terminal(bench), report, lambda now: save(now, path, TITLES))
        done = session.run()
    say("", _farewell(session.report) if done else "Go on later with the same command.")
    say_text(str(path))


def _farewell(report: Report) -> str:
    """What is to be done with a report that has nothing left to do."""
    if report.results:
        return "All done: send the report in."
    return (
        "Each experiment was left out: the report says nothing of this hat. Remove it, and the "
        "same command begins anew."
    )


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """Hold the lock of bring-ups. Raises DeviceError if somebody else has it."""
    paths.run.mkdir(parents=True, exist_ok=True)
    with (paths.run / "bring-up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise DeviceError("another bring-up is under way; end that one first") from taken
        yield


def _free_lines(paths: Paths, stop_phone: bool, held: ExitStack) -> None:
    """The telephone service must not have the board meanwhile. Raises DeviceError."""
    try:
        phone_status(paths)
    except NotRunning:
        return
    if not stop_phone:
        raise DeviceError(
            f"the telephone service has the lines; give {STOPS}, which ends all calls and stops it "
            "until bring-up is over"
        )
    held.enter_context(stopped(paths, ("phone",)))
    try:
        phone_status(paths)
    except NotRunning:
        return
    raise DeviceError("the telephone service is not supervised here; end it where it was started")


def _at_terminal(bench: Bench) -> Talk:
    """The board goes on while the technician reads: chips lose their clock with the sound."""

    def ask(question: str) -> str:
        say(f"{question} >")
        while not select.select([STDIN], [], [], 0)[0]:
            bench.beat()
        return _typed_line()

    return Talk(say_text, ask, time.sleep)


def _typed_line() -> str:
    """A line, octet by octet: what a buffer holds is not seen by select(). Raises EOFError."""
    typed = b""
    while not typed.endswith(b"\n"):
        octet = os.read(STDIN, 1)
        if not octet:
            raise EOFError
        typed += octet
    return typed.decode(errors="replace").strip()
