"""What an experiment is given and gives: whom it talks to, and what it has shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.bringup.bench import Bench
from drivers.board_spec import Kind


@dataclass(frozen=True)
class Talk:
    """The technician at the terminal."""

    say: Callable[[str], None]
    """Show a line."""
    ask: Callable[[str], str]
    """Show a question and wait for a line."""
    stall: Callable[[float], None]
    """Do nothing at all for so many seconds, so that the sound stream overruns."""


@dataclass(frozen=True)
class Shown:
    """What an experiment showed."""

    as_assumed: bool
    text: str
    values: Mapping[str, Any]
    """JSON values."""


Run = Callable[[Bench, str, Talk], Shown]
"""(the board, the jack, whom to tell) -> what it showed. Raises HardwareError."""


@dataclass(frozen=True)
class Experiment:
    """One step of the bring-up."""

    key: str
    title: str
    kind: Kind | Literal["board"]
    """What it needs: a handset's jack, an outside line's, or any line."""
    connect: str
    about: str
    """What it settles."""
    run: Run
