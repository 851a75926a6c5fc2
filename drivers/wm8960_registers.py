"""Registers of the WM8960: addresses, and the bits that we use [Linux, sound/soc/codecs/wm8960.h].

Names of bits follow the Wolfson data sheet. Addresses have seven bits, values nine.
"""

LEFT_INPUT, RIGHT_INPUT = 0x00, 0x01
"""Gain of the input amplifiers in 0.75 dB; 0x17 is 0 dB."""
INPUT_0_DB = 0x17
INPUT_MUTE = 0x080
LEFT_OUT_1, RIGHT_OUT_1 = 0x02, 0x03
"""Headphone outputs in 1 dB; 0x79 is 0 dB, 0x2F and less are silent."""
OUT_0_DB = 0x79
CLOCK_1 = 0x04
CLOCK_BY_PLL = 0x001
DAC_CONTROL = 0x05
DAC_MUTE = 0x008
INTERFACE_1 = 0x07
MASTER = 0x040
LRP = 0x010
FORMAT = {"i2s": 2, "dsp_a": 3, "dsp_b": 3}
"""Bits 1 and 0; words of 16 bits are 0 in bits 3 and 2."""
CLOCK_2 = 0x08
CLASS_D_DIVIDER = 0x1C0
"""As after reset; the loudspeaker outputs are not used."""
BCLK_24 = 0b1100
"""BCLK = SYSCLK/24, 512 kHz out of 12.288 MHz [unverified: the code of the kin WM8400]."""
LEFT_DAC, RIGHT_DAC = 0x0A, 0x0B
DAC_0_DB = 0xFF
RESET = 0x0F
LEFT_ADC, RIGHT_ADC = 0x15, 0x16
"""In 0.5 dB; 0xC3 is 0 dB."""
ADC_0_DB = 0xC3
ADDITIONAL_1 = 0x17
AS_AFTER_RESET_1 = 0x1C0
POWER_1 = 0x19
VMID_50K = 0x080
VREF = 0x040
AINL, AINR = 0x020, 0x010
ADCL, ADCR = 0x008, 0x004
POWER_2 = 0x1A
DACL, DACR = 0x100, 0x080
LOUT1, ROUT1 = 0x040, 0x020
PLL_ON = 0x001
ADDITIONAL_3 = 0x1B
RATE_8_KHZ = 5
ANTI_POP = 0x1C
RAMP = 0x080 | 0x010 | 0x008 | 0x004
"""POBCTRL, BUFDCOPEN, BUFIOEN, SOFT_ST: outputs follow VMID slowly."""
RAMP_OVER = 0x008
"""BUFIOEN alone."""
LEFT_PATH, RIGHT_PATH = 0x20, 0x21
IN1_TO_AMPLIFIER = 0x100
AMPLIFIER_TO_BOOST = 0x008
LEFT_MIXER, RIGHT_MIXER = 0x22, 0x25
DAC_TO_MIXER = 0x100
MIXER_AS_AFTER_RESET = 0x050
POWER_3 = 0x2F
LMIC, RMIC = 0x020, 0x010
LOMIX, ROMIX = 0x008, 0x004
PLL_N, PLL_K_HIGH, PLL_K_MIDDLE, PLL_K_LOW = 0x34, 0x35, 0x36, 0x37
PLL_FRACTIONAL, PLL_HALF = 0x020, 0x010

UPDATE = 0x100
"""In all registers of volume: this value and that of the other channel are taken over now."""
