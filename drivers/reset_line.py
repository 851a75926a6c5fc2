"""A reset pin and the chips behind it: the last means for a chip that answers nothing more.

A pulse stops every chip behind the pin, so it is given only while none of them works.
"""

from collections.abc import Collection
from typing import Protocol

from drivers.buses import OutputPin
from drivers.ports import Steps

RESET_PERIODS = 2
"""Reset needs 100 ns low, the PLL 250 us of bit clock afterwards; 20 ms each are plenty
[Si3215 DS, reset]."""


class Resettable(Protocol):
    """A chip as its reset pin sees it."""

    @property
    def broken(self) -> bool:
        """Whether it neither works nor is being set up, so that a reset takes nothing from it."""
        ...


class ResetLine:
    """One pin, low for reset, and the chips behind it."""

    def __init__(self, pin: OutputPin) -> None:
        self.pin = pin
        self.busy = False
        """A pulse is under way: no chip behind the pin can be talked to."""
        self.chips: list[Resettable] = []

    def free_for(self, chip: Resettable) -> bool:
        """Whether a pulse for this chip would take nothing from another one."""
        others = (other for other in self.chips if other is not chip)
        return not self.busy and all(other.broken for other in others)


def pulse(lines: Collection[ResetLine]) -> Steps:
    """Reset all chips behind these pins at the same time. Raises HardwareError."""
    try:
        for line in lines:
            line.busy = True
        for level in (False, True):
            for line in lines:
                line.pin.set(level)
            yield RESET_PERIODS
    finally:
        for line in lines:
            line.busy = False
