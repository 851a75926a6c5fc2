"""Ring groups and the attendant as plain data, wherever they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Order = Literal["all", "in turn", "round"]
"""Whether the handsets of a group ring at once, one after the other, or so beginning after the one
that was rung last."""

ATTENDANT = "attendant"
"""In place of a number: the auto-attendant answers."""


@dataclass(frozen=True, slots=True)
class RingGroup:
    """Several handsets that are called by one number."""

    handsets: tuple[str, ...]
    order: Order = "all"
    step_s: float = 20.0
    """How long each of them rings, or all together; 4 to 120 s of line time."""
    then: str = ""
    """Where a call goes that nobody has answered: a mailbox, a handset, a group, or ATTENDANT;
    empty: to the mailbox of the line that it came in on."""


@dataclass(frozen=True, slots=True)
class AttendantConfig:
    """What the attendant says and knows."""

    operator: str = ""
    """Number that 0 calls; empty: the mailbox number of who answers outside lines."""
    words: str = ""
    """What is said to callers in place of the prompt, in the language of the box."""
    tries: int = 3
    """Wrong numbers, or menus heard without a key, after which the operator is called."""
    by_name: bool = True
    """Whether 9 finds people by their names."""


Groups = Mapping[str, RingGroup]
"""Ring groups by their numbers."""
