"""Pins and UART for MicroPython's unix port, which has neither: only for trying the firmware.

PANEL_PINS names a file with one octet a GPIO: the level that is there. PANEL_TTY names the terminal
that stands for the UART.
"""

import os
import select

_pins = open(os.getenv("PANEL_PINS"), "r+b")  # noqa: SIM115 (as long as the panel is on)


class Pin:
    """A GPIO whose level lies in the file; inputs are what somebody has written there."""

    IN, OUT, PULL_UP = 0, 1, 2

    def __init__(self, number, mode=IN, pull=None):
        self._number = number
        if mode == self.OUT:
            self.value(0)

    def value(self, level=None):
        """Read the level, or drive it."""
        _pins.seek(self._number)
        if level is None:
            return _pins.read(1)[0]
        _pins.write(bytes((level,)))
        return None


class UART:
    """The terminal, with the methods of a UART that the firmware uses."""

    def __init__(self, number, baudrate, tx, rx, rxbuf, timeout):
        self._line = open(os.getenv("PANEL_TTY"), "r+b")  # noqa: SIM115
        self._poll = select.poll()
        self._poll.register(self._line, select.POLLIN)

    def any(self):
        """1 if an octet can be read."""
        events = [event for _, event in self._poll.ipoll(0)]
        if events and events[0] & select.POLLHUP:
            raise SystemExit  # the box's end is gone for good: a pty is not plugged in again
        return len(events)

    def read(self):
        """What has come."""
        octets = b""
        while self.any():
            octets += self._line.read(1)  # more would wait until all of it has come
        return octets

    def write(self, octets):
        """Send."""
        return self._line.write(octets)


class WDT:
    """A watchdog that nobody needs here."""

    def __init__(self, timeout):
        self._timeout = timeout

    def feed(self):
        """It is well."""
