"""A board without the telephone service: drivers, sound and bare registers, beat by beat.

Whoever runs an experiment moves time by beat(). `quiet` stops the drivers' polls, so that registers
can be read and written without a driver that puts them right at once.
"""

import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from drivers.board import LineBoard, LineHardware
from drivers.board_spec import BoardSpec, LineSpec
from drivers.buses import PERIOD, I2cDevice, InputPin, OutputPin, PcmPort, Samples, SpiDevice
from drivers.countries.base import LineSettings
from drivers.errors import HardwareError
from drivers.line_sound import LineSound
from drivers.ports import PortFault, PortRecovered, StationPort, TrunkPort
from drivers.registers import SI321X_FRAMING, SI3050_FRAMING, Register, RegisterBus

SOUND_WITHIN_S = 1.0
"""A sound stream that gives no period for so long stands still."""
WAKES = 10_000
"""A descriptor that is readable without a period, so often, is as good as none."""
STALE_PERIODS, SETTLE_PERIODS = 1000, 30
"""At most so many periods wait after a stall; the lead of the playback settles in 0.3 s."""
UP_PERIODS = 1000
"""Chips come up, or fail, within 10 s."""


class BoardDevices:
    """The devices of a board, each opened once, however often drivers are made anew."""

    def __init__(self, hardware: LineHardware) -> None:
        self._hardware = hardware
        self._spi: dict[tuple[int, int], SpiDevice] = {}
        self._outputs: dict[int, OutputPin] = {}
        self._inputs: dict[int, InputPin] = {}

    def spi(self, bus: int, chip_select: int) -> SpiDevice:
        """The device behind one chip select."""
        place = bus, chip_select
        if place not in self._spi:
            self._spi[place] = self._hardware.spi(bus, chip_select)
        return self._spi[place]

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive."""
        if pin not in self._outputs:
            self._outputs[pin] = self._hardware.output_pin(pin)
        return self._outputs[pin]

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read."""
        if pin not in self._inputs:
            self._inputs[pin] = self._hardware.input_pin(pin)
        return self._inputs[pin]

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus."""
        return self._hardware.i2c(bus, address)

    def pcm(self) -> PcmPort:
        """The board's PCM port."""
        return self._hardware.pcm()


@dataclass(frozen=True, slots=True)
class Look:
    """What registers read in one beat."""

    at_ms: int
    """Since the log began."""
    values: tuple[int, ...]


class Bench:
    """One board. Raises HardwareError where its devices cannot be had."""

    def __init__(self, spec: BoardSpec, hardware: LineHardware, country: LineSettings) -> None:
        self.spec, self.country = spec, country
        self._devices = BoardDevices(hardware)
        self._pcm = hardware.pcm()
        self.quiet = False
        """The drivers do not look at their chips."""
        self.lines = {line.name: line for line in spec.lines}
        """Jacks whose chip has registers on SPI; one behind a codec has none."""
        self.sounds = {name: LineSound() for name in self.lines}
        self.faults: dict[str, str] = {}
        """By jack: what its driver reported since the last start."""
        self._up: set[str] = set()
        self._started = False
        self._latest: Samples | None = None
        """Read by catch_up(), and not heard yet."""
        self.board = LineBoard(spec, self._devices, country)

    @property
    def lost_periods(self) -> int:
        """Periods that the sound stream lost since it was opened."""
        return self._pcm.lost_periods

    @property
    def stations(self) -> dict[str, StationPort]:
        """Handsets' ports with a chip of their own on SPI that has come up."""
        return {name: port for name, port in self.board.stations.items() if self._is_up(name)}

    @property
    def trunks(self) -> dict[str, TrunkPort]:
        """Outside lines' ports whose chips have come up."""
        return {name: port for name, port in self.board.trunks.items() if self._is_up(name)}

    def _is_up(self, jack: str) -> bool:
        return jack in self._up and jack in self.lines

    def start(self, each_beat: Callable[[], None] | None = None) -> None:
        """Reset all chips and set them up from the beginning, calibration included.

        `each_beat` is called after each period meanwhile. Raises HardwareError.
        """
        if not self._started:
            self._pcm.start()
            self._started = True
        self.quiet = False
        self.faults, self._up = {}, set()
        self.board = LineBoard(self.spec, self._devices, self.country)
        self.board.power_up()
        for _ in range(UP_PERIODS):
            self.beat()
            if each_beat is not None:
                each_beat()
            if not self.board.starting:
                return
        raise HardwareError(f"board {self.spec.name}: chips neither come up nor fail within 10 s")

    def close(self) -> None:
        """Stop the sound, and with it the chips' clock."""
        self._pcm.close()

    def registers(self, jack: str) -> RegisterBus:
        """The bare registers of a line's chip."""
        line = self.lines[jack]
        framing = SI321X_FRAMING if line.kind == "station" else SI3050_FRAMING
        return RegisterBus(self._devices.spi(line.bus, line.chip_select), framing)

    def line(self, jack: str) -> LineSpec:
        """What the board's file says of a line."""
        return self.lines[jack]

    def beat(self, periods: int = 1) -> None:
        """Let so many periods of 10 ms pass. Raises HardwareError when the sound stands still."""
        for _ in range(periods):
            heard = self._next_period()
            played = np.zeros((self._pcm.slots, PERIOD), np.int16)
            for name, sound in self.sounds.items():
                slot = self.lines[name].slot
                played[slot] = sound.period(heard[slot])
            self._pcm.write(played)
            if not self.quiet:
                self._poll()

    def catch_up(self) -> None:
        """Drop what has come while nobody listened, and let the stream run evenly again."""
        for _ in range(STALE_PERIODS):
            heard = self._pcm.read()
            if heard is None:
                break
            self._latest = heard
        self.beat(SETTLE_PERIODS)

    def log(
        self, jack: str, registers: Sequence[Register], periods: int, over: "Over | None" = None
    ) -> list[Look]:
        """Read these registers once a beat, for so many periods or until `over` says so."""
        bus, looks = self.registers(jack), list[Look]()
        for number in range(periods):
            looks.append(Look(number * 10, tuple(bus.run(*(one.read() for one in registers)))))
            if over is not None and over(looks):
                break
            self.beat()
        return looks

    def _poll(self) -> None:
        for name, event in self.board.poll():
            if isinstance(event, PortFault):
                self.faults[name] = event.what
                self._up.discard(name)
            elif isinstance(event, PortRecovered):
                self._up.add(name)
                self.faults.pop(name, None)

    def _next_period(self) -> Samples:
        latest, self._latest = self._latest, None
        if latest is not None:
            return latest
        for _ in range(WAKES):
            heard = self._pcm.read()
            if heard is not None:
                return heard
            if not select.select([self._pcm.fileno()], [], [], SOUND_WITHIN_S)[0]:
                break
        raise HardwareError(
            f"board {self.spec.name}: the sound stream gives nothing for {SOUND_WITHIN_S:.0f} s; "
            "check the sound card's overlay and the bit clock"
        )


Over = Callable[[list[Look]], bool]


def in_runs(looks: Sequence[Look]) -> list[list[int]]:
    """A log without its repetitions: milliseconds and values of each look that differs."""
    runs: list[list[int]] = []
    for look in looks:
        if not runs or runs[-1][1:] != list(look.values):
            runs.append([look.at_ms, *look.values])
    return runs
