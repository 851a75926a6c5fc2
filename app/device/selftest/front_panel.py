"""The front panel's driver for pins and an expander, tried on the kernel's simulated ones.

An i2c-stub is registers without pins, so what the expander's pins would show is written into its
register GPIO from outside. Time is handed to the driver: nothing here waits.
"""

import os
from typing import Protocol

from app.core.sentences import N_, sentence
from app.device.selftest import buses
from app.device.selftest.findings import Broken
from drivers.linux import LinuxI2c, PinHardware
from drivers.mcp23017 import GPIO, OLAT
from drivers.panel import ButtonChange, Light
from drivers.panel_gpio import CHECK_S, GpioPanel, PanelHardware
from drivers.panel_spec import ExpanderSpec, PanelPart, PanelSpec
from drivers.pins import I2cDevice

_LED, _BUTTON, _INTERRUPT = 17, 27, 22
"""Pins of the simulated bank; any three."""
_PORT_LED, _PORT_BUTTON = 0, 9


class World(Protocol):
    """The wires of the simulated pins."""

    def level(self, pin: int) -> bool:
        """What is on the pin's wire."""
        ...

    def pull(self, pin: int, high: bool) -> None:
        """Pull the wire up or down."""
        ...


def front_panel() -> str:
    """LEDs and buttons on simulated pins and a simulated expander. In a process of its own, as
    buses.pins(). Raises Absent or Broken."""
    bus = buses.stub_bus()
    with buses.simulated_bank() as bank:
        os.environ["RPI_LGPIO_CHIP"] = str(bank.number)
        os.environ.setdefault("RPI_LGPIO_REVISION", buses.ANY_PI_3)
        chip = LinuxI2c(bus, buses.STUB_ADDRESS)
        hardware = PinHardware()
        try:
            try_panel(hardware, bank, chip, bus)
        finally:
            hardware.close()
            chip.close()
    return sentence("LEDs and buttons on simulated pins and a simulated expander: seen and pressed")


def try_panel(hardware: PanelHardware, world: World, chip: I2cDevice, bus: int) -> None:
    """Light LEDs and press buttons; `chip` is the expander's registers. Raises Broken."""
    spec = PanelSpec(
        "gpio",
        leds=(PanelPart("power", _LED), PanelPart("voicemail", _PORT_LED, on_expander=True)),
        buttons=(PanelPart("night", _BUTTON), PanelPart("play", _PORT_BUTTON, on_expander=True)),
        expander=ExpanderSpec(bus, buses.STUB_ADDRESS, _INTERRUPT),
    )
    _set_pins(chip, 0xFFFF)
    for pin in (_BUTTON, _INTERRUPT):
        world.pull(pin, True)
    panel = GpioPanel(spec, hardware)
    for light, level in ((Light.ON, True), (Light.OFF, False)):
        panel.show({"power": light, "voicemail": light})
        _look(panel, 1.0 + level)
        if not panel.present:
            text = N_("the simulated expander is not set up: %(why)s")
            raise Broken(sentence(text, why=panel.problem))
        seen = (world.level(_LED), bool(chip.read_register(OLAT) & 1 << _PORT_LED))
        if seen != (level, level):
            text = N_("LEDs were switched to %(level)s and are %(seen)s")
            raise Broken(sentence(text, level=int(level), seen=seen))
    world.pull(_BUTTON, False)
    _set_pins(chip, 0xFFFF & ~(1 << _PORT_BUTTON))
    pressed = sorted(change.name for change in _look(panel, 3.0) if change.pressed)
    if pressed != ["night", "play"]:
        seen_as = ", ".join(pressed) or sentence("none")
        raise Broken(sentence("two buttons were pressed and seen are: %(names)s", names=seen_as))


def _look(panel: GpioPanel, at_s: float) -> list[ButtonChange]:
    """What the panel does in half a second from then on."""
    changes, now_s = list[ButtonChange](), at_s
    while now_s < at_s + 2 * CHECK_S:
        changes += panel.look(now_s)
        now_s += panel.wait_s(now_s)
    return changes


def _set_pins(chip: I2cDevice, levels: int) -> None:
    chip.write_register(GPIO, levels & 0xFF)
    chip.write_register(GPIO + 1, levels >> 8)
