"""What the LEDs show of what is known: one table, for both kinds of panel (docs/panel.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.operations.panel import StoreFacts
from drivers.panel import Light


class Condition(StrEnum):
    """How the box is, as the LED `power` tells it."""

    STARTING = "starting"
    WORKING = "working"
    ENDING = "ending"
    """It shuts down, or erases itself."""


class LineUse(StrEnum):
    """What a line does."""

    IDLE = "idle"
    RINGING = "ringing"
    IN_USE = "in use"
    FAULT = "fault"


LINE_LIGHTS: Mapping[LineUse, Light] = {
    LineUse.IDLE: Light.OFF,
    LineUse.RINGING: Light.FAST,
    LineUse.IN_USE: Light.ON,
    LineUse.FAULT: Light.DOUBLE,
}

_AT_REST = frozenset({"on hook", "idle", "release guard", "no battery", "dead"})
_RINGS = frozenset({"ringing", "between bursts"})


def line_use(status: Mapping[str, Any]) -> LineUse:
    """What a line of the phone service's status does.

    An outside line without a cable is no fault of the box: it is idle.
    """
    if not status["working"]:
        return LineUse.FAULT
    if status["state"] in _RINGS:
        return LineUse.RINGING
    return LineUse.IDLE if status["state"] in _AT_REST else LineUse.IN_USE


@dataclass(frozen=True)
class PanelFacts:
    """All that the LEDs show."""

    condition: Condition = Condition.STARTING
    lines: Mapping[str, LineUse] = field(default_factory=dict)
    down: tuple[str, ...] = ()
    """Services that do not run."""
    store: StoreFacts = field(default_factory=StoreFacts)
    damage: bool = False
    on_trial: bool = False
    """Whether an update is on trial."""

    def faults(self) -> frozenset[str]:
        """What an owner should see to, in words; each is acknowledged by itself."""
        found = {f"the service {name} does not run" for name in self.down}
        found |= {f"line {name} fails" for name, use in self.lines.items() if use is LineUse.FAULT}
        if self.damage:
            found.add("the store of messages is damaged")
        found |= {f"mail for {name} cannot be delivered" for name in self.store.stuck}
        found |= {f"the mailbox of {login} is full" for login in self.store.full}
        return frozenset(found)


def lights(facts: PanelFacts, acknowledged: frozenset[str]) -> dict[str, Light]:
    """What each LED shows, by its name. `acknowledged` are faults of which somebody knows."""
    store = facts.store
    shown = {
        "power": _power(facts),
        "voicemail": _on(store.unheard > 0),
        "queue": Light.SLOW if store.stuck else Light.OFF,
        "quota": Light.FAST if store.full else Light.SLOW if store.nearly_full else Light.OFF,
        "update": Light.SLOW if facts.on_trial else Light.OFF,
        "store": Light.DOUBLE if facts.damage else Light.OFF,
        "fault": _fault(facts.faults(), acknowledged),
        "night": _on(store.night),
    }
    shown |= {f"presence {jack}": _on(away) for jack, away in store.away.items()}
    return shown | {f"line {name}": LINE_LIGHTS[use] for name, use in facts.lines.items()}


def _on(lit: bool) -> Light:
    return Light.ON if lit else Light.OFF


def _power(facts: PanelFacts) -> Light:
    if facts.condition is Condition.STARTING:
        return Light.SLOW
    if facts.condition is Condition.ENDING:
        return Light.FAST
    return Light.DOUBLE if facts.down else Light.ON


def _fault(faults: frozenset[str], acknowledged: frozenset[str]) -> Light:
    if faults - acknowledged:
        return Light.FAST
    return _on(bool(faults))
