"""From reset to on hook: the set-up of the Si3050, in the order of the open dahdi-linux drivers.

[Si3050 DS; DAHDI wctdm24xxp]
"""

import logging

from app.core.sentences import sentence
from drivers import si3050_registers as reg
from drivers.board_spec import LineSpec
from drivers.chip import wait_for
from drivers.countries.base import TrunkSettings
from drivers.errors import ChipFault, ChipMissing, ChipTimeout
from drivers.ports import Steps
from drivers.registers import SI3050_FRAMING, Access, RegisterBus
from drivers.slot_map import PCM_FORMAT

AFTER_RESET = 0x03
"""Register 2 after reset: hybrid and receiver enabled."""
RUNNING = reg.INTE.mask | reg.RDI.mask | AFTER_RESET
"""Register 2 once set up: a chip that reads anything else has reset itself."""
INTERRUPTS = reg.RDTI.mask | reg.DODI.mask | reg.POLI.mask
"""What may pull the interrupt pin."""
ON_HOOK = reg.ONHM.mask
"""On hook, the line monitored so that caller ID is heard."""
RESET_PERIODS = 10
LINK_PERIODS = 200
LSID_SI3018 = 1  # [unverified]

log = logging.getLogger(__name__)


class Si3050Setup:
    """The sequences that set one chip up."""

    def __init__(self, bus: RegisterBus, spec: LineSpec, settings: TrunkSettings) -> None:
        self._bus = bus
        self._place = spec.place
        self._start, self._coding = spec.start, spec.coding
        self._settings = settings

    def run(self) -> Steps:
        """Software reset to on hook, from whatever state. Raises HardwareError."""
        self.put_in_step()
        self._bus.run(reg.CONTROL_1.compose((reg.SR, 1)))
        yield RESET_PERIODS
        self._probe()
        self._audio()
        self._line()
        yield 1
        yield from self._link_up()
        self._bus.run(
            reg.DAA_CONTROL_1.write(ON_HOOK),
            *(gain.write(0) for gain in reg.GAINS),
            reg.INT_MASK.write(INTERRUPTS),
            reg.INT_SOURCE.clear(0xFF),
            reg.CONTROL_2.write(RUNNING),
        )
        yield 1

    def put_in_step(self) -> bool:
        """Find the octet at which the chip's accesses begin; whether it had taken another one.

        An access has three octets and no length: after one that broke off, the chip takes an octet
        for another. One more is sent until it answers as ours does.
        Three are a whole access that asks for nothing: on a dead bus they do nothing.
        """
        for sent in range(SI3050_FRAMING.octets):
            if self._answers():
                return sent > 0
            self._bus.step()
        return False

    def _answers(self) -> bool:
        """By what nothing writes: an access that broke off may have changed register 2."""
        seen = self._bus.run(reg.LINE_REVISION.read(), reg.LINE_REVISION.read())
        return seen[0] == seen[1] != 0xFF and bool(reg.PRESENT.of(seen[0]))

    def _probe(self) -> None:
        seen, line_side = self._bus.run(reg.CONTROL_2.read(), reg.LINE_REVISION.read())
        if seen != AFTER_RESET:
            raise ChipMissing(
                sentence(
                    "%(place)s: no Si3050 answers (register 2 reads %(seen)s "
                    "instead of %(after_reset)s); check the line hat, its chip "
                    "select and its reset pin",
                    place=self._place,
                    seen=f"{seen:#04x}",
                    after_reset=f"{AFTER_RESET:#04x}",
                )
            )
        if not reg.PRESENT.of(line_side):
            raise ChipMissing(
                sentence(
                    "%(place)s: what answers is no Si3050 (register 13 reads "
                    "%(line_side)s, bit 6 must be 1); check which chip is "
                    "fitted, and its supply",
                    place=self._place,
                    line_side=f"{line_side:#04x}",
                )
            )

    def _audio(self) -> None:
        start = self._start
        self._bus.run(
            reg.TXS_LOW.write(start & 0xFF),
            reg.TXS_HIGH.write(start >> 8),
            reg.RXS_LOW.write(start & 0xFF),
            reg.RXS_HIGH.write(start >> 8),
            reg.PCM_MODE.compose((reg.PCM_ENABLE, 1), (reg.PCM_FORMAT, PCM_FORMAT[self._coding])),
        )

    def _line(self) -> None:
        """What the country asks for, and the chip's ring validation.

        FULL is set whatever DCV the country has, as the open drivers do; the data sheet of the
        Si3056 asks for DCV 3 with it, against distortion at low loop current [unverified here].

        Validated: half waves of 6 to 50 ms (10 to 83 Hz) for 100 ms; 128 ms without end a burst.
        RAS 25 x 2 ms is the longest half wave, RAS - RMX = 3 x 2 ms the shortest.
        """
        want = self._settings
        accesses = [
            reg.INTERNATIONAL_1.compose((reg.OHS, want.ohs), (reg.RZ, want.rz), (reg.RT, want.rt)),
            reg.INTERNATIONAL_3.compose((reg.RFWE, 1)),
            reg.RING_VALIDATION_1.compose((reg.RDLY_LOW, 0), (reg.RMX, 22)),
            reg.RING_VALIDATION_2.compose((reg.RTO, 1), (reg.RCC, 0)),
            reg.RING_VALIDATION_3.compose((reg.RNGV, 1), (reg.RAS, 25)),
            reg.DC_TERMINATION.compose(
                (reg.DCV, want.dcv), (reg.MINI, want.mini), (reg.ILIM, want.ilim)
            ),
            reg.AC_TERMINATION.compose((reg.ACIM, want.acim)),
            *self._off_hook_times(quick=False),
            reg.SPARK_QUENCH.compose(
                (reg.SQ1, want.spark_quench >> 1), (reg.SQ0, want.spark_quench & 1)
            ),
            # What these hold after a reset is confirmed by no source: rubbish would be heard.
            reg.SAMPLE_RATE.write(0),
            reg.MUTE.write(0),
            *(coefficient.write(0) for coefficient in reg.HYBRID),
        ]
        self._bus.run(*accesses)

    def quick_pickup(self, quick: bool) -> None:
        """Whether sound comes 8 ms after each off-hook, uncalibrated: for pulses and flashes.

        Else the off-hook counter takes 128 ms and the calibration about 256 ms more. The open
        drivers dial pulses so; the calibration of the first off-hook stays in force [unverified].
        """
        self._bus.run(*self._off_hook_times(quick))

    def _off_hook_times(self, quick: bool) -> tuple[Access, Access]:
        return (
            reg.INTERNATIONAL_2.compose((reg.CALD, int(quick))),
            reg.DAA_CONTROL_5.compose(
                (reg.FULL, 1),
                (reg.FOH, 3 if quick else 1),
                (reg.OHS2, self._settings.ohs2),
                (reg.FILT, 1),
                (reg.LVFD, 1),
            ),
        )

    def _link_up(self) -> Steps:
        """Power up the line side; its identity and frame lock must show within 2 s."""
        self._bus.write(reg.DAA_CONTROL_2, 0)
        try:
            yield from wait_for(
                self._place,
                sentence("isolation link to the line side up"),
                self._linked,
                LINK_PERIODS,
            )
        except ChipTimeout as error:
            raise ChipFault(
                sentence("%(what)s; check the Si3019 and the PCM bit clock", what=error)
            ) from error

    def _linked(self) -> bool:
        revision, status = self._bus.run(reg.REVISION.read(), reg.LINE_STATUS.read())
        line_side = reg.LSID.of(revision)
        if line_side == LSID_SI3018:
            log.warning("%s: an Si3018 cannot measure the line voltage", self._place)
        return line_side != 0 and bool(reg.FDT.of(status))
