"""Kernel configurations: our fragments, what came of them, and which boards a kernel can drive.

A fragment is a list of lines as in a kernel's .config. allnoconfig silently drops a line whose
dependency is missing, so every line is looked up in the result. Each board file names its needs.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from drivers.board_spec import BoardSpec, load_board
from scripts.image.work import PROJECT

FRAGMENTS = tuple(
    PROJECT / "board" / "kernel" / f"{name}.config" for name in ("base", "qemu", "rpi")
)
"""In the order in which they are merged."""

Config = Mapping[str, str]
"""Symbol without CONFIG_ → value; a symbol that is off is not there."""


def parse(text: str) -> dict[str, str]:
    """The symbols that are set in a fragment or a .config."""
    symbols = {}
    for line in text.splitlines():
        if line.startswith("CONFIG_") and "=" in line:
            name, value = line.removeprefix("CONFIG_").split("=", 1)
            symbols[name] = value
    return symbols


def wanted() -> dict[str, str]:
    """What all fragments ask for."""
    return parse("\n".join(fragment.read_text() for fragment in FRAGMENTS))


def lost(asked: Config, result: Config) -> list[str]:
    """Lines that did not take effect, as "SYMBOL=wanted (is …)"."""
    return [
        f"{name}={value} (is {result.get(name, 'not set')})"
        for name, value in asked.items()
        if result.get(name) != value
    ]


def unmet(needs: Iterable[str], config: Config) -> list[str]:
    """Symbols of `needs` that are neither built in nor a module."""
    return [name for name in needs if config.get(name) not in ("y", "m")]


def load(path: Path) -> dict[str, str]:
    """The symbols of a .config file."""
    return parse(path.read_text())


def all_boards(folder: Path = PROJECT / "board") -> list[BoardSpec]:
    """Every board of the source tree."""
    return [load_board(file) for file in sorted(folder.glob("*/board.toml"))]


def lacking(board: BoardSpec, config: Config) -> dict[str, list[str]]:
    """By purpose, the symbols that this kernel has not."""
    missing = {need.purpose: unmet(need.symbols, config) for need in board.needs}
    return {purpose: symbols for purpose, symbols in missing.items() if symbols}


CARD_OVERLAY = "rpi"
"""The board whose device tree overlay is on the card, which has room for one. With another board
plugged on, the processor would drive a clock against the one that drives it."""


def drivable(boards: list[BoardSpec], config: Config) -> list[str]:
    """The names of the boards that lack nothing: kernel, and the device tree if they have one."""
    trees = {file.parent.name for file in (PROJECT / "board").glob("*/overlay.dts")}
    absent = trees - {CARD_OVERLAY}
    return [
        board.name for board in boards if board.name not in absent and not lacking(board, config)
    ]
