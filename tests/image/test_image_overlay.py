"""Each line hat's device tree says the same as its board file, and Linux would take it."""

import subprocess
from pathlib import Path

import pytest

from drivers.board_spec import BoardSpec, load_board
from scripts.image import update
from scripts.image.work import PROJECT, Folders

# As much of a Raspberry Pi's own tree as the overlay refers to.
BASE = """
/dts-v1/;
/ {
    soc {
        gpio: gpio { #gpio-cells = <2>; gpio-controller; };
        dma: dma { #dma-cells = <1>; };
        i2s: i2s { status = "disabled"; };
        spi: spi { status = "disabled"; };
    };
};
"""
ALT0 = 4
SELECTS = {"rpi": [8, 7], "rpi8": [8, 7, 17, 27, 22, 23, 24, 25]}
"""Pins that are chip selects, in order; the first two are CE0 and CE1 of the header."""


@pytest.fixture(scope="module", params=list(SELECTS))
def name(request: pytest.FixtureRequest) -> str:
    """The board."""
    return str(request.param)


@pytest.fixture(scope="module")
def tree(name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base with the overlay applied, as U-Boot does it."""
    folder = tmp_path_factory.mktemp("overlay")
    base, whole = folder / "base.dtb", folder / "whole.dtb"
    command = ["dtc", "-@", "-q", "-I", "dts", "-O", "dtb", "-o", str(base)]
    subprocess.run(command, input=BASE, text=True, check=True)
    overlay = update.overlay(Folders(folder, folder), name)
    subprocess.run(["fdtoverlay", "-i", base, "-o", whole, overlay], check=True)
    return whole


@pytest.fixture(scope="module")
def board(name: str) -> BoardSpec:
    return load_board(PROJECT / "board" / name / "board.toml")


def fdtget(tree: Path, *words: str) -> str:
    told = subprocess.run(
        ["fdtget", *words], capture_output=True, text=True, check=True, cwd=tree.parent
    )
    return told.stdout.strip()


def text(tree: Path, node: str, name: str) -> str:
    return fdtget(tree, str(tree), node, name)


def numbers(tree: Path, node: str, name: str) -> list[int]:
    return [int(word, 16) for word in fdtget(tree, "-t", "x", str(tree), node, name).split()]


def properties(tree: Path, node: str) -> set[str]:
    return set(fdtget(tree, "-p", str(tree), node).split())


def pins_of_buses(tree: Path) -> list[int]:
    """Bus pins and chip selects."""
    found = []
    for node in ("/soc/gpio/switchhook-spi", "/soc/gpio/switchhook-pcm"):
        assert numbers(tree, node, "brcm,function") == [ALT0]
        found += numbers(tree, node, "brcm,pins")
    selects = numbers(tree, "/soc/spi", "cs-gpios")
    return found + selects[1::3]


def test_each_line_has_its_spi_device(tree: Path, board: BoardSpec) -> None:
    for line in board.lines:
        node = f"/soc/spi/{line.kind}@{line.chip_select}"
        assert line.bus == 0
        assert numbers(tree, node, "reg") == [line.chip_select]
        assert text(tree, node, "compatible").split()[0] == f"silabs,{line.chip}"
        assert numbers(tree, node, "spi-max-frequency")[0] >= board.spi_hz
        assert {"spi-cpol", "spi-cpha"} <= properties(tree, node), "both chips speak mode 3"
    selects = numbers(tree, "/soc/spi", "cs-gpios")
    assert selects[1::3] == SELECTS[board.name]
    assert len(board.lines) == len(SELECTS[board.name])
    assert set(selects[2::3]) == {1}, "active low"


def test_no_pin_has_two_purposes(tree: Path, board: BoardSpec) -> None:
    pins = pins_of_buses(tree)
    pins += {line.reset for line in board.lines} | {line.interrupt for line in board.lines}
    if board.reset_button is not None:
        pins.append(board.reset_button)
    assert len(pins) == len(set(pins)), sorted(pins)


def test_the_buses_are_on_and_sound_has_its_channels(tree: Path) -> None:
    assert text(tree, "/soc/spi", "status") == "okay"
    assert text(tree, "/soc/i2s", "status") == "okay"
    assert numbers(tree, "/soc/i2s", "dmas")[1::2] == [2, 3]
    assert text(tree, "/soc/i2s", "dma-names") == "tx rx"


FRAMINGS = {1: "dsp_a", 0: "dsp_b"}
"""By the start count of the first slot [Si3215 DS, figures 27 and 28]."""


def links(tree: Path, name: str) -> list[tuple[str, str]]:
    """The card's links as (node, what its properties begin with)."""
    if name == "rpi":
        return [("/switchhook-card", "simple-audio-card,")]
    return [(f"/switchhook-card/simple-audio-card,dai-link@{way}", "") for way in (0, 1)]


def test_the_card_is_framed_as_the_chips_want_it(tree: Path, name: str, board: BoardSpec) -> None:
    card = text(tree, "/switchhook-card", "simple-audio-card,name")
    assert board.pcm_device.split(",")[0] == f"hw:CARD={card}"
    for node, prefix in links(tree, name):
        assert text(tree, node, f"{prefix}format") == FRAMINGS[board.frame.first_bit]
        had = properties(tree, node)
        assert {f"{prefix}bitclock-inversion", f"{prefix}continuous-clock"} <= had
        assert f"{prefix}frame-inversion" not in had
        port = numbers(tree, f"{node}/{prefix}cpu", "phandle")
        assert numbers(tree, node, f"{prefix}bitclock-master") == port
        assert numbers(tree, node, f"{prefix}frame-master") == port


CODECS = {
    "rpi": {"/switchhook-lines": ("linux,bt-sco", "S16_LE")},
    "rpi8": {
        "/switchhook-played": ("linux,spdif-dit", "S32_LE"),
        "/switchhook-heard": ("linux,spdif-dir", "S32_LE"),
    },
}
"""For each link: the codec's node, and the format that the kernel's driver of it takes
[Linux 6.1, sound/soc/codecs]."""


def test_each_way_has_a_codec_that_takes_the_boards_format(
    tree: Path, name: str, board: BoardSpec
) -> None:
    for (link, prefix), (node, told) in zip(links(tree, name), CODECS[name].items(), strict=True):
        assert (text(tree, node, "compatible"), board.stream.format) == told
        codec = numbers(tree, f"{link}/{prefix}codec", "sound-dai")
        assert codec == numbers(tree, node, "phandle")
        bits = 8 * board.stream.word_octets * board.stream.channels
        assert board.pclk_hz == 8000 * bits
    devices = [board.pcm_device, board.capture_device or board.pcm_device]
    ways = [f",DEV={way}" if name == "rpi8" else "" for way in (0, 1)]
    assert [device.removeprefix("hw:CARD=switchhook") for device in devices] == ways
