"""The front panel: an RP2040 with MicroPython between LEDs, buttons and the box's serial line.

MicroPython runs this file at power-up. It holds no policy: what an LED means and what a button does
is the box's business.
"""

import sys
import time

import buttons
import config
import leds
import protocol
from machine import UART, WDT, Pin

try:
    import logging  # of micropython-lib; a panel without it works, and tells the box less
except ImportError:
    logging = None

ROUND_MS = 2


class Line:
    """A logging stream that goes to the box."""

    def __init__(self, session):
        self._session = session

    def write(self, text):
        """Send one line."""
        if text.strip():
            self._session.log(text.strip())


class Clock:
    """Milliseconds since power-up that do not wrap, which ticks_ms does after 12 days."""

    def __init__(self):
        self._last = time.ticks_ms()
        self._now = 0

    def now(self):
        """The milliseconds; ask at least once in six days."""
        ticks = time.ticks_ms()
        self._now += time.ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now


def session():
    """Lights, buttons and the conversation about them."""
    lights = leds.Leds([Pin(pin, Pin.OUT) for pin in config.LEDS])
    keys = buttons.Buttons([Pin(pin, Pin.IN, Pin.PULL_UP) for pin in config.BUTTONS])
    return protocol.Session(lights, keys, config.NAME)


def tell_log(panel):
    """Let what is logged go to the box, if micropython-lib's logging is there."""
    if logging is None:
        return
    logging.basicConfig(level=logging.INFO, stream=Line(panel), format="%(message)s")
    logging.info("MicroPython %s", sys.version)


def main():
    """Serve for ever; the watchdog starts a panel anew that hangs."""
    line = UART(
        config.UART, config.BAUD, tx=Pin(config.TX), rx=Pin(config.RX), rxbuf=512, timeout=0
    )
    panel, clock, watchdog = session(), Clock(), WDT(timeout=config.WATCHDOG_MS)
    tell_log(panel)
    while True:
        now = clock.now()
        if line.any():
            panel.receive(line.read(), now)
        panel.tick(now)
        if panel.said:
            line.write(panel.said)
            panel.said = bytearray()
        watchdog.feed()
        time.sleep_ms(ROUND_MS)


if __name__ == "__main__":
    main()
