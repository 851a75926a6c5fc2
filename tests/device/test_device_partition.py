"""The data partition is grown by one sector of the MBR, and never over another partition."""

import struct
from pathlib import Path

import pytest

from app.core.errors import DeviceError
from app.device.partition import ALIGN, SECTOR, Part, grow, grown, read

MIB = 2048
CARD = (
    (1, 0x0C, 1 * MIB, 128 * MIB),
    (2, 0x83, 129 * MIB, 256 * MIB),
    (3, 0x83, 385 * MIB, 256 * MIB),
    (4, 0x83, 641 * MIB, 64 * MIB),
)


def mbr(*parts: tuple[int, int, int, int]) -> bytes:
    table = bytearray(SECTOR)
    for number, kind, first, sectors in parts:
        struct.pack_into(
            "<B3sB3sII", table, 446 + 16 * (number - 1), 0, b"", kind, b"", first, sectors
        )
    table[510:] = b"\x55\xaa"
    return bytes(table)


def test_the_last_partition_takes_what_is_left_of_the_card() -> None:
    disk = 16_000_001
    table, part = grown(mbr(*CARD), 4, disk)
    assert part.first == 641 * MIB
    assert (part.first + part.sectors) % ALIGN == 0
    assert disk - ALIGN < part.first + part.sectors <= disk
    assert read(table, 4) == part
    others = [read(table, number) for number in (1, 2, 3)]
    assert others == [Part(number, first, sectors) for number, _, first, sectors in CARD[:3]]


def test_it_never_shrinks() -> None:
    _, part = grown(mbr(*CARD), 4, 650 * MIB)
    assert part == Part(4, 641 * MIB, 64 * MIB)


def test_a_disk_beyond_the_tables_reach_is_used_as_far_as_it_goes() -> None:
    _, part = grown(mbr(*CARD), 4, 1 << 34)
    assert part.sectors <= 0xFFFFFFFF
    assert part.sectors > 0xFFFFFFFF - 2 * ALIGN


def test_a_partition_behind_it_is_never_overwritten() -> None:
    with pytest.raises(DeviceError, match="partition 4 lies behind partition 3"):
        grown(mbr(*CARD), 3, 16_000_000)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [(bytes(SECTOR), "no MBR"), (mbr(*CARD[:3]), "no partition 4"), (b"short", "no MBR")],
)
def test_what_is_no_such_disk_is_refused(table: bytes, complaint: str) -> None:
    with pytest.raises(DeviceError, match=complaint):
        read(table, 4)


def test_an_image_of_a_card_is_grown_once(tmp_path: Path) -> None:
    card = tmp_path / "card.img"
    card.write_bytes(mbr(*CARD))
    with card.open("r+b") as file:
        file.truncate(1024 * MIB * SECTOR)
    part = grow(card, 4)
    assert part == Part(4, 641 * MIB, 383 * MIB)
    assert card.stat().st_size == 1024 * MIB * SECTOR
    before = card.read_bytes()[:SECTOR]
    assert grow(card, 4) == part
    assert card.read_bytes()[:SECTOR] == before
