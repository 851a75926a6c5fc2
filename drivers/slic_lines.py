"""The handsets of a board with a codec, made from its file and devices [Ag1171 DS 1.0]."""

from typing import Protocol

from drivers.ag1171 import Ag1171, SlicPins
from drivers.board_spec import BoardSpec
from drivers.buses import PcmPort
from drivers.chip import Beats
from drivers.codec import Codec
from drivers.codec_spec import SlicSpec
from drivers.pins import I2cDevice, InputPin, OutputPin
from drivers.wm8731 import Wm8731
from drivers.wm8960 import Wm8960

CODECS: dict[str, type[Codec]] = {"wm8960": Wm8960, "wm8731": Wm8731}


class SlicHardware(Protocol):
    """What gives the devices of these lines."""

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive; high until set() says otherwise."""
        ...

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up."""
        ...

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus."""
        ...

    def pcm(self) -> PcmPort:
        """The board's PCM port, which counts the periods for which it had no clock."""
        ...


def slic_lines(spec: BoardSpec, hardware: SlicHardware, beats: Beats) -> list[Ag1171]:
    """In the file's order; they share the codec. Raises HardwareError for what cannot be had."""
    if spec.codec is None:
        return []
    pcm, wanted = hardware.pcm(), spec.codec
    device = hardware.i2c(wanted.bus, wanted.address)
    codec = CODECS[wanted.chip](wanted, device, spec.name, lambda: pcm.lost_periods)
    return [Ag1171(slic, _pins(slic, hardware), codec, beats) for slic in spec.slics]


def _pins(slic: SlicSpec, hardware: SlicHardware) -> SlicPins:
    """A pin is high as soon as it is asked for: PD first, and RM falls before anything else.

    With PD high-active and wired, the module is off while RM is high for some microseconds.
    """
    down = None if slic.power_down is None else hardware.output_pin(slic.power_down)
    forward = hardware.output_pin(slic.forward)
    ring_mode = hardware.output_pin(slic.ring_mode)
    ring_mode.set(False)
    return SlicPins(ring_mode, forward, hardware.input_pin(slic.hook), down)
