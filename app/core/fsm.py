"""One engine for every finite-state machine: lines, calls, ringing, POP3 and SMTP sessions.

Read this before any module that holds a table.

A *table* describes one kind of machine: its states, and for each state a `Row` that says which
events are accepted and where each leads. The first row is the state in which a machine starts.
A *machine* is one line, call or session that stands in one state of its table. Nothing but
`Machine.event` changes that state, so the table is the whole truth about what can happen, and
docs/states.md is drawn from it (`python -m scripts.states`).

An event meets a state in one of three ways:

    moves    the row's `on` names a target. The machine enters it anew, also when the target is
             the state it is in: the timer of the state starts again.
    stays    the row's `stay` holds it. It is accepted, no state is entered, the timer runs on.
    refused  neither. Nothing changes and `event` returns False. What that means is the caller's
             business: for a line or a call it is a fault of ours and goes to the log, for a
             protocol it is the peer's mistake and is answered. `log` decides (see Machine).

*Actions* are what is done beside. They are keyed in one way everywhere: by the event, for every
state that moves on it; or by (state, event), where the state is the one in which the event came,
which goes before a key of the event alone and is the only way to do something on an event that
stays. There are no entry or exit actions, so that one key tells all that happens. An action runs
after the state has changed. It may give further events to its own machine: they are handled after
it, in order, never in the middle. An action whose key no row accepts is an error when the module is
loaded, because it could never run.

*Timers* belong to states, not to actions: a row names a `Timer` and the event `due` that it gives.
The timer starts when the state is entered and stops when the state is left. Time is periods of
10 ms of line time, counted by a TimerQueue. Protocol tables have no timers and need no queue.

Coupled machines (a call and its lines, a line and its ringer) know nothing of each other's tables:
the action of one gives an event to the other, or calls a method of the other's owner.

Costs: an accepted event of a machine without log, timer and action takes about 0.5 µs. A protocol
command that does not change the state needs no event at all; compare `machine.state` instead, in a
hot path with a constant of the module: Python 3.11 takes 0.2 µs to find a member in its class.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from app.core.timers import RunningTimer, Timer, TimerQueue

_log = logging.getLogger(__name__)

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)
O = TypeVar("O")  # noqa: E741 (the owner: S, E and O are the three letters of a machine)


@dataclass(frozen=True)
class Row(Generic[S, E]):
    """One state: what it accepts, and the timer that gives the event `due` when it expires.

    `meaning` says what the state waits for, for docs/states.md.
    """

    on: Mapping[E, S] = field(default_factory=dict)
    stay: frozenset[E] = frozenset()
    timer: Timer | None = None
    due: E | None = None
    meaning: str = ""


class Table(Generic[S, E]):
    """The states of one kind of machine; it starts in the first.

    Raises ValueError if there is no state, a target has no row, an event both moves and stays, or a
    timer has no event that the row moves on.
    """

    def __init__(self, kind: str, rows: Mapping[S, Row[S, E]]) -> None:
        if not rows:
            raise ValueError(f"{kind}: a table needs a state to start in")
        self.kind = kind
        self.rows = rows
        self.start = next(iter(rows))
        for state, row in rows.items():
            for event, target in row.on.items():
                if target not in rows:
                    raise ValueError(f"{kind}: {state} --{event}--> {target}: no such state")
            if both := row.stay & row.on.keys():
                raise ValueError(f"{kind}: {state} both moves and stays on {', '.join(both)}")
            if (row.timer is None) != (row.due is None):
                raise ValueError(f"{kind}: {state}: a timer and its event go together")
            if row.due is not None and row.due not in row.on:
                raise ValueError(f"{kind}: {state} does not accept its own timer's {row.due}")

    @property
    def timed(self) -> bool:
        """Whether a state has a timer, so that its machines need a TimerQueue."""
        return any(row.timer is not None for row in self.rows.values())

    def accepts(self, state: S, event: E) -> bool:
        """Whether this state moves or stays on this event."""
        row = self.rows[state]
        return event in row.on or event in row.stay

    def picture(self) -> str:
        """All moves as text, one a line."""
        return "\n".join(
            f"{state} --{event}--> {target}"
            for state, row in self.rows.items()
            for event, target in row.on.items()
        )


class Actions(Generic[O, S, E]):
    """What the owner of a machine does on its events: functions of the owner, by their keys.

    Raises ValueError for a key that no row of the table accepts.
    """

    def __init__(
        self, table: Table[S, E], keyed: Mapping[E | tuple[S, E], Callable[[O], None]]
    ) -> None:
        self.table = table
        self.by_state: dict[S, dict[E, Callable[[O], None]]] = {state: {} for state in table.rows}
        """What is done in a state, by event; an event that does nothing beside is not there."""
        used = set[E | tuple[S, E]]()
        for state, row in table.rows.items():
            for event in (*row.on, *row.stay):
                key = (state, event)
                if key in keyed:
                    self.by_state[state][event] = keyed[key]
                    used.add(key)
                elif event in keyed and event in row.on:
                    self.by_state[state][event] = keyed[event]
                    used.add(event)
        if unused := [key for key in keyed if key not in used]:
            raise ValueError(f"{table.kind}: actions that can never run: {unused}")


def no_actions(table: Table[S, E]) -> Actions[Any, S, E]:
    """For an owner that looks at event()'s result and the state itself."""
    return Actions[Any, S, E](table, {})


class Machine(Generic[O, S, E]):
    """One owner's place in a table.

    `name` tells it apart in the log. `queue` runs the timers; `length(timer)` gives a timer's
    periods (10 ms) where a setting replaces the default. `log` takes each refusal as a warning and
    each move at the level `moves`; None logs nothing. Raises ValueError if a table with timers gets
    no queue.
    """

    __slots__ = (
        "_acting",
        "_actions",
        "_later",
        "_length",
        "_log",
        "_moves",
        "_name",
        "_owner",
        "_queue",
        "_rows",
        "_running",
        "state",
        "table",
    )

    def __init__(
        self,
        actions: Actions[O, S, E],
        owner: O,
        name: str,
        queue: TimerQueue | None = None,
        length: Callable[[Timer], int] = lambda timer: timer.periods,
        log: logging.Logger | None = _log,
        moves: int = logging.INFO,
    ) -> None:
        table = actions.table
        if queue is None and table.timed:
            raise ValueError(f"{table.kind} {name}: a table with timers needs a queue")
        self.table = table
        self.state = table.start
        self._rows = table.rows
        self._actions = actions.by_state
        self._owner = owner
        self._name = name
        self._queue = queue
        self._length = length
        self._log = log
        self._moves = moves
        self._running: RunningTimer | None = None
        self._acting = False
        self._later: list[E] = []

    def event(self, event: E) -> bool:
        """Accept or refuse an event; False if the state refuses it.

        Inside an action of this machine the event is kept until the action is over, and True.
        """
        if self._acting:
            self._later.append(event)
            return True
        old = self.state
        if not self._move(old, event):
            return False
        action = self._actions[old].get(event)
        if action is not None:
            self._act(action)
        return True

    def stop(self) -> None:
        """Stop the timer; for an owner that ends in whatever state it is."""
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def _act(self, action: Callable[[O], None]) -> None:
        self._acting = True
        try:
            action(self._owner)
            while self._later:
                old, event = self.state, self._later.pop(0)
                if self._move(old, event) and (then := self._actions[old].get(event)) is not None:
                    then(self._owner)
        finally:
            self._acting = False
            self._later.clear()  # an action that failed takes the events after it along

    def _move(self, old: S, event: E) -> bool:
        row = self._rows[old]
        new = row.on.get(event)
        if new is None:
            return self._stay(old, row, event)
        self.state = new
        if self._log is not None:
            self._log.log(
                self._moves, "%s %s: %s --%s--> %s", self.table.kind, self._name, old, event, new
            )
        if self._queue is not None:
            self._queue.changes += 1
            self._start_timer(self._queue, self._rows[new])
        return True

    def _stay(self, old: S, row: Row[S, E], event: E) -> bool:
        if event in row.stay:
            return True
        if self._log is not None:
            self._log.warning("%s %s: %s refused in %s", self.table.kind, self._name, event, old)
        return False

    def _start_timer(self, queue: TimerQueue, row: Row[S, E]) -> None:
        self.stop()
        if row.timer is not None and row.due is not None:
            due = row.due
            self._running = queue.after(self._length(row.timer), lambda: self._expired(due))

    def _expired(self, due: E) -> None:
        self._running = None
        self.event(due)
