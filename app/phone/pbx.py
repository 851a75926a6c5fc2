"""The beat of the phone side: what happens in each 10 ms of line time, in this order.

1. The board is asked what happened on the lines; line events go to the calls.
2. Timers that are due run.
3. The period heard is given to detectors and recordings.
4. The period to be played is made: buses, players, tones.

Nothing here reads a clock, a file or a socket. Scripts run on inside these steps when the thing
they wait for has happened.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from app.core.timers import TimerQueue
from app.phone.calls.call import AnyLine, CallScript
from app.phone.calls.calls import Calls
from app.phone.config import PhoneConfig
from app.phone.jobs import Clerk
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Mixer
from drivers.buses import Samples
from drivers.countries import country
from drivers.ports import PortEvent, StationPort, Steps, TrunkPort

__all__ = ["Board", "CallScript", "Pbx"]

log = logging.getLogger(__name__)


class Board(Protocol):
    """The part of drivers.board.LineBoard that the PBX uses."""

    @property
    def stations(self) -> Mapping[str, StationPort]:
        """Station ports by jack label."""
        ...

    @property
    def trunks(self) -> Mapping[str, TrunkPort]:
        """Trunk ports by jack label."""
        ...

    def power_up(self) -> Steps:
        """Bring all chips to life, side by side."""
        ...

    def poll(self) -> list[tuple[str, PortEvent]]:
        """What happened on the lines since the last poll."""
        ...


def _no_date() -> str:
    return ""


class Pbx:
    """All lines of one board, driven by one call of beat() every 10 ms of line time.

    `slots` is the number of time slots in a PCM frame. `date` gives MMDDHHMM of local time for
    caller ID; without it none is sent.
    Raises UnknownCountry, and ValueError for a port outside the frame.
    """

    def __init__(
        self,
        board: Board,
        slots: int,
        clerk: Clerk,
        config: PhoneConfig,
        answer: CallScript,
        owner: CallScript,
        date: Callable[[], str] = _no_date,
    ) -> None:
        self._board = board
        self._queue = TimerQueue()
        self._mixer = Mixer(slots)
        here = country(config.country)
        self.calls = Calls(self._queue, self._mixer, here.tones, clerk, config, answer, owner)
        report = self.calls.on_event
        self.stations = {
            name: StationLine(port, self._mixer.channel(port.slot), self._queue, here, report, date)
            for name, port in board.stations.items()
        }
        self.trunks = {
            name: TrunkLine(port, self._mixer.channel(port.slot), self._queue, report, here.modem)
            for name, port in board.trunks.items()
        }
        self.lines: dict[str, AnyLine] = {**self.stations, **self.trunks}
        self.calls.stations, self.calls.trunks = self.stations, self.trunks
        self._steps: Steps | None = None
        self.ready = False
        """Whether the chips are up and calls are taken."""

    @property
    def periods(self) -> int:
        """Beats since the start."""
        return self._queue.now

    def power_up(self) -> None:
        """Start bringing the chips up; beat() goes on with it, calls are taken afterwards."""
        self.calls.refresh_directory()
        self._steps = self._board.power_up()
        self._next_step()

    def beat(self, heard: Samples) -> Samples:
        """One period: heard from the lines (slots, 80), returns what is played to them."""
        if self.ready:
            for name, event in self._board.poll():
                self.lines[name].port_event(event)
        self._queue.beat()
        self._mixer.hear(heard)
        return self._mixer.play()

    def message_waiting(self, station: str, waiting: bool) -> None:
        """Whether this handset's owner has unheard voicemail: stutter dial tone, lamp."""
        line = self.stations.get(station)
        if line is not None:
            line.message_waiting = waiting

    def hang_up_all(self) -> None:
        """End every call; recordings are finished by their scripts (see `busy`)."""
        self.calls.close_all()

    @property
    def busy(self) -> bool:
        """Whether any call script still runs."""
        return self.calls.running > 0

    def status(self) -> dict[str, Any]:
        """Lines with their states, late sounds, faults; JSON values only."""
        return {
            "ready": self.ready,
            "periods": self.periods,
            "scripts": self.calls.running,
            "late_periods": self.calls.sounds.late.periods,
            "lines": {name: self._line_status(line) for name, line in self.lines.items()},
        }

    def _line_status(self, line: AnyLine) -> dict[str, Any]:
        call = self.calls.call_of(line)
        status: dict[str, Any] = {
            "kind": line.kind,
            "state": str(line.machine.state),
            "call": str(call.machine.state) if call else "",
            "fault": line.fault,
        }
        if isinstance(line, StationLine):
            status["message_waiting"] = line.message_waiting
        return status

    def _next_step(self) -> None:
        assert self._steps is not None
        try:
            pause = next(self._steps)
        except StopIteration:
            self._steps = None
            self._powered_up()
        else:
            self._queue.after(pause, self._next_step)

    def _powered_up(self) -> None:
        self.ready = True
        working = {*self._board.stations, *self._board.trunks}
        for name, line in self.lines.items():
            if name in working:
                line.ready()
        for name, event in self._board.poll():  # what failed says so in the first poll
            self.lines[name].port_event(event)
        log.info("lines are up: %s", ", ".join(sorted(working)))
