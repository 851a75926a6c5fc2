"""A board's chips, made from its file and the devices under it, polled together once a beat."""

import logging
from collections import defaultdict
from typing import Protocol

from drivers.board_spec import BoardSpec, LineSpec, load_board, virtual_board
from drivers.buses import InputPin, OutputPin, PcmPort, SoundOutput, SpiDevice
from drivers.chip import Beats, ChipPort
from drivers.countries import LineSettings
from drivers.errors import HardwareError
from drivers.pins import I2cDevice
from drivers.ports import PortEvent, PortFault, PortRecovered, StationPort, Steps, TrunkPort
from drivers.reset_line import ResetLine, pulse
from drivers.si321x import Si321x
from drivers.si3050 import Si3050
from drivers.slic_lines import slic_lines
from drivers.slot_proof import SlotProof

__all__ = ["BoardSpec", "Hardware", "LineBoard", "LineSpec", "load_board", "virtual_board"]

log = logging.getLogger(__name__)

WHEEL = 32
"""Beats in the wheel of periodic checks; more than any ChipPort.interval."""


class LineHardware(Protocol):
    """What gives the devices of lines."""

    def spi(self, bus: int, chip_select: int) -> SpiDevice:
        """The device behind one chip select, in SPI mode 3."""
        ...

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive; high until set() says otherwise."""
        ...

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up."""
        ...

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus."""
        ...

    def pcm(self) -> PcmPort:
        """The board's one PCM port; the same one each time."""
        ...


class Hardware(LineHardware, Protocol):
    """What gives all devices: Linux, or a box of models in this process or behind a socket."""

    def sound_output(self, device: str) -> SoundOutput:
        """A device that plays, by its ALSA name. Raises HardwareError if it cannot be had."""
        ...


class LineBoard:
    """All line chips of a board. Start the PCM port before power_up: chips need its clock."""

    stations: dict[str, StationPort]
    """By jack name, whether they work or not."""
    trunks: dict[str, TrunkPort]

    def __init__(self, spec: BoardSpec, hardware: LineHardware, country: LineSettings) -> None:
        self._spec = spec
        self.stations, self.trunks = {}, {}
        self._beats = Beats()
        self._chips: dict[str, ChipPort] = {}
        inputs = {line.interrupt: hardware.input_pin(line.interrupt) for line in spec.lines}
        resets = {line.reset: ResetLine(hardware.output_pin(line.reset)) for line in spec.lines}
        for line in spec.lines:
            spi, interrupt = hardware.spi(line.bus, line.chip_select), inputs[line.interrupt]
            if line.kind == "station":
                station = Si321x(line, spi, interrupt, country.station, self._beats)
                self._chips[line.name] = self.stations[line.name] = station
            else:
                trunk = Si3050(line, spi, interrupt, country.trunk, self._beats)
                self._chips[line.name] = self.trunks[line.name] = trunk
            self._chips[line.name].reset_by(resets[line.reset])
        self._slics = slic_lines(spec, hardware, self._beats)
        self.stations |= {slic.name: slic for slic in self._slics}
        self._resets = resets.values()
        self._inputs = inputs
        self._interrupt_of = {line.name: line.interrupt for line in spec.lines}
        self._pins: list[tuple[InputPin, list[ChipPort]]] = []
        self._wheel: list[list[ChipPort]] = [[] for _ in range(WHEEL)]
        self._eager: list[ChipPort] = []
        self._proof: SlotProof | None = None
        self._coming: set[str] = set()
        """Lines whose chips are up and whose slots are not proved yet."""
        self._resetting: Steps | None = None
        self._reset_until = 0
        self._starting = True
        """Whether a chip has neither come up nor failed yet."""

    @property
    def starting(self) -> bool:
        """Whether a line has neither come up nor failed yet."""
        return self._starting or (self._proof is not None and self._proof.busy)

    def proved(self, port: PcmPort) -> SlotProof:
        """The PCM port by which voices go once slots are proved.

        From now on a line that can be proved comes up, or is connected again, by poll() only.
        """
        chips = self._chips.values() if self._spec.proves_slots else ()
        looping = [chip for chip in chips if chip.loops_back]
        self._proof = SlotProof(port, looping, self._spec.name)
        return self._proof

    def power_up(self) -> None:
        """Reset all chips and set them up side by side: poll() does it, in 1 to 2 s of line time.

        Each chip reports PortRecovered as soon as it is up, or PortFault; one that fails is set up
        again for ever, at growing intervals.
        """
        self._resetting = self._reset()

    def _reset(self) -> Steps:
        yield from pulse(self._resets)
        self._watch()

    def _go_on_with_reset(self, steps: Steps) -> None:
        if self._beats.now < self._reset_until:
            return
        periods = next(steps, None)
        if periods is None:
            self._resetting = None
        else:
            self._reset_until = self._beats.now + periods

    def _watch(self) -> None:
        """Begin to poll: chips by interrupt pin, and their checks spread over the beats."""
        sharing: defaultdict[int, list[ChipPort]] = defaultdict(list)
        for number, (name, chip) in enumerate(self._chips.items()):
            sharing[self._interrupt_of[name]].append(chip)
            self._wheel[(self._beats.now + 1 + number) % WHEEL].append(chip)
        self._pins = [(self._inputs[number], chips) for number, chips in sharing.items()]
        self._eager = [*self._chips.values(), *self._slics]

    def poll(self, periods: int = 1) -> list[tuple[str, PortEvent]]:
        """What happened on all lines in the `periods` (10 ms) since the last poll.

        Call it once a beat; after a burst of beats that were late, once for all of them: how often
        a chip is asked before it counts as dead is a number of polls, and a burst of them would say
        no more than one. A quiet poll reads the distinct interrupt pins and makes the checks that
        are due: about one chip. Raises BusClosed when the bus is gone.
        """
        beats = self._beats
        beats.now += periods
        if self._resetting is not None:
            self._go_on_with_reset(self._resetting)
            return []
        events: list[tuple[str, PortEvent]] = []
        asked: list[ChipPort] = []
        for pin, chips in self._pins:
            if not pin.read():
                asked += chips
        for chip in asked:
            self._look(chip, True, events)
        if self._eager:
            self._look_eagerly(asked, events)
        due = self._due(periods)
        if due:
            self._check(due, events)
        return events if self._proof is None else self._prove(self._proof, events)

    def _prove(
        self, proof: SlotProof, happened: list[tuple[str, PortEvent]]
    ) -> list[tuple[str, PortEvent]]:
        """Hold back that a chip is up until its slot is proved."""
        events: list[tuple[str, PortEvent]] = []
        for name, event in happened:
            if isinstance(event, PortRecovered) and proof.came_up(name):
                self._coming.add(name)
                continue
            if isinstance(event, PortFault):
                proof.went_down(name)
                self._coming.discard(name)
            events.append((name, event))
        connected, faults = proof.poll()
        for name in connected:
            self._chips[name].accept()
            if name in self._coming:
                self._coming.discard(name)
                events.append((name, PortRecovered()))
        for name, fault in faults.items():
            self._coming.discard(name)
            events += [(name, event) for event in self._chips[name].refuse(fault)]
            proof.went_down(name)
            self._eager.append(self._chips[name])
        return events

    def power_off(self) -> None:
        """The service ends: modules that ring by our beat must not go on. Raises nothing."""
        for slic in self._slics:
            try:
                slic.power_off()
            except HardwareError as error:
                log.warning("%s: cannot be switched off: %s", slic.place, error)

    def _due(self, periods: int) -> list[ChipPort]:
        """Chips whose check came due in so many periods; they are taken off the wheel."""
        due: list[ChipPort] = []
        for period in range(self._beats.now - min(periods, WHEEL) + 1, self._beats.now + 1):
            place = period % WHEEL
            if self._wheel[place]:
                due += self._wheel[place]
                self._wheel[place] = []
        return due

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
        if self._starting:
            self._starting = any(chip.starting for chip in self._eager)

    def _check(self, due: list[ChipPort], events: list[tuple[str, PortEvent]]) -> None:
        """Periodic checks, busy neighbour or not; each chip goes round to its next place."""
        now = self._beats.now
        for chip in due:
            if chip not in self._eager and not chip.quiet():
                self._look(chip, False, events)
            self._wheel[(now + chip.interval) % WHEEL].append(chip)
