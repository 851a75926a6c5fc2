"""The card image: firmware and U-Boot on a FAT, two slots, the data partition with the prompts."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from app.device.update.slots import FILES, SlotState
from app.device.update.slots_content import BLOCK
from scripts.image.apt import Apt, unpack
from scripts.image.kernel import DEVICE_TREES, Kernel
from scripts.image.work import PROJECT, Folders, run

BOOT = PROJECT / "board" / "boot"
LAYOUT = PROJECT / "board" / "genimage.cfg"
FIRMWARE = ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat")
"""Of Debian's raspi-firmware: the first steps of a Pi 3, Zero 2 W (no 4) and 4."""
ENVIRONMENT_OCTETS = 0x4000
"""As Debian's u-boot-rpi is built (CONFIG_ENV_SIZE)."""
DATA_OCTETS = 96 * 1024 * 1024
DATA_UUID = "5357484b-0000-4000-8000-000000000004"
QEMU_LOADER = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
"""U-Boot for QEMU's virt, from the host's package u-boot-qemu."""


def build(
    apt: Apt, kernel: Kernel, slot: Path, prompts: Sequence[Path], folders: Folders, epoch: int
) -> Path:
    """The whole card, uncompressed; its files bear the time `epoch`, in seconds since 1970."""
    parts = folders.build / "card"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    _from_debian(apt, kernel, folders, parts)
    return assemble(parts, slot, prompts, folders, epoch)


def assemble(
    parts: Path,
    slot: Path,
    prompts: Sequence[Path],
    folders: Folders,
    epoch: int,
    layout: Path = LAYOUT,
) -> Path:
    """The card from a folder that holds firmware, U-Boot and device trees; the rest is added here.

    Files bear the time `epoch`, in seconds since 1970.

    Whoever built those: Debian or Buildroot (scripts/image/buildroot.py).
    """
    shutil.copy2(BOOT / "config.txt", parts)
    shutil.copy2(BOOT / "switchhook.toml", parts)
    boot_script(parts / "boot.scr", epoch)
    loader_environment(parts / "uboot.env")
    for name, state in zip(FILES, (SlotState(seq=1), SlotState()), strict=True):
        (parts / name).write_bytes(state.octets())
    (parts / "slot.img").symlink_to(slot)
    (parts / "empty.img").write_bytes(bytes(BLOCK))
    data_partition(prompts, parts, epoch)
    nothing = folders.made("empty")
    scratch = folders.build / "genimage"
    shutil.rmtree(scratch, ignore_errors=True)
    run(
        "genimage", "--config", layout, "--inputpath", parts, "--outputpath", folders.made("image"),
        "--tmppath", scratch, "--rootpath", nothing,
        env={"SOURCE_DATE_EPOCH": str(epoch)},
    )  # fmt: skip
    return folders.build / "image" / "card.img"


def _from_debian(apt: Apt, kernel: Kernel, folders: Folders, parts: Path) -> None:
    """What a Raspberry Pi starts with, and the device trees of our kernel."""
    firmware, loader = apt.fetch("raspi-firmware", "u-boot-rpi")
    tree = unpack(firmware, folders.build / "firmware")
    for name in FIRMWARE:
        shutil.copy2(tree / "usr/lib/raspi-firmware" / name, parts)
    shutil.copy2(tree / "usr/share/doc/raspi-firmware/copyright", parts / "LICENCE.broadcom")
    tree = unpack(loader, folders.build / "u-boot")
    shutil.copy2(tree / "usr/lib/u-boot/rpi_arm64/u-boot.bin", parts)
    for name in DEVICE_TREES:
        shutil.copy2(kernel.device_tree(name), parts)


def boot_script(script: Path, epoch: int) -> None:
    """boot.cmd as U-Boot takes it, of the time `epoch` (seconds)."""
    run(
        "mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "Switchhook",
        "-d", BOOT / "boot.cmd", script, env={"SOURCE_DATE_EPOCH": str(epoch)},
    )  # fmt: skip


def loader_environment(environment: Path) -> None:
    """What a Pi's U-Boot reads instead of its own settings.

    No waiting for a key (noise on an open serial line would be one), no search on USB before the
    card, no keyboard; a USB stick is tried when the card starts nothing.
    """
    run("mkenvimage", "-s", hex(ENVIRONMENT_OCTETS), "-o", environment, BOOT / "environment.txt")


def data_partition(prompts: Sequence[Path], parts: Path, epoch: int) -> None:
    """ext4 that can grow online, with the prompts in it; of the time `epoch` (seconds)."""
    tree = parts / "data"
    (tree / "prompts").mkdir(parents=True)
    for pack in prompts:
        shutil.copy2(pack, tree / "prompts")
    image = parts / "data.ext4"
    with image.open("wb") as file:
        file.truncate(DATA_OCTETS)
    run(
        "mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-J", "size=16", "-L", "data",
        "-m", "0", "-d", tree, "-U", DATA_UUID,
        "-E", f"hash_seed={DATA_UUID},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0", image,
        env={"E2FSPROGS_FAKE_TIME": str(epoch)},
    )  # fmt: skip
    # each file and folder keeps the times it had here; there is no option against that
    names = [f"/{path.relative_to(tree)}" for path in sorted(tree.rglob("*"))]
    fields = [
        f"set_inode_field {n} {which}time @{epoch}" for n in names for which in ("a", "c", "m")
    ]
    run("debugfs", "-w", "-f", "-", image, stdin="\n".join(fields))
    shutil.rmtree(tree)
