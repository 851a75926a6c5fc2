"""What is soldered where: the board file as values. The board is data, no driver knows a pin.

A board file names its lines in jack order; see board/virtual/board.toml for one with comments.
Numbering: `slot` is the place in the PCM frame from 0; pins are GPIO numbers of the processor.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from drivers.board_table import Need, Table
from drivers.countries import codes
from drivers.errors import BoardFileError
from drivers.panel_spec import PanelSpec, panel_of, virtual_panel
from drivers.sampling import SAMPLE_RATE
from drivers.slot_map import LINEAR_SLOTS, Coding, SlotMap

BITS_PER_SLOT = 16
"""Linear samples, most significant bit first."""

PCLK_HZ = (256_000, 512_000, 768_000, 1_024_000, 1_536_000, 2_048_000, 4_096_000, 8_192_000)
"""Bit clocks from which both line chips derive their own clocks [Si3215 DS, PCLK]."""

LINES_PER_INTERRUPT_PIN = 8
"""On the virtual board: few pins to read in a quiet beat, few chips to ask in a busy one."""

Kind = Literal["station", "trunk"]
ChipName = Literal["si3210", "si3050"]
CHIP_OF_KIND: Mapping[str, str] = {"station": "si3210", "trunk": "si3050"}
"""Si3210 stands for the family: an Si3215 on the board is found at run time."""


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One jack and the chip behind it."""

    name: str
    """The jack's label, e.g. "101" or "line1"."""
    kind: Kind
    chip: ChipName
    bus: int
    """SPI bus."""
    chip_select: int
    reset: int
    """Pin, active low; chips may share it."""
    interrupt: int
    """Pin, active low, open drain; chips may share it."""
    slot: int
    frame: SlotMap = LINEAR_SLOTS
    """The slots of the board's frame."""

    @property
    def start(self) -> int:
        """Bit clocks from frame sync to the first bit of this line's voice, both directions."""
        return self.frame.start(self.slot)

    @property
    def coding(self) -> Coding:
        """How the chip codes its voice."""
        return self.frame.coding

    @property
    def place(self) -> str:
        """Jack, chip and bus as error texts name them."""
        return f"{self.name} ({self.chip} on SPI {self.bus}.{self.chip_select})"


PURPOSES = (
    "sound", "spi", "i2c", "pwm", "gpio", "usb", "storage", "network", "radio", "screen",
    "watchdog", "clock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A whole board."""

    name: str
    title: str
    country: str
    """Country of the lines until the settings name another."""
    slots: int
    """Slots in one PCM frame."""
    pclk_hz: int
    lines: tuple[LineSpec, ...]
    pcm_device: str = "default"
    """ALSA's name of the PCM stream; the virtual board ignores it."""
    box_device: str = ""
    """Of a board made of Python: the far end of `pcm_device`, where the box plays; empty: none."""
    spi_hz: int = 4_000_000
    """SPI clock; both chips allow up to 16 MHz [Si3215 DS, serial timing]."""
    needs: tuple[Need, ...] = ()
    """Of the kernel; an image whose kernel lacks one does not list the board."""
    reset_button: int | None = None
    """Pin of a button to ground: held for ten seconds at a start, it erases the box."""
    panel: PanelSpec | None = None
    """The front panel that can be there."""


_PIN = range(64)
_TOP_KEYS = ("title", "country", "reset_button", "pcm", "spi", "needs", "line", "panel")
_PCM_KEYS = ("slots", "clock_hz", "device", "box_device")
_SPI_KEYS = ("clock_hz",)
_LINE_KEYS = ("name", "kind", "chip", "bus", "chip_select", "reset", "interrupt", "slot")


def slots_at(pclk_hz: int) -> int:
    """How many 16-bit slots one frame of this bit clock holds: 512 kHz holds 512000/8000/16 = 4."""
    return pclk_hz // SAMPLE_RATE // BITS_PER_SLOT


def load_board(path: Path) -> BoardSpec:
    """The board described by a file board/<name>/board.toml.

    Raises BoardFileError naming file, key and what is allowed there.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or far too deep
        raise BoardFileError(f"{path}: is not TOML: {error}") from error
    return _board(path, values)


def _board(path: Path, values: object) -> BoardSpec:
    top = Table(path, "", values, _TOP_KEYS)
    pcm = Table(path, "pcm", top.raw("pcm"), _PCM_KEYS)
    spi = Table(path, "spi", top.raw("spi") or {}, _SPI_KEYS)
    pclk_hz = pcm.number("clock_hz", PCLK_HZ)
    slots = pcm.number("slots", range(1, slots_at(pclk_hz) + 1))
    rows = top.raw("line")
    if not isinstance(rows, list) or not rows:
        raise top.error("line", "no lines", "one [[line]] table for each jack")
    lines = tuple(
        _line(Table(path, f"line[{number}]", row, _LINE_KEYS), slots)
        for number, row in enumerate(rows, start=1)
    )
    _refuse_doubles(path, lines)
    board = BoardSpec(
        name=path.parent.name,
        title=top.word("title"),
        country=top.word("country", codes(), default="us"),
        slots=slots,
        pclk_hz=pclk_hz,
        lines=lines,
        pcm_device=pcm.word("device", default="default"),
        box_device=pcm.word("box_device") if pcm.raw("box_device") else "",
        spi_hz=spi.number("clock_hz", range(100_000, 16_000_001), default=4_000_000),
        reset_button=None if top.raw("reset_button") is None else top.number("reset_button", _PIN),
        needs=Table(path, "needs", top.raw("needs") or {}, PURPOSES).needs(),
        panel=panel_of(path, top.raw("panel"), [line.name for line in lines]),
    )
    _refuse_shared_pins(path, board)
    return board


def _refuse_shared_pins(path: Path, board: BoardSpec) -> None:
    """The front panel's service has its pins alone; so have the lines and the reset button."""
    taken = {line.reset: f"{line.name}'s reset" for line in board.lines}
    taken |= {line.interrupt: f"{line.name}'s interrupt" for line in board.lines}
    if board.reset_button is not None:
        taken[board.reset_button] = "reset_button"
    for pin in () if board.panel is None else board.panel.pins:
        if pin in taken:
            raise BoardFileError(
                f"{path}: panel: pin {pin} is {taken[pin]}; allowed: a pin that nothing else has"
            )
        taken[pin] = "another part of the panel"


def _line(row: Table, slots: int) -> LineSpec:
    kind = row.word("kind", CHIP_OF_KIND)
    return LineSpec(
        name=row.word("name"),
        kind=cast(Kind, kind),
        chip=cast(ChipName, row.word("chip", (CHIP_OF_KIND[kind],))),
        bus=row.number("bus", range(8)),
        chip_select=row.number("chip_select", range(64)),
        reset=row.number("reset", _PIN),
        interrupt=row.number("interrupt", _PIN),
        slot=row.number("slot", range(slots)),
    )


def _refuse_doubles(path: Path, lines: tuple[LineSpec, ...]) -> None:
    """Names, chip selects and slots belong to one line each; a pin has one purpose."""
    owners: dict[tuple[str, object], int] = {}
    resets = {line.reset: line.name for line in lines}
    for number, line in enumerate(lines, start=1):
        place = (line.bus, line.chip_select)
        for key, value in (("name", line.name), ("chip_select", place), ("slot", line.slot)):
            owner = owners.setdefault((key, value), number)
            if owner != number:
                raise BoardFileError(
                    f"{path}: line[{number}].{key}: {value!r} is taken by line[{owner}]; "
                    f"allowed: one that no other line has"
                )
        if line.interrupt in resets:
            raise BoardFileError(
                f"{path}: line[{number}].interrupt: pin {line.interrupt} resets "
                f"{resets[line.interrupt]}; allowed: a pin that no chip uses for its reset"
            )


def virtual_board(stations: int = 2, trunks: int = 2) -> BoardSpec:
    """A board made of Python with a number of stations (handsets 101…) and trunks (line1…).

    The slowest legal bit clock that holds all slots: 2 + 2 lines need 4 slots, 512 kHz; 2 + 24
    need 26, so 4.096 MHz (32 slots). Raises BoardFileError above 64 lines.
    """
    total = stations + trunks
    fitting = [clock for clock in PCLK_HZ if slots_at(clock) >= total]
    if total < 1 or not fitting:
        raise BoardFileError(f"virtual board: {total} lines; allowed: 1 to {slots_at(PCLK_HZ[-1])}")
    places = [("station", str(101 + index), index) for index in range(stations)]
    places += [("trunk", f"line{index + 1}", index) for index in range(trunks)]
    lines = tuple(
        _virtual_line(kind, name, index, slot) for slot, (kind, name, index) in enumerate(places)
    )
    panel = virtual_panel([line.name for line in lines])
    return BoardSpec("virtual", "Virtual board", "us", total, fitting[0], lines, panel=panel)


def _virtual_line(kind: str, name: str, index: int, slot: int) -> LineSpec:
    """Handsets on SPI 0, outside lines on SPI 1; each kind has one reset pin."""
    bus, reset, interrupt = (0, 5, 8) if kind == "station" else (1, 6, 16)
    return LineSpec(
        name=name,
        kind=cast(Kind, kind),
        chip=cast(ChipName, CHIP_OF_KIND[kind]),
        bus=bus,
        chip_select=index,
        reset=reset,
        interrupt=interrupt + index // LINES_PER_INTERRUPT_PIN,
        slot=slot,
    )
