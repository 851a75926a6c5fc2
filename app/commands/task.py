"""`python -m app device task`: does one task that a page has asked for, from standard input."""

import sys
import time
from functools import partial

import click

from app.commands.common import existing
from app.commands.errors import reports_errors
from app.commands.selftest import outcomes
from app.config.paths import Paths, here
from app.config.services import plans
from app.core.clock import SystemClock
from app.core.errors import SwitchhookError
from app.core.records import BadRecord
from app.device.permissions import may_share
from app.operations import task_work
from app.operations.tasks import LONGEST

SHOWN_S = 2.0
"""Seconds in which whoever has asked can still be told, before what ends them is done."""


@click.command("task", hidden=True)
@reports_errors
def task() -> None:
    """Do the task that is on standard input, as the service `tasks` hands it over."""
    paths = here()
    may_share()
    line = sys.stdin.buffer.readline(LONGEST + 1)
    try:
        done = task_work.perform(paths, line, means_of(paths))
    except BadRecord as problem:
        raise SwitchhookError(f"this is no task: {problem}") from problem
    if done.afterwards:
        time.sleep(SHOWN_S)
    for work in done.afterwards:
        work()


def means_of(paths: Paths) -> task_work.Means:
    """What the work needs of the rest of the program."""

    return task_work.Means(existing, partial(plans, paths), SystemClock(), outcomes)
