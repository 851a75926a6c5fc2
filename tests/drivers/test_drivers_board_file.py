"""Board files: the two in the tree, and every mistake with its place and what is allowed."""

import random
from pathlib import Path

import pytest

from drivers.board import BoardSpec, load_board, virtual_board
from drivers.errors import BoardFileError
from drivers.slot_map import Coding, Stream

BOARDS = Path(__file__).resolve().parents[2] / "board"

GOOD = """
title = "Test"
[pcm]
clock_hz = 512000
slots = 4
[[line]]
name = "101"
kind = "station"
chip = "si3210"
bus = 0
chip_select = 0
reset = 5
interrupt = 6
slot = 0
[[line]]
name = "line1"
kind = "trunk"
chip = "si3050"
bus = 0
chip_select = 1
reset = 13
interrupt = 16
slot = 1
"""


def test_the_virtual_boards_file_says_what_the_function_says() -> None:
    assert load_board(BOARDS / "virtual" / "board.toml") == virtual_board(2, 2)


def test_the_raspberry_pis_file_is_good() -> None:
    board = load_board(BOARDS / "rpi" / "board.toml")
    assert [line.name for line in board.lines] == ["101", "line1"]
    assert (board.pclk_hz, board.slots) == (256_000, 2)


def test_the_file_of_eight_lines_is_one_full_frame_of_octets() -> None:
    board = load_board(BOARDS / "rpi8" / "board.toml")
    assert [line.kind for line in board.lines] == ["station"] * 4 + ["trunk"] * 4
    assert [line.start for line in board.lines] == [1, 9, 17, 25, 33, 41, 49, 57]
    assert (board.pclk_hz, board.stream.format, board.stream.channels) == (512_000, "S32_LE", 2)
    assert board.pcm_device != board.capture_device


def test_board_file_without_optional_keys_gets_their_defaults(tmp_path: Path) -> None:
    board = written(tmp_path, GOOD)
    assert (board.country, board.pcm_device, board.spi_hz) == ("us", "default", 4_000_000)


def written(folder: Path, text: str) -> BoardSpec:
    path = folder / "board.toml"
    path.write_text(text)
    return load_board(path)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('title = "Test"', "", "title: missing; allowed: any text that is not empty"),
        ('title = "Test"', "title = 3", "title: 3; allowed: any text that is not empty"),
        ('title = "Test"', 'titel = "Test"', "titel: unknown key; allowed: title, country"),
        ("clock_hz = 512000", "clock_hz = 500000", "pcm.clock_hz: 500000; allowed: 256000, 512000"),
        ("slots = 4", "slots = 5", "pcm.slots: 5; allowed: 1 to 4"),
        ("slots = 4", "slots = 1", r"line\[2\].slot: 1; allowed: 0 to 0"),
        ("slots = 4", "slot = 4", "pcm.slot: unknown key; allowed: slots, clock_hz, coding"),
        ('kind = "station"', 'kind = "fxs"', r"line\[1\].kind: 'fxs'; allowed: station, trunk"),
        ('chip = "si3050"', 'chip = "si3210"', r"line\[2\].chip: 'si3210'; allowed: si3050"),
        ("reset = 5", 'reset = "GPIO5"', r"line\[1\].reset: 'GPIO5'; allowed: 0 to 63"),
        ("reset = 5", "reset = true", r"line\[1\].reset: True; allowed: 0 to 63"),
        ("reset = 5\n", "", r"line\[1\].reset: missing; allowed: 0 to 63"),
        ('name = "line1"', 'name = "101"', r"line\[2\].name: '101' is taken by line\[1\]"),
        ("chip_select = 1", "chip_select = 0", r"line\[2\].chip_select: \(0, 0\) is taken by line"),
        ("slot = 1", "slot = 0", r"line\[2\].slot: 0 is taken by line\[1\]"),
        ("interrupt = 16", "interrupt = 5", r"line\[2\].interrupt: pin 5 resets 101; allowed: "),
        ("[pcm]", 'country = "xx"\n[pcm]', "country: 'xx'; allowed: at, au"),
        ("[pcm]", "[needs]\nspi = []\n[pcm]", r"needs.spi: \[\]; allowed: a list of kernel"),
        ("[pcm]", '[needs]\nspi = ["a b"]\n[pcm]', r"needs.spi: \['a b'\]; allowed: a list of"),
        ("[pcm]", "[pcm", "is not TOML"),
        ('chip = "si3050"', 'chip = "si9999"', r"line\[2\].chip: 'si9999'; allowed: si3050"),
        ("slots = 4", "slots = 4\nfirst_bit = 2", "pcm.first_bit: 2; allowed: 0 to 1"),
        ("slots = 4", "slots = 4\nprove = 0", "pcm.prove: 0; allowed: true"),
        ("slots = 4", "slots = 4\nslot_bits = 8", "pcm.slot_bits: 8; allowed: 16, 32"),
        ("slots = 4", "slots = 4\nslot_bits = 32", "pcm.slots: 4; allowed: 1 to 2"),
        (
            "slots = 4",
            'slots = 4\ncoding = "u-law"',
            "pcm.coding: 'u-law'; allowed: linear, mu-law",
        ),
        ("slots = 4", 'slots = 5\ncoding = "mu-law"', "pcm.slots: 5; allowed: 4, 8"),
        (
            "slots = 4",
            'slots = 4\ncoding = "mu-law"',
            "pcm.clock_hz: 512000 with 4 slots of 8 bits; allowed: 256000",
        ),
        (
            "slots = 4",
            'slots = 8\ncoding = "mu-law"\nslot_bits = 4',
            "pcm.slot_bits: 4; allowed: 8",
        ),
        ("[pcm]", "reset_button = 13\n[pcm]", "reset_button: pin 13 is line1's reset; allowed: a"),
        ("[pcm]", "lines = 48\n[pcm]", "pcm: beside lines, from which it follows; allowed: one"),
        ("slots = 4", f"slots = 0x{'f' * 6000}", "pcm.slots: a number of more than 64 bits"),
        ("reset = 5", f"reset = [0x{'f' * 6000}]", "line.reset: a number of more than 64 bits"),
        ("[pcm]", f"country{'.a' * 3000} = 1\n[pcm]", r"country\.[a.]*: nested too deep"),
        ('name = "101"', r'name = "\u001b[31m"', r"line.name: '\\x1b\[31m'; allowed: up to 200"),
        ('name = "101"', r'name = "1\u202e01"', r"line.name: '1\\u202e01'; allowed: up to 200"),
        ('name = "101"', f'name = "{"1" * 201}"', "line.name: '11*; allowed: up to 200 printable"),
        (
            "slots = 4",
            r"""slots = 4
        device = "hw\u0000:1" """,
            r"pcm.device: 'hw\\x00:1'; allowed: up to 200 printable",
        ),
        (
            "slots = 4",
            r"""slots = 4
        "\u001b" = 1""",
            r"pcm: '\\x1b'; allowed: up to 200 printable",
        ),
        (
            "reset = 5",
            f"reset = {[1] * 99}",
            r"line\[1\].reset: \[1, [1, ]*\.\.\.; allowed: 0 to 63",
        ),
        ("[pcm]", "[[pcm]]", "pcm must be a table with: slots, clock_hz, coding"),
    ],
)
def test_mistake_in_a_board_file_is_named_with_file_key_and_allowed_values(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    assert GOOD.count(before) >= 1
    with pytest.raises(BoardFileError, match=expected) as told:
        written(tmp_path, GOOD.replace(before, after, 1))
    assert str(tmp_path / "board.toml") in str(told.value)


def test_eight_lines_of_a_law_share_one_frame_of_64_bits(tmp_path: Path) -> None:
    board = written(tmp_path, GOOD.replace("slots = 4", 'slots = 8\ncoding = "a-law"'))
    assert board.stream == Stream(8, Coding.A_LAW)
    assert (board.stream.format, board.stream.channels) == ("S32_LE", 2)
    assert [(line.start, line.coding) for line in board.lines] == [
        (1, Coding.A_LAW),
        (9, Coding.A_LAW),
    ]


@pytest.mark.parametrize(
    ("keys", "starts"),
    [("", [1, 17]), ("slot_bits = 32", [1, 33]), ("first_bit = 0", [0, 16])],
)
def test_framing_is_the_boards(tmp_path: Path, keys: str, starts: list[int]) -> None:
    board = written(tmp_path, GOOD.replace("slots = 4", f"slots = 2\n{keys}"))
    assert [line.start for line in board.lines] == starts


@pytest.mark.parametrize("lines", [1, 48, 62])
def test_board_of_python_may_be_named_by_its_number_of_outside_lines(
    tmp_path: Path, lines: int
) -> None:
    board = written(tmp_path, f'title = "Virtual board"\nlines = {lines}\n')
    made = virtual_board(2, lines)
    assert (board.lines, board.slots, board.pclk_hz) == (made.lines, made.slots, made.pclk_hz)


def test_board_of_python_with_too_many_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardFileError, match="lines: 63; allowed: 1 to 62"):
        written(tmp_path, 'title = "Virtual board"\nlines = 63\n')


def test_a_file_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BoardFileError, match="line: no lines"):
        written(tmp_path, GOOD.split("[[line]]")[0])


def test_missing_board_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BoardFileError, match=r"none\.toml: cannot be read: No such file"):
        load_board(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("stations", "trunks", "clock"),
    [(1, 1, 256_000), (2, 2, 512_000), (2, 24, 4_096_000), (0, 1, 256_000), (8, 56, 8_192_000)],
)
def test_virtual_boards_of_any_size_have_a_legal_clock(
    stations: int, trunks: int, clock: int
) -> None:
    board = virtual_board(stations, trunks)
    assert board.pclk_hz == clock
    assert [line.slot for line in board.lines] == list(range(stations + trunks))
    assert board.pclk_hz >= board.slots * 16 * 8000


@pytest.mark.parametrize(("stations", "trunks"), [(0, 0), (9, 56)])
def test_a_virtual_board_of_no_or_too_many_lines_is_refused(stations: int, trunks: int) -> None:
    with pytest.raises(BoardFileError, match="allowed: 1 to 64"):
        virtual_board(stations, trunks)


@pytest.mark.parametrize(
    ("pin", "said"),
    [
        (5, "pin 5 is 101's reset"),
        (16, "pin 16 is line1's interrupt"),
        (26, "pin 26 is reset_button"),
        (27, "pin 27 is another part of the panel"),
    ],
)
def test_front_panel_has_its_pins_alone(tmp_path: Path, pin: int, said: str) -> None:
    panel = (
        '[panel]\nkind = "gpio"\nexpander = { bus = 1, address = 32, interrupt = 27 }\n'
        f'[[panel.button]]\nrole = "reset"\npin = {pin}\n'
    )
    with pytest.raises(BoardFileError, match=said):
        written(tmp_path, f"reset_button = 26\n{GOOD}{panel}")


HOSTILE = ("-1", f"0x{'f' * 6000}", "1.5", "nan", "true", '""', r'"\u001b"', "[]", "[[]]", "{}")


@pytest.mark.parametrize("name", ["rpi", "rpi8", "rpi-codec", "virtual"])
def test_damaged_board_file_is_read_or_refused_in_printable_words(
    tmp_path: Path, name: str
) -> None:
    dice, refused = random.Random(name), 0
    lines = (BOARDS / name / "board.toml").read_text().splitlines()
    given = [number for number, line in enumerate(lines) if "=" in line and line[0] != "#"]
    for _ in range(150):
        damaged = list(lines)
        at = dice.choice(given)
        damaged[at] = f"{damaged[at].split('=')[0]}= {dice.choice(HOSTILE)}"
        del damaged[dice.randrange(len(damaged))]
        try:
            written(tmp_path, "\n".join(damaged))
        except BoardFileError as error:
            refused += 1
            assert str(error).isprintable()
    assert refused > 75, "most of the damage matters"
