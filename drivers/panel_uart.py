"""The panel with a microcontroller, over a serial line; board/panel/protocol.py lists what is said.

All LEDs are said again every second, so a panel that was started anew, plugged in again, or missed
a frame shows what it must within that time; a greeting is answered with them at once. What the
panel says wrongly is counted and ignored. Nothing here waits: what the line does not take at once
is said again later.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from drivers.errors import HardwareError
from drivers.panel import ButtonChange, Light
from drivers.panel_frames import Decoder, Frame, frame
from drivers.panel_spec import PanelSpec

log = logging.getLogger(__name__)

VERSION = 1
"""Of the conversation; a panel with another one is not used."""
REFRESH_S = 1.0
"""Between two times that all LEDs are said."""
LOST_S = 3.5
"""A panel that has said nothing for so long is gone."""
REOPEN_S = 2.0
"""Between two looks for a line that is not there."""
MOST_LOGGED = 20
"""Lines of the panel's own log that are taken over until it is lost: a fault must not fill ours."""


class SerialLine(Protocol):
    """A serial line that never blocks (drivers.linux.LinuxSerial)."""

    def fileno(self) -> int:
        """Readable when octets have come."""
        ...

    def read(self, most: int = 4096) -> bytes:
        """What has come, at most so many octets; b"" when nothing has."""
        ...

    def write(self, octets: bytes) -> int:
        """How many octets were taken."""
        ...

    def close(self) -> None:
        """Let the line go."""
        ...


class UartPanel:
    """The box's side. `open_line` opens the serial line and raises HardwareError if it cannot."""

    def __init__(self, spec: PanelSpec, open_line: Callable[[], SerialLine]) -> None:
        self._spec, self._open = spec, open_line
        self._line: SerialLine | None = None
        self._decoder = Decoder()
        self._lights: Mapping[str, Light] = {}
        self._buttons = {part.place: part.name for part in spec.buttons}
        self._pressed: set[int] = set()
        self._sequence = 0
        self._answered: int | None = None
        """Sequence number of the last button event: one that is said again counts once."""
        self._heard_at = self._refresh_at = self._open_at = 0.0
        self._changed = False
        self._logged = 0
        self._name = ""
        self.present = False
        self.problem = "not looked for yet"
        self.bad_frames_there = 0
        """What the panel could not read of what we said."""

    @property
    def bad_frames(self) -> int:
        """What we could not read of what it said, since the line was opened."""
        return self._decoder.bad

    def fileno(self) -> int:
        """The line's descriptor; -1 while there is none."""
        return -1 if self._line is None else self._line.fileno()

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next refresh, or the next look for a line."""
        if self._changed and self._line is not None:
            return 0.0
        return max(0.0, (self._open_at if self._line is None else self._refresh_at) - now_s)

    def show(self, lights: Mapping[str, Light]) -> None:
        """What the LEDs do from now on; said with the next look."""
        self._changed = self._changed or dict(lights) != dict(self._lights)
        self._lights = dict(lights)

    def look(self, now_s: float) -> list[ButtonChange]:
        """Say what is due and take what the panel says."""
        if self._line is None and now_s >= self._open_at:
            self._find(now_s)
        if self._line is None:
            return []
        changes: list[ButtonChange] = []
        try:
            for one in self._decoder.receive(self._line.read()):
                changes += self._on_frame(one, now_s)
            if now_s - self._heard_at > LOST_S:
                raise HardwareError(f"{self._spec.device}: the panel does not answer")
            self._speak(now_s)
        except (OSError, HardwareError) as problem:
            changes += self._lose(now_s, str(problem))
        return changes

    def close(self) -> None:
        """Let the line go."""
        if self._line is not None:
            self._line.close()
            self._line = None

    # ------------------------------------------------------------------ the line

    def _find(self, now_s: float) -> None:
        try:
            self._line = self._open()
        except (OSError, HardwareError) as problem:
            self.problem = str(problem)
            self._open_at = now_s + REOPEN_S
            return
        self._decoder = Decoder()
        self._answered = None
        self._logged = 0
        self._heard_at = self._refresh_at = now_s
        self._say("H", bytes((VERSION,)))

    def _lose(self, now_s: float, why: str) -> list[ButtonChange]:
        if self.present:
            log.warning("the front panel is lost: %s", why)
        self.close()
        self.present, self.problem = False, why
        self._open_at = now_s + REOPEN_S
        return self._let_go(now_s)

    def _let_go(self, now_s: float) -> list[ButtonChange]:
        """Nobody holds a button of a panel that is not there."""
        held, self._pressed = self._pressed, set()
        return [ButtonChange(self._buttons[n], False, now_s) for n in sorted(held)]

    # ------------------------------------------------------------------ what is said

    def _speak(self, now_s: float) -> None:
        if not self.present:
            if now_s >= self._refresh_at:
                self._refresh_at = now_s + REFRESH_S
                self._say("H", bytes((VERSION,)))
            return
        if self._changed or now_s >= self._refresh_at:
            self._changed = False
            self._say("L", self._patterns())
        if now_s >= self._refresh_at:
            self._refresh_at = now_s + REFRESH_S
            self._say("P")

    def _patterns(self) -> bytes:
        last = max((part.place for part in self._spec.leds), default=-1)
        patterns = bytearray(last + 1)
        for part in self._spec.leds:
            patterns[part.place] = self._lights.get(part.name, Light.OFF)
        return bytes(patterns)

    def _say(self, kind: str, payload: bytes = b"", sequence: int | None = None) -> None:
        if sequence is None:
            sequence = self._sequence = (self._sequence + 1) & 0xFF
        if self._line is not None:
            self._line.write(frame(kind, sequence, payload))

    # ------------------------------------------------------------------ what is heard

    def _on_frame(self, one: Frame, now_s: float) -> list[ButtonChange]:
        self._heard_at = now_s
        if one.kind == "G":
            return self._greeted(one.payload, now_s)
        if not self.present:
            return []
        if one.kind == "B" and len(one.payload) == 4:
            return self._on_button(one, now_s)
        if one.kind == "Q" and len(one.payload) == 4:
            self.bad_frames_there = int.from_bytes(one.payload[2:], "big")
            return self._held(int.from_bytes(one.payload[:2], "big"), now_s)
        if one.kind == "T" and self._logged < MOST_LOGGED:
            self._logged += 1
            log.info("the front panel says: %r", one.payload.decode("utf-8", "replace"))
        return []

    def _greeted(self, payload: bytes, now_s: float) -> list[ButtonChange]:
        """It has started, or was asked who it is: it knows nothing of before."""
        if len(payload) < 3 or payload[0] != VERSION:
            said = payload[0] if payload else "nothing"
            raise HardwareError(
                f"{self._spec.device}: the panel speaks version {said}, not {VERSION}: "
                "put this box's firmware on it (docs/panel.md)"
            )
        name = payload[3:].decode("utf-8", "replace")
        if not self.present:
            log.info("front panel: %r, %d LEDs, %d buttons", name, payload[1], payload[2])
        self.present, self.problem, self._name = True, "", name
        self._changed = True
        self._answered = None
        return self._let_go(now_s)

    def _on_button(self, one: Frame, now_s: float) -> list[ButtonChange]:
        self._say("A", sequence=one.sequence)
        if one.sequence == self._answered:
            return []
        self._answered = one.sequence
        number, pressed = one.payload[0], bool(one.payload[1])
        age_s = int.from_bytes(one.payload[2:], "big") / 1000
        name = self._buttons.get(number)
        if name is None or pressed == (number in self._pressed):
            return []
        (self._pressed.add if pressed else self._pressed.discard)(number)
        return [ButtonChange(name, pressed, now_s - age_s)]

    def _held(self, mask: int, now_s: float) -> list[ButtonChange]:
        """A button that is not held any more: its event went under when the panel forgot it."""
        gone = [number for number in self._pressed if not mask & 1 << number]
        self._pressed.difference_update(gone)
        return [ButtonChange(self._buttons[number], False, now_s) for number in gone]
