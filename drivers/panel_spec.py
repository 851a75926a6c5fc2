"""The front panel as the board file names it: LEDs and buttons by what they are for.

    [panel]
    kind = "gpio"                        # pins of the processor, and of a port expander
    expander = { bus = 1, address = 32, interrupt = 27 }
    [[panel.led]]
    role = "power"
    pin = 12                             # or: port = 0 to 15, of the expander
    [[panel.led]]
    role = "line"
    line = "101"                         # the jack that it belongs to
    port = 0
    [[panel.button]]
    role = "play"
    port = 8

A panel with a microcontroller has kind = "uart", device = "/dev/ttyUSB0", and each LED and button
its `number` there. Every LED, and every button, has a name: its role, or "line 101". The roles
`line` and `presence` belong to a jack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from drivers.board_table import Table
from drivers.errors import BoardFileError

LED_ROLES = (
    "power",
    "line",
    "voicemail",
    "queue",
    "quota",
    "update",
    "store",
    "fault",
    "night",
    "presence",
)
"""What an LED can show; docs/panel.md says when it does what."""

BUTTON_ROLES = (
    "play", "next", "delete", "night", "acknowledge", "shutdown", "reset", "presence",
)  # fmt: skip
"""What a button can be for."""

JACK_ROLES = ("line", "presence")
"""Roles that belong to a jack: what it does, whether the person of its handset is in."""

LOUDSPEAKER = "loudspeaker"
"""What a loudspeaker is called where a jack's label says on which handset something is played."""

OUTPUT_ONLY = (7, 15)
"""Pins GPA7 and GPB7 of an MCP23017 cannot be inputs [MCP23017 DS20001952, table 1-1]."""


@dataclass(frozen=True, slots=True)
class PanelPart:
    """One LED or one button."""

    role: str
    place: int
    """Pin of the processor, of the expander (`on_expander`), or number on the microcontroller."""
    on_expander: bool = False
    line: str = ""
    """Of a role that belongs to a jack: which."""

    @property
    def name(self) -> str:
        """The role, with the jack if there is one."""
        return f"{self.role} {self.line}" if self.line else self.role


@dataclass(frozen=True, slots=True)
class ExpanderSpec:
    """An MCP23017."""

    bus: int
    """I2C bus."""
    address: int
    interrupt: int
    """Pin of the processor that INTA is wired to."""


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """A whole panel."""

    kind: Literal["gpio", "uart"]
    leds: tuple[PanelPart, ...]
    buttons: tuple[PanelPart, ...]
    expander: ExpanderSpec | None = None
    device: str = ""
    """Of a panel with a microcontroller: its serial line."""

    @property
    def pins(self) -> tuple[int, ...]:
        """Pins of the processor that it takes."""
        if self.kind == "uart":
            return ()
        own = [part.place for part in (*self.leds, *self.buttons) if not part.on_expander]
        return (*own, *(() if self.expander is None else (self.expander.interrupt,)))


_KEYS = ("kind", "expander", "device", "led", "button")
_EXPANDER_KEYS = ("bus", "address", "interrupt")
_PIN = range(64)


def panel_of(path: Path, values: object, lines: Sequence[str]) -> PanelSpec | None:
    """The table [panel] of a board file with these lines; None if there is none.

    Raises BoardFileError naming file, key and what is allowed there.
    """
    if values is None:
        return None
    table = Table(path, "panel", values, _KEYS)
    kind = cast(Literal["gpio", "uart"], table.word("kind", ("gpio", "uart")))
    raw = table.raw("expander")
    expander = (
        None if raw is None else _expander(Table(path, "panel.expander", raw, _EXPANDER_KEYS))
    )
    reader = _Parts(path, table, kind, expander is not None, lines)
    spec = PanelSpec(
        kind,
        reader.all("led", LED_ROLES),
        reader.all("button", BUTTON_ROLES),
        expander,
        table.word("device") if kind == "uart" else "",
    )
    if kind == "uart" and expander is not None:
        raise table.error("expander", "there is one", "none on a panel with a microcontroller")
    return spec


def _expander(table: Table) -> ExpanderSpec:
    return ExpanderSpec(
        table.number("bus", range(32)),
        table.number("address", range(0x20, 0x28)),
        table.number("interrupt", _PIN),
    )


class _Parts:
    """Reads the lists of LEDs and buttons, which share their places."""

    def __init__(
        self, path: Path, table: Table, kind: str, has_expander: bool, lines: Sequence[str]
    ) -> None:
        self._path, self._table, self._kind = path, table, kind
        self._has_expander, self._lines = has_expander, lines
        self._taken: dict[tuple[str, str, int], str] = {}
        self._names: set[tuple[str, str]] = set()

    def all(self, key: str, roles: Sequence[str]) -> tuple[PanelPart, ...]:
        rows = self._table.raw(key) or []
        if not isinstance(rows, list):
            raise self._table.error(key, "no list", f"one [[panel.{key}]] table for each")
        return tuple(self._one(key, number, row, roles) for number, row in enumerate(rows, 1))

    def _one(self, key: str, number: int, row: object, roles: Sequence[str]) -> PanelPart:
        place = f"panel.{key}[{number}]"
        table = Table(self._path, place, row, ("role", "line", "pin", "port", "number"))
        role = table.word("role", roles)
        line = table.word("line", self._lines) if role in JACK_ROLES else ""
        where, at = self._place(key, table)
        part = PanelPart(role, at, where == "port", line)
        # LEDs and buttons of a microcontroller are numbered apart, pins are not
        owner = (where, key if where == "number" else "", at)
        if (taken := self._taken.setdefault(owner, place)) != place:
            raise table.error(where, f"{at} is taken by {taken}", "one that nothing else has")
        if (key, part.name) in self._names:
            raise table.error("role", f"{part.name} is there twice", "each role once")
        self._names.add((key, part.name))
        return part

    def _place(self, key: str, table: Table) -> tuple[str, int]:
        allowed = ["number"] if self._kind == "uart" else ["pin"]
        if self._has_expander:
            allowed.append("port")
        given = [name for name in ("pin", "port", "number") if table.raw(name) is not None]
        if len(given) != 1 or given[0] not in allowed:
            raise table.error(
                given[0] if given else allowed[0], "wrong place", f"one of {', '.join(allowed)}"
            )
        where = given[0]
        ranges = {"pin": _PIN, "port": range(16), "number": range(32)}
        at = table.number(where, ranges[where])
        if where == "port" and key == "button" and at in OUTPUT_ONLY:
            raise BoardFileError(
                f"{self._path}: a button at port {at}: that pin of an MCP23017 is an output only;"
                " allowed: 0 to 6, 8 to 14"
            )
        return where, at


def virtual_panel(lines: Sequence[str]) -> PanelSpec:
    """The panel of the virtual board with these lines, of which the first four have LEDs."""
    pins = {"power": 40, "fault": 41, "night": 42}
    ports = {"voicemail": 4, "queue": 5, "quota": 6, "update": 7, "store": 15}
    return PanelSpec(
        "gpio",
        leds=(
            *(PanelPart(role, pin) for role, pin in pins.items()),
            *(PanelPart("line", port, True, line) for port, line in enumerate(lines[:4])),
            *(PanelPart(role, port, True) for role, port in ports.items()),
            PanelPart("presence", 44, line=lines[0]),
        ),
        buttons=(
            *(PanelPart(role, 8 + n, True) for n, role in enumerate(BUTTON_ROLES[:7])),
            PanelPart("presence", 45, line=lines[0]),
        ),
        expander=ExpanderSpec(bus=1, address=0x20, interrupt=43),
    )
