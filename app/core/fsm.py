"""State tables: the only place where the state of a line or a call changes.

A table says for each state which events it accepts, where each leads, and which timer runs while
the state lasts. An event that a state does not accept is refused: nothing moves, and the log says
machine, state and event.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from app.core.timers import Due, Timer, TimerQueue

log = logging.getLogger(__name__)

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Row(Generic[S, E]):
    """One state: where each accepted event leads, and the timer that gives an event when due.

    Every accepted event enters its target anew, also when that is the same state (the timer starts
    again); events in `stay` are accepted and change nothing.
    """

    on: Mapping[E, S] = field(default_factory=dict)
    stay: frozenset[E] = frozenset()
    timer: Timer | None = None
    due: E | None = None


class Table(Generic[S, E]):
    """The states of one kind of machine. Raises ValueError if a target has no row."""

    def __init__(self, kind: str, rows: Mapping[S, Row[S, E]]) -> None:
        self.kind = kind
        self.rows = rows
        for state, row in rows.items():
            for event, target in row.on.items():
                if target not in rows:
                    raise ValueError(f"{kind}: {state} --{event}--> {target}: no such state")
            if (row.timer is None) != (row.due is None):
                raise ValueError(f"{kind}: {state}: a timer and its event go together")
            if row.due is not None and row.due not in row.on:
                raise ValueError(f"{kind}: {state} does not accept its own timer's {row.due}")

    def picture(self) -> str:
        """All moves as text, one a line, for documents and tests."""
        return "\n".join(
            f"{state} --{event}--> {target}"
            for state, row in self.rows.items()
            for event, target in row.on.items()
        )


class Machine(Generic[S, E]):
    """One line's or call's place in a table.

    `moved(old, event, new)` is called after each accepted event that leads somewhere; events that
    it gives to this machine in turn are handled after it, in order. `length(timer)` gives a timer's
    periods where a setting replaces the default.
    """

    def __init__(
        self,
        table: Table[S, E],
        name: str,
        state: S,
        queue: TimerQueue,
        moved: Callable[[S, E, S], None],
        length: Callable[[Timer], int] = lambda timer: timer.periods,
    ) -> None:
        self.state = state
        self._table = table
        self._name = name
        self._queue = queue
        self._moved = moved
        self._length = length
        self._timer: Due | None = None
        self._waiting: list[E] | None = None

    def event(self, event: E) -> bool:
        """Something happened; False if the state refuses it."""
        if self._waiting is not None:  # from inside moved(): first things first
            self._waiting.append(event)
            return True
        return self._take(event)

    def _take(self, event: E) -> bool:
        self._waiting = []
        try:
            accepted = self._move(event)
            while self._waiting:
                self._move(self._waiting.pop(0))
        finally:
            self._waiting = None
        return accepted

    def _move(self, event: E) -> bool:
        old = self.state
        row = self._table.rows[old]
        target = row.on.get(event)
        if target is None:
            if event in row.stay:
                return True
            log.warning("%s %s: %s refused in %s", self._table.kind, self._name, event, old)
            return False
        self.state = target
        log.info("%s %s: %s --%s--> %s", self._table.kind, self._name, old, event, target)
        self._start_timer(self._table.rows[target])
        self._moved(old, event, target)
        return True

    def _start_timer(self, row: Row[S, E]) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if row.timer is not None and row.due is not None:
            due = row.due
            self._timer = self._queue.after(self._length(row.timer), lambda: self._expired(due))

    def _expired(self, due: E) -> None:
        self._timer = None
        self.event(due)
