"""The virtual board's front panel: LEDs to look at, buttons to press.

It is wired as the board's file says: pins of the processor and an MCP23017.
"""

from collections import deque
from itertools import pairwise

from drivers.errors import ChipMissing
from drivers.models.mcp23017 import Mcp23017Model
from drivers.panel_spec import PanelPart, PanelSpec

SEEN_PERIODS = 200
"""What an eye remembers: a round of the slowest pattern, two seconds."""


class PanelModel:
    """The panel of one box. `plugged` False: somebody has pulled its cable."""

    def __init__(self, spec: PanelSpec) -> None:
        self.spec = spec
        self.plugged = True
        self.expander = Mcp23017Model("the panel's expander")
        self._pins: dict[int, bool] = {}
        """Pins of the processor that are driven."""
        self._held: set[str] = set()
        self._leds = {part.name: part for part in spec.leds}
        self._buttons = {part.name: part for part in spec.buttons}
        self._seen: dict[str, deque[bool]] = {
            name: deque(maxlen=SEEN_PERIODS) for name in self._leds
        }

    # ------------------------------------------------------------------ wire

    @property
    def inputs(self) -> tuple[int, ...]:
        """Pins of the processor that the panel drives."""
        own = [part.place for part in self.spec.buttons if not part.on_expander]
        return (*own, self.spec.expander.interrupt) if self.spec.expander else tuple(own)

    @property
    def outputs(self) -> tuple[int, ...]:
        """Pins of the processor that light LEDs."""
        return tuple(part.place for part in self.spec.leds if not part.on_expander)

    def set_pin(self, pin: int, level: bool) -> None:
        """The processor drives one of `outputs`."""
        self._pins[pin] = level

    def read_pin(self, pin: int) -> bool:
        """The level of one of `inputs`."""
        if self.spec.expander is not None and pin == self.spec.expander.interrupt:
            return not self.plugged or self.expander.interrupt_levels()[0]
        held = (self._buttons[name] for name in self._held)
        return all(part.on_expander or part.place != pin for part in held)

    def i2c(self, bus: int, address: int) -> Mcp23017Model:
        """The chip at this address. Raises ChipMissing if there is none."""
        spec = self.spec.expander
        if spec is None or not self.plugged or (bus, address) != (spec.bus, spec.address):
            raise ChipMissing(f"nobody is at I2C {bus} address {address:#04x}")
        return self.expander

    def period(self) -> None:
        """10 ms pass: the eye sees each LED."""
        for name, part in self._leds.items():
            self._seen[name].append(self._lit(part))

    # ------------------------------------------------------------------ bench

    @property
    def buttons(self) -> tuple[str, ...]:
        """The buttons' names."""
        return tuple(self._buttons)

    def press(self, name: str, pressed: bool) -> None:
        """Hold a button, or let it go. Raises KeyError if there is none of this name."""
        part = self._buttons[name]
        (self._held.add if pressed else self._held.discard)(name)
        if part.on_expander:
            self.expander.press(part.place, pressed)

    def plug(self, plugged: bool) -> None:
        """Plug the cable in, or pull it out: the expander then has no power."""
        if plugged and not self.plugged:
            self.expander.power_cycle()
        self.plugged = plugged

    def lit(self) -> dict[str, bool]:
        """Whether each LED shines right now."""
        return {name: self._lit(part) for name, part in self._leds.items()}

    def leds(self) -> dict[str, str]:
        """What an eye says of each LED: dark, lit, slow, fast or double (two flashes)."""
        return {name: _pattern(list(seen)) for name, seen in self._seen.items()}

    def _lit(self, part: PanelPart) -> bool:
        if part.on_expander:
            return self.plugged and bool(self.expander.outputs() & 1 << part.place)
        return self.plugged and self._pins.get(part.place, False)


def _pattern(seen: list[bool]) -> str:
    if not seen:
        return "dark"
    latest = seen[-110:]  # steady for longer than any pattern but "double" is
    if all(latest):
        return "lit"
    rises = sum(now and not before for before, now in pairwise(seen))
    if rises > 4:
        return "fast"
    if not any(seen):
        return "dark"
    if not any(latest) and not (seen[0] or rises):
        return "dark"
    return "double" if sum(seen) < len(seen) // 4 else "slow"
