"""What is soldered where: the board file as values. The board is data, no driver knows a pin.

A board file names its lines in jack order; see board/virtual/board.toml for one with comments.
Numbering: `slot` is the place in the PCM frame from 0; pins are GPIO numbers of the processor.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from drivers.buses import SAMPLE_RATE
from drivers.countries import codes
from drivers.errors import BoardFileError

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

    @property
    def place(self) -> str:
        """Jack, chip and bus as error texts name them."""
        return f"{self.name} ({self.chip} on SPI {self.bus}.{self.chip_select})"


@dataclass(frozen=True, slots=True)
class Need:
    """What the kernel must have so that one part of the board works."""

    purpose: str
    """One of PURPOSES."""
    symbols: tuple[str, ...]
    """Names in the kernel's configuration, without CONFIG_."""


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


_PIN = range(64)
_TOP_KEYS = ("title", "country", "reset_button", "pcm", "spi", "needs", "line")
_PCM_KEYS = ("slots", "clock_hz", "device", "box_device")
_SPI_KEYS = ("clock_hz",)
_LINE_KEYS = ("name", "kind", "chip", "bus", "chip_select", "reset", "interrupt", "slot")


class _Table:
    """One table of the file, which knows its own place for error texts."""

    def __init__(self, file: Path, place: str, values: object, keys: Collection[str]) -> None:
        self._file, self._place = file, place
        if not isinstance(values, dict):
            raise BoardFileError(f"{file}: {place} must be a table with: {', '.join(keys)}")
        self._values: dict[str, Any] = values
        for key in values:
            if key not in keys:
                raise self.error(key, "unknown key", ", ".join(keys))

    def error(self, key: str, seen: str, allowed: str) -> BoardFileError:
        place = f"{self._place}.{key}" if self._place else key
        return BoardFileError(f"{self._file}: {place}: {seen}; allowed: {allowed}")

    def raw(self, key: str) -> object:
        return self._values.get(key)

    def _get(self, key: str, default: object, allowed: str) -> object:
        value = self._values.get(key, default)
        if value is None:
            raise self.error(key, "missing", allowed)
        return value

    def number(self, key: str, allowed: Collection[int], default: int | None = None) -> int:
        words = _words(allowed)
        value = self._get(key, default, words)
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            raise self.error(key, repr(value), words)
        return value

    def word(self, key: str, allowed: Collection[str] = (), default: str | None = None) -> str:
        words = ", ".join(allowed) or "any text that is not empty"
        value = self._get(key, default, words)
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            raise self.error(key, repr(value), words)
        return value

    def needs(self) -> tuple[Need, ...]:
        """All keys: each a list of names in the kernel's configuration."""
        return tuple(Need(purpose, self._symbols(purpose)) for purpose in self._values)

    def _symbols(self, key: str) -> tuple[str, ...]:
        found = self._values[key]
        if not isinstance(found, list) or not found or not all(map(_is_symbol, found)):
            raise self.error(key, repr(found), "a list of kernel symbols such as SPI_SPIDEV")
        return tuple(found)


def _is_symbol(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"(?!CONFIG_)[A-Z0-9_]+", name) is not None


def _words(allowed: Collection[int]) -> str:
    if isinstance(allowed, range):
        return f"{allowed.start} to {allowed.stop - 1}"
    return ", ".join(str(number) for number in allowed)


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
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BoardFileError(f"{path}: is not TOML: {error}") from error
    return _board(path, values)


def _board(path: Path, values: object) -> BoardSpec:
    top = _Table(path, "", values, _TOP_KEYS)
    pcm = _Table(path, "pcm", top.raw("pcm"), _PCM_KEYS)
    spi = _Table(path, "spi", top.raw("spi") or {}, _SPI_KEYS)
    pclk_hz = pcm.number("clock_hz", PCLK_HZ)
    slots = pcm.number("slots", range(1, slots_at(pclk_hz) + 1))
    rows = top.raw("line")
    if not isinstance(rows, list) or not rows:
        raise top.error("line", "no lines", "one [[line]] table for each jack")
    lines = tuple(
        _line(_Table(path, f"line[{number}]", row, _LINE_KEYS), slots)
        for number, row in enumerate(rows, start=1)
    )
    _refuse_doubles(path, lines)
    return BoardSpec(
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
        needs=_Table(path, "needs", top.raw("needs") or {}, PURPOSES).needs(),
    )


def _line(row: _Table, slots: int) -> LineSpec:
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
    return BoardSpec("virtual", "Virtual board", "us", total, fitting[0], lines)


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
