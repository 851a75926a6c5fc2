"""A board's chips, made from its file and the devices under it, polled together once a beat."""

from typing import Protocol

from drivers.board_spec import BoardSpec, LineSpec, load_board, virtual_board
from drivers.buses import InputPin, OutputPin, PcmPort, SpiDevice

__all__ = ["BoardSpec", "Hardware", "LineSpec", "load_board", "virtual_board"]


class Hardware(Protocol):
    """What gives devices: Linux, or a box of models in this process or behind a socket."""

    def spi(self, bus: int, chip_select: int) -> SpiDevice:
        """The device behind one chip select, in SPI mode 3."""
        ...

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive; high until set() says otherwise."""
        ...

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up."""
        ...

    def pcm(self) -> PcmPort:
        """The board's one PCM port; the same one each time."""
        ...
