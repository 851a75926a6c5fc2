"""An outside line's port: the voice DAA Si3050 with line side Si3019 behind one chip select.

To the exchange it is a telephone: it sees ringing, goes off hook and on hook, and sees the line's
voltage go (CPC: the far end hung up) or turn round. Set-up is in si3050_setup.py, what counts as
ringing in si3050_ring.py; who answers is the telephone side's.
"""

from app.core.sentences import sentence
from drivers import si3050_measure
from drivers import si3050_registers as reg
from drivers.board_spec import LineSpec
from drivers.buses import InputPin, SpiDevice
from drivers.chip import CHECK_PERIODS, Beats, ChipPort, Debounced
from drivers.countries.base import TrunkSettings
from drivers.findings import Report, TestOrder
from drivers.line_sound import LineSound
from drivers.ports import (
    BatteryChanged,
    LineReading,
    PolarityReversed,
    PortEvent,
    RingBurst,
    Steps,
)
from drivers.registers import SI3050_FRAMING, RegisterBus, RegisterTransfer
from drivers.si3050_line_test import TrunkTest
from drivers.si3050_ring import RingDetector
from drivers.si3050_setup import INTERRUPTS, ON_HOOK, RUNNING, Si3050Setup

OFF_HOOK = reg.OH.mask
"""ONHM cleared together with OH set, as the DAA data sheets ask."""

BATTERY_VOLTS = 3
"""Below this there is no battery."""
DEBOUNCE_PERIODS = 7
"""64 ms and over: battery and polarity count only after so long."""
UNPLUGGED_PERIODS = 100
"""On hook a missing battery is reported after 1 s: nobody waits for it, and exchanges do switch."""
SEIZED_CHECK_PERIODS = 8
"""A CPC lasts 250 ms or more: a look each 80 ms while seized, each 10 ms once it went low, leaves
100 ms of the shortest one. The chip's interrupts (DODI, POLI) bring the first look sooner."""
SEIZE_SETTLE_PERIODS = 30
"""The exchange changes over its feed when we go off hook: no CPC in the first 300 ms."""
CURRENT_LEAST = 3
"""Units of register 28, about 3.3 mA: less is no loop current ("power denial") [DAHDI xpp]."""
CURRENT_PERIODS = 8
"""80 ms without current mean that the exchange has let go [DAHDI xpp]."""
CURRENT_SETTLE_PERIODS = 65
"""After going off hook the current is not looked at for 650 ms [DAHDI xpp]."""
TAKEN_VOLTS = 20
"""On hook less than this, and battery: another telephone on the same wires is off hook. Exchanges
give 42 to 56 V, the smallest adapters 24 V [unverified]."""
READINGS_KEPT = 64
"""Readings of a seized line that said nothing, kept at most: volts and current waver by a unit."""
LINK_PERIODS = 100
"""The isolation link must be without frame lock for 1 s before the chip is set up again."""

_ASK = RegisterTransfer(SI3050_FRAMING, [reg.INT_SOURCE.read()])
_ON_HOOK = [reg.DAA_CONTROL_1.read(), reg.LINE_VOLTAGE.read()]
_OFF_HOOK = [*_ON_HOOK, reg.LOOP_CURRENT.read(), reg.INTERNATIONAL_4.read()]
_LINE = RegisterTransfer(SI3050_FRAMING, _ON_HOOK)
_SEIZED = RegisterTransfer(SI3050_FRAMING, _OFF_HOOK)
_WHOLE = RegisterTransfer(
    SI3050_FRAMING, [*_OFF_HOOK, reg.CONTROL_2.read(), reg.LINE_STATUS.read()]
)


class Si3050(ChipPort):
    """TrunkPort over one Si3050 + Si3019."""

    loops_back = True

    def __init__(
        self,
        spec: LineSpec,
        spi: SpiDevice,
        interrupt: InputPin,
        settings: TrunkSettings,
        beats: Beats,
    ) -> None:
        super().__init__(spec, interrupt, beats)
        self.seized = False
        self._broken = False
        """Whether the loop is open for a dial pulse or a flash."""
        self._flash_until: int | None = None
        self._quick = False
        """Whether pulses have set the chip to pick up without its calibration."""
        self._drew = False
        """Whether loop current was seen since we went off hook: only then can it be lost."""
        self._taken = Debounced(False)
        self._bus = RegisterBus(spi, SI3050_FRAMING)
        self._setup = Si3050Setup(self._bus, spec, settings)
        self._voltage_octet = 0
        self._nothing_new = set[tuple[int, ...]]()
        """What was read of this seized line and said nothing: it says nothing again."""
        self._ring = RingDetector()
        self._battery = Debounced(True)
        self._forward: Debounced | None = None
        """Polarity; None until it was seen for the first time, which is no event."""
        self._link = Debounced(True)
        self._feed_changed = 0
        self._whole_check = 0

    @property
    def interval(self) -> int:
        """Periods between two checks while nothing happens."""
        return SEIZED_CHECK_PERIODS if self.seized else CHECK_PERIODS

    def power_up(self) -> Steps:
        """Bring the chip from reset to on hook in about 0.3 s. Raises HardwareError."""
        yield from self._setup.run()

    def seize(self) -> None:
        """Go off hook: answer a ringing line, or seize an idle one.

        No event follows for the end of a burst that was under way.
        """
        self._hook(seized=True)

    def release(self) -> None:
        """Go on hook; caller ID is heard again from now on."""
        self._hook(seized=False)

    def pulse(self, broken: bool) -> None:
        """Open the loop of a seized line for a dial pulse, or close it again.

        OH switches it [DS, pulse dialing]; nothing that is known of the line is forgotten.
        """
        self._broken = broken and self.seized
        self._nothing_new.clear()
        if self._working:
            if self._broken and not self._quick:
                self._setup.quick_pickup(True)
                self._quick = True
            self._put_hook()

    def flash(self, periods: int) -> None:
        """Open the loop of a seized line for so many periods (10 ms), then close it again.

        It asks for a service of the exchange; how long a flash is, is the country's matter.
        """
        if self.seized:
            self._flash_until = self._beats.now + periods
            self.pulse(True)

    @property
    def taken(self) -> bool:
        """Whether another telephone on the same wires is off hook, while we are on hook."""
        return self._taken.value

    def line_voltage(self) -> int:
        """Signed volts as of the last look; about 48 on hook, 6 seized [DS, register 29]."""
        return si3050_measure.signed_volts(self._voltage_octet)

    def reading(self) -> LineReading:
        """What the chip measures now. Raises ChipMissing and BusClosed."""
        return si3050_measure.reading(self._bus, self.place)

    def line_test(self, sound: LineSound, order: TestOrder, report: Report) -> Steps:
        """See TrunkPort. Raises ChipMissing and BusClosed."""
        return TrunkTest(self.reading, self.seize, self.release, sound, order, report).steps()

    def _hook(self, seized: bool) -> None:
        self.seized, self._broken, self._drew = seized, False, False
        self._flash_until = None
        self._nothing_new.clear()
        self._taken = Debounced(False)
        self._feed_changed = self._beats.now
        self._ring = RingDetector()
        self._battery.forget()
        if self._working:
            if self._quick:
                self._setup.quick_pickup(False)
                self._quick = False
            self._put_hook()

    def _put_hook(self) -> None:
        self._bus.write(reg.DAA_CONTROL_1, OFF_HOOK if self._closed else ON_HOOK)

    @property
    def _closed(self) -> bool:
        return self.seized and not self._broken

    def _put_loop(self, on: bool) -> None:
        self._bus.run(reg.DAA_CONTROL_3.compose((reg.DDL, int(on))))

    def _again(self) -> Steps:
        return self._setup.run()

    def _restore(self) -> None:
        self._quick = self._drew = False
        self._nothing_new.clear()
        self._feed_changed = self._beats.now
        self._put_hook()

    def _quiet(self) -> bool:
        """Read a seized line; whether it says what has said nothing before."""
        if not self._nothing_new:
            return False
        if self._beats.now < self._whole_check:  # as three times of four
            return self._bus.send(_SEIZED) in self._nothing_new
        line, control, linked = self._read()
        return control == RUNNING and linked and line in self._nothing_new

    def _read(self, whole: bool = False) -> tuple[tuple[int, ...], int, bool]:
        """The line; and register 2 and whether the link is up, where a whole check is due.

        They count as right until the next one.
        """
        if self._beats.now < self._whole_check and not whole:
            return self._bus.send(_SEIZED if self.seized else _LINE), RUNNING, True
        *line, control, link = self._bus.send(_WHOLE)
        linked = bool(reg.FDT.of(link))
        if control == RUNNING and linked:
            self._whole_check = self._beats.now + CHECK_PERIODS
        return tuple(line), control, linked

    def _debouncing(self) -> bool:
        if self._ring.busy or self._flash_until is not None:
            return True
        polarity = self._forward is not None and self._forward.pending
        pending = self._battery.pending or self._taken.pending
        return pending or polarity or self._link.pending

    def _look(self, asked: bool) -> list[PortEvent]:
        if self._flash_until is not None and self._beats.now >= self._flash_until:
            self._flash_until = None
            self._feed_changed = self._beats.now
            self.pulse(False)
        latched = 0
        if asked:
            latched = self._bus.send(_ASK)[0] & INTERRUPTS
            if not (latched or self.eager):
                return []
        line, control, linked = self._read()
        if self._nobody_answers(line):
            line, control, linked = self._read(whole=True)
        if control != RUNNING:
            return self._lost(control)
        if self._link.see(linked, self._beats.now, LINK_PERIODS):
            return self._link_lost()
        self._voltage_octet = line[1]
        if latched:
            self._bus.run(reg.INT_SOURCE.clear(latched))
        elif self.seized:
            return self._look_seized(line)
        return self._weigh(line, bool(reg.RDTI.of(latched)))

    def _lost(self, control: int) -> list[PortEvent]:
        """Register 2 reads wrong: the chip is out of step, or must be set up again anyhow."""
        if self._setup.put_in_step():
            return self._start_repair(
                sentence(
                    "the chip was out of step, its registers may be wrong; check "
                    "the wiring of the SPI bus if this comes again"
                )
            )
        return self._start_repair(
            sentence(
                "chip reset itself or is gone (register 2 reads %(control)s "
                "instead of %(running)s); check the supply of the line hat",
                control=f"{control:#04x}",
                running=f"{RUNNING:#04x}",
            )
        )

    def _nobody_answers(self, line: tuple[int, ...]) -> bool:
        """Whether it reads as no line does and a bus without a chip would.

        No line's hook register is 0; the drop-out bit of all ones would be a far end that is gone.
        """
        return set(line) in ({0xFF}, {0})

    def _look_seized(self, line: tuple[int, ...]) -> list[PortEvent]:
        """Weigh what was read of a seized line, unless the same has said nothing before."""
        if line in self._nothing_new:
            return []
        steady = self._battery.value and self._drew and self._forward is not None
        events = self._weigh(line, False)
        settled = self._beats.now - self._feed_changed >= CURRENT_SETTLE_PERIODS
        if events or self._debouncing() or len(self._nothing_new) >= READINGS_KEPT:
            self._nothing_new.clear()
        elif steady and settled and self._hook_is_right(line[0]):
            self._nothing_new.add(line)
        return events

    def _starved(self, current: int, status: int) -> bool:
        """Whether the exchange gives no loop current any more, with or without voltage."""
        if not self._closed or self._beats.now - self._feed_changed < CURRENT_SETTLE_PERIODS:
            return False
        self._drew = self._drew or current >= CURRENT_LEAST
        return self._drew and (current < CURRENT_LEAST or bool(reg.DOD.of(status)))

    def _link_lost(self) -> list[PortEvent]:
        self._link = Debounced(True)
        return self._start_repair(
            sentence(
                "isolation link to the line side has no frame lock; check "
                "the Si3019, its parts and the PCM bit clock"
            )
        )

    def _weigh(self, line: tuple[int, ...], edge: bool) -> list[PortEvent]:
        """Events from what was read of the line; `edge`: RDTI was latched.

        While it rings the line voltage swings with it, so battery and polarity wait.
        """
        hook, volts = line[0], si3050_measure.signed_volts(line[1])
        starved = self.seized and self._starved(*line[2:])
        events: list[PortEvent] = []
        self._keep_hook(hook)
        if not self.seized and self._ring_changed(hook, edge):
            events.append(RingBurst(self._ring.ringing))
        if self._ring.ringing:
            self._battery.forget()
            if self._forward is not None:
                self._forward.forget()
            return events
        fed = abs(volts) >= BATTERY_VOLTS
        if not self.seized:
            held = fed and abs(volts) < TAKEN_VOLTS
            self._taken.see(held, self._beats.now, DEBOUNCE_PERIODS)
        if self._battery_changed(
            fed and not starved, CURRENT_PERIODS if fed and starved else DEBOUNCE_PERIODS
        ):
            events.append(BatteryChanged(self._battery.value))
        if fed and self._turned(volts > 0):
            self._ring.forget()
            events.append(PolarityReversed())
        return events

    def _ring_changed(self, hook: int, edge: bool) -> bool:
        """Ringing counts only on a line that has battery."""
        halves = reg.RING_NOW.of(hook)
        if not self._battery.value:
            self._ring.forget()  # but not the chip's edges: one of a pair is worse than none
            halves = 0
        return self._ring.see(halves, bool(reg.RDT.of(hook)), edge)

    def _battery_changed(self, present: bool, quickly: int) -> bool:
        now = self._beats.now
        if self.seized and now - self._feed_changed < SEIZE_SETTLE_PERIODS:
            return False
        slow = not self.seized and self._battery.value
        return self._battery.see(present, now, UNPLUGGED_PERIODS if slow else quickly)

    def _turned(self, forward: bool) -> bool:
        if self._forward is None:
            self._forward = Debounced(forward)
            return False
        return self._forward.see(forward, self._beats.now, DEBOUNCE_PERIODS)

    def _keep_hook(self, hook: int) -> None:
        """A chip that lost its hook bits gets them again, as the open drivers do each check."""
        if not self._hook_is_right(hook):
            self._put_hook()

    def _hook_is_right(self, hook: int) -> bool:
        on_hook_broken = not self._closed and (reg.MISPLACED.of(hook) or not reg.ONHM.of(hook))
        return not on_hook_broken and reg.OH.of(hook) == self._closed
