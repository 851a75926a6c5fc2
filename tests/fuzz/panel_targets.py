"""The front panel's serial line, both ends, as one would use it that is none of ours."""

import importlib
import sys
from functools import cache
from typing import Any

from drivers.panel import Light
from drivers.panel_frames import LONGEST, frame
from drivers.panel_spec import PanelPart, PanelSpec
from drivers.panel_uart import UartPanel
from tests.fuzz.shaping import cut, grown
from tests.kit.panels import FIRMWARE

SPEC = PanelSpec(
    "uart",
    leds=(PanelPart("power", 0), PanelPart("voicemail", 7)),
    buttons=(PanelPart("play", 0), PanelPart("reset", 5)),
    device="a line",
)
GREETING = frame("G", 1, b"\x01\x08\x06a panel")
KINDS = "GABQTHLPx"
PIECES_MOST = 400


class _Line:
    """A serial line that brings these octets, piece by piece."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    def fileno(self) -> int:
        return -1

    def read(self, most: int = 4096) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def write(self, octets: bytes) -> int:
        return len(octets)

    def close(self) -> None:
        """Nothing is open."""


class _Pin:
    """A pin of the microcontroller: a button that nobody presses, or an LED."""

    def value(self, level: int | None = None) -> int:
        return 1


def panel(data: bytes) -> None:
    """Octets as they are, or as the payloads of whole frames, to the box and to the firmware."""
    octets = grown(data, 4000)
    if data[:1] < b"\x80":
        octets = b"".join(_framed(octets))
    pieces = list(cut(octets))[:PIECES_MOST]
    _box(list(pieces))
    _firmware(pieces)


def _framed(octets: bytes) -> list[bytes]:
    """Frames of any kind: a first octet says which and how long."""
    frames = []
    while octets:
        kind = KINDS[octets[0] % len(KINDS)]
        length = octets[0] // len(KINDS) * 3 % LONGEST
        frames.append(frame(kind, octets[-1], octets[1 : 1 + length]))
        octets = octets[1 + length :]
    return frames


def _box(pieces: list[bytes]) -> None:
    box = UartPanel(SPEC, lambda: _Line([GREETING, *pieces]))
    box.show({"power": Light.ON})
    pressed: set[str] = set()
    for turn in range(len(pieces) + 2):
        for change in box.look(turn / 1000):
            assert change.name in ("play", "reset")
            assert change.pressed != (change.name in pressed), "pressed twice"
            (pressed.add if change.pressed else pressed.discard)(change.name)
    assert box.present or box.problem


@cache
def _modules() -> tuple[Any, Any, Any]:
    sys.path.insert(0, str(FIRMWARE))
    try:
        found = [importlib.import_module(name) for name in ("protocol", "leds", "buttons")]
    finally:
        sys.path.remove(str(FIRMWARE))
    return found[0], found[1], found[2]


def _firmware(pieces: list[bytes]) -> None:
    protocol, leds, buttons = _modules()
    lights = leds.Leds([_Pin(), _Pin()])
    session = protocol.Session(lights, buttons.Buttons([_Pin()]), "a panel")
    for turn, piece in enumerate(pieces):
        session.receive(piece, turn)
        session.tick(turn)
        assert len(session.said) <= 200 + 80 * len(piece), "it says more than it was asked"
        session.said = bytearray()
