"""The virtual box seen from another process: the telephone service's Hardware.

`RemoteBox` blocks for one answer on each SPI transfer (about 0.1 ms); its voice socket is for the
service's loop. Instead of that socket a sound card may carry the samples, the box at its far end.
"""

import socket
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drivers.buses import PERIOD, PcmPort, Samples
from drivers.errors import BusClosed
from drivers.models.bus_control import Control, RemoteI2c, RemoteInput, RemoteOutput
from drivers.models.bus_wire import (
    CLOCK,
    LEVELS,
    MESSAGE_MOST,
    PERIOD_HEAD,
    SOUND,
    SPI,
    TAKEN,
    VOICE,
)


class RemoteSpi:
    """One chip select of the box."""

    def __init__(self, control: Control, bus: int, chip_select: int) -> None:
        self._control = control
        self._head = bytes((SPI, bus, chip_select))

    def transfer(self, frames: Sequence[int]) -> list[int]:
        """One-byte frames; all of them in one message each way. Raises BusClosed."""
        return list(self._control.request(self._head + bytes(frames)))


class RemotePcm:
    """The box's PCM port: its clock is the box's."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.slots = control.slots
        self._voice: socket.socket | None = None
        self._box_lost = self._own_lost = 0
        self.now = 0
        """The box's samples since start, as of the last period read."""

    @property
    def lost_periods(self) -> int:
        """Periods lost since start, at either end."""
        return self._box_lost + self._own_lost

    @property
    def xruns(self) -> int:
        """A socket loses periods, but never stops."""
        return 0

    def start(self) -> None:
        """Start the clock and begin to exchange periods; twice is harmless."""
        if self._voice is None:
            self._control.request(bytes((CLOCK, 1)))
            self._voice = self._control.stream(VOICE)

    def restart(self) -> None:
        """Start the box's clock anew, which puts its slots in order."""
        self._control.request(bytes((CLOCK, 1)))

    def fileno(self) -> int:
        """The voice socket, readable when a period waits. Raises BusClosed before start()."""
        return self._open().fileno()

    def read(self) -> Samples | None:
        """The next period heard, or None. Raises BusClosed when the box is gone."""
        try:
            message = self._open().recv(MESSAGE_MOST)
        except BlockingIOError:
            return None
        except OSError as error:
            raise BusClosed(f"virtual box: {error}") from error
        if not message:
            raise BusClosed("virtual box: has ended")
        self._control.levels, self.now, self._box_lost = PERIOD_HEAD.unpack_from(message)
        samples = np.frombuffer(message, np.int16, offset=PERIOD_HEAD.size)
        return samples.reshape(self.slots, PERIOD)

    def write(self, period: Samples) -> None:
        """Send the next period to play. Raises BusClosed when the box is gone."""
        if period.shape != (self.slots, PERIOD) or period.dtype != np.int16:
            raise ValueError(f"a period is int16 ({self.slots}, {PERIOD}), not {period.shape}")
        try:
            self._open().send(period.tobytes())
        except BlockingIOError:
            self._own_lost += 1
        except OSError as error:
            raise BusClosed(f"virtual box: {error}") from error

    def close(self) -> None:
        """Stop the clock and let go; twice is harmless."""
        if self._voice is not None:
            self._voice.close()
            self._voice = None
            self._control.request(bytes((CLOCK, 0)))

    def _open(self) -> socket.socket:
        if self._voice is None:
            raise BusClosed("virtual box: the PCM port is not started")
        return self._voice


class RemoteSound:
    """The box's loudspeaker, a SoundOutput. Raises HardwareError when it is unplugged."""

    def __init__(self, control: Control) -> None:
        self._control = control
        control.request(bytes((SOUND,)))

    def write(self, samples: Samples) -> int:
        """How many samples were taken: in one message each way. Raises HardwareError."""
        answer = self._control.request(bytes((SOUND,)) + samples.tobytes())
        return int(TAKEN.unpack(answer)[0])

    def close(self) -> None:
        """There is nothing to let go."""


class _Bus:
    """SPI and pins of the box."""

    def __init__(self, bus_path: Path) -> None:
        self._control = Control(bus_path)

    def spi(self, bus: int, chip_select: int) -> RemoteSpi:
        """The device behind one chip select."""
        return RemoteSpi(self._control, bus, chip_select)

    def output_pin(self, pin: int) -> RemoteOutput:
        """A pin that we drive."""
        return RemoteOutput(self._control, pin)

    def input_pin(self, pin: int) -> RemoteInput:
        """A pin that we read."""
        return RemoteInput(self._control, pin)

    def i2c(self, bus: int, address: int) -> RemoteI2c:
        """The device at an address of an I2C bus."""
        return RemoteI2c(self._control, bus, address)

    def sound_output(self, device: str) -> RemoteSound:
        """The box's loudspeaker, by whatever name. Raises HardwareError when it is unplugged."""
        return RemoteSound(self._control)

    def close(self) -> None:
        """Let go of the box without stopping its clock."""
        self._control.close()


class RemoteBox(_Bus):
    """Hardware behind the box's bus socket. Raises BusClosed if no box listens there."""

    def __init__(self, bus_path: Path) -> None:
        super().__init__(bus_path)
        self._pcm = RemotePcm(self._control)

    def pcm(self) -> RemotePcm:
        """The board's PCM port."""
        return self._pcm


class CardPcm:
    """A sound card has the samples of the box's PCM port, the bus its clock and the levels."""

    def __init__(self, control: Control, card: PcmPort) -> None:
        self._control, self._card = control, card
        self._levels: socket.socket | None = None

    @property
    def slots(self) -> int:
        """Slots in one frame."""
        return self._card.slots

    @property
    def lost_periods(self) -> int:
        """Periods lost since start, at our end."""
        return self._card.lost_periods

    @property
    def xruns(self) -> int:
        """How often a stream of the card has stopped."""
        return self._card.xruns

    def start(self) -> None:
        """Start the clock and both streams; twice is harmless."""
        if self._levels is None:
            self._control.request(bytes((CLOCK, 1)))
            self._levels = self._control.stream(LEVELS)
            self._card.start()

    def restart(self) -> None:
        """Start both streams of the card anew."""
        self._card.restart()

    def fileno(self) -> int:
        """Readable when the card has a period."""
        return self._card.fileno()

    def read(self) -> Samples | None:
        """The next period heard, or None. Raises BusClosed when the box is gone."""
        period = self._card.read()
        if period is not None and self._levels is not None:
            self._look(self._levels)
        return period

    def _look(self, levels: socket.socket) -> None:
        """Take all heads that have come; the last one counts."""
        try:
            while head := levels.recv(MESSAGE_MOST):
                self._control.levels = PERIOD_HEAD.unpack_from(head)[0]
        except BlockingIOError:
            return
        except OSError as error:
            raise BusClosed(f"virtual box: {error}") from error
        raise BusClosed("virtual box: has ended")

    def write(self, period: Samples) -> None:
        """Queue the next period to play."""
        self._card.write(period)

    def close(self) -> None:
        """Stop the clock and let go; twice is harmless."""
        if self._levels is not None:
            self._levels.close()
            self._levels = None
            self._card.close()
            self._control.request(bytes((CLOCK, 0)))


class CardBox(_Bus):
    """Hardware behind the bus socket whose samples go over a sound card, the box at its far end."""

    def __init__(self, bus_path: Path, card: PcmPort) -> None:
        super().__init__(bus_path)
        self._pcm = CardPcm(self._control, card)

    def pcm(self) -> CardPcm:
        """The board's PCM port."""
        return self._pcm
