"""Telling people at the consoles: the serial line and the screen."""

import logging
from pathlib import Path

log = logging.getLogger(__name__)

ACTIVE = Path("/sys/class/tty/console/active")


def consoles(active: Path = ACTIVE, dev: Path = Path("/dev")) -> list[Path]:
    """The terminals that the kernel's messages go to; tty0 is whichever screen is in front."""
    try:
        names = active.read_text().split()
    except OSError:
        return []
    return [dev / ("tty1" if name == "tty0" else name) for name in names]


def announce(text: str, places: list[Path]) -> None:
    """Write a text to each of these terminals; one that cannot be written to is skipped."""
    for place in places:
        try:
            with place.open("w") as console:
                console.write(text)
        except OSError as problem:
            log.warning("%s: %s", place, problem)
