"""Pins and I2C as drivers need them; without numpy, which buses.py loads for samples."""

from typing import Protocol


class I2cDevice(Protocol):
    """One address of an I2C bus."""

    def write_register(self, register: int, value: int) -> None:
        """Write one byte to a register. Raises ChipMissing when nobody acknowledges."""
        ...

    def read_register(self, register: int) -> int:
        """Read one byte of a register. Raises ChipMissing when nobody acknowledges."""
        ...


class OutputPin(Protocol):
    """A GPIO that we drive."""

    def set(self, level: bool) -> None:
        """Drive the pin high (True) or low."""
        ...


class InputPin(Protocol):
    """A GPIO that we read."""

    def read(self) -> bool:
        """The level now: True is high."""
        ...
