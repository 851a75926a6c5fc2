"""What the chips of all lines measure, asked for one line a beat.

A look at one chip holds its bus for up to 1 ms, so 48 of them in one beat would make it late.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from app.core.timers import TimerQueue
from drivers.errors import BusClosed, HardwareError
from drivers.ports import Port

Told = Callable[[dict[str, Any]], None]


class Readings:
    """Asks the ports by jack name, one in each beat of the queue."""

    def __init__(self, ports: Mapping[str, Port], queue: TimerQueue) -> None:
        self._ports, self._queue = ports, queue

    def ask(self, told: Told) -> None:
        """Read every line; `told` gets, by jack, the fields of LineReading, or {"problem": text}.

        Raises BusClosed from the beat in which the board is found to be gone.
        """
        self._next(list(self._ports), {}, told)

    def _next(self, left: list[str], found: dict[str, Any], told: Told) -> None:
        if not left:
            told(found)
            self._queue.changes += 1  # who waits for it looks when something has changed
            return

        def read() -> None:
            found[left[0]] = self._read(left[0])
            self._next(left[1:], found, told)

        self._queue.after(1, read)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return asdict(self._ports[name].reading())
        except BusClosed:
            raise
        except HardwareError as problem:
            return {"problem": str(problem)}
