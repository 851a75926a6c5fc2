"""Kernel configuration: fragments, what came of them, and what boards need."""

from pathlib import Path

import pytest

from drivers.board_spec import BoardSpec, load_board
from drivers.board_table import Need
from drivers.errors import BoardFileError
from scripts.image import kernel_config
from scripts.image.work import PROJECT

RPI = PROJECT / "board" / "rpi" / "board.toml"
BUILT = PROJECT / "build" / "image" / "kernel.config"


def config() -> dict[str, str]:
    """The built kernel's configuration, else what the fragments ask for (a build checks that)."""
    return kernel_config.load(BUILT) if BUILT.exists() else kernel_config.wanted()


def test_a_fragment_is_read_as_symbols_that_are_set() -> None:
    text = '# CONFIG_OFF is not set\nCONFIG_A=y\n# words\nCONFIG_B=m\nCONFIG_S="x=y"\nCONFIG_N=4\n'
    assert kernel_config.parse(text) == {"A": "y", "B": "m", "S": '"x=y"', "N": "4"}


def test_a_line_that_took_no_effect_is_told_with_what_is_there() -> None:
    asked = {"A": "y", "B": "m", "C": "y", "N": "4"}
    assert kernel_config.lost(asked, {"A": "y", "B": "y", "N": "8"}) == [
        "B=m (is y)",
        "C=y (is not set)",
        "N=4 (is 8)",
    ]


def test_no_symbol_is_in_two_fragments() -> None:
    seen = [name for file in kernel_config.FRAGMENTS for name in kernel_config.load(file)]
    assert len(seen) > 200
    assert sorted(set(seen)) == sorted(seen)


NOT_OFFERED: dict[str, dict[str, list[str]]] = {"rpi8": {"sound": ["SND_SOC_SPDIF"]}}
"""Boards that nobody has built yet, and what the image's kernel leaves out for their sake."""


def test_the_kernel_has_what_every_board_needs_that_is_offered() -> None:
    found = kernel_config.all_boards()
    assert {board.name for board in found} >= {"rpi", "virtual"}
    assert {board.name: kernel_config.lacking(board, config()) for board in found} == {
        board.name: NOT_OFFERED.get(board.name, {}) for board in found
    }


def test_the_reference_board_names_a_need_for_each_of_its_parts() -> None:
    purposes = {need.purpose for need in load_board(RPI).needs}
    assert purposes >= {"sound", "spi", "i2c", "pwm", "usb", "storage", "network", "screen"}


def test_a_board_whose_needs_are_not_met_is_not_listed() -> None:
    poor = {name: value for name, value in config().items() if name != "SND_SOC_BT_SCO"}
    assert kernel_config.lacking(load_board(RPI), poor) == {"sound": ["SND_SOC_BT_SCO"]}
    assert kernel_config.drivable(kernel_config.all_boards(), poor) == ["qemu", "virtual"]
    assert kernel_config.drivable(kernel_config.all_boards(), config()) == [
        "qemu",
        "rpi",
        "virtual",
    ]


def test_a_module_meets_a_need_and_a_number_does_not() -> None:
    board = BoardSpec("b", "t", "us", 2, 256_000, (), needs=(Need("spi", ("A", "B", "C")),))
    assert kernel_config.lacking(board, {"A": "m", "B": "y", "C": "5"}) == {"spi": ["C"]}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tea = ['A']", "needs.tea: unknown key"),
        ("spi = 'SPI_SPIDEV'", "needs.spi: 'SPI_SPIDEV'; allowed: a list of kernel symbols"),
        ("spi = []", "needs.spi: []"),
        ("spi = ['CONFIG_SPI']", "needs.spi: ['CONFIG_SPI']"),
        ("spi = ['spi']", "needs.spi: ['spi']"),
    ],
)
def test_a_need_that_is_not_understood_is_refused(tmp_path: Path, line: str, told: str) -> None:
    text = RPI.read_text()
    begin, end = text.index("[needs]"), text.index("[[line]]")
    board = tmp_path / "board.toml"
    board.write_text(text[:begin] + f"[needs]\n{line}\n" + text[end:])
    with pytest.raises(BoardFileError) as problem:
        load_board(board)
    assert told in str(problem.value)
