"""Handsets behind a WM8960 codec hat: they talk, one leaves a message, parts fail and return."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.board_spec import BoardSpec, load_board
from drivers.buses import Samples
from drivers.codec_spec import SlicSpec
from scripts.image.work import PROJECT
from tests.kit.hearing import prompt, prompt_file
from tests.kit.world import World

ANSWER = "demo-thanks"


def two_handsets() -> BoardSpec:
    """The board of a codec hat, with a module on its right channel, too."""
    board = load_board(PROJECT / "board" / "rpi-codec" / "board.toml")
    assert board.codec is not None
    second = SlicSpec("102", 1, ring_mode=5, forward=6, hook=13, power_down=16)
    codec = replace(board.codec, channels=(0, 1))
    return replace(board, slics=(*board.slics, second), codec=codec)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    """Anna at 101, Ben at 102, no outside line."""
    with World(tmp_path, on=two_handsets()) as world:
        yield world


def test_a_handset_rings_is_lifted_talks_and_hangs_up(
    house: World, words: Path, words_at_8_khz: Samples
) -> None:
    house.board("lift 102", "wait-for 102 dial-tone", "dial 102 101", "wait-for 101 ringing")
    house.board("time 3s", "lift 101", "time 500ms")
    anna, ben = house.listen("101"), house.listen("102")
    assert not house.box.telephones["101"].ringing
    house.board(f"say 102 {words}")
    anna.hears(words_at_8_khz, within_s=1)
    house.board(f"say 101 {prompt_file(ANSWER)}")
    ben.hears(prompt(ANSWER), within_s=1)
    house.board("hangup 101", "wait-for 102 busy within 5s", "hangup 102", "time 2s")
    assert house.box.violations() == []


def test_voicemail_is_left_from_a_handset_that_nobody_answers(house: World, words: Path) -> None:
    house.board("lift 101", "wait-for 101 dial-tone", "dial 101 102", "wait-for 102 ringing")
    house.board("wait-for 101 beep", f"say 101 {words}", "time 1s", "hangup 101", "time 3s")
    (message,) = house.fetch("ben")
    assert b"audio/wav" in message
    assert house.box.violations() == []


def test_a_codec_that_falls_silent_is_told_and_both_handsets_come_back(house: World) -> None:
    codec = house.box.codec
    assert codec is not None
    codec.present = False
    house.board("time 1s")
    stations = house.phone.pbx.stations
    for name in ("101", "102"):
        assert not stations[name].working
        assert stations[name].fault.startswith(f"{name} (ag1171 on pins ")
        assert "board rpi-codec: codec wm8960 at I2C 1 address 0x1a: no acknowledge; check" in (
            stations[name].fault
        )
    codec.present = True
    house.board("time 5s", "lift 101", "wait-for 101 dial-tone", "hangup 101", "time 2s")
    assert stations["102"].working


def test_one_module_whose_shk_hangs_leaves_the_other_alone(tmp_path: Path) -> None:
    with World(tmp_path, on=two_handsets(), prepare=hang) as house:
        stations = house.phone.pbx.stations
        assert not stations["101"].working
        assert "SHK on pin 27 says off hook while the module is powered down" in (
            stations["101"].fault
        )
        house.board("lift 102", "wait-for 102 dial-tone", "dial 102 101", "time 2s")
        house.board("hangup 102", "time 2s")
        house.box.slics["101"].slic.hook_stuck = None
        house.board("time 40s", "lift 101", "wait-for 101 dial-tone", "hangup 101", "time 2s")


def hang(world: World) -> None:
    """SHK of 101 is high, whatever its loop does."""
    world.box.slics["101"].slic.hook_stuck = True
