"""The codec hat's device tree says the same as its board file, and Linux would take it."""

import subprocess
from pathlib import Path

import pytest

from drivers.board_spec import BoardSpec, load_board
from scripts.image import kernel_config, update
from scripts.image.work import PROJECT, Folders
from tests.image.test_image_install_guide import GUIDE, wiring
from tests.image.test_image_overlay import numbers, properties, text

# As much of a Raspberry Pi's own tree as the overlay refers to.
BASE = """
/dts-v1/;
/ {
    soc {
        gpio: gpio { #gpio-cells = <2>; gpio-controller; };
        dma: dma { #dma-cells = <1>; };
        i2s: i2s { status = "disabled"; };
        i2c1: i2c1 { status = "disabled"; };
    };
};
"""
ALT0 = 4


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base with the overlay applied, as U-Boot does it."""
    folder = tmp_path_factory.mktemp("overlay")
    base, whole = folder / "base.dtb", folder / "whole.dtb"
    command = ["dtc", "-@", "-q", "-I", "dts", "-O", "dtb", "-o", str(base)]
    subprocess.run(command, input=BASE, text=True, check=True)
    overlay = update.overlay(Folders(folder, folder), "rpi-codec")
    subprocess.run(["fdtoverlay", "-i", base, "-o", whole, overlay], check=True)
    return whole


@pytest.fixture(scope="module")
def board() -> BoardSpec:
    return load_board(PROJECT / "board" / "rpi-codec" / "board.toml")


def test_no_pin_has_two_purposes(tree: Path, board: BoardSpec) -> None:
    pins = []
    for node in ("/soc/gpio/switchhook-i2c", "/soc/gpio/switchhook-pcm"):
        assert numbers(tree, node, "brcm,function") == [ALT0]
        pins += numbers(tree, node, "brcm,pins")
    assert pins == [2, 3, 18, 19, 20, 21]
    for slic in board.slics:
        pins += [pin for pin, _ in slic.uses]
    assert board.reset_button is not None
    pins.append(board.reset_button)
    assert len(pins) == len(set(pins)), sorted(pins)


def test_the_buses_are_on_and_the_codec_has_no_kernel_driver(tree: Path, board: BoardSpec) -> None:
    assert text(tree, "/soc/i2c1", "status") == "okay"
    assert text(tree, "/soc/i2s", "status") == "okay"
    assert numbers(tree, "/soc/i2s", "dmas")[1::2] == [2, 3]
    assert board.codec is not None
    assert board.codec.bus == 1
    told = subprocess.run(
        ["fdtget", "-l", str(tree), "/soc/i2c1"], capture_output=True, text=True, check=True
    )
    assert told.stdout == ""


def test_the_codec_is_the_clock_and_frames_are_the_board_s(tree: Path, board: BoardSpec) -> None:
    node, prefix = "/switchhook-card", "simple-audio-card,"
    assert board.codec is not None
    assert board.pcm_device == f"hw:CARD={text(tree, node, f'{prefix}name')}"
    assert text(tree, node, f"{prefix}format") == board.codec.framing
    had = properties(tree, node)
    assert not {f"{prefix}bitclock-inversion", f"{prefix}continuous-clock"} & had
    codec = numbers(tree, f"{node}/{prefix}codec", "phandle")
    assert numbers(tree, node, f"{prefix}bitclock-master") == codec
    assert numbers(tree, node, f"{prefix}frame-master") == codec
    dai = numbers(tree, f"{node}/{prefix}codec", "sound-dai")
    assert dai == numbers(tree, "/switchhook-lines", "phandle")
    assert text(tree, "/switchhook-lines", "compatible") == "linux,bt-sco"


def test_the_kernel_can_drive_it_but_the_card_has_another_s_device_tree(board: BoardSpec) -> None:
    wanted = kernel_config.wanted()
    assert kernel_config.lacking(board, wanted) == {}
    assert kernel_config.drivable(kernel_config.all_boards(), wanted) == ["qemu", "rpi", "virtual"]


SIGNALS = {"ring_mode": "RM", "forward": "F/R", "hook": "SHK", "power_down": "PD"}


def test_the_wiring_table_is_that_of_board_and_device_tree(tree: Path, board: BoardSpec) -> None:
    told = wiring("board B")
    for pin, what in board.slics[0].uses:
        assert told.pop(pin) == f"{SIGNALS[what]} of the module"
    assert board.reset_button is not None
    assert told.pop(board.reset_button).startswith("push button")
    buses = [
        pin
        for node in ("/soc/gpio/switchhook-i2c", "/soc/gpio/switchhook-pcm")
        for pin in numbers(tree, node, "brcm,pins")
    ]
    assert sorted(told) == sorted(buses)
    assert all(what.endswith(" of the codec") for what in told.values())
    assert f"make one handset, `{board.slics[0].name}`, and no outside line" in GUIDE
