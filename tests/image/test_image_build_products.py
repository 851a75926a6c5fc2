"""What a build writes: a slot, a bundle that the device believes, the same octets every time."""

import os
import subprocess
import tarfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.device.update.bundle import open_bundle
from app.device.update.errors import BundleError
from app.device.update.slots_content import Release, look
from scripts.image import update
from scripts.image.card import data_partition
from scripts.image.kernel import DEVICE_TREES, Kernel
from scripts.image.squash import squash
from scripts.image.update import make_slot
from scripts.image.work import BuildError, Folders, Progress, key_of, run, sha256

RELEASE = Release("1.2.3", 1_700_000_000, 4, 4)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "build", tmp_path / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small squashfs."""
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc" / "hostname").write_text("box\n")
    (tree / "link").symlink_to("etc")
    return squash(tree, tmp_path / "root.sqfs", RELEASE.built)


@pytest.fixture
def slot(tmp_path: Path, root: Path) -> Path:
    kernel, overlay = tmp_path / "Image", tmp_path / "overlay.dtbo"
    kernel.write_bytes(b"kernel" * 1000)
    overlay.write_bytes(b"overlay")
    return make_slot(root, kernel, overlay, RELEASE, tmp_path / "slot.img")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    """A kernel folder with device trees and modules."""
    folder = tmp_path / "kernel"
    (folder / "dtbs").mkdir(parents=True)
    (folder / "modules" / "lib" / "modules" / "6.1.0-test").mkdir(parents=True)
    for name in DEVICE_TREES:
        source = f'/dts-v1/; / {{ compatible = "maker,{name}", "chip"; }};'
        run("dtc", "-q", "-O", "dtb", "-o", folder / "dtbs" / f"{name}.dtb", "-", stdin=source)
    return Kernel(folder, "6.1.0-1")


def test_the_device_finds_kernel_and_release_in_a_slot(slot: Path) -> None:
    content = look(slot)
    assert content is not None
    assert content.release == RELEASE


def test_a_slot_with_one_wrong_octet_in_its_kernel_is_not_startable(slot: Path) -> None:
    octets = bytearray(slot.read_bytes())
    at = octets.index(b"kernelkernel")
    octets[at] ^= 1
    slot.write_bytes(octets)
    assert look(slot) is None


def test_a_slot_larger_than_its_partition_is_refused(tmp_path: Path, root: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(256 * 1024 * 1024)
    with pytest.raises(BuildError, match="its partition"):
        make_slot(root, large, root, RELEASE, tmp_path / "slot.img")


def made(slot: Path, root: Path, kernel: Kernel, folders: Folders) -> tuple[Path, Path]:
    """(bundle, public key)"""
    key = update.signing_key(folders, None)
    update.trust(folders.build / "root", key)
    told = update.manifest(RELEASE, slot, root, kernel, ["virtual", "rpi"])
    public = folders.build / "root" / update.TRUSTED / "development.pub"
    return update.write_bundle(told, slot, key, folders), public


def test_the_device_believes_a_bundle_signed_with_the_builds_key(
    slot: Path, root: Path, kernel: Kernel, folders: Folders
) -> None:
    path, public = made(slot, root, kernel, folders)
    opened = open_bundle(path, [public])
    opened.verify()
    told = opened.manifest
    assert path.name == "switchhook-1.2.3.update"
    assert (told.release, told.boards, told.kernel) == (RELEASE, ("rpi", "virtual"), "6.1.0-test")
    assert told.machines[0] == "maker,bcm2837-rpi-3-b" and told.machines[-1] == "linux,dummy-virt"
    assert (told.octets, told.root_sha256) == (slot.stat().st_size, sha256(root))


def test_the_device_refuses_a_bundle_of_another_key_or_with_a_changed_slot(
    tmp_path: Path, slot: Path, root: Path, kernel: Kernel, folders: Folders
) -> None:
    path, public = made(slot, root, kernel, folders)
    _, stranger = made(slot, root, kernel, Folders(tmp_path / "b2", tmp_path / "c2"))
    with pytest.raises(BundleError, match="not signed"):
        open_bundle(path, [stranger])
    octets = bytearray(path.read_bytes())
    octets[octets.index(b"kernelkernel")] ^= 1
    path.write_bytes(octets)
    with pytest.raises(BundleError, match="checksum"):
        open_bundle(path, [public]).verify()


def test_the_same_slot_and_key_give_the_same_bundle(
    slot: Path, root: Path, kernel: Kernel, folders: Folders
) -> None:
    first = sha256(made(slot, root, kernel, folders)[0])
    again = replace(folders, build=folders.build / "again")
    assert sha256(made(slot, root, kernel, again)[0]) == first


def test_a_bundle_holds_its_three_members_in_order(
    slot: Path, root: Path, kernel: Kernel, folders: Folders
) -> None:
    with tarfile.open(made(slot, root, kernel, folders)[0]) as archive:
        assert archive.getnames() == ["manifest.json", "manifest.sig", "slot.img"]
        assert {member.mtime for member in archive.getmembers()} == {RELEASE.built}


def test_the_development_key_is_made_once_and_is_its_owners_alone(folders: Folders) -> None:
    key = update.signing_key(folders, None)
    octets = key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    assert folders.cache in key.parents
    assert update.signing_key(folders, None).read_bytes() == octets


def test_a_named_key_that_is_missing_is_told(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"release\.pem is missing"):
        update.signing_key(folders, tmp_path / "release.pem")


def test_one_tree_gives_one_squashfs_whenever_and_wherever_it_is_made(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name / "tree"
        folder.mkdir(parents=True)
        files = ("one", "two") if name == "a" else ("two", "one")
        for file in files:
            (folder / file).write_text(file * 1000)
            subprocess.run(["touch", "-d", f"200{len(name)}-0{files.index(file) + 1}-01",
                            folder / file], check=True)  # fmt: skip
        squash(folder, tmp_path / f"{name}.sqfs", 1_700_000_000)
    assert sha256(tmp_path / "a.sqfs") == sha256(tmp_path / "b.sqfs")


def test_a_failing_program_is_told_with_its_last_words() -> None:
    with pytest.raises(BuildError, match=r"(?s)failed \(exit 3\).*why it failed"):
        run("sh", "-c", "echo why it failed >&2; exit 3")
    with pytest.raises(BuildError, match="no-such-program is missing"):
        run("no-such-program")


def test_steps_are_told_with_their_times(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    with progress.step("tea"):
        pass
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("s  ", 1)[1].split(" ")[0] for line in lines] == ["tea", "tea:"]
    assert list(progress.times) == ["tea"]


def test_a_cache_key_tells_where_one_part_ends() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of(b"ab") == key_of("ab")


def test_the_same_prompts_give_the_same_data_partition(tmp_path: Path) -> None:
    pack = tmp_path / "en-1.sqfs"
    pack.write_bytes(bytes(100_000))
    sums = []
    for name in ("a", "b"):
        parts = tmp_path / name
        parts.mkdir()
        pack.touch()  # its time is not the image's
        data_partition([pack], parts, RELEASE.built)
        sums.append(sha256(parts / "data.ext4"))
        assert not (parts / "data").exists()
    assert sums[0] == sums[1]
    listed = run("debugfs", "-R", "ls -p /prompts", parts / "data.ext4")
    assert "/en-1.sqfs/100000/" in listed


def test_a_boot_partition_is_the_same_in_every_time_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.txt"
    file.write_text("arm_64bit=1\n")
    os.utime(file, (RELEASE.built, RELEASE.built))
    (tmp_path / "genimage.cfg").write_text(
        'image boot.vfat { vfat { files = { "config.txt" } extraargs = "--invariant" } size = 2M }'
    )
    sums = set()
    for zone in ("UTC", "Asia/Tokyo", "America/St_Johns"):
        monkeypatch.setenv("TZ", zone)
        made = tmp_path / zone.replace("/", "-")
        (tmp_path / "nothing").mkdir(exist_ok=True)
        run(
            "genimage", "--config", tmp_path / "genimage.cfg", "--inputpath", tmp_path,
            "--outputpath", made, "--tmppath", made / "tmp", "--rootpath", tmp_path / "nothing",
            env={"SOURCE_DATE_EPOCH": str(RELEASE.built)},
        )  # fmt: skip
        sums.add(sha256(made / "boot.vfat"))
    assert len(sums) == 1


def test_a_second_build_in_the_same_folders_waits_for_the_first(folders: Folders) -> None:
    told: list[str] = []
    order: list[str] = []

    waits = threading.Event()

    def tell(words: str) -> None:
        told.append(words)
        waits.set()

    def second() -> None:
        with folders.alone(tell):
            order.append("second")

    thread = threading.Thread(target=second)
    with folders.alone(told.append):
        thread.start()
        assert waits.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert told == [f"another build is at work in {folders.build}; waiting for its end"]
