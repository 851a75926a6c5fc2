"""A board file with a codec, and the whole of its board over the virtual box."""

from pathlib import Path

import numpy as np
import pytest

from drivers.board_spec import load_board
from drivers.buses import PERIOD
from drivers.errors import BoardFileError
from drivers.ports import Feed, HookChanged, PortFault, PortRecovered
from tests.kit.lines import Lines
from tests.kit.models import sine

BOARD = Path(__file__).resolve().parents[2] / "board" / "rpi-codec" / "board.toml"


def test_the_file_says_what_is_soldered() -> None:
    board = load_board(BOARD)
    assert board.lines == ()
    assert [(jack.name, jack.kind, jack.slot) for jack in board.jacks] == [("101", "station", 0)]
    assert board.codec is not None
    assert (board.codec.chip, board.codec.address, board.codec.channels) == ("wm8960", 0x1A, (0,))
    assert board.slics[0].uses == (
        (17, "ring_mode"),
        (12, "forward"),
        (27, "hook"),
        (22, "power_down"),
    )


WRONG = {
    "unknown codec": (
        'chip = "wm8960"',
        'chip = "wm8978"',
        "codec.chip: 'wm8978'; allowed: wm8960, wm8731",
    ),
    "address": ("address = 0x1a", "address = 0x80", "codec.address: 0x80; allowed: 0x1a"),
    "no address": ("address = 0x1a", "", "codec.address: missing; allowed: 0x1a"),
    "crystal": (
        "crystal_hz = 24000000",
        "crystal_hz = 25000000",
        "codec.crystal_hz: 25000000; allowed: 24000000, 12288000",
    ),
    "pin missing": ("hook = 27", "", "line[1].hook: missing; allowed: 0 to 63"),
    "pin twice": (
        "forward = 12",
        "forward = 17",
        "101.forward: 17 is taken by 101.ring_mode; allowed: one that nothing else has",
    ),
    "button's pin": (
        "reset_button = 26",
        "reset_button = 27",
        "reset_button: pin 27 is 101's hook; allowed: a pin that nothing else has",
    ),
    "unknown chip": (
        'chip = "ag1171"',
        'chip = "ag9999"',
        "line[1].chip: 'ag9999'; allowed: si3210, ag1171",
    ),
    "a trunk": (
        'kind = "station"',
        'kind = "trunk"',
        "line[1].chip: 'ag1171'; allowed: si3050",
    ),
    "level": (
        'power_down_level = "high"',
        "power_down_level = 1",
        "line[1].power_down_level: 1; allowed: high, low",
    ),
    "truth": ("test_hook = true", "test_hook = 1", "line[1].test_hook: 1; allowed: true, false"),
    "gain": ("in_db = 0", "in_db = 40", "codec.in_db: 40; allowed: -12 to 6"),
    "channel": ("slot = 0", "slot = 2", "line[1].slot: 2; allowed: 0 to 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_one_error_that_says_where(case: str, tmp_path: Path) -> None:
    before, after, said = WRONG[case]
    text = BOARD.read_text()
    assert text.count(before) >= 1
    file = tmp_path / "board.toml"
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(BoardFileError) as caught:
        load_board(file)
    assert str(caught.value) == f"{file}: {said}"


def table(text: str, name: str) -> str:
    """The file without one table."""
    head, _, tail = text.partition(f"[{name}]")
    return head + tail[tail.index("\n[") + 1 :]


SECOND = """
[[line]]
name = "{name}"
kind = "station"
chip = "ag1171"
slot = {slot}
ring_mode = 5
forward = 6
hook = {hook}
"""


def test_a_codec_without_lines_and_lines_without_a_codec(tmp_path: Path) -> None:
    file, text = tmp_path / "board.toml", BOARD.read_text()
    file.write_text(table(text, "codec"))
    with pytest.raises(BoardFileError, match="codec: missing, but 101 is an ag1171"):
        load_board(file)
    other = (BOARD.parents[1] / "virtual" / "board.toml").read_text()
    file.write_text(other + '\n[codec]\nchip = "wm8960"\n')
    with pytest.raises(BoardFileError, match=r"codec\.chip: no line uses it; allowed: a "):
        load_board(file)


@pytest.mark.parametrize(
    ("name", "slot", "hook", "said"),
    [
        ("101", 1, 7, "101.name: '101' is taken by 101.name"),
        ("102", 0, 7, "102.slot: 0 is taken by 101.slot"),
        ("102", 1, 27, "102.hook: 27 is taken by 101.hook"),
    ],
)
def test_two_modules_share_nothing(
    name: str, slot: int, hook: int, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "board.toml"
    file.write_text(BOARD.read_text() + SECOND.format(name=name, slot=slot, hook=hook))
    with pytest.raises(BoardFileError, match=said):
        load_board(file)


def test_a_line_on_spi_cannot_be_beside_a_codec(tmp_path: Path) -> None:
    file = tmp_path / "board.toml"
    rows = (
        '[[line]]\nname = "line1"\nkind = "trunk"\nchip = "si3050"\nbus = 0\nchip_select = 0\n'
        "reset = 5\ninterrupt = 6\nslot = 1\n"
    )
    file.write_text(BOARD.read_text() + rows)
    with pytest.raises(BoardFileError, match="line line1: is on SPI, beside 101 behind a codec"):
        load_board(file)


def two_handsets(tmp_path: Path) -> Lines:
    """A board with a module on each channel."""
    file = tmp_path / "board.toml"
    file.write_text(BOARD.read_text() + SECOND.format(name="102", slot=1, hook=7))
    return Lines(load_board(file))


def test_the_board_comes_up_and_rings_through_the_box() -> None:
    lines = Lines(load_board(BOARD)).up()
    assert lines.reported == [("101", PortRecovered())]
    assert lines.periods_to_power_up <= 110
    lines.beat(200)
    lines.station().feed(Feed.RINGING)
    assert lines.beat(100) == []
    assert lines.box.telephones["101"].ringing
    lines.box.telephones["101"].lift()
    assert ("101", HookChanged(True)) in lines.beat(10)
    lines.beat(20)
    assert not lines.box.telephones["101"].ringing
    assert lines.box.violations() == []


def test_sound_goes_both_ways_at_0_db() -> None:
    lines = Lines(load_board(BOARD)).up()
    phone = lines.box.telephones["101"]
    phone.lift()
    lines.beat(100)
    phone.say(sine([1000], -10, 2000))
    tone = sine([440], -16, 10)
    rows = lines.silence()
    rows[0] = tone
    heard = [lines.beat(1, lambda _: rows) or lines.heard[0] for _ in range(50)]
    assert np.array_equal(phone.memory[-1], tone)
    peak = max(int(np.abs(np.asarray(row)).max()) for row in heard)
    assert peak == int(np.abs(sine([1000], -10, 2000)).max())
    assert len(tone) == PERIOD


def test_two_handsets_share_the_codec_and_do_not_hear_each_other(tmp_path: Path) -> None:
    lines = two_handsets(tmp_path).up()
    assert sorted(lines.reported) == [("101", PortRecovered()), ("102", PortRecovered())]
    for phone in lines.box.telephones.values():
        phone.lift()
    lines.beat(50)
    lines.box.telephones["101"].say(sine([1000], -10, 1000))
    lines.beat(20)
    assert lines.heard[0].any()
    assert not lines.heard[1].any()
    lines.station("102").feed(Feed.ACTIVE)
    lines.box.telephones["102"].hang_up()
    assert ("102", HookChanged(False)) in lines.beat(20)


def test_a_silent_codec_takes_its_lines_and_gives_them_back(tmp_path: Path) -> None:
    lines = two_handsets(tmp_path).up()
    lines.beat(200)
    codec = lines.box.codec
    assert codec is not None
    codec.present = False
    events = lines.beat(100)
    assert sorted(jack for jack, event in events if isinstance(event, PortFault)) == ["101", "102"]
    codec.present = True
    events = lines.beat(3500)
    recovered = [jack for jack, event in events if event == PortRecovered()]
    assert sorted(recovered) == ["101", "102"]


def test_the_end_leaves_nothing_ringing() -> None:
    lines = Lines(load_board(BOARD)).up()
    lines.station().feed(Feed.RINGING)
    lines.beat(33)
    lines.board.power_off()
    lines.beat()
    assert not lines.box.slics["101"].slic.ring_mode
    assert lines.box.slics["101"].loop.volts == 0
