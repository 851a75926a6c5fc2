"""The codec WM8960, which makes the board's clock [Linux, sound/soc/codecs/wm8960.c: order, waits].

A channel goes: input 1, its amplifier, boost mixer, ADC; and DAC, output mixer, headphone output.
Wire SLIC VOUT to LINPUT1 and HP_L to SLIC VIN, each through a capacitor (right: RINPUT1, HP_R).

A crystal of 24 MHz: the PLL makes 24/2 (8 + 0x3126E9/2^24)/4 = 24.576 MHz, SYSCLK is the half.
One of 12.288 MHz is SYSCLK itself. 8 kHz = 12.288 MHz/256/6.
"""

from drivers import wm8960_registers as reg
from drivers.codec import Codec, Write, per_channel
from drivers.ports import Steps

VMID_PERIODS = 11
"""VMID has charged after 100 ms."""
PLL_PERIODS = 26
"""The PLL has locked after 250 ms."""
DIVIDE_BY_6 = 6 << 6 | 6 << 3
"""ADCDIV and DACDIV."""
SYSCLK_HALF = 2 << 1
PLL_24_MHZ = (
    (reg.PLL_N, reg.PLL_FRACTIONAL | reg.PLL_HALF | 8),
    (reg.PLL_K_HIGH, 0x31),
    (reg.PLL_K_MIDDLE, 0x26),
    (reg.PLL_K_LOW, 0xE9),
)

_INPUTS = (reg.LEFT_INPUT, reg.RIGHT_INPUT)
_CLOCKS = (reg.CLOCK_2, reg.INTERFACE_1, reg.ADDITIONAL_3, reg.ADDITIONAL_1)
_PATHS = (reg.LEFT_PATH, reg.RIGHT_PATH, reg.LEFT_MIXER, reg.RIGHT_MIXER)
_POWER = (reg.POWER_1, reg.POWER_3, reg.POWER_2)
_VOLUMES = (
    *_INPUTS, reg.LEFT_ADC, reg.RIGHT_ADC, reg.LEFT_DAC, reg.RIGHT_DAC,
    reg.LEFT_OUT_1, reg.RIGHT_OUT_1,
)  # fmt: skip


class Wm8960(Codec):
    """A WM8960 as clock master of the PCM port at 8 kHz, 16 bits."""

    def power_off(self) -> None:
        """Mute, then VMID and VREF off behind the soft ramp: they discharge within 600 ms."""
        self.works = False
        self._write(reg.DAC_CONTROL, reg.DAC_MUTE)
        self._write(reg.ANTI_POP, reg.RAMP)
        self._write(reg.POWER_1, 0)

    def _wanted(self) -> dict[int, int]:
        spec, used = self.spec, self.spec.channels
        by_pll = spec.crystal_hz == 24_000_000
        return {
            reg.CLOCK_1: DIVIDE_BY_6 | (SYSCLK_HALF | reg.CLOCK_BY_PLL if by_pll else 0),
            reg.CLOCK_2: reg.CLASS_D_DIVIDER | reg.BCLK_24,
            reg.INTERFACE_1: reg.MASTER | spec.lrp * reg.LRP | reg.FORMAT[spec.framing],
            reg.DAC_CONTROL: 0,
            reg.ADDITIONAL_1: reg.AS_AFTER_RESET_1,
            reg.ADDITIONAL_3: reg.RATE_8_KHZ,
            reg.ANTI_POP: reg.RAMP_OVER,
            reg.POWER_1: reg.VMID_50K
            | reg.VREF
            | per_channel(used, reg.AINL | reg.ADCL, reg.AINR | reg.ADCR),
            reg.POWER_2: per_channel(used, reg.DACL | reg.LOUT1, reg.DACR | reg.ROUT1)
            | (reg.PLL_ON if by_pll else 0),
            reg.POWER_3: per_channel(used, reg.LMIC | reg.LOMIX, reg.RMIC | reg.ROMIX),
            **dict.fromkeys((reg.LEFT_PATH, reg.RIGHT_PATH), self._path),
            **dict.fromkeys((reg.LEFT_MIXER, reg.RIGHT_MIXER), self._mixer),
            **dict.fromkeys(_INPUTS, reg.UPDATE | reg.INPUT_MUTE | reg.INPUT_0_DB),
            **dict.fromkeys((reg.LEFT_ADC, reg.RIGHT_ADC), self._adc_volume),
            **dict.fromkeys((reg.LEFT_DAC, reg.RIGHT_DAC), reg.UPDATE | reg.DAC_0_DB),
            **dict.fromkeys((reg.LEFT_OUT_1, reg.RIGHT_OUT_1), self._out_volume),
        }

    _path = reg.IN1_TO_AMPLIFIER | reg.AMPLIFIER_TO_BOOST
    _mixer = reg.DAC_TO_MIXER | reg.MIXER_AS_AFTER_RESET

    @property
    def _adc_volume(self) -> int:
        return reg.UPDATE | (reg.ADC_0_DB + 2 * self.spec.in_db)

    @property
    def _out_volume(self) -> int:
        return reg.UPDATE | (reg.OUT_0_DB + self.spec.out_db)

    def _input(self, channel: int, heard: bool) -> Write:
        mute = 0 if heard else reg.INPUT_MUTE
        return _INPUTS[channel], reg.UPDATE | mute | reg.INPUT_0_DB

    def _set_up(self) -> Steps:
        power_1, power_2 = self._shadow[reg.POWER_1], self._shadow[reg.POWER_2]
        self._write(reg.RESET, 0)
        self._write(reg.ANTI_POP, reg.RAMP)
        self._write(reg.POWER_1, reg.VMID_50K)
        yield VMID_PERIODS
        self._write(reg.POWER_1, reg.VMID_50K | reg.VREF)
        self._write(reg.ANTI_POP, reg.RAMP_OVER)
        if power_2 & reg.PLL_ON:
            yield from self._write_all(PLL_24_MHZ)
            self._write(reg.POWER_2, reg.PLL_ON)
            yield PLL_PERIODS
        self._write(reg.CLOCK_1, self._shadow[reg.CLOCK_1])
        yield from self._write_all(self._kept(*_CLOCKS))
        yield from self._write_all(self._kept(*_PATHS))
        self._write(reg.POWER_1, power_1)
        yield from self._write_all(self._kept(*_VOLUMES))
        yield from self._write_all(self._kept(reg.POWER_3, reg.POWER_2, reg.DAC_CONTROL))
