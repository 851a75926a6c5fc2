"""The codec WM8731, the smaller one: ten registers [Linux, sound/soc/codecs/wm8731.c].

A channel goes: line input, ADC; and DAC, headphone output. Wire SLIC VOUT to LLINEIN and LHPOUT to
SLIC VIN, each through a capacitor (right: RLINEIN, RHPOUT).
"""

from drivers.codec import Codec, Write
from drivers.ports import Steps

LEFT_IN, RIGHT_IN, LEFT_OUT, RIGHT_OUT = 0x00, 0x01, 0x02, 0x03
ANALOG_PATH, DIGITAL_PATH, POWER_DOWN, INTERFACE = 0x04, 0x05, 0x06, 0x07
SAMPLING, ACTIVE, RESET = 0x08, 0x09, 0x0F

IN_0_DB, IN_STEP_DB, IN_MUTE = 0x17, 1.5, 0x080
OUT_0_DB = 0x79
DAC_TO_OUTPUT, MICROPHONE_MUTE = 0x010, 0x002
DAC_MUTE = 0x008
ALL_OFF = 0x09F
"""As after reset: everything but the oscillator and its output."""
LINE_ONLY = 0x042
"""Off are CLKOUT and the microphone; on are line inputs, ADC, DAC, outputs, oscillator."""
OUTPUTS = 0x010
MASTER, LRP = 0x040, 0x010
FORMAT = {"i2s": 2, "dsp_a": 3, "dsp_b": 3}
SAMPLING_8_KHZ = {12_288_000: 0x00C, 18_432_000: 0x00E, 12_000_000: 0x00D}
"""SR = 3 with BOSR and USB as the crystal wants them."""
VMID_PERIODS = 11
"""100 ms for VMID, as of the WM8960 [unverified: no data sheet at hand says it]."""

_IN, _OUT = (LEFT_IN, RIGHT_IN), (LEFT_OUT, RIGHT_OUT)


class Wm8731(Codec):
    """A WM8731 as clock master of the PCM port at 8 kHz, 16 bits."""

    def power_off(self) -> None:
        """Mute, then outputs off, then all."""
        self.works = False
        for register, value in (
            (DIGITAL_PATH, DAC_MUTE),
            (POWER_DOWN, LINE_ONLY | OUTPUTS),
            (POWER_DOWN, ALL_OFF),
        ):
            self._write(register, value)

    def _wanted(self) -> dict[int, int]:
        spec = self.spec
        return {
            **dict.fromkeys(_IN, self._volume | IN_MUTE),
            **dict.fromkeys(_OUT, OUT_0_DB + spec.out_db),
            ANALOG_PATH: DAC_TO_OUTPUT | MICROPHONE_MUTE,
            DIGITAL_PATH: 0,
            POWER_DOWN: LINE_ONLY,
            INTERFACE: MASTER | spec.lrp * LRP | FORMAT[spec.framing],
            SAMPLING: SAMPLING_8_KHZ[spec.crystal_hz],
            ACTIVE: 1,
        }

    @property
    def _volume(self) -> int:
        return IN_0_DB + round(self.spec.in_db / IN_STEP_DB)

    def _input(self, channel: int, heard: bool) -> Write:
        return _IN[channel], self._volume | (0 if heard else IN_MUTE)

    def _set_up(self) -> Steps:
        self._write(RESET, 0)
        self._write(POWER_DOWN, LINE_ONLY | OUTPUTS)
        yield VMID_PERIODS
        yield from self._write_all(self._kept(INTERFACE, SAMPLING, ANALOG_PATH, *_IN, *_OUT))
        self._write(POWER_DOWN, LINE_ONLY)
        yield from self._write_all(self._kept(DIGITAL_PATH, ACTIVE))
