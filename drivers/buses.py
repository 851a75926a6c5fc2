"""What a driver needs of the devices under it: Linux devices, or models made of Python.

Numbering: a *slot* is a place in the PCM frame (0..n-1); a *period* is 80 frames = 10 ms at 8 kHz.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.pins import I2cDevice as I2cDevice
from drivers.pins import InputPin as InputPin
from drivers.pins import OutputPin as OutputPin
from drivers.sampling import PERIOD as PERIOD
from drivers.sampling import PERIODS_PER_SECOND as PERIODS_PER_SECOND
from drivers.sampling import SAMPLE_RATE as SAMPLE_RATE

Samples = NDArray[np.int16]
"""Signed 16-bit linear samples at 8 kHz; a sine of full scale is +3.17 dBm0 (mu-law reference)."""


class SpiDevice(Protocol):
    """One chip select of an SPI bus."""

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """Send one-byte frames, chip select high after each; return the byte read in each.

        A driver gathers a whole poll into one call: on the device it is one system call.
        Raises BusClosed when the bus is gone.
        """
        ...


class SoundOutput(Protocol):
    """A device that only plays: one channel at 8 kHz, by a clock of its own. It never waits."""

    def write(self, samples: Samples) -> int:
        """Queue samples; how many were taken, 0 when it is full, below 0 when it had run empty.

        Raises HardwareError when the device is gone.
        """
        ...

    def close(self) -> None:
        """Let the device go; calling it twice is harmless."""
        ...


class PcmPort(Protocol):
    """The PCM highway, both directions, one period at a time.

    Periods are planar: shape (slots, PERIOD), int16. The port's clock is the clock of the lines.
    """

    @property
    def slots(self) -> int:
        """Slots in one frame."""
        ...

    @property
    def lost_periods(self) -> int:
        """Periods dropped or filled with silence because somebody was late, since start."""
        ...

    @property
    def xruns(self) -> int:
        """How often a stream has stopped since start, after which slots may be exchanged."""
        ...

    def start(self) -> None:
        """Start the bit clock and frame sync; chips need both before they are set up."""
        ...

    def restart(self) -> None:
        """Stop both streams and start them anew, without stopping the clock for long."""
        ...

    def fileno(self) -> int:
        """A descriptor that is readable when a period is waiting, for the service's loop."""
        ...

    def read(self) -> Samples | None:
        """The next period heard from the lines, or None if none is complete yet."""
        ...

    def write(self, period: Samples) -> None:
        """Queue the next period to be played to the lines."""
        ...

    def close(self) -> None:
        """Stop the clock and let the device go; calling it twice is harmless."""
        ...
