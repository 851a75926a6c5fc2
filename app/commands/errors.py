"""Errors that we raise on purpose end a command with one line and exit code 1, not with a trace."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from app.commands.output import complain
from app.core.errors import SwitchhookError
from drivers.errors import HardwareError

P = ParamSpec("P")
R = TypeVar("R")


OURS: tuple[type[SwitchhookError] | type[HardwareError], ...] = (SwitchhookError, HardwareError)
"""The errors that we raise on purpose."""


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors we raise on purpose into one line and exit code 1."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except OURS as problem:
            complain(problem.text)
            sys.exit(1)

    return wrapper
