"""The beat of the phone side: what happens in each 10 ms of line time, in this order.

1. The board is asked what happened on the lines; line events go to the calls.
2. Timers that are due run.
3. The period heard is given to detectors and recordings.
4. The period to be played is made: buses, players, tones.

Nothing here reads a clock, a file or a socket. Scripts run on inside these steps when the thing
they wait for has happened.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

from app.core.records import to_json
from app.core.sentences import N_, sentence
from app.core.timers import TimerQueue
from app.core.told import told
from app.phone.calls.calls import Calls
from app.phone.calls.context import AnyLine, CallScript, PlayScript
from app.phone.config import PhoneConfig
from app.phone.jobs import Clerk
from app.phone.lines.kept_callers import CallerMemory
from app.phone.lines.line_test import Ended
from app.phone.lines.readings import Readings
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Mixer
from drivers.buses import Samples
from drivers.countries import country
from drivers.findings import TestOrder
from drivers.ports import PortEvent, PortFault, StationPort, TrunkPort

__all__ = ["Board", "CallScript", "Pbx", "PlayScript"]

log = logging.getLogger(__name__)

UNPOLLED_MOST = 100
"""A beat that is late for longer than 1 s asks the board all the same."""


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

    @property
    def starting(self) -> bool:
        """Whether a chip has neither come up nor failed yet."""
        ...

    def power_up(self) -> None:
        """Begin to bring all chips to life, side by side; poll() goes on with it."""
        ...

    def poll(self, periods: int = 1) -> list[tuple[str, PortEvent]]:
        """What happened on the lines in the `periods` (10 ms) since the last poll."""
        ...


def _no_date() -> str:
    return ""


class Pbx:
    """All lines of one board, driven by one call of beat() every 10 ms of line time.

    `slots` is the number of time slots in a PCM frame. `date` gives MMDDHHMM of local time for
    caller ID; without it none is sent. `kept` has callers from before a restart; `lost` counts
    periods that came too late.
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
        kept: CallerMemory | None = None,
        lost: Callable[[], int] = lambda: 0,
        play: PlayScript | None = None,
        attendant: CallScript | None = None,
    ) -> None:
        self._board = board
        self._queue = TimerQueue()
        self._mixer = Mixer(slots)
        here = country(config.country)
        self.calls = Calls(
            self._queue, self._mixer, here.tones, clerk, config, answer, owner, play, attendant
        )
        report = self.calls.on_event
        lamps, distinctive = config.lamps, config.distinctive_rings
        loop_break_ms = config.loop_break_ms
        self.stations = {
            name: StationLine(
                port,
                self._mixer.channel(port.slot),
                *(self._queue, here, report, date, lost, lamps, distinctive, loop_break_ms),
            )
            for name, port in board.stations.items()
        }
        self.trunks = {
            name: TrunkLine(port, self._mixer.channel(port.slot), self._queue, report, here, kept)
            for name, port in board.trunks.items()
        }
        self.lines: dict[str, AnyLine] = {**self.stations, **self.trunks}
        self.calls.stations, self.calls.trunks = self.stations, self.trunks
        self.calls.outside_lines.trunks = self.trunks
        self.readings = Readings({**board.stations, **board.trunks}, self._queue)
        """What the chips measure."""
        self._faults = Counter[str]()  # by jack, since start
        self.on_faxes: Callable[[int], None] = lambda _: None
        """Told how many faxes wait to be sent (app/voicemail/fax_sending.py)."""
        self._not_polled = 0
        self.ready = False
        """Whether every chip has come up or failed; calls are taken on lines that are up."""

    @property
    def periods(self) -> int:
        """Beats since the start."""
        return self._queue.now

    @property
    def changes(self) -> int:
        """A count that has grown when status() may say something else than periods and lost ones.

        A ringing line's caller, and a handset's lamp, count too.
        """
        return self._queue.changes

    def power_up(self) -> None:
        """Start bringing the chips up; beat() goes on with it. Each line works once it is up."""
        self.calls.refresh_directory()
        self.calls.sounds.patience.prepare()
        self._board.power_up()

    def beat(self, heard: Samples, late: bool = False) -> Samples:
        """One period: heard from the lines (slots, 80), returns what is played to them.

        `late` says that the next period waits already: the board is then asked in the last beat of
        the burst, whose line time is now, and what it says is not taken for older than it is.
        """
        self._not_polled += 1
        if not late or self._not_polled >= UNPOLLED_MOST:
            self._ask_board()
        self._queue.beat()
        self._mixer.hear(heard)
        played = self._mixer.play()
        if self.calls.loudspeaker is not None:
            self.calls.loudspeaker.beat()
        return played

    def _ask_board(self) -> None:
        periods, self._not_polled = self._not_polled, 0
        for name, event in self._board.poll(periods):
            self._faults[name] += isinstance(event, PortFault)
            self.lines[name].port_event(event)
        if not self.ready and not self._board.starting:
            self.ready = True
            log.info("lines are up: %s", ", ".join(sorted(self._working())) or "none")

    def _working(self) -> list[str]:
        return [name for name, line in self.lines.items() if line.working]

    def message_waiting(self, station: str, waiting: bool) -> None:
        """Whether this handset's owner has unheard voicemail: stutter dial tone, lamp."""
        line = self.stations.get(station)
        if line is not None:
            line.message_waiting = waiting
            self._queue.changes += 1

    def store_changed(self, faxes: int = 0, directory: int = 0) -> None:
        """The store says something new: who is in, if that version is; and so many faxes wait."""
        self.calls.directory_is(directory)
        self.on_faxes(faxes)

    def test_line(self, name: str, order: TestOrder, over: Ended) -> str:
        """Have a line's port test it; "" if it begins, else why it cannot."""
        line = self.lines.get(name)
        if line is None:
            names = ", ".join(self.lines)
            return sentence(
                "there is no line %(name)s; there are: %(names)s", name=name, names=names
            )
        if not line.working:
            return sentence("%(name)s does not work: %(why)s", name=name, why=line.fault)
        wanted = replace(order, dial_tone_hz=self.calls.tones.dial.hz)
        if self.calls.call_of(line) is not None or not line.tests.run(wanted, over):
            return sentence(
                "%(name)s is in use (%(state)s); test it when the call is over",
                name=name,
                state=line.machine.state,
            )
        return ""

    def hang_up_all(self) -> None:
        """End every call and test; recordings are finished by their scripts (see `busy`)."""
        for line in self.lines.values():
            line.tests.end(N_("the telephone service ends"))
        self.calls.close_all()

    @property
    def busy(self) -> bool:
        """Whether any call script still runs."""
        return self.calls.running > 0

    def status(self) -> dict[str, Any]:
        """Lines with their states, late sounds, faults; JSON values only."""
        loudspeaker = self.calls.loudspeaker
        return {
            "ready": self.ready,
            "periods": self.periods,
            "changes": self.changes,
            "scripts": self.calls.running,
            "late_periods": self.calls.sounds.late.periods,
            "lines": {name: self._line_status(line) for name, line in self.lines.items()},
            "loudspeaker": None if loudspeaker is None else loudspeaker.status(),
        }

    def _line_status(self, line: AnyLine) -> dict[str, Any]:
        call = self.calls.call_of(line)
        status: dict[str, Any] = {
            "kind": line.kind,
            "state": str(line.machine.state),
            "working": line.working,
            "call": str(call.machine.state) if call else "",
            "fault": line.fault,
            "fault_told": to_json(told(line.fault)),
            "faults": self._faults[line.name],
        }
        if isinstance(line, StationLine):
            status["message_waiting"] = line.message_waiting
        elif call is not None:
            status["caller"] = asdict(line.caller)
        return status
