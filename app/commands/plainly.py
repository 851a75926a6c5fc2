"""Errors that we raise on purpose end a command with one line and exit code 1, not with a trace."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")


def ours() -> tuple[type[Exception], ...]:
    """The errors we raise on purpose; loaded when something has gone wrong, and not before."""
    from app.commands.control import NotRunning
    from app.commands.supervision import StartError
    from app.device.errors import DeviceError
    from app.inbox.errors import InboxError
    from app.place import PlaceError
    from app.settings import SettingsError
    from drivers.errors import HardwareError

    return (
        InboxError,
        SettingsError,
        PlaceError,
        HardwareError,
        DeviceError,
        NotRunning,
        StartError,
    )


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors we raise on purpose into one line and exit code 1."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ours() as problem:
            click.echo(f"switchhook: {problem}", err=True)
            sys.exit(1)

    return wrapper
