"""What the LEDs show of what is known."""

from typing import Any

import pytest

from app.operations.panel import StoreFacts
from app.panel.lights import Condition, LineUse, PanelFacts, lights, line_use
from drivers.panel import Light

WELL = PanelFacts(Condition.WORKING, {"101": LineUse.IDLE, "line1": LineUse.IDLE})


def shown(facts: PanelFacts, acknowledged: frozenset[str] = frozenset()) -> dict[str, Light]:
    """The LEDs that are not dark."""
    return {n: light for n, light in lights(facts, acknowledged).items() if light is not Light.OFF}


def test_panel_of_a_box_at_rest_shows_power_and_nothing_else() -> None:
    assert shown(WELL) == {"power": Light.ON}
    assert lights(WELL, frozenset()).keys() >= {"line 101", "line line1", "voicemail", "store"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (PanelFacts(), {"power": Light.SLOW}),
        (PanelFacts(Condition.ENDING), {"power": Light.FAST}),
        (
            PanelFacts(Condition.WORKING, down=("mail",)),
            {"power": Light.DOUBLE, "fault": Light.FAST},
        ),
        (
            PanelFacts(
                Condition.WORKING,
                {"101": LineUse.RINGING, "102": LineUse.IN_USE, "103": LineUse.FAULT},
            ),
            {
                "power": Light.ON,
                "line 101": Light.FAST,
                "line 102": Light.ON,
                "line 103": Light.DOUBLE,
                "fault": Light.FAST,
            },
        ),
        (
            PanelFacts(Condition.WORKING, store=StoreFacts(unheard=2, night=True)),
            {"power": Light.ON, "voicemail": Light.ON, "night": Light.ON},
        ),
        (
            PanelFacts(Condition.WORKING, store=StoreFacts(stuck=("far.test",))),
            {"power": Light.ON, "queue": Light.SLOW, "fault": Light.FAST},
        ),
        (
            PanelFacts(Condition.WORKING, store=StoreFacts(nearly_full=("anna",))),
            {"power": Light.ON, "quota": Light.SLOW},
        ),
        (
            PanelFacts(Condition.WORKING, store=StoreFacts(nearly_full=("anna",), full=("ben",))),
            {"power": Light.ON, "quota": Light.FAST, "fault": Light.FAST},
        ),
        (
            PanelFacts(Condition.WORKING, damage=True, on_trial=True),
            {
                "power": Light.ON,
                "store": Light.DOUBLE,
                "update": Light.SLOW,
                "fault": Light.FAST,
            },
        ),
    ],
)
def test_panel_shows(facts: PanelFacts, expected: dict[str, Light]) -> None:
    assert shown(facts) == expected


def test_panel_fault_is_steady_once_all_faults_are_acknowledged() -> None:
    facts = PanelFacts(Condition.WORKING, damage=True, down=("mail",))
    one, both = frozenset({"the service mail does not run"}), facts.faults()
    assert one < both
    assert shown(facts, one)["fault"] is Light.FAST
    assert shown(facts, both)["fault"] is Light.ON


@pytest.mark.parametrize(
    ("state", "use"),
    [
        ("on hook", LineUse.IDLE),
        ("ringing", LineUse.RINGING),
        ("between bursts", LineUse.RINGING),
        ("off hook", LineUse.IN_USE),
        ("howling", LineUse.IN_USE),
        ("seized", LineUse.IN_USE),
        ("no battery", LineUse.IDLE),
        ("release guard", LineUse.IDLE),
    ],
)
def test_panel_line_is(state: str, use: LineUse) -> None:
    line: dict[str, Any] = {"state": state, "working": True}
    assert line_use(line) is use
    assert line_use({**line, "working": False}) is LineUse.FAULT
