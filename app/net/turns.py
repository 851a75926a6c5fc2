"""Whose turn it is when connections wait for theirs: the addresses take turns. No sockets here.

However many connections one host has waiting, in a round of the addresses it has one turn.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Those that wait, by where they come from. All operations cost the same however many wait."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, origin: str, waiting: T) -> None:
        """Let somebody of this source (see peers.source) wait behind the others of it."""
        self._waiting.setdefault(origin, deque()).append(waiting)
        self._count += 1

    def next(self) -> T:
        """Whose turn it is: of the source whose last turn was longest ago. Raises KeyError."""
        origin, waiting = self._waiting.popitem(last=False)
        turn = waiting.popleft()
        if waiting:
            self._waiting[origin] = waiting
        self._count -= 1
        return turn
