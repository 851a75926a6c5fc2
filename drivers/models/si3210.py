"""A Si3210 (or Si3215) line circuit made of Python: what the bus sees, what the line feels.

Wire face: `transfer`, `reset_pin`, `interrupt_level`, `clock`. Bench face: `loop` (volts, load),
`faults`, `power_alarm`, `brown_out`, `violation_log`. Not modelled: the tone oscillators, the FSK
generator, pulse metering, the DTMF receiver, hybrid balance; starting one is noted. The echo of the
line is the loop's (`loop.hybrid`), whatever register 11 says.
"""

from collections.abc import Callable
from functools import cache
from random import Random

import numpy as np

from drivers.buses import PERIOD, Samples
from drivers.line_supply import USUAL_SUPPLY, LineSupply
from drivers.models.faults import Fault
from drivers.models.loops import StationLoop
from drivers.models.si3210_calibration import START, Calibration
from drivers.models.si3210_feed import OHT, RINGING, LineFeed
from drivers.models.si3210_indirect import IndirectRegisters
from drivers.models.si3210_registers import (
    AUDIO_GAIN,
    CALIBRATE_1,
    DC_DELAY,
    DC_PERIOD,
    ENABLE_1,
    IAA,
    IAS,
    IDA_HIGH,
    IDA_LOW,
    INDIRECT_SERVED,
    IQ5,
    IQ6,
    LCS,
    LINEFEED,
    LOOP_STATUS,
    LOOPBACK,
    LVS,
    OSC_1,
    OSC_2,
    PCM_MODE,
    POWER_DOWN_1,
    REGISTERS,
    RING_GAIN_CAL,
    RING_OSC,
    RXS_HIGH,
    SI3210,
    SPI_MODE,
    STATUS_1,
    STATUS_3,
    TIP_GAIN_CAL,
    UNDEFINED,
    VBAT_1,
    VBAT_2,
    VRING,
    VTIP,
    WRITE_ONE_TO_CLEAR,
    Part,
)
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

READ = 0x80
GAIN_STEPS = (1.0, 10 ** (-3.5 / 20), 10 ** (3.5 / 20), 0.0)
"""ATX and ARX of the audio gain register."""
UNITY = 0x4000
"""0 dB in the indirect gain registers."""
SCRATCH_NOISE = 300
"""Peak of the noise on what the chip sends while indirect register 97 is not 0 [level assumed]."""
DAISY_CHAIN = 0x80
OSCILLATOR_ON = 0x04
CONVERTER_OFF = 0x10
RING_AND_TIP = 0x18
"""CALR and CALT."""


@cache
def noise_of(scratch: int) -> Samples | None:
    """A period of the noise that this word in indirect register 97 makes; none for 0."""
    if not scratch:
        return None
    random = Random(scratch)
    noise = [random.randint(-SCRATCH_NOISE, SCRATCH_NOISE) for _ in range(PERIOD)]
    return np.array(noise, np.int16)


class Si3210Model(SpiChip):
    """One chip with its line, on a PCM port with a number of `slots`.

    `seed` is a number that makes its tolerances and the contents of registers after reset;
    `supply` says which line IC there is and how high its battery goes.
    """

    def __init__(
        self,
        name: str,
        slots: int,
        loop: StationLoop,
        seed: int = 1,
        part: Part = SI3210,
        supply: LineSupply = USUAL_SUPPLY,
        first_bit: int = FIRST_COUNT,
    ) -> None:
        super().__init__(name)
        self.loop = loop
        self.part = part
        self._slots, self._first_bit = slots, first_bit
        random = self._random = Random(f"{name}/{seed}")
        self._r = bytearray(256)
        self._indirect = IndirectRegisters(part, random, self.faults, self.violation_log)
        self._supply = supply
        self._feed = LineFeed(self._r, self._indirect, loop, self.faults, self._interrupt)
        self._feed.battery_most = supply.battery_limit
        self._calibration = Calibration(self._r, random, loop, self.faults, self._interrupt)
        self.transmit: SlotPosition | None = None
        """Where the chip drives the PCM highway."""
        self._receive: SlotPosition | None = None
        self._misplaced = ""
        self._command: int | None = None
        self._audio = False
        self._tx_gain = self._rx_gain = 0.0
        self._noise: Samples | None = None
        self._reset()

    # ------------------------------------------------------------------ bench

    @property
    def linefeed(self) -> int:
        """The actual linefeed state (LFS)."""
        return self._feed.state

    @property
    def audio(self) -> bool:
        """Whether sound passes: active with the loop closed, or on-hook transmission."""
        return self._audio

    @property
    def forgotten(self) -> list[int]:
        """Indirect registers that matter and that nobody has written since reset."""
        return self._indirect.forgotten

    def power_alarm(self, transistor: int) -> None:
        """The transistor of this number (1 to 6: Q1..Q6) gets too hot.

        Raises ValueError for another number.
        """
        if not 1 <= transistor <= 6:
            raise ValueError(f"{self.name}: Q{transistor} is not one of Q1..Q6")
        self._feed.alarm(transistor)
        self._set_audio()

    def inject(self, fault: Fault) -> None:
        """Let this fault be there from now on; a brown-out resets the chip at once."""
        super().inject(fault)
        if fault is Fault.BROWN_OUT:
            self._reset()

    def brown_out(self) -> None:
        """The supply dips: the chip resets itself, which only its registers show."""
        self._reset()

    # ------------------------------------------------------------------ time and sound

    def step(self) -> None:
        """A period of the PCM clock passes for everything but sound."""
        self.wire_us += PERIOD_US - self.wire_us % PERIOD_US
        if not self.clocked or self.in_reset:
            return
        if self._misplaced:  # noted only now: between two writes a place may be half set
            self.violation_log.note(f"{self.name}: {self._misplaced}")
            self._misplaced = ""
        if self._indirect.pending:
            self._serve()
        if self._calibration.busy:
            self._calibration.step()
        feed = self._feed
        if not feed.quiet or self.loop.touched:
            feed.step()
            self._set_audio()

    def exchange(self, played: Samples, heard: Samples, spoken: Samples | None) -> Samples | None:
        """A period's sound: `spoken` comes from the handset, the result goes to it.

        Samples go through the slots of `played` and `heard`; None is silence.
        """
        transmit, receive = self.transmit, self._receive
        if not self.clocked or self._r[LOOPBACK] & 0x05:  # ALM1, ALM2: the line hears itself
            return spoken if self.clocked and self._audio else None
        if self._r[LOOPBACK] & 0x02:  # DLM
            if transmit is not None and receive is not None:
                put(heard, transmit, take(played, receive))
            return None
        row = None
        if receive is not None and self._audio and self._rx_gain:
            row = take(played, receive)
            row = row if self._rx_gain == 1.0 else scaled(row, self._rx_gain)
        if self.loop.hybrid is not None and self.loop.ohms is not None:
            spoken = self.loop.hybrid.returned(spoken, row)
        if self._noise is not None:
            together = self._noise + (SILENCE if spoken is None else spoken).astype(np.int32)
            spoken = scaled(together, 1.0)
        if transmit is not None and (spoken is not None or transmit.coding is not Coding.LINEAR):
            self._transmit(heard, transmit, spoken)
        return row

    def _transmit(self, heard: Samples, place: SlotPosition, spoken: Samples | None) -> None:
        if spoken is None or not self._audio or not self._tx_gain:
            if place.coding is Coding.LINEAR:
                return
            spoken = SILENCE
        elif self._tx_gain != 1.0:
            spoken = scaled(spoken, self._tx_gain)
        put(heard, place, spoken)

    # ------------------------------------------------------------------ wire

    def _octet(self, octet: int) -> int:
        if self._command is None:
            self._command = octet
            return 0
        command, self._command = self._command, None
        number = command & ~READ
        if number not in REGISTERS:
            way = "read" if command & READ else "written"
            self.violation_log.note(f"{self.name}: reserved register {number} {way}")
            return 0
        if command & READ:
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
        if number in WRITE_ONE_TO_CLEAR:
            self._r[number] &= ~octet & 0xFF
            self._interrupt_level = not any(self._r[STATUS_1 : STATUS_3 + 1])
            return
        if number in (IDA_LOW, IDA_HIGH):
            self._indirect.write_data(number == IDA_HIGH, octet)
        elif number == IAA:
            self._r[IAA] = octet
            self._indirect.start(octet, self.wire_us)
        else:
            self._r[number] = self._r[number] & ~mask | octet & mask
            self._written(number, octet)

    def _written(self, number: int, octet: int) -> None:
        """What a plain register's new value brings about."""
        if SPI_MODE <= number <= RXS_HIGH or number in (LOOPBACK, AUDIO_GAIN):
            self._route()
        elif number in (OSC_1, OSC_2) and octet & OSCILLATOR_ON:
            self.violation_log.note(f"{self.name}: the tone oscillators are not modelled")
        elif number == POWER_DOWN_1 and not octet & CONVERTER_OFF:
            self._check_converter()
            self._feed.measure()
        elif number == CALIBRATE_1 and octet & START:
            if octet & RING_AND_TIP and self._supply.line_ic == "si3201":
                self.violation_log.note(
                    f"{self.name}: RING and TIP of an Si3201 must not be calibrated by the chip"
                )
            self._calibration.start()
        elif number == DC_DELAY and octet & 0x80:
            self._calibration.start_peak()
        elif number == DC_PERIOD:
            self._r[number] |= 0x40
        elif number == LINEFEED:
            self._feed.request(octet & 0x07)
        else:
            self._feed.measure()
        self._set_audio()
        if number == SPI_MODE and octet & DAISY_CHAIN:
            self.violation_log.note(f"{self.name}: daisy chain asked for, this board has none")

    # ------------------------------------------------------------------ inside

    def _check_converter(self) -> None:
        """A timing for another kind of transistor burns it [Si3215 DS, register 92]."""
        period = self._r[DC_PERIOD]
        if period not in self.part.periods:
            self.violation_log.note(
                f"{self.name}: converter period 0x{period:02X} is not for a {self.part.name}"
            )

    def _reset(self) -> None:
        for number, (value, _) in REGISTERS.items():
            self._r[number] = value
        for number, value in self.part.identity.items():
            self._r[number] = value
        for number in UNDEFINED:
            self._r[number] = self._random.randrange(1, 0x100)
        self._command = None
        self._interrupt_level = True
        self._indirect.scramble()
        self._calibration.reset()
        self._feed.reset()
        self._route()
        self._set_audio()

    def _wake(self) -> None:
        self.loop.touched = True

    def _interrupt(self, which: tuple[int, int]) -> None:
        """Set a status bit, if its enable is set; INT_n is low while any status bit is set."""
        register, bit = which
        if self._r[register + ENABLE_1 - STATUS_1] & bit:
            self._r[register] |= bit
            self._interrupt_level = False

    def _serve(self) -> None:
        if self.clocked and self._indirect.serve(self.wire_us):
            self._interrupt(INDIRECT_SERVED)
            self._feed.measure()
            self._set_gains()

    def _set_audio(self) -> None:
        feed = self._feed
        active = feed.loop_closed and feed.state in (1, 5)
        self._audio = active or feed.state in OHT

    def _set_gains(self) -> None:
        gain = self._r[AUDIO_GAIN]
        self._tx_gain = self._indirect.signed("ADCG") / UNITY * GAIN_STEPS[gain >> 2 & 3]
        self._rx_gain = self._indirect.signed("DACG") / UNITY * GAIN_STEPS[gain & 3]
        self._noise = noise_of(self._indirect["SCRATCH"])
        if gain & 0x20:  # TXM
            self._tx_gain = 0.0
        if gain & 0x10:  # RXM
            self._rx_gain = 0.0

    def _route(self) -> None:
        self._set_gains()
        self.transmit = self._receive = None
        self._misplaced = ""
        mode = self._r[PCM_MODE]
        if not mode & 0x20:  # PCME
            return
        try:
            coding = Coding(mode >> 3 & 3)
            if (coding is Coding.LINEAR) != bool(mode & 0x04):
                raise Misplaced(f"PCM mode 0x{mode:02X} mixes 8 and 16 bits")
            self.transmit = place_at(
                self._r[2] | self._r[3] << 8, coding, self._slots, self._first_bit
            )
            self._receive = place_at(
                self._r[4] | self._r[5] << 8, coding, self._slots, self._first_bit
            )
        except (Misplaced, ValueError) as error:
            self._misplaced = str(error)

    # ------------------------------------------------------------------ registers that measure

    def _read_identity(self) -> int:
        return 0x0F if Fault.WRONG_REVISION in self.faults else self._r[SPI_MODE]

    def _read_access(self) -> int:
        self._serve()
        return int(self._indirect.pending)

    def _read_data(self, high: bool) -> int:
        self._serve()
        return self._indirect.data(high)

    def _read_ring(self) -> int:
        return self._r[RING_OSC] | (0xA4 if self._feed.state == RINGING else 0)

    def _read_status(self) -> int:
        feed = self._feed
        raw = 0 if feed.threshold_exceeded() else 0x04
        return raw | feed.ring_trip << 1 | feed.loop_closed

    def _read_loop_volts(self) -> int:
        volts = self.loop.volts
        return min(int(abs(volts) / 1.5), 0x3F) | (0x40 if volts < 0 else 0)

    def _read_loop_current(self) -> int:
        return min(int(self.loop.ma / 1.25), 0x3F) | (0x40 if self.loop.volts < 0 else 0)

    def _read_wire(self, ring: bool) -> int:
        return min(round(self._feed.wire_volts()[ring] / 0.376), 0xFF)

    def _read_battery(self) -> int:
        return min(round(self._feed.vbat / 0.376), 0xFF)

    def _read_balance(self, tip: bool) -> int:
        """Current of Q5 or Q6: gone when the gain setting has come down to the chip's balance."""
        setting = self._r[TIP_GAIN_CAL if tip else RING_GAIN_CAL]
        return max(setting - self._calibration.balance[tip], 0)


_READERS: dict[int, Callable[[Si3210Model], int]] = {
    SPI_MODE: Si3210Model._read_identity,
    IAS: Si3210Model._read_access,
    IDA_LOW: lambda chip: chip._read_data(False),
    IDA_HIGH: lambda chip: chip._read_data(True),
    RING_OSC: Si3210Model._read_ring,
    LINEFEED: lambda chip: chip.linefeed << 4 | chip._r[LINEFEED],
    LOOP_STATUS: Si3210Model._read_status,
    LVS: Si3210Model._read_loop_volts,
    LCS: Si3210Model._read_loop_current,
    VTIP: lambda chip: chip._read_wire(False),
    VRING: lambda chip: chip._read_wire(True),
    VBAT_1: Si3210Model._read_battery,
    VBAT_2: Si3210Model._read_battery,
    IQ5: lambda chip: chip._read_balance(False),
    IQ6: lambda chip: chip._read_balance(True),
}
