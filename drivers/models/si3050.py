"""A Si3050 with its line side Si3019 made of Python: what the bus reads, what the line carries.

[Si3050 DS]

Wire face: `transfer`, `reset_pin`, `interrupt_level`, `clock`. Bench face: `loop` (the office's
side of the wires), `faults`, `off_hook`, `violation_log`. Not modelled: call-progress output,
ground start, billing tones, overload, hybrid balance: the line's echo is `loop.hybrid`, whatever
the registers say.
"""

from collections.abc import Callable
from random import Random

from drivers.buses import SAMPLE_RATE, Samples
from drivers.models.faults import Fault
from drivers.models.loops import TrunkLoop
from drivers.models.si3050_registers import (
    CONTROL_1,
    CONTROL_2,
    DAA_1,
    DAA_2,
    DAA_3,
    DAA_5,
    DC_TERMINATION,
    DC_VOLTS,
    DROPPED_OUT,
    FRAME_LOST,
    INTERNATIONAL_2,
    INTERNATIONAL_4,
    LINE_REVISION,
    LINE_REVISION_ALONE,
    LINE_REVISION_VALUE,
    LINE_SIDE_ID,
    LINE_STATUS,
    LINE_VOLTAGE,
    LOOP_CURRENT,
    MASK,
    MUTE,
    OFF_HOOK_MS,
    PCM_MODE,
    POLARITY,
    REGISTERS,
    REVISION,
    RING,
    RX_GAIN_2,
    RX_GAIN_3,
    SOURCE,
    SYSTEM_REVISION,
    TX_GAIN_2,
    TX_GAIN_3,
    UNDEFINED,
)
from drivers.models.si3050_ring import RingDetectorModel
from drivers.models.slots import (
    FIRST_COUNT,
    Coding,
    Misplaced,
    SlotPosition,
    place_at,
    put,
    scaled,
    take,
)
from drivers.models.sound import SILENCE
from drivers.models.wire import PERIOD_US, SpiChip

WRITE, READ = 0x20, 0x60
"""Control bytes of a single chip: bit 5 is always set, bit 6 reads, bits 3:0 the channel."""
LINK_PERIODS = 10
"""From powering the line side up to frame lock: 100 ms [assumption, 50 to 200 ms]."""
CONVERTER_PERIODS = 26
"""Calibration of the converter after going off hook, about 256 ms [unverified]."""
BRIDGE_VOLTS = 1.2
SLOPE_OHMS, LIMITING_OHMS, LIMIT_A, RESISTIVE_OHMS = 50.0, 2000.0, 0.040, 800.0
STARVED_MA = 5.0
"""Below this the line cannot supply the line side any more: drop-out [assumption]."""


class Si3050Model(SpiChip):
    """One chip with its line, on a PCM port with a number of `slots`."""

    passes_over = False
    """Whether an octet that cannot begin an access is passed over, so that a chip out of step soon
    finds the beginning of one; else each three octets are an access [unverified]."""

    def __init__(
        self, name: str, slots: int, loop: TrunkLoop, first_bit: int = FIRST_COUNT
    ) -> None:
        super().__init__(name)
        self.loop = loop
        self._slots, self._first_bit = slots, first_bit
        self.now = 0
        """Samples since start, for the phase of the ringing; the box sets it each period."""
        self._r = bytearray(64)
        self._fed = loop.feed_volts
        self.ring_detector = RingDetectorModel(self._r, loop)
        self.transmit: SlotPosition | None = None
        """Where the chip drives the PCM highway."""
        self._receive: SlotPosition | None = None
        self._misplaced = ""
        self._control: int | None = None
        self._register: int | None = None
        self._quiet = False
        self._settling = self._link = 0
        self._volts = self._ma = 0.0
        self._tx_gain = self._rx_gain = 0.0
        self._reset()

    # ------------------------------------------------------------------ bench

    @property
    def off_hook(self) -> bool:
        """Whether the chip draws loop current."""
        return bool(self._r[DAA_1] & 1) and self.linked

    @property
    def linked(self) -> bool:
        """Whether the isolation link to the line side is locked."""
        return self._link >= LINK_PERIODS

    @property
    def audio(self) -> bool:
        """Whether sound from the line reaches the highway: off hook and settled, or ONHM."""
        if not self.linked:
            return False
        return self._settling == 0 if self._r[DAA_1] & 1 else bool(self._r[DAA_1] & 0x08)

    # ------------------------------------------------------------------ time and sound

    def step(self) -> None:
        """A period of the PCM clock passes for everything but sound."""
        self.wire_us += PERIOD_US - self.wire_us % PERIOD_US
        if self._quiet and not self.loop.touched and self.ring_detector.idle:
            return
        if self._misplaced and self.clocked:
            self.violation_log.note(f"{self.name}: {self._misplaced}")
            self._misplaced = ""
        self._step_link()
        if self._settling:
            self._settling -= 1
        if self.linked:
            began, ended = self.ring_detector.step()
            if began or (ended and self._r[CONTROL_2] & 0x04):  # RDI: also at the end
                self._interrupt(RING)
        self._measure()
        self._quiet = not self._settling and self._link in (0, LINK_PERIODS)

    def _step_link(self) -> None:
        powered = self.clocked and not self._r[DAA_2] & 0x18 and not self.in_reset
        if powered and Fault.NO_LINK not in self.faults:
            if self._link < LINK_PERIODS:
                self._link += 1
                if self._link == LINK_PERIODS:
                    self._interrupt(RING)  # powering up leaves a false ring behind
        elif self._link:
            if self.linked and powered:
                self._interrupt(FRAME_LOST)
            self._link = 0
            self._settling = 0

    def exchange(self, played: Samples, heard: Samples, line: Samples | None) -> Samples | None:
        """A period's sound: `line` comes from the office, the result goes to it.

        Samples go through the slots of `played` and `heard`; None is silence.
        """
        transmit, receive = self.transmit, self._receive
        if not self.clocked:
            return None
        if self._r[DAA_3] & 0x01 or self._r[PCM_MODE] & 0x80:  # DDL, PCML [unverified]
            if transmit is not None and receive is not None:
                put(heard, transmit, take(played, receive))
            return None
        row = None
        if receive is not None and self._r[DAA_1] & 1 and self.audio and self._tx_gain:
            row = take(played, receive)
            row = row if self._tx_gain == 1.0 else scaled(row, self._tx_gain)
        if self.loop.hybrid is not None and self.off_hook:
            line = self.loop.hybrid.returned(line, row)
        if transmit is not None and (line is not None or transmit.coding is not Coding.LINEAR):
            self._transmit(heard, transmit, line)
        return row

    def _transmit(self, heard: Samples, place: SlotPosition, line: Samples | None) -> None:
        if line is None or not self.audio or not self._rx_gain:
            if place.coding is Coding.LINEAR:
                return
            line = SILENCE
        elif self._rx_gain != 1.0:
            line = scaled(line, self._rx_gain)
        put(heard, place, line)

    # ------------------------------------------------------------------ wire

    def _octet(self, octet: int) -> int:
        if self._control is None:
            if octet & 0x30 != WRITE or octet & 0x0F:
                self.violation_log.note(
                    f"{self.name}: 0x{octet:02X} is no control byte for this chip"
                )
                if self.passes_over:
                    return 0
            self._control = octet
            return 0
        if self._register is None:
            self._register = octet
            return 0
        control, number = self._control, self._register
        self._control = self._register = None
        if control & 0x3F != WRITE:  # not for us
            return 0
        if number not in REGISTERS:
            way = "read" if control & 0x40 else "written"
            self.violation_log.note(f"{self.name}: reserved register {number} {way}")
            return 0
        if control & 0x40:
            return self._read(number)
        self._write(number, octet)
        return 0

    def _read(self, number: int) -> int:
        reader = _READERS.get(number)
        return self._r[number] if reader is None else reader(self) & 0xFF

    def _write(self, number: int, octet: int) -> None:
        mask = REGISTERS[number][1]
        if not mask:
            self.violation_log.note(f"{self.name}: register {number} cannot be written")
            return
        if number == SOURCE:  # zeros clear, ones leave
            self._r[SOURCE] &= octet
        elif number == CONTROL_1 and octet & 0x80:  # SR clears itself
            self._reset()
            return
        else:
            before = self._r[number]
            self._r[number] = before & ~mask | octet & mask
            if number == DAA_1:
                self._hook(before)
        self._quiet = False
        self._route()
        self._set_interrupt_level()
        self._measure()

    def _hook(self, before: int) -> None:
        """Going off hook starts the off-hook counter, then the converter's calibration."""
        if not self._r[DAA_1] & 1:
            self._settling = 0
        elif not before & 1:
            self.ring_detector.off_hook()
            counter = OFF_HOOK_MS[self._r[DAA_5] >> 5 & 3] // 10 + 1
            automatic = not self._r[INTERNATIONAL_2] & 0x20  # CALD
            self._settling = counter + (CONVERTER_PERIODS if automatic else 0)

    # ------------------------------------------------------------------ inside

    def _reset(self) -> None:
        rubbish = Random(self.name)
        for number, (value, mask) in REGISTERS.items():
            self._r[number] = rubbish.randrange(256) & mask if number in UNDEFINED else value
        self._control = self._register = None
        self._settling = self._link = 0
        self._dropped_out = False
        self._sign = 0
        self.ring_detector.reset()
        self._quiet = False
        self._route()
        self._set_interrupt_level()
        self._measure()

    def _wake(self) -> None:
        self._quiet = False

    def _interrupt(self, bit: int) -> None:
        """Status bits latch whatever the mask says; the mask gates the pin [assumption]."""
        self._r[SOURCE] |= bit
        self._set_interrupt_level()

    def _set_interrupt_level(self) -> None:
        asks = bool(self._r[SOURCE] & self._r[MASK])
        if not self._r[CONTROL_2] & 0x80:  # INTE: else the pin is the audio output
            self._interrupt_level = True
        else:
            self._interrupt_level = asks == bool(self._r[CONTROL_2] & 0x40)  # INTP

    def _measure(self) -> None:
        """Loop current and line voltage by Ohm; polarity and drop-out by comparing with before."""
        loop = self.loop
        loop.touched = False
        open_volts, ohms = self._source()
        self._ma, self._volts = self._draw(open_volts, ohms) if self.off_hook else (0.0, open_volts)
        beside = loop.parallel_ohms
        loop.ma = self._ma + (1000 * self._volts / beside if beside is not None else 0.0)
        if loop.feed_volts < 0:
            self._volts = -self._volts
        if loop.feed_volts != self._fed and self.linked and not self.off_hook:
            self.ring_detector.stepped(loop.feed_volts - self._fed)
        self._fed = loop.feed_volts
        dropped_out = self.off_hook and self._ma < STARVED_MA
        if dropped_out and not self._dropped_out:
            self._interrupt(DROPPED_OUT)
        self._dropped_out = dropped_out
        volts = self._volts_now()
        sign = 0 if abs(volts) <= 3 or not self.linked else (1 if volts > 0 else -1)
        if sign and self._sign and sign != self._sign:
            self._interrupt(POLARITY)
        self._sign = sign or self._sign

    def _sample(self) -> float:
        """The sample number of this very moment of the wire."""
        return self.now + self.wire_us % PERIOD_US * SAMPLE_RATE / 1e6

    def _volts_now(self) -> float:
        """With the ringing, which an off-hook ends at once for the line side."""
        if self.off_hook:
            return self._volts
        return self._volts + self.ring_detector.volts(self._sample())

    def _source(self) -> tuple[float, float]:
        """Volts and ohms of the line as the chip sees it, with a telephone beside it or without."""
        loop = self.loop
        volts, ohms, beside = abs(loop.feed_volts), loop.feed_ohms, loop.parallel_ohms
        if beside is None:
            return volts, ohms
        return volts * beside / (beside + ohms), ohms * beside / (beside + ohms)

    def _draw(self, open_volts: float, ohms: float) -> tuple[float, float]:
        """Milliamperes and volts of the DC termination at the end of this line.

        US: 3.5 V + bridge 1.2 V + 50 Ω: (48 − 4.7)/(1400 + 50) = 29.9 mA, 6.2 V.
        """
        knee = DC_VOLTS[self._r[DC_TERMINATION] >> 6] + BRIDGE_VOLTS
        slope = RESISTIVE_OHMS if self._r[DC_TERMINATION] & 0x01 else SLOPE_OHMS
        amperes = max((open_volts - knee) / (ohms + slope), 0.0)
        volts = min(knee + slope * amperes, open_volts)
        if self._r[DC_TERMINATION] & 0x02 and amperes > LIMIT_A:
            knee += SLOPE_OHMS * LIMIT_A - LIMITING_OHMS * LIMIT_A
            amperes = (open_volts - knee) / (ohms + LIMITING_OHMS)
            volts = knee + LIMITING_OHMS * amperes
        return amperes * 1000, volts

    def _route(self) -> None:
        self._tx_gain = 0.0 if self._r[MUTE] & 0x80 else self._gain(TX_GAIN_2, TX_GAIN_3)
        self._rx_gain = 0.0 if self._r[MUTE] & 0x08 else self._gain(RX_GAIN_2, RX_GAIN_3)
        self.transmit = self._receive = None
        self._misplaced = ""
        mode = self._r[PCM_MODE]
        if not mode & 0x20:  # PCME
            return
        try:
            coding = Coding(mode >> 3 & 3)
            self.transmit = place_at(
                self._r[34] | self._r[35] << 8, coding, self._slots, self._first_bit
            )
            self._receive = place_at(
                self._r[36] | self._r[37] << 8, coding, self._slots, self._first_bit
            )
        except (Misplaced, ValueError) as error:
            self._misplaced = str(error)

    def _gain(self, whole: int, tenths: int) -> float:
        def db(number: int) -> float:
            steps = self._r[number] & 0xF
            return -steps if self._r[number] & 0x10 else steps

        return float(10 ** ((db(whole) + db(tenths) / 10) / 20))

    # ------------------------------------------------------------------ registers that measure

    def _read_control_2(self) -> int:
        return 0x00 if Fault.WRONG_REVISION in self.faults else self._r[CONTROL_2]

    def _read_hook(self) -> int:
        if not self.linked:
            return self._r[DAA_1]
        halves = self.ring_detector.halves(self._sample())
        return self._r[DAA_1] | halves | self.ring_detector.detected << 2

    def _read_revision(self) -> int:
        return SYSTEM_REVISION | (LINE_SIDE_ID << 4 if self.linked else 0)

    def _read_line_status(self) -> int:
        return 0x40 | min(int(self._ma / 3.3), 0x1F) if self.linked else 0

    def _read_line_voltage(self) -> int:
        volts = self._volts_now()
        if not self.linked or (abs(volts) <= 3 and not self._r[DAA_5] & 0x01):  # LVFD
            return 0
        return max(-128, min(127, round(volts)))


_READERS: dict[int, Callable[[Si3050Model], int]] = {
    CONTROL_2: Si3050Model._read_control_2,
    DAA_1: Si3050Model._read_hook,
    REVISION: Si3050Model._read_revision,
    LINE_STATUS: Si3050Model._read_line_status,
    LINE_REVISION: lambda chip: LINE_REVISION_VALUE if chip.linked else LINE_REVISION_ALONE,
    INTERNATIONAL_4: lambda chip: int(chip._dropped_out) << 1,
    LOOP_CURRENT: lambda chip: min(int(chip._ma / 1.1), 0xFF) if chip.linked else 0,
    LINE_VOLTAGE: Si3050Model._read_line_voltage,
}
