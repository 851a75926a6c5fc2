"""`python -m app update …`, typed by an administrator; and finding the slots of a machine."""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands import update
from app.config.paths import Paths, here
from app.device.update.errors import NoSlots, UpdateError
from app.device.update.slots import SlotState
from app.device.update.slots_disk import find, only_one
from app.operations import updates
from app.store.database import Database
from app.store.schema import STEPS
from tests.kit.bundles import NEW, Workshop
from tests.kit.slots import RELEASE, PlainDisk, a_slot

KNOWN = STEPS[-1].version
NEEDED = STEPS[-1].readable_from  # the oldest program that may still work on this store
NEXT = replace(NEW, schema=KNOWN + 1, readable_from=KNOWN)


@dataclass
class Console:
    """A device's console."""

    plain: PlainDisk
    shop: Workshop

    def type(self, line: str, code: int = 0) -> str:
        """Type `update LINE`; what it said, on one line."""
        done = CliRunner().invoke(update.update, line.split(), obj=self.plain.disk())
        assert done.exit_code == code, done.output
        return " ".join(done.output.split())


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Console:
    shop = Workshop(tmp_path / "shop")
    plain = PlainDisk(tmp_path / "disk")
    plain.fill("A", a_slot(1))
    monkeypatch.setenv("SWITCHHOOK_VAR", str(tmp_path / "var"))
    Database(Paths(tmp_path / "var").database).close()
    release, tree = tmp_path / "release.json", tmp_path / "compatible"
    release.write_text(json.dumps(asdict(RELEASE)))
    tree.write_bytes(b"linux,dummy-virt\0")
    monkeypatch.setattr(updates, "RELEASE", release)
    monkeypatch.setattr(updates, "DEVICE_TREE", tree)
    monkeypatch.setattr(updates, "KEYS", shop.trusted[0].parent)
    monkeypatch.setattr(updates, "_be_modest", lambda: None)  # the test's own process stays
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    return Console(plain, shop)


def test_info_tells_all_and_whether_it_fits(console: Console) -> None:
    said = console.type(f"info {console.shop.bundle(release=NEXT)}")
    for words in ("0.2.0 of build", "development.pub", "raspberrypi,4-model-b", "whole"):
        assert words in said
    assert said.endswith("here: can be installed")
    older = console.shop.bundle(release=replace(NEXT, version="0.0.1"))
    assert "here: not installed: it is older" in console.type(f"info {older}")


def test_install_status_and_what_comes_after(console: Console) -> None:
    console.shop.bundle(release=NEXT)
    said = console.type(f"install {console.shop.folders.build / 'image'}")  # the one in a folder
    assert said.endswith(f"slot B holds 0.2.0 of build {NEW.built} and is tried at the next start")
    assert console.plain.disk().state() == SlotState(2, "A", "B", 3)
    assert json.loads(updates.lines_before(here()).read_text()) == []
    said = console.type("status")
    assert f"slot A 0.1.0 of build {RELEASE.built}: runs, good" in said
    assert f"slot B 0.2.0 of build {NEW.built}: on trial, 3 tries left" in said
    console.plain.running = "B"
    assert console.type("mark-good") == "slot B is good"
    assert console.type("confirm") == "slot B: this slot has proved itself before"


def test_status_says_that_a_trial_has_failed(console: Console) -> None:
    console.type(f"install {console.shop.bundle(release=NEXT)}")
    console.plain.disk().write(lambda state: replace(state, seq=9, left=0))
    assert "slot B 0.2.0" in (said := console.type("status"))
    assert said.endswith("has not proved itself; it is not tried any more")
    console.plain.fill("B", bytes(4096))
    assert "slot B nothing that could be started" in console.type("status")


def test_a_failed_trial_says_why_to_the_version_that_comes_back(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.commands.update_trial.WELL_WITHIN_S", 0)  # no services in this test
    console.type(f"install {console.shop.bundle(release=NEXT)}")
    console.plain.running = "B"
    said = console.type("confirm --stay", code=1)
    assert said.endswith("slot B: this slot has not proved itself")
    console.plain.running = "A"
    said = console.type("status")
    assert "its last try: services: FAILED: not well within" in said
    console.type(f"install {console.shop.bundle(release=NEXT)}")
    assert "last try" not in console.type("status")


def test_a_refusal_is_one_line_and_exit_code_1(console: Console) -> None:
    before = console.plain.files()
    stranger = console.shop.bundle(release=NEXT, key=console.shop.stranger())
    said = console.type(f"install {stranger}", code=1)
    assert said.startswith("switchhook: switchhook-0.2.0.update is not signed by any key")
    said = console.type(f"install {console.shop.bundle(release=NEXT, boards=('rpi',))}", code=1)
    assert "switchhook: not installed: it cannot drive the board virtual" in said
    said = console.type("install nowhere.update", code=1)
    assert said == "switchhook: nowhere.update cannot be read: No such file or directory"
    assert console.plain.files() == before


def test_a_store_that_has_grown_too_new_is_seen(console: Console) -> None:
    old = replace(NEXT, schema=NEEDED - 1, readable_from=1)
    said = console.type(f"install {console.shop.bundle(release=old)}", code=1)
    assert f"this store needs {NEEDED}" in said


def test_rollback_puts_the_other_slot_on_trial(console: Console) -> None:
    said = console.type("rollback", code=1)
    assert said == "switchhook: slot B holds nothing that could be started"
    console.plain.fill("B", a_slot(3, release=replace(RELEASE, schema=NEEDED - 1)))
    assert f"this store needs {NEEDED}" in console.type("rollback", code=1)
    assert console.plain.disk().state().trial is None
    console.plain.fill("B", a_slot(3, release=replace(RELEASE, schema=NEEDED)))
    assert console.type("rollback") == "slot B is tried at the next start"
    assert console.plain.disk().state() == SlotState(2, "A", "B", 3)
    console.plain.running = "B"
    assert "slot B is on trial itself" in console.type("rollback", code=1)


def test_two_updates_at_once_are_refused(console: Console, tmp_path: Path) -> None:
    bundle = console.shop.bundle(release=NEXT)
    with only_one(tmp_path / "var" / "run" / "update.lock"):
        said = console.type(f"install {bundle}", code=1)
    assert "another update command is at work" in said


def test_several_bundles_in_a_folder_must_be_named(console: Console) -> None:
    console.shop.bundle(release=NEXT)
    console.shop.bundle(release=replace(NEXT, version="0.3.0"))
    said = console.type(f"install {console.shop.folders.build / 'image'}", code=1)
    assert "switchhook-0.2.0.update, switchhook-0.3.0.update" in said


def test_on_a_laptop_there_are_no_slots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SWITCHHOOK_VAR", str(tmp_path))
    done = CliRunner().invoke(update.update, ["status"])
    assert done.exit_code == 1 and "not started by the slot loader" in done.output


# ---- finding the slots


def a_machine(folder: Path, cmdline: str, parts: int = 4, root: int = 3) -> dict[str, Path]:
    """The parts of /proc, /sys and /dev that tell where the slots are."""
    proc, sys, dev = (folder / name for name in ("proc", "sys", "dev"))
    (proc / "self").mkdir(parents=True)
    (proc / "cmdline").write_text(cmdline + "\n")
    (proc / "self" / "mounts").write_text(f"{dev}/vda1 {folder}/card vfat ro,noatime 0 0\n")
    (proc / "self" / "mountinfo").write_text(
        f"1 0 254:{root} / / ro - squashfs /dev/root ro\n2 1 0:5 / /proc rw - proc proc rw\n"
    )
    disk = sys / "devices" / "virtio" / "block" / "vda"
    (sys / "dev" / "block").mkdir(parents=True)
    for number in range(1, parts + 1):
        (disk / f"vda{number}").mkdir(parents=True)
        (disk / f"vda{number}" / "partition").write_text(f"{number}\n")
        (sys / "dev" / "block" / f"254:{number}").symlink_to(disk / f"vda{number}")
    return {"proc": proc, "sys": sys, "dev": dev}


def test_the_slots_are_on_the_disk_that_the_root_came_from(tmp_path: Path) -> None:
    machine = a_machine(tmp_path, "console=ttyAMA0 switchhook.slot=B panic=5")
    disk = find(tmp_path / "boot", **machine)
    assert disk.running == "B" and disk.other == "A"
    assert disk.slots == {"A": tmp_path / "dev" / "vda2", "B": tmp_path / "dev" / "vda3"}


def test_a_boot_partition_that_is_mounted_already_is_used_where_it_is(tmp_path: Path) -> None:
    machine = a_machine(tmp_path, "switchhook.slot=A")
    folder = tmp_path / "card"
    folder.mkdir()
    (folder / "slot0.env").write_bytes(SlotState(7, "B").octets())
    assert find(tmp_path / "boot", **machine).state() == SlotState(7, "B")


@pytest.mark.parametrize(
    ("cmdline", "parts", "says"),
    [
        ("console=ttyAMA0", 4, "not started by the slot loader"),
        ("switchhook.slot=AB", 4, "not started by the slot loader"),
        ("switchhook.slot=A", 2, "lacks partition 3"),
    ],
)
def test_a_system_without_slots_says_why(
    tmp_path: Path, cmdline: str, parts: int, says: str
) -> None:
    machine = a_machine(tmp_path, cmdline, parts, root=2)
    with pytest.raises(NoSlots, match=says):
        find(tmp_path / "boot", **machine)


def test_the_lock_is_free_again(tmp_path: Path) -> None:
    with only_one(tmp_path / "lock"), pytest.raises(UpdateError), only_one(tmp_path / "lock"):
        raise AssertionError
    with only_one(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
