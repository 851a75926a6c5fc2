"""The data partition is grown to the card's end by sfdisk, and nothing else of the card changes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.config.paths import PROJECT

GROW = PROJECT / "rootfs-overlay" / "usr" / "sbin" / "grow-partition"
MIB = 2048
"""In sectors of 512 octets."""
SIGNATURE = "0x53574831"
CARD = f"""label: dos
label-id: {SIGNATURE}
start={1 * MIB}, size={128 * MIB}, type=c, bootable
start={129 * MIB}, size={256 * MIB}, type=83
start={385 * MIB}, size={256 * MIB}, type=83
start={641 * MIB}, size={64 * MIB}, type=83
"""


def table(card: Path) -> dict[str, Any]:
    told = subprocess.run(["sfdisk", "--json", card], check=True, capture_output=True, text=True)
    read: dict[str, Any] = json.loads(told.stdout)["partitiontable"]
    return read


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card of 705 MiB, as the image is before it is written to a larger one."""
    image = tmp_path / "card.img"
    resize(image, 705 * MIB)
    subprocess.run(["sfdisk", "--quiet", image], input=CARD, text=True, check=True)
    return image


def resize(image: Path, sectors: int) -> None:
    with image.open("ab") as file:
        file.truncate(sectors * 512)


def grow(card: Path, sectors: int, number: int = 4) -> int:
    return subprocess.run([GROW, card, str(number), str(sectors)], check=False).returncode


@pytest.mark.parametrize("sectors", [1024 * MIB, 16_000_001, 60_000_000])
def test_last_partition_reaches_to_the_end_of_the_card(card: Path, sectors: int) -> None:
    before = table(card)["partitions"]
    resize(card, sectors)
    assert grow(card, sectors - 641 * MIB) == 0
    after = table(card)
    assert after["id"] == SIGNATURE
    assert after["partitions"][:3] == before[:3]
    last = after["partitions"][3]
    assert last["start"] == 641 * MIB and last["type"] == "83"
    assert last["start"] + last["size"] == sectors


def test_only_the_first_sector_is_written(card: Path) -> None:
    with card.open("r+b") as file:
        file.seek(512)
        file.write(b"x" * (1 * MIB * 512 - 512))
        file.seek(641 * MIB * 512)
        file.write(b"y" * 512 * 64)
    resize(card, 800 * MIB)
    with card.open("rb") as file:
        file.seek(512)
        before = file.read(700 * MIB * 512)
    assert grow(card, 159 * MIB) == 0
    with card.open("rb") as file:
        file.seek(512)
        assert file.read(700 * MIB * 512) == before


def test_card_beyond_the_reach_of_an_mbr_is_used_as_far_as_it_goes(card: Path) -> None:
    resize(card, 3 << 31)
    assert grow(card, 0xFFFFFFFF - 641 * MIB) == 0
    assert table(card)["partitions"][3]["size"] == 0xFFFFFFFF - 641 * MIB


def test_partition_with_another_behind_it_never_grows_over_that(card: Path) -> None:
    resize(card, 1024 * MIB)
    before = table(card)["partitions"]
    assert grow(card, 600 * MIB, number=3) != 0
    assert table(card)["partitions"] == before


def test_disk_without_a_partition_table_is_left_alone(tmp_path: Path) -> None:
    blank = tmp_path / "blank.img"
    blank.write_bytes(bytes(1 << 20))
    assert grow(blank, 1000) != 0
    assert blank.read_bytes() == bytes(1 << 20)
