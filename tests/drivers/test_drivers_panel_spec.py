"""The table [panel] of a board file."""

from pathlib import Path
from typing import Any

import pytest

from drivers.errors import BoardFileError
from drivers.panel_spec import ExpanderSpec, PanelPart, panel_of

FILE = Path("board.toml")
EXPANDER = {"bus": 1, "address": 32, "interrupt": 27}


def panel(**changed: Any) -> dict[str, Any]:
    return {"kind": "gpio", "expander": EXPANDER, **changed}


def test_a_panel_on_pins_and_an_expander() -> None:
    led = [{"role": "power", "pin": 12}, {"role": "line", "line": "101", "port": 0}]
    spec = panel_of(FILE, panel(led=led, button=[{"role": "play", "port": 8}]), ["101"])
    assert spec is not None
    assert spec.expander == ExpanderSpec(1, 32, 27)
    assert spec.leds == (PanelPart("power", 12), PanelPart("line", 0, True, "101"))
    assert [part.name for part in (*spec.leds, *spec.buttons)] == ["power", "line 101", "play"]


def test_a_panel_with_a_microcontroller() -> None:
    table = {
        "kind": "uart",
        "device": "/dev/ttyUSB0",
        "led": [{"role": "power", "number": 0}],
        "button": [{"role": "reset", "number": 0}],
    }
    spec = panel_of(FILE, table, [])
    assert spec is not None
    assert (spec.device, spec.buttons) == ("/dev/ttyUSB0", (PanelPart("reset", 0),))


def test_a_board_without_a_panel() -> None:
    assert panel_of(FILE, None, []) is None


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "usb"}, "panel.kind: 'usb'; allowed: gpio, uart"),
        ({"kind": "uart"}, "panel.device: missing"),
        ({"kind": "uart", "device": "/dev/x", "expander": EXPANDER}, "panel.expander"),
        (panel(led=[{"role": "disco", "pin": 1}]), "role: 'disco'; allowed: power"),
        (panel(led=[{"role": "line", "line": "109", "pin": 1}]), "line: '109'; allowed: 101"),
        (panel(led=[{"role": "power", "number": 1}]), "number: wrong place; allowed: one of pin"),
        (panel(led=[{"role": "power", "pin": 1, "port": 1}]), "wrong place"),
        (panel(led=[{"role": "power", "pin": 64}]), "pin: 64; allowed: 0 to 63"),
        (panel(led={"role": "power"}), "led: no list"),
        (panel(button=[{"role": "play", "port": 7}]), "output only"),
        (panel(expander={"bus": 1, "address": 80, "interrupt": 2}), "address: 80"),
        (
            panel(led=[{"role": "power", "port": 1}], button=[{"role": "play", "port": 1}]),
            "port: 1 is taken by panel.led[1]",
        ),
        (panel(led=[{"role": "quota", "pin": 1}, {"role": "quota", "pin": 2}]), "there twice"),
    ],
)
def test_what_cannot_be_is_named(table: dict[str, Any], said: str) -> None:
    with pytest.raises(BoardFileError) as refused:
        panel_of(FILE, table, ["101"])
    assert said in str(refused.value)
