"""The control connection to the virtual box, its pins and its I2C devices; without numpy.

The front panel's side of the box uses these alone; the telephone service's is in bus_client.py.
"""

import socket
from pathlib import Path
from typing import Protocol

from drivers.errors import BusClosed, ChipMissing, HardwareError
from drivers.models.bus_wire import (
    ANSWER,
    CONTROL,
    EDGES,
    ERROR,
    HELLO,
    I2C,
    MESSAGE_MOST,
    MISSING,
    PIN,
    VERSION,
    WELCOME,
    connected,
)

ALL_HIGH = (1 << 64) - 1
ANSWER_WITHIN_S = 2.0
"""A box that does not answer for so long is as good as gone."""


class Requests(Protocol):
    """What the box's pins and chips are reached by."""

    @property
    def levels(self) -> int:
        """The input pins, a bit each, as far as the box has told."""
        ...

    def request(self, message: bytes) -> bytes:
        """Ask the box. Raises BusClosed."""
        ...


class Control:
    """The request-and-answer connection; keeps the input pins' levels as of the last message."""

    def __init__(self, path: Path) -> None:
        """Connect. Raises BusClosed."""
        self._path = path
        self._socket = connected(path, socket.SOCK_SEQPACKET)
        self._socket.settimeout(ANSWER_WITHIN_S)
        welcome = self._exchange(HELLO.pack(CONTROL, VERSION))
        self.slots: int = WELCOME.unpack(welcome)[1]
        self.levels = ALL_HIGH

    def request(self, message: bytes) -> bytes:
        """Ask, wait, note the levels; gives what follows them."""
        answer = self._exchange(message)
        self.levels = ANSWER.unpack_from(answer)[1]
        return answer[ANSWER.size :]

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def stream(self, role: int) -> socket.socket:
        """A connection for voice or for levels: one message a period."""
        voice = connected(self._path, socket.SOCK_SEQPACKET)
        voice.settimeout(ANSWER_WITHIN_S)
        voice.send(HELLO.pack(role, VERSION))
        voice.recv(MESSAGE_MOST)
        voice.setblocking(False)
        return voice

    def _exchange(self, message: bytes) -> bytes:
        try:
            self._socket.send(message)
            answer = self._socket.recv(MESSAGE_MOST)
        except OSError as error:
            raise BusClosed(f"{self._path}: the virtual box does not answer: {error}") from error
        if not answer:
            raise BusClosed(f"{self._path}: the virtual box has ended")
        if answer[0] == ERROR:
            raise HardwareError(answer[1:].decode("utf-8", "replace"))
        return answer


class RemoteOutput:
    """A pin of the box that we drive."""

    def __init__(self, control: Requests, pin: int) -> None:
        self._control, self._pin = control, pin

    def set(self, level: bool) -> None:
        """Drive the pin. Raises HardwareError for a pin that goes nowhere."""
        self._control.request(bytes((PIN, self._pin, level)))


class RemoteInput:
    """A pin of the box that we read."""

    def __init__(self, control: Requests, pin: int) -> None:
        self._control, self._bit = control, 1 << pin

    def read(self) -> bool:
        """The level as of the last period or answer: costs no message."""
        return bool(self._control.levels & self._bit)


class RemoteI2c:
    """One address of an I2C bus of the box."""

    def __init__(self, control: Requests, bus: int, address: int) -> None:
        self._control, self._head = control, bytes((I2C, bus, address))

    def write_register(self, register: int, value: int) -> None:
        """Write one octet. Raises ChipMissing when nobody acknowledges, and BusClosed."""
        self._exchange(bytes((register, value)))

    def read_register(self, register: int) -> int:
        """Read one octet. Raises ChipMissing when nobody acknowledges, and BusClosed."""
        return self._exchange(bytes((register,)))[0]

    def _exchange(self, octets: bytes) -> bytes:
        answer = self._control.request(self._head + octets)
        if answer[0] == MISSING:
            raise ChipMissing("virtual board: no acknowledge; is the part plugged in?")
        return answer[1:]


class RemotePanelBus:
    """The devices of a panel behind the box's bus socket, which tells when an input changes.

    A box that has ended is looked for again at each access, so that a panel's driver finds it by
    trying. Nothing is raised when it is made.
    """

    def __init__(self, bus_path: Path) -> None:
        self._path = bus_path
        self._control: Control | None = None
        self._edges: socket.socket | None = None

    def request(self, message: bytes) -> bytes:
        """Ask the box. Raises BusClosed when there is none."""
        if self._control is None:
            self._control = Control(self._path)
            self._edges = self._control.stream(EDGES)
        try:
            return self._control.request(message)
        except BusClosed:
            self.close()
            raise

    @property
    def levels(self) -> int:
        """As far as was told; all high while there is no box."""
        self._look()
        return ALL_HIGH if self._control is None else self._control.levels

    def output_pin(self, pin: int) -> RemoteOutput:
        """A pin that we drive."""
        return RemoteOutput(self, pin)

    def input_pin(self, pin: int) -> RemoteInput:
        """A pin that we read."""
        return RemoteInput(self, pin)

    def i2c(self, bus: int, address: int) -> RemoteI2c:
        """The device at an address of an I2C bus."""
        return RemoteI2c(self, bus, address)

    def changes(self) -> int:
        """Readable when an input has changed; -1 while there is no box."""
        return -1 if self._edges is None else self._edges.fileno()

    def close(self) -> None:
        """Let go of the box."""
        for end in (self._control, self._edges):
            if end is not None:
                end.close()
        self._control = self._edges = None

    def _look(self) -> None:
        """Take what was told; the last of it counts."""
        try:
            while self._control is not None and self._edges is not None:
                levels = self._edges.recv(MESSAGE_MOST)
                if not levels:
                    self.close()
                    return
                self._control.levels = int.from_bytes(levels, "little")
        except BlockingIOError:
            return
        except OSError:
            self.close()
