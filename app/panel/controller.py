"""The panel's LEDs follow the box, and its buttons do what they are for. Time is handed in.

Nothing here may end what goes on elsewhere: a panel that is not there, a store that cannot be read
and a phone service that is away each cost what they show, and come back by themselves.
"""

import logging
from collections.abc import Mapping
from typing import Protocol

from app.operations.errors import OperationError
from app.panel.gestures import Gestures, Meaning, Wanted
from app.panel.lights import PanelFacts, lights
from drivers.panel import Light, Panel

log = logging.getLogger(__name__)

REFUSED_S = 1.0
"""How long all LEDs but those of lines flash after a button that could do nothing."""


class Box(Protocol):
    """The box as the panel sees it (app/panel/box.py)."""

    def facts(self, now_s: float) -> PanelFacts:
        """What is known now."""
        ...

    def do(self, wanted: Wanted, faults: frozenset[str]) -> None:
        """Carry out what somebody wants; `faults` are those that are there now.

        Raises OperationError.
        """
        ...


class PanelController:
    """One panel and one box."""

    def __init__(self, panel: Panel, box: Box) -> None:
        self._panel, self._box = panel, box
        self._gestures = Gestures()
        self._acknowledged: frozenset[str] = frozenset()
        self._refused_until = 0.0
        self._shown: Mapping[str, Light] = {}

    def turn(self, now_s: float) -> None:
        """Look at buttons and box, and let the LEDs show it."""
        facts = self._box.facts(now_s)
        faults = facts.faults()
        self._acknowledged &= faults  # one that comes again is a new one
        for wanted in self._gestures.look(self._panel.look(now_s), now_s):
            self._do(wanted, faults, now_s)
        shown = lights(facts, self._acknowledged)
        if self._gestures.armed or now_s < self._refused_until:
            shown = dict.fromkeys(shown, Light.FAST) if self._gestures.armed else shown
            shown["power"] = Light.FAST
        if shown != self._shown:
            self._shown = shown
            self._panel.show(shown)
            self._panel.look(now_s)

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next turn is due at the latest."""
        due = self._gestures.wait_s(now_s)
        ends = [self._panel.wait_s(now_s), *([] if due is None else [due])]
        if now_s < self._refused_until:
            ends.append(self._refused_until - now_s)
        return min(ends)

    def _do(self, wanted: Wanted, faults: frozenset[str], now_s: float) -> None:
        log.info("front panel: %s", wanted)
        if wanted is Meaning.ACKNOWLEDGE:
            self._acknowledged = faults
        try:
            self._box.do(wanted, faults)
        except OperationError as problem:
            log.warning("front panel: %s: %s", wanted, problem)
            self._refused_until = now_s + REFUSED_S
            if wanted is Meaning.ERASE:
                self._gestures.forget()
