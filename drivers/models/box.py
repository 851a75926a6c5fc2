"""The virtual board: chips, telephones and the telephone office joined by wires, in one process.

`VirtualBox` gives the drivers the same devices as a real board. Nothing in it moves by itself:
`period` lets 10 ms pass.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np

from drivers.board_spec import BoardSpec, LineSpec
from drivers.buses import PERIOD, SAMPLE_RATE, I2cDevice, Samples
from drivers.countries import Country
from drivers.countries import country as country_of
from drivers.errors import ChipMissing, HardwareError
from drivers.models.codec import CodecModel
from drivers.models.exchange import OfficeLine, OfficeState
from drivers.models.highway import Highway
from drivers.models.hybrid import LOSS_DB, Hybrid
from drivers.models.loops import StationLoop, TrunkLoop
from drivers.models.loudspeaker import LoudspeakerModel
from drivers.models.panel import PanelModel
from drivers.models.party import Party
from drivers.models.si3050 import Si3050Model
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import SI3210, Part
from drivers.models.slic_jack import SlicJack, SlicPin, codec_model
from drivers.models.subscribers import Subscribers
from drivers.models.telephone import Telephone
from drivers.models.wire import NOBODY, SpiChip

FIRST_DAY = datetime(2026, 1, 1, 8, 0)
"""The office's date and time when a box is made, if no other is given: the same in each run."""


class StationJack:
    """A handset, its wires and its chip, on the words of a PCM port.

    `seed` is a number that makes the chip's tolerances; its telephone is one of this country, and
    `part` is the member of the chip's family.
    """

    def __init__(
        self, spec: LineSpec, highway: Highway, seed: int, country: Country, part: Part
    ) -> None:
        self.loop = StationLoop()
        self.chip = Si3210Model(
            spec.name, highway.words, self.loop, seed, part, spec.supply, highway.first_bit
        )
        self.party = Telephone(spec.name, self.loop, country.modem, country.caller_id)

    def period(self, played: Samples, heard: Samples, now: int) -> None:
        """10 ms pass."""
        phone, chip = self.party, self.chip
        phone.move(now)
        chip.step()
        spoken = phone.speak()
        row = chip.exchange(played, heard, spoken if phone.off_hook else None)
        if phone.off_hook:
            phone.listen(row)
        elif chip.audio:
            phone.receive_on_hook(row)


class TrunkJack:
    """An outside line: the office, the wires and our chip, on the words of a PCM port."""

    def __init__(
        self, spec: LineSpec, highway: Highway, country: Country, clock: Callable[[], datetime]
    ) -> None:
        self.loop = TrunkLoop()
        self.chip = Si3050Model(spec.name, highway.words, self.loop, highway.first_bit)
        self.party = OfficeLine(spec.name, self.loop, country, clock)

    def period(self, played: Samples, heard: Samples, now: int) -> None:
        """10 ms pass."""
        office, chip = self.party, self.chip
        office.move(now)
        chip.now = now
        chip.step()
        line = None if office.state is OfficeState.IDLE else office.towards_us()
        row = chip.exchange(played, heard, line)
        if office.state is not OfficeState.IDLE:
            office.from_us(row)


class _EmptySelect:
    """A chip select with no chip behind it."""

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """Nobody drives the bus."""
        return [NOBODY] * len(frames)


class ResetPin:
    """The reset input of one or several chips."""

    def __init__(self, chips: list[SpiChip]) -> None:
        self._chips = chips

    def set(self, level: bool) -> None:
        """Low holds the chips in reset."""
        for chip in self._chips:
            chip.reset_pin(level)


class InterruptPin:
    """The open-drain interrupt outputs of one or several chips."""

    def __init__(self, chips: list[SpiChip]) -> None:
        self._chips = chips

    def read(self) -> bool:
        """Low while any of them asks."""
        return all(chip.interrupt_level for chip in self._chips)


class PanelPin:
    """A pin of the processor at the front panel."""

    def __init__(self, panel: PanelModel, pin: int) -> None:
        self._panel, self._pin = panel, pin

    def set(self, level: bool) -> None:
        """Light the LED, or not."""
        self._panel.set_pin(self._pin, level)

    def read(self) -> bool:
        """Low while the button is pressed, or the expander asks."""
        return self._panel.read_pin(self._pin)


class BoxPcm:
    """The box's PCM port for whoever runs it in the same process: a write lets a period pass."""

    def __init__(self, box: "VirtualBox") -> None:
        self._box = box
        self.slots = box.spec.slots
        self._heard: list[Samples] = []
        self._ready = -1

    @property
    def lost_periods(self) -> int:
        """Periods for which a codec that should give the clock gave none."""
        codec = self._box.codec
        return 0 if codec is None else codec.clockless_periods

    @property
    def xruns(self) -> int:
        """How often the port has stopped."""
        return self._box.highway.xruns

    def start(self) -> None:
        """Start PCLK and FSYNC for all chips."""
        self._box.clock(self._box.spec.pclk_hz)

    def restart(self) -> None:
        """Start both streams anew."""
        self.start()

    def fileno(self) -> int:
        """An event descriptor that is readable while a period is waiting."""
        if self._ready < 0:
            self._ready = os.eventfd(len(self._heard), os.EFD_NONBLOCK | os.EFD_SEMAPHORE)
        return self._ready

    def read(self) -> Samples | None:
        """The next period heard, or None."""
        if not self._heard:
            return None
        if self._ready >= 0:
            os.eventfd_read(self._ready)
        return self._heard.pop(0)

    def write(self, period: Samples) -> None:
        """Play a period: 10 ms pass in the box, and what was heard meanwhile waits."""
        self._heard.append(self._box.period(period))
        if self._ready >= 0:
            os.eventfd_write(self._ready, 1)

    def close(self) -> None:
        """Stop the clock."""
        self._box.clock(0)
        if self._ready >= 0:
            os.close(self._ready)
            self._ready = -1


class VirtualBox:
    """A whole board with its surroundings; implements Hardware.

    `country` is the telephone office's, by its code; `seed` is a number that makes the chips'
    tolerances; `part` is the handsets' chip; `echo_db` is the echo return loss of all lines, None
    for lines without echo. Raises UnknownCountry, and ValueError for a loss that no line has.
    """

    def __init__(
        self,
        spec: BoardSpec,
        country: str = "us",
        seed: int = 1,
        started: datetime = FIRST_DAY,
        part: Part = SI3210,
        echo_db: float | None = LOSS_DB,
    ) -> None:
        self.country = here = country_of(country)
        """Of the telephone office."""
        self.spec = spec
        self._started = started
        self.now = 0
        """Samples since start."""
        self.highway = Highway(spec)
        """The processor's PCM port, which may go wrong."""
        self._jacks: dict[str, StationJack | TrunkJack | SlicJack] = {
            line.name: self._jack(line, seed, part, echo_db) for line in spec.lines
        }
        self.codec: CodecModel | None = None
        self.slics: dict[str, SlicJack] = {}
        if spec.codec is not None:
            self.codec = codec = codec_model(spec.codec)
            modem, way = here.modem, here.caller_id
            self.slics = {s.name: SlicJack(s, codec, modem, way) for s in spec.slics}
            self._jacks |= self.slics
        self._slic_pins = {
            pin: wire for jack in self.slics.values() for pin, wire in jack.pins.items()
        }
        parties = [jack.party for jack in self._jacks.values()]
        self.telephones = {p.name: p for p in parties if isinstance(p, Telephone)}
        self.office_lines = {p.name: p for p in parties if isinstance(p, OfficeLine)}
        self.subscribers = Subscribers()
        """The outside numbers that somebody has said something about."""
        for office in self.office_lines.values():
            office.subscribers = self.subscribers
        self.chips: dict[str, Si3210Model | Si3050Model] = {
            name: jack.chip for name, jack in self._jacks.items() if not isinstance(jack, SlicJack)
        }
        self._selects = {(line.bus, line.chip_select): self.chips[line.name] for line in spec.lines}
        self._pcm = BoxPcm(self)
        self._rows = list(self._jacks.values())
        kept = spec.panel
        self.panel = PanelModel(kept) if kept is not None and kept.kind == "gpio" else None
        """Its front panel, if it has one on pins."""
        self.loudspeaker = LoudspeakerModel()

    def _jack(
        self, line: LineSpec, seed: int, part: Part, echo_db: float | None
    ) -> StationJack | TrunkJack:
        """A line's jack, by its kind, with the echo of its wires."""
        jack: StationJack | TrunkJack = (
            StationJack(line, self.highway, seed, self.country, part)
            if line.kind == "station"
            else TrunkJack(line, self.highway, self.country, self.office_time)
        )
        jack.loop.hybrid = Hybrid(f"{line.name}/{seed}", echo_db)
        return jack

    # ------------------------------------------------------------------ Hardware

    def spi(self, bus: int, chip_select: int) -> SpiChip | _EmptySelect:
        """The chip behind this select; an empty one reads 0xFF."""
        return self._selects.get((bus, chip_select)) or _EmptySelect()

    def output_pin(self, pin: int) -> ResetPin | PanelPin | SlicPin:
        """A pin of a line, or an LED's. Raises HardwareError for a pin that goes nowhere."""
        if pin in self._slic_pins:
            return self._slic_pins[pin]
        if self.panel is not None and pin in self.panel.outputs:
            return PanelPin(self.panel, pin)
        return ResetPin(self._chips_at(pin, {line.name: line.reset for line in self.spec.lines}))

    def input_pin(self, pin: int) -> InterruptPin | PanelPin | SlicPin:
        """A pin of a line, or a button's. Raises HardwareError for a pin that goes nowhere."""
        if pin in self._slic_pins:
            return self._slic_pins[pin]
        if self.panel is not None and pin in self.panel.inputs:
            return PanelPin(self.panel, pin)
        pins = {line.name: line.interrupt for line in self.spec.lines}
        return InterruptPin(self._chips_at(pin, pins))

    def pcm(self) -> BoxPcm:
        """The board's PCM port."""
        return self._pcm

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus. Raises ChipMissing if there is none."""
        codec = self.spec.codec
        if (
            self.codec is not None
            and codec is not None
            and (bus, address)
            == (
                codec.bus,
                codec.address,
            )
        ):
            return self.codec
        if self.panel is None:
            raise ChipMissing("the virtual board has no panel")
        return self.panel.i2c(bus, address)

    def sound_output(self, device: str) -> LoudspeakerModel:
        """Its loudspeaker, by whatever name. Raises HardwareError when it is unplugged."""
        return self.loudspeaker.open()

    def _chips_at(self, pin: int, pins: dict[str, int]) -> list[SpiChip]:
        chips: list[SpiChip] = [self.chips[name] for name, at in pins.items() if at == pin]
        if not chips:
            there = ", ".join(str(at) for at in sorted(set(pins.values())))
            raise HardwareError(f"virtual board: pin {pin} goes nowhere; there are: {there}")
        return chips

    # ------------------------------------------------------------------ time

    def clock(self, pclk_hz: int) -> None:
        """Let the bit clock run at this rate for all chips, in order; 0 stops it."""
        self.highway.restart()
        for chip in self.chips.values():
            chip.clock(pclk_hz)

    def office_time(self) -> datetime:
        """The office's date and time now."""
        return self._started + timedelta(seconds=self.now / SAMPLE_RATE)

    def hybrid(self, name: str) -> Hybrid | None:
        """The hybrid of the line at this jack; None if there is no such jack."""
        jack = self._jacks.get(name)
        return None if jack is None else jack.loop.hybrid

    def party(self, name: str) -> Party | None:
        """Who is at this jack, or listens to the loudspeaker."""
        jack = self._jacks.get(name)
        if jack is None:
            return self.loudspeaker if name == self.loudspeaker.name else None
        return jack.party

    @property
    def set_up(self) -> bool:
        """Whether somebody has set its lines up, or there is no chip that takes long for it."""
        fed = [chip.linefeed for chip in self.chips.values() if isinstance(chip, Si3210Model)]
        return any(fed) or not fed

    def period(self, played: Samples) -> Samples:
        """Play one period (slots, PERIOD) to the lines, let 10 ms pass, give what was heard.

        Raises ValueError for another shape or type.
        """
        shape = (self.spec.slots, PERIOD)
        if played.shape != shape or played.dtype != np.int16:
            raise ValueError(f"virtual board: a period is int16 {shape}, not {played.shape}")
        words = self.highway.to_chips(played)  # a copy: parties keep rows of it
        heard = self.highway.silence()
        now = self.now
        if self.codec is not None:
            self.codec.step()
        for jack in self._rows:
            jack.period(words, heard, now)
        if self.panel is not None:
            self.panel.period()
        self.loudspeaker.period()
        self.now = now + PERIOD
        return self.highway.from_chips(heard)

    def contention(self) -> list[str]:
        """Slots that several chips drive at once, in words; empty on a board set up rightly."""
        drivers: dict[tuple[int, bool], list[str]] = {}
        for name, chip in self.chips.items():
            if chip.transmit is not None:
                key = (chip.transmit.slot, chip.transmit.upper)
                drivers.setdefault(key, []).append(name)
        return [
            f"slot {slot} is driven by {' and '.join(names)}"
            for (slot, _), names in drivers.items()
            if len(names) > 1
        ]

    def violations(self) -> list[str]:
        """All that the chips noted, and slots driven twice."""
        noted = [text for chip in self.chips.values() for text in chip.violation_log.texts]
        for jack in self.slics.values():
            noted += jack.slic.violation_log.texts
        if self.codec is not None:
            noted += self.codec.violation_log.texts
        return noted + self.contention()
