"""docs/install.md says what is so: pins, settings, commands, the welcome."""

import re
from pathlib import Path

import click
import pytest

from app.__main__ import main as program
from app.config.settings import load
from app.device.first_boot import Fresh, welcome
from drivers.board_spec import load_board
from scripts.image.packages import SPOKEN
from scripts.image.work import PROJECT

GUIDE = (PROJECT / "docs" / "install.md").read_text()
CARD_FILE = PROJECT / "board" / "boot" / "switchhook.toml"
BOARD = PROJECT / "board" / "rpi"

HEADER = {
    2: 3, 3: 5, 4: 7, 5: 29, 6: 31, 7: 26, 8: 24, 9: 21, 10: 19, 11: 23, 12: 32, 13: 33, 14: 8,
    15: 10, 16: 36, 17: 11, 18: 12, 19: 35, 20: 38, 21: 40, 22: 15, 23: 16, 24: 18, 25: 22, 26: 37,
    27: 13,
}  # fmt: skip
"""GPIO → pin of the Raspberry Pi's header of 40 pins."""


def wiring(board: str) -> dict[int, str]:
    """GPIO → what the table of a board says of it; the header pins are checked on the way."""
    found = {}
    text = GUIDE.split(f"\n## Wiring of {board}")[1].split("\n## ")[0]
    for gpio, pin, what in re.findall(r"^\| GPIO(\d+) \| (\d+) \| ([^|]+) \|", text, re.MULTILINE):
        assert HEADER[int(gpio)] == int(pin), f"GPIO{gpio}"
        assert int(gpio) not in found
        found[int(gpio)] = what.strip()
    return found


def test_the_wiring_is_that_of_board_and_device_tree() -> None:
    board, told = load_board(BOARD / "board.toml"), wiring("reference board A")
    chips = {"station": "FXS", "trunk": "FXO"}
    for line in board.lines:
        assert told.pop(line.reset) == f"RESET of the {chips[line.kind]} chip"
        assert told.pop(line.interrupt) == f"INT of the {chips[line.kind]} chip"
        select = (8, 7)[line.chip_select]
        assert told.pop(select) == f"CS of the {chips[line.kind]} chip"
    assert board.reset_button is not None
    assert told.pop(board.reset_button).startswith("push button")
    tree = (BOARD / "overlay.dts").read_text()
    assert "cs-gpios = <&gpio 8 1>, <&gpio 7 1>;" in tree
    pins = [
        int(pin) for group in re.findall(r"brcm,pins = <([\d ]+)>", tree) for pin in group.split()
    ]
    assert sorted(told) == sorted(pins), "the buses"


def test_the_wiring_of_eight_lines_is_that_of_board_and_device_tree() -> None:
    folder = PROJECT / "board" / "rpi8"
    board, told = load_board(folder / "board.toml"), wiring("board A8")
    tree = (folder / "overlay.dts").read_text()
    selects = re.search(r"cs-gpios = ([^;]+);", tree)
    assert selects is not None
    for line, pin in zip(board.lines, re.findall(r"&gpio (\d+) 1", selects[1]), strict=True):
        assert told.pop(int(pin)) == f"CS of {line.name}"
    for kind, chips in (("station", "FXS"), ("trunk", "FXO")):
        (reset,) = {line.reset for line in board.lines if line.kind == kind}
        (interrupt,) = {line.interrupt for line in board.lines if line.kind == kind}
        assert told.pop(reset) == f"RESET of the {chips} chips, joined"
        assert told.pop(interrupt) == f"INT of the {chips} chips, joined"
    assert board.reset_button is not None
    assert told.pop(board.reset_button).startswith("push button")
    pins = [
        int(pin) for group in re.findall(r"brcm,pins = <([\d ]+)>", tree) for pin in group.split()
    ]
    assert sorted(told) == sorted(pins), "the buses"


def test_the_jacks_are_the_board_s() -> None:
    names = [line.name for line in load_board(BOARD / "board.toml").lines]
    assert f"The jack of the FXS chip is `{names[0]}`, that of the FXO chip `{names[1]}`" in GUIDE


@pytest.mark.parametrize(
    "block", re.findall(r"^```toml\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
)
def test_settings_in_the_guide_can_be_used(block: str, tmp_path: Path) -> None:
    file = tmp_path / "switchhook.toml"
    file.write_text(block)
    assert load(file) != load(tmp_path / "none.toml")


def test_the_file_on_the_card_can_be_used_when_its_signs_are_taken_away(tmp_path: Path) -> None:
    text = CARD_FILE.read_text()
    file = tmp_path / "switchhook.toml"
    file.write_text(re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE))
    settings = load(file)
    assert settings.phone.board == "rpi"
    assert settings.network.wlan == "name of the network"
    file.write_text(text)
    assert load(file) == load(tmp_path / "none.toml"), "as it is, it changes nothing"


def test_every_command_in_the_guide_exists() -> None:
    named = re.findall(r"(?:^|`)switchhook ([a-z][a-z -]*)", GUIDE, re.MULTILINE)
    assert len(named) > 10
    for words in named:
        command: click.Command = program
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"switchhook {words}: no command {word}"
            command = found


def test_languages_of_the_synthesizer_are_those_of_the_image() -> None:
    assert f"in the languages `{' '.join(SPOKEN)}`" in GUIDE


def test_the_welcome_is_as_shown() -> None:
    shown = re.search(r"^```\n(  switchhook-1a2b.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    assert shown is not None
    real = welcome(
        Fresh("switchhook-1a2b.local", "....-....-....", "....-....-....", "......", "12345678")
    )
    for line in shown[1].splitlines():
        assert line in real.splitlines()


def test_the_guide_is_plain_about_power_cuts_and_about_what_was_not_tried() -> None:
    assert "**no emergency call is possible**" in " ".join(GUIDE.split())
    assert "| **not tried** | a real Raspberry Pi" in GUIDE
