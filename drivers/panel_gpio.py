"""The panel without a microcontroller: LEDs and buttons on pins and on an MCP23017.

LEDs are lit by a high level; buttons connect their pin to ground. An expander that does not answer
is set up anew when it does; what is on the processor's own pins works all the same.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

from drivers.errors import HardwareError
from drivers.mcp23017 import Mcp23017
from drivers.panel import ButtonChange, Light, lit
from drivers.panel_spec import PanelSpec
from drivers.pins import I2cDevice, InputPin, OutputPin

log = logging.getLogger(__name__)

LOOK_S = 0.02
"""Between two looks at the pins: LEDs blink by it."""
DEBOUNCE_S = 0.02
"""A contact counts when it has rested for so long."""
CHECK_S = 0.25
"""Between two reads of an expander that did not ask: so a lost interrupt is found."""
READ_BACK_S = 5.0
"""Between two reads of all its registers."""
RETRY_S = 2.0
"""After which an expander that did not answer is tried again."""


class PanelHardware(Protocol):
    """Where the devices come from: Linux, or a box of models."""

    def output_pin(self, pin: int) -> OutputPin:
        """A pin that we drive; high until set() says otherwise."""
        ...

    def input_pin(self, pin: int) -> InputPin:
        """A pin that we read, pulled up."""
        ...

    def i2c(self, bus: int, address: int) -> I2cDevice:
        """The device at an address of an I2C bus."""
        ...

    def changes(self) -> int:
        """A descriptor that is readable when an input may have changed; -1: nothing tells."""
        ...

    def close(self) -> None:
        """Let the devices go."""
        ...


class _Contact:
    """One button's contact, which bounces."""

    def __init__(self) -> None:
        self.pressed = False
        self._since: float | None = None

    @property
    def unsettled(self) -> bool:
        return self._since is not None

    def see(self, pressed: bool, now_s: float) -> bool:
        """True when the button has just changed."""
        if pressed == self.pressed:
            self._since = None
            return False
        if self._since is None:
            self._since = now_s
        if now_s - self._since < DEBOUNCE_S:
            return False
        self.pressed, self._since = pressed, None
        return True


class _ExpanderSide:
    """The expander and its interrupt pin, as long as it answers."""

    def __init__(self, chip: Mcp23017, interrupt: InputPin) -> None:
        self.chip = chip
        self.levels = 0xFFFF
        self.problem = "not looked for yet"
        self._interrupt = interrupt
        self._driven: int | None = None
        self._try_at = self._check_at = self._read_back_at = 0.0

    @property
    def works(self) -> bool:
        return not self.problem

    def look(self, now_s: float, outputs: int, unsettled: bool) -> None:
        """Bring the outputs up to date, and read the inputs if there is reason to."""
        if not self.works and now_s < self._try_at:
            return
        try:
            if not self.works:
                self._start(now_s)
            if outputs != self._driven:
                self.chip.drive(outputs)
                self._driven = outputs
            if now_s >= self._read_back_at:
                self._read_back_at = now_s + READ_BACK_S
                self.chip.check()
            if unsettled or now_s >= self._check_at or not self._interrupt.read():
                self._check_at = now_s + CHECK_S
                self.levels = self.chip.levels()
        except HardwareError as problem:
            if self.works:
                log.warning("the front panel's expander is lost: %s", problem)
            self.problem = str(problem)
            self.levels = 0xFFFF  # nobody presses what is not there
            self._try_at = now_s + RETRY_S

    def _start(self, now_s: float) -> None:
        self.chip.set_up()
        self.problem, self._driven = "", None
        self._check_at = now_s
        self._read_back_at = now_s + READ_BACK_S
        log.info("front panel: the expander answers")


class GpioPanel:
    """The panel's LEDs and buttons. Raises HardwareError if a pin or the bus cannot be had."""

    def __init__(self, spec: PanelSpec, hardware: PanelHardware) -> None:
        self._spec, self._hardware = spec, hardware
        self._lights: Mapping[str, Light] = {}
        self._pins = {
            part.name: hardware.output_pin(part.place) for part in spec.leds if not part.on_expander
        }
        self._levels: dict[str, bool | None] = dict.fromkeys(self._pins)
        self._inputs = {
            part.name: hardware.input_pin(part.place)
            for part in spec.buttons
            if not part.on_expander
        }
        self._pins_at, self._pins_problem = 0.0, ""
        self._contacts = {part.name: _Contact() for part in spec.buttons}
        self._ports = {part.name: part.place for part in spec.buttons if part.on_expander}
        self._expander: _ExpanderSide | None = None
        if spec.expander is not None:
            inputs = sum(1 << port for port in self._ports.values())
            chip = Mcp23017(hardware.i2c(spec.expander.bus, spec.expander.address), inputs)
            self._expander = _ExpanderSide(chip, hardware.input_pin(spec.expander.interrupt))

    @property
    def present(self) -> bool:
        """Whether all of it works."""
        return not self.problem

    @property
    def problem(self) -> str:
        """Why not."""
        if self._expander is not None and not self._expander.works:
            return self._expander.problem
        return self._pins_problem

    @property
    def repaired(self) -> int:
        """Registers of the expander that were put right."""
        return 0 if self._expander is None else self._expander.chip.repaired

    def fileno(self) -> int:
        """What tells of changed inputs, if anything does."""
        return self._hardware.changes()

    def wait_s(self, now_s: float) -> float:
        """Short while something blinks or bounces; the inputs are looked at 50 times a second where
        nothing tells of a change."""
        busy = any(contact.unsettled for contact in self._contacts.values())
        blinks = any(light not in (Light.OFF, Light.ON) for light in self._lights.values())
        return LOOK_S if busy or blinks or self.fileno() < 0 else CHECK_S

    def show(self, lights: Mapping[str, Light]) -> None:
        """What the LEDs do from now on."""
        self._lights = dict(lights)

    def look(self, now_s: float) -> list[ButtonChange]:
        """Switch LEDs, look at buttons."""
        self._drive_pins(now_s)
        if self._expander is not None:
            unsettled = any(self._contacts[name].unsettled for name in self._ports)
            self._expander.look(now_s, self._expander_outputs(now_s), unsettled)
            if not self._expander.works:  # what is gone may have pins that come back dark
                self._levels = dict.fromkeys(self._pins)
        changes = []
        for name, contact in self._contacts.items():
            if contact.see(self._is_down(name), now_s):
                changes.append(ButtonChange(name, contact.pressed, now_s))
        return changes

    def close(self) -> None:
        """Let pins and bus go."""
        self._hardware.close()

    def _is_lit(self, name: str, now_s: float) -> bool:
        return lit(self._lights.get(name, Light.OFF), now_s)

    def _drive_pins(self, now_s: float) -> None:
        if now_s < self._pins_at:
            return
        try:
            for name, pin in self._pins.items():
                level = self._is_lit(name, now_s)
                if level != self._levels[name]:
                    pin.set(level)
                    self._levels[name] = level
        except HardwareError as problem:
            self._pins_problem = str(problem)
            self._pins_at = now_s + RETRY_S
        else:
            self._pins_problem = ""

    def _expander_outputs(self, now_s: float) -> int:
        lit_ports = (
            part.place
            for part in self._spec.leds
            if part.on_expander and self._is_lit(part.name, now_s)
        )
        return sum(1 << port for port in lit_ports)

    def _is_down(self, name: str) -> bool:
        if name in self._inputs:
            return not self._inputs[name].read()
        assert self._expander is not None
        return not self._expander.levels & 1 << self._ports[name]
