"""Which boards a kernel can drive: each board file names what it needs of the configuration."""

from pathlib import Path

from drivers.board_spec import BoardSpec, load_board
from scripts.image.kernel_config import Config, unmet
from scripts.image.work import PROJECT


def all_boards(folder: Path = PROJECT / "board") -> list[BoardSpec]:
    """Every board of the source tree."""
    return [load_board(file) for file in sorted(folder.glob("*/board.toml"))]


def lacking(board: BoardSpec, config: Config) -> dict[str, list[str]]:
    """By purpose, the symbols that this kernel has not."""
    missing = {need.purpose: unmet(need.symbols, config) for need in board.needs}
    return {purpose: symbols for purpose, symbols in missing.items() if symbols}


def listed(boards: list[BoardSpec], config: Config) -> list[str]:
    """The names of the boards that lack nothing."""
    return [board.name for board in boards if not lacking(board, config)]
