"""A board's chips, made from its file and the devices under it, polled together once a beat."""

import logging
from collections import defaultdict
from typing import Protocol

from drivers.board_spec import BoardSpec, LineSpec, load_board, virtual_board
from drivers.buses import InputPin, OutputPin, PcmPort, SpiDevice
from drivers.chip import Beats, ChipPort
from drivers.countries import LineSettings
from drivers.errors import BusClosed, HardwareError
from drivers.ports import PortEvent, PortFault, StationPort, Steps, TrunkPort
from drivers.si321x import Si321x
from drivers.si3050 import Si3050

__all__ = ["BoardSpec", "Hardware", "LineBoard", "LineSpec", "load_board", "virtual_board"]

WHEEL = 32
"""Beats in the wheel of periodic checks; more than any ChipPort.interval."""

RESET_PERIODS = 2
"""Reset needs 100 ns low, the PLL 250 us of bit clock afterwards; 20 ms are plenty
[Si3215 DS, reset]."""

log = logging.getLogger(__name__)


class Hardware(Protocol):
    """What gives devices: Linux, or a box of models in this process or behind a socket."""

    def spi(self, bus: int, chip_select: int) -> SpiDevice:
        """The device behind one chip select, in SPI mode 3."""
        ...

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive; high until set() says otherwise."""
        ...

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up."""
        ...

    def pcm(self) -> PcmPort:
        """The board's one PCM port; the same one each time."""
        ...


class LineBoard:
    """All line chips of a board. Start the PCM port before power_up: chips need its clock."""

    stations: dict[str, StationPort]
    """By jack name; those that failed at power-up are taken out."""
    trunks: dict[str, TrunkPort]

    def __init__(self, spec: BoardSpec, hardware: Hardware, country: LineSettings) -> None:
        self.stations, self.trunks = {}, {}
        self._beats = Beats()
        self._chips: dict[str, ChipPort] = {}
        inputs = {line.interrupt: hardware.input_pin(line.interrupt) for line in spec.lines}
        for line in spec.lines:
            spi, interrupt = hardware.spi(line.bus, line.chip_select), inputs[line.interrupt]
            if line.kind == "station":
                station = Si321x(line, spi, interrupt, country.station, self._beats)
                self._chips[line.name] = self.stations[line.name] = station
            else:
                trunk = Si3050(line, spi, interrupt, country.trunk, self._beats)
                self._chips[line.name] = self.trunks[line.name] = trunk
        self._resets = [hardware.output_pin(pin) for pin in {line.reset for line in spec.lines}]
        self._inputs = inputs
        self._interrupt_of = {line.name: line.interrupt for line in spec.lines}
        self._pins: list[tuple[InputPin, list[ChipPort]]] = []
        self._wheel: list[list[ChipPort]] = [[] for _ in range(WHEEL)]
        self._eager: list[ChipPort] = []
        self._faults_to_report: list[tuple[str, PortEvent]] = []
        """Faults at power-up, reported by the first poll."""

    def power_up(self) -> Steps:
        """Reset and set up all chips side by side, 1 to 2 s of line time.

        A chip that fails is left out, and the next poll reports it as PortFault.
        """
        for level in (False, True):
            for pin in self._resets:
                pin.set(level)
            yield RESET_PERIODS
        waking = {name: 0 for name in self._chips}
        running = {name: chip.power_up() for name, chip in self._chips.items()}
        while running:
            for name in list(running):
                waking[name] -= 1
                if waking[name] <= 0 and not self._step(name, running[name], waking):
                    del running[name]
            if running:
                yield 1
        self._watch()

    def _step(self, name: str, steps: Steps, waking: dict[str, int]) -> bool:
        """One step of one chip; False when it has ended, well or badly."""
        try:
            periods = next(steps, None)
        except BusClosed:
            raise
        except HardwareError as error:
            log.error("%s", error)
            self._faults_to_report.append((name, PortFault(str(error))))
            self._leave_out(name)
            return False
        if periods is None:
            return False
        waking[name] = periods
        return True

    def _leave_out(self, name: str) -> None:
        del self._chips[name]
        self.stations.pop(name, None)
        self.trunks.pop(name, None)

    def _watch(self) -> None:
        """Begin to poll: chips by interrupt pin, and their checks spread over the beats."""
        sharing: defaultdict[int, list[ChipPort]] = defaultdict(list)
        for number, (name, chip) in enumerate(self._chips.items()):
            sharing[self._interrupt_of[name]].append(chip)
            self._wheel[(self._beats.now + 1 + number) % WHEEL].append(chip)
        self._pins = [(self._inputs[number], chips) for number, chips in sharing.items()]

    def poll(self) -> list[tuple[str, PortEvent]]:
        """What happened on all lines; call it once a beat.

        A quiet beat reads the distinct interrupt pins and makes the checks that are due: about
        one chip. Raises BusClosed when the bus is gone.
        """
        beats = self._beats
        beats.now += 1
        events, self._faults_to_report = self._faults_to_report, []
        asked: list[ChipPort] = []
        for pin, chips in self._pins:
            if not pin.read():
                asked += chips
        for chip in asked:
            self._look(chip, True, events)
        if self._eager:
            self._look_eagerly(asked, events)
        due = self._wheel[beats.now % WHEEL]
        if due:
            self._check(due, events)
        return events

    def _look(self, chip: ChipPort, asked: bool, events: list[tuple[str, PortEvent]]) -> None:
        for event in chip.look(asked):
            events.append((chip.name, event))
        if chip.eager and chip not in self._eager:
            self._eager.append(chip)

    def _look_eagerly(self, asked: list[ChipPort], events: list[tuple[str, PortEvent]]) -> None:
        for chip in list(self._eager):
            if chip not in asked:
                self._look(chip, False, events)
        self._eager = [chip for chip in self._eager if chip.eager]

    def _check(self, due: list[ChipPort], events: list[tuple[str, PortEvent]]) -> None:
        """Periodic checks, busy neighbour or not; each chip goes round to its next place."""
        now = self._beats.now
        self._wheel[now % WHEEL] = []
        for chip in due:
            if chip not in self._eager:
                self._look(chip, False, events)
            self._wheel[(now + chip.interval) % WHEEL].append(chip)
