"""A model of the codec WM8960, from the kernel's facts [Linux, sound/soc/codecs/wm8960.c, .h].

Modelled: input 1 through amplifier, boost mixer and ADC; DAC through mixer and headphone output;
PLL and dividers; VMID, VREF; volumes that wait for their update bit. Not modelled: loudspeaker
outputs, other inputs, ALC, companding, the noise of anything.
"""

from drivers.models.codec import CHARGE_PERIODS, CodecModel

PLL_PERIODS = 25
"""The PLL locks within 250 ms."""
DIVIDERS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.5, 6.0)
"""ADCDIV and DACDIV."""
BCLK_DIVIDERS = (1, 1.5, 2, 3, 4, 5.5, 6, 8, 11, 12, 16, 22, 24, 32, 32, 32)
RATE_CODES = {8000: 5, 16_000: 3, 32_000: 1, 48_000: 0}
"""What register 1B must say at a rate."""
VOLUMES = (0x00, 0x01, 0x02, 0x03, 0x0A, 0x0B, 0x15, 0x16)
"""Left and right in turn: input, output 1, DAC, ADC. Bit 8 takes both of a pair over."""

_DEFAULTS = {
    0x00: 0x0A7, 0x01: 0x0A7, 0x02: 0x000, 0x03: 0x000, 0x04: 0x000, 0x05: 0x008, 0x06: 0x000,
    0x07: 0x00A, 0x08: 0x1C0, 0x09: 0x000, 0x0A: 0x0FF, 0x0B: 0x0FF, 0x10: 0x000, 0x11: 0x07B,
    0x12: 0x100, 0x13: 0x032, 0x14: 0x000, 0x15: 0x0C3, 0x16: 0x0C3, 0x17: 0x1C0, 0x18: 0x000,
    0x19: 0x000, 0x1A: 0x000, 0x1B: 0x000, 0x1C: 0x000, 0x1D: 0x000, 0x20: 0x100, 0x21: 0x100,
    0x22: 0x050, 0x25: 0x050, 0x26: 0x000, 0x27: 0x000, 0x28: 0x000, 0x29: 0x000, 0x2A: 0x040,
    0x2B: 0x000, 0x2C: 0x000, 0x2D: 0x050, 0x2E: 0x050, 0x2F: 0x000, 0x30: 0x002, 0x31: 0x037,
    0x33: 0x080, 0x34: 0x008, 0x35: 0x031, 0x36: 0x026, 0x37: 0x0E9,
}  # fmt: skip


class Wm8960Model(CodecModel):
    """One WM8960."""

    reset_values = _DEFAULTS

    def _forget(self) -> None:
        self._latched = {register: _DEFAULTS[register] & 0xFF for register in VOLUMES}
        self._charged = 0
        """Periods since VMID went on."""
        self._locking = 0
        """Periods since the PLL went on."""

    def _written(self, address: int, before: int, word: int) -> None:
        if address in VOLUMES and word & 0x100:
            for one in (address & ~1, address | 1) if address < 0x15 else (0x15, 0x16):
                self._latched[one] = self._registers[one] & 0xFF
        elif address == 0x19:
            self._vmid_written(before, word)
        elif address == 0x1A and word & ~before & 0x001:
            self._locking = 0
        elif address in (0x34, 0x35, 0x36, 0x37) and word != before and self._pll_on:
            self.violation_log.note(f"{self.name}: PLL changed while it runs")
        if address in (0x1A, 0x2F) and word & ~before & 0x060 and self._charged < CHARGE_PERIODS:
            self._click("an output went on before VMID stood")

    def _vmid_written(self, before: int, word: int) -> None:
        ramped = bool(self._registers[0x1C] & 0x94 == 0x94)  # POBCTRL, BUFDCOPEN, SOFT_ST
        if bool(word & 0x180) != bool(before & 0x180):
            self._charged = 0
            if not ramped:
                self._click("VMID switched without the soft ramp")
        if word & ~before & 0x040 and self._charged < CHARGE_PERIODS:
            self._click("VREF went on before VMID stood")

    def _click(self, what: str) -> None:
        self.clicks += 1
        self.violation_log.note(f"{self.name}: {what}")

    def _step(self) -> None:
        if self._registers[0x19] & 0x180:
            self._charged += 1
        if self._pll_on:
            self._locking += 1

    # Clocks.

    @property
    def _pll_on(self) -> bool:
        return bool(self._registers[0x1A] & 0x001)

    def _pll_hz(self) -> float | None:
        """The PLL's output, a quarter of its oscillator; None until it has locked."""
        if not self._pll_on or self._locking < PLL_PERIODS:
            return None
        r = self._registers
        factor = float(r[0x34] & 0x0F)
        if r[0x34] & 0x020:
            factor += ((r[0x35] & 0xFF) << 16 | (r[0x36] & 0xFF) << 8 | r[0x37] & 0xFF) / 2**24
        source = self.crystal_hz / (2 if r[0x34] & 0x010 else 1)
        return source * factor / 4 if 6 <= factor < 13 else None

    def sysclk_hz(self) -> float | None:
        """The clock of all converters."""
        word = self._registers[0x04]
        source = self._pll_hz() if word & 0x001 else float(self.crystal_hz)
        return None if source is None else source / (2 if word >> 1 & 3 == 2 else 1)

    def rate_hz(self) -> float | None:
        """Frames a second: DAC and ADC alike, as master, with room for 32 bits."""
        sysclk, r = self.sysclk_hz(), self._registers
        if sysclk is None or not r[0x07] & 0x040:
            return None
        adc, dac = r[0x04] >> 6 & 7, r[0x04] >> 3 & 7
        if adc != dac or adc >= len(DIVIDERS):
            return None
        rate = sysclk / 256 / DIVIDERS[adc]
        bits = sysclk / BCLK_DIVIDERS[r[0x08] & 0x0F] / rate
        if bits < 32:
            self.violation_log.note(f"{self.name}: {bits:.0f} bit clocks in a frame of 32 bits")
            return None
        return round(rate, 3)

    @property
    def clocks(self) -> bool:
        """Also the rate that register 1B names must be the one there is."""
        rate = self.rate_hz()
        return super().clocks and self._registers[0x1B] & 7 == RATE_CODES.get(round(rate or 0))

    # Sound.

    def _has(self, register: int, bits: int) -> bool:
        return self._registers[register] & bits == bits

    @property
    def _biased(self) -> bool:
        return self._has(0x19, 0x040) and self._charged >= CHARGE_PERIODS

    def input_gain(self, channel: int) -> float | None:
        """Input 1, amplifier, boost, ADC; in steps of 0.75 and 0.5 dB."""
        amplifier, boost, adc = ((0x20, 0x020, 0x008), (0x10, 0x010, 0x004))[channel]
        path = 0x20 + channel
        on = (
            self._biased
            and self._has(0x2F, amplifier)
            and self._has(0x19, boost | adc)
            and self._has(path, 0x108)
            and not self._latched[channel] & 0x80
        )
        volume = self._latched[0x15 + channel]
        if not on or not volume:
            return None
        boosted = (0, 13, 20, 29)[self._registers[path] >> 4 & 3]
        gain = 0.75 * ((self._latched[channel] & 0x3F) - 0x17)
        return gain + boosted + 0.5 * (volume - 0xC3)

    def output_gain(self, channel: int) -> float | None:
        """DAC, mixer, headphone output; in steps of 0.5 and 1 dB."""
        dac, output, mixer = ((0x100, 0x040, 0x008), (0x080, 0x020, 0x004))[channel]
        on = (
            self._biased
            and self._has(0x1A, dac | output)
            and self._has(0x2F, mixer)
            and self._has((0x22, 0x25)[channel], 0x100)
            and not self._registers[0x05] & 0x008
        )
        volume, loudness = self._latched[0x0A + channel], self._latched[2 + channel] & 0x7F
        if not on or not volume or loudness <= 0x2F:
            return None
        quieter = -6 if self._registers[0x05] & 0x080 else 0
        return quieter + 0.5 * (volume - 0xFF) + (loudness - 0x79)
