"""Sound packs by name and version, USB sticks by the kernel's tree, the reset button by time."""

import json
import subprocess
from pathlib import Path

import pytest

from app.config.paths import PROJECT, Paths
from app.core.errors import DeviceError
from app.device import packs, reset, sticks
from drivers.board_spec import load_board
from drivers.errors import BoardFileError
from tests.kit.commands import Shell


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"hsqs")


def test_packs_are_listed_by_language_the_newest_first(tmp_path: Path) -> None:
    put(tmp_path, "en-1.9.sqfs", "en-1.10.sqfs", "de-2.sqfs", "en-1.10.sqfs.new", "notes.txt")
    found = [(p.language, p.version) for p in packs.packs(tmp_path)]
    assert found == [("de", "2"), ("en", "1.10"), ("en", "1.9")]


@pytest.mark.parametrize("name", ["english.sqfs", "en.sqfs", "en-1.6.sqfs.gz", "EN-1.sqfs"])
def test_a_pack_must_bear_its_language_and_version(tmp_path: Path, name: str) -> None:
    with pytest.raises(DeviceError, match=r"en-1\.6\.1\.sqfs"):
        packs.pack(tmp_path / name)


def test_what_is_no_squashfs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en-1.sqfs").write_bytes(b"RIFF....")
    here = tmp_path / "prompts"
    here.mkdir()
    with pytest.raises(DeviceError, match="no squashfs"):
        packs.add(tmp_path / "en-1.sqfs", here)
    assert not list(here.iterdir())


def disk(sys: Path, name: str, where: str, parts: int = 0) -> None:
    """A disk in a tree like /sys."""
    real = sys / "devices" / where / "block" / name
    for number in range(1, parts + 1):
        (real / f"{name}{number}").mkdir(parents=True)
        (real / f"{name}{number}" / "partition").write_text(f"{number}\n")
    real.mkdir(parents=True, exist_ok=True)
    (sys / "block").mkdir(exist_ok=True)
    (sys / "block" / name).symlink_to(real)


def test_sticks_are_found_by_their_bus(tmp_path: Path) -> None:
    disk(tmp_path, "mmcblk0", "platform/mmc0", parts=4)
    disk(tmp_path, "sda", "platform/usb1/1-1", parts=1)
    disk(tmp_path, "sdb", "pci0000:00/usb2/2-1")
    disk(tmp_path, "sdc", "pci0000:00/ata1", parts=2)
    assert sticks.sticks(tmp_path, Path("/dev")) == [Path("/dev/sda1"), Path("/dev/sdb")]


@pytest.mark.parametrize("table", ["gpt", "dos"])
def test_stick_with_a_firmware_partition_first_counts_as_one(table: str, tmp_path: Path) -> None:
    """As macOS formats one: an EFI system partition, then the owner's."""
    efi, data = {"gpt": ("uefi", "11"), "dos": ("ef", "7")}[table]
    image = tmp_path / "stick"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    parts = f"label: {table}\nsize=20MiB, type={efi}\ntype={data if table == 'dos' else 'L'}\n"
    subprocess.run(["sfdisk", "--quiet", image], input=parts, text=True, check=True)
    told = subprocess.run(["sfdisk", "--json", image], check=True, capture_output=True)
    types = [p["type"].lower() for p in json.loads(told.stdout)["partitiontable"]["partitions"]]
    # blkid gives an MBR's type with 0x before it
    by_name = {f"sda{n}": t if table == "gpt" else f"0x{t}" for n, t in enumerate(types, 1)}
    disk(tmp_path, "sda", "platform/usb1/1-1", parts=2)
    found = sticks.sticks(tmp_path, Path("/dev"), lambda device: by_name[device.name])
    assert found == [Path("/dev/sda2")]


def test_every_data_partition_of_a_stick_is_named(tmp_path: Path) -> None:
    disk(tmp_path, "sda", "platform/usb1/1-1", parts=2)
    found = sticks.sticks(tmp_path, Path("/dev"), lambda device: "0x7")
    assert found == [Path("/dev/sda1"), Path("/dev/sda2")]
    only_efi = sticks.sticks(tmp_path, Path("/dev"), lambda device: "0xef")
    assert only_efi == found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("usb", sticks.OnStick(None, "")),
        ("usb/box.backup", sticks.OnStick(None, "box.backup")),
        ("usb:SAFE/2026/box.backup", sticks.OnStick("SAFE", "2026/box.backup")),
        ("usb:SAFE", sticks.OnStick("SAFE", "")),
        ("/tmp/usb", None),
        ("usbbackup", None),
    ],
)
def test_a_file_on_a_stick_is_named(text: str, meant: sticks.OnStick | None) -> None:
    assert sticks.parse(text) == meant


def test_a_button_counts_when_it_was_held_from_the_start_without_a_break() -> None:
    held = reset.Held(now=5.0)
    assert held.look(5.0, pressed=True) is None
    assert held.look(5.0 + reset.HOLD_S - 0.1, pressed=True) is None
    assert held.look(5.0 + reset.HOLD_S, pressed=True) is True
    assert reset.Held(now=5.0).look(5.0, pressed=False) is False
    assert reset.Held(now=5.0).look(5.0 + reset.HOLD_S, pressed=False) is False


def test_a_reset_wants_the_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shell = Shell(tmp_path, monkeypatch)
    mark = Paths(tmp_path).var / reset.MARK
    assert "nothing was erased" in shell.refused("device factory-reset --later", typed="yes\n")
    assert "nothing was erased" in shell.refused("device factory-reset --later", typed="\n")
    assert not mark.exists()
    shell.ok("device factory-reset --later", typed=f"{reset.WORD}\n")
    assert mark.exists()


def test_a_board_may_have_a_reset_button(tmp_path: Path) -> None:
    assert load_board(PROJECT / "board" / "rpi" / "board.toml").reset_button == 26
    virtual = PROJECT / "board" / "virtual" / "board.toml"
    assert load_board(virtual).reset_button is None
    board = tmp_path / "board.toml"
    board.write_text("reset_button = 99\n" + virtual.read_text())
    with pytest.raises(BoardFileError, match=r"reset_button: 99; allowed: 0 to 63"):
        load_board(board)
