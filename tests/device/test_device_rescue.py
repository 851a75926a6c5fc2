"""A stick's system puts a card's slots right: whole or not at all, and the data untouched."""

from pathlib import Path

import pytest

from app.core.errors import DeviceError
from app.device.update.restore_slot import SIGNATURE, cards, one_card, restore_slot
from app.device.update.slots import newest
from app.device.update.slots_disk import BlockFile
from tests.kit.slots import SLOT_OCTETS, PlainDisk, Power, PowerCut, a_slot


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """The partition that the stick's system runs from."""
    path = tmp_path / "stick"
    path.write_bytes(a_slot(7).ljust(SLOT_OCTETS, b"\0"))
    return path


def rescued(card: PlainDisk, stick: Path) -> None:
    with BlockFile(stick) as source:
        restore_slot(card.disk(), source, lambda done, of: None)


def test_a_card_without_a_slot_that_starts_gets_one(tmp_path: Path, stick: Path) -> None:
    card = PlainDisk(tmp_path / "card", running="B")
    assert card.disk().content("A") is None
    rescued(card, stick)
    assert card.holds("A", a_slot(7))
    state, _ = newest(card.files())
    assert (state.good, state.trial) == ("A", None)


def test_wherever_the_power_goes_half_a_copy_is_never_started(tmp_path: Path, stick: Path) -> None:
    whole = Power(1 << 40)
    rescued(PlainDisk(tmp_path / "whole", "B", whole.file), stick)
    moments = sorted(set(whole.marks))
    assert len(moments) > 6
    for moment in moments:
        power = Power(moment)
        card = PlainDisk(tmp_path / f"cut{moment}", "B", power.file)
        with pytest.raises(PowerCut):
            rescued(card, stick)
        content = PlainDisk(tmp_path / f"cut{moment}").disk().content("A")
        assert content is None or card.holds("A", a_slot(7))


def test_a_slot_that_is_too_small_is_left_alone(tmp_path: Path, stick: Path) -> None:
    card = PlainDisk(tmp_path / "card", running="B")
    card.slot("A").write_bytes(bytes(SLOT_OCTETS // 2))
    with pytest.raises(DeviceError, match="are needed"):
        rescued(card, stick)
    assert card.slot("A").read_bytes() == bytes(SLOT_OCTETS // 2)


def test_a_stick_that_is_not_whole_is_no_help(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.write_bytes(a_slot(7)[:-50_000].ljust(SLOT_OCTETS, b"\0"))
    card = PlainDisk(tmp_path / "card", running="B")
    with pytest.raises(DeviceError, match="cannot be started"):
        rescued(card, stick)


def disk(root: Path, name: str, parts: int, signature: int = SIGNATURE) -> None:
    for number in range(1, parts + 1):
        folder = root / "sys" / "block" / name / f"{name}p{number}"
        folder.mkdir(parents=True)
        (folder / "partition").write_text(f"{number}\n")
    (root / "sys" / "block" / name).mkdir(parents=True, exist_ok=True)
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev" / name).write_bytes(bytes(440) + signature.to_bytes(4, "little") + bytes(68))


def test_cards_are_known_by_their_partitions_and_signature(tmp_path: Path) -> None:
    disk(tmp_path, "mmcblk0", 4)
    disk(tmp_path, "mmcblk1", 4, signature=0)
    disk(tmp_path, "sda", 4)
    disk(tmp_path, "sdb", 1)
    found = cards(tmp_path / "sys", tmp_path / "dev", "sda")
    assert list(found) == ["mmcblk0"]
    assert found["mmcblk0"][2] == tmp_path / "dev" / "mmcblk0p2"
    assert one_card(found) == "mmcblk0"
    with pytest.raises(DeviceError, match="there are: none"):
        one_card({})
    with pytest.raises(DeviceError, match="mmcblk0, sda"):
        one_card({"mmcblk0": {}, "sda": {}})
