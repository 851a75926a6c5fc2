"""A model of the codec WM8731, from the kernel's facts of it [Linux, sound/soc/codecs/wm8731.c].

Modelled: line inputs, ADC, DAC, headphone outputs, power, sampling control, mastership. Not
modelled: the microphone, sidetone, bypass, de-emphasis.
"""

from drivers.models.codec import CHARGE_PERIODS, CodecModel

RATES = {
    (0b0011, 0, 0): 256 * 6, (0b0011, 1, 0): 384 * 6, (0b0011, 0, 1): 250 * 6,
    (0b0000, 0, 0): 256, (0b0000, 1, 0): 384, (0b0000, 0, 1): 250,
    (0b0110, 0, 0): 384, (0b0110, 1, 0): 576, (0b0110, 0, 1): 375,
}  # fmt: skip
"""Crystal clocks in a frame by SR, BOSR and USB, where ADC and DAC have the same rate: 8, 48 and
32 kHz of the crystals 12.288, 18.432 and 12 MHz."""


_DEFAULTS = {
    0x00: 0x097, 0x01: 0x097, 0x02: 0x079, 0x03: 0x079, 0x04: 0x00A, 0x05: 0x008, 0x06: 0x09F,
    0x07: 0x00A, 0x08: 0x000, 0x09: 0x000,
}  # fmt: skip


class Wm8731Model(CodecModel):
    """One WM8731."""

    reset_values = _DEFAULTS

    def _forget(self) -> None:
        self._charged = 0

    def _written(self, address: int, before: int, word: int) -> None:
        if address in (0x00, 0x01, 0x02, 0x03) and word & 0x100:  # both channels at once
            self._registers[address ^ 1] = word
        if address == 0x06 and before & ~word & 0x010 and self._charged < CHARGE_PERIODS:
            self.clicks += 1
            self.violation_log.note(f"{self.name}: outputs went on before VMID stood")
        if address in (0x07, 0x08) and self._registers[0x09] & 1 and word != before:
            self.violation_log.note(f"{self.name}: interface changed while it is active")

    def _step(self) -> None:
        self._charged = 0 if self._registers[0x06] & 0x080 else self._charged + 1

    def rate_hz(self) -> float | None:
        """Frames a second, as master, while it is active and its oscillator runs."""
        r = self._registers
        word = r[0x08]
        clocks = RATES.get((word >> 2 & 0x0F, word >> 1 & 1, word & 1))
        if clocks is None or not r[0x09] & 1 or not r[0x07] & 0x040 or r[0x06] & 0x0A0:
            return None
        return self.crystal_hz / clocks

    def input_gain(self, channel: int) -> float | None:
        """Line input and ADC, in steps of 1.5 dB."""
        r = self._registers
        off = r[0x06] & 0x085 or r[channel] & 0x080 or r[0x04] & 0x004
        return None if off else 1.5 * ((r[channel] & 0x1F) - 0x17)

    def output_gain(self, channel: int) -> float | None:
        """DAC and headphone output, in steps of 1 dB."""
        r = self._registers
        loudness = r[2 + channel] & 0x7F
        off = r[0x06] & 0x098 or r[0x05] & 0x008 or not r[0x04] & 0x010 or loudness <= 0x2F
        return None if off else float(loudness - 0x79)
