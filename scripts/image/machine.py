"""The built image in QEMU: how to start it, directly with its kernel or through U-Boot.

`virt` is a machine of QEMU's own; `raspi3b` has a Pi 3's processor, card and USB network. Both take
the same card. Ports of the guest are reached on 127.0.0.1 at ports the system chose.
"""

import os
import shutil
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts.image.card import QEMU_LOADER
from scripts.image.work import BuildError, run

MachineName = Literal["virt", "raspi3b"]
MACHINES: tuple[MachineName, ...] = ("virt", "raspi3b")
GUEST_PORTS: Mapping[str, int] = {
    "pop3": 110, "smtp": 25, "http": 80, "https": 443, "pop3s": 995, "submission": 587,
}  # fmt: skip
"""What the appliance may listen on."""
CARD_OCTETS = 1 << 30
"""A power of two, which QEMU's SD card must be; larger than the image, so that data grows."""
OWN_TIME = ("-icount", "shift=0,sleep=off", "-rtc", "clock=vm")
"""An instruction takes 2 ** 0 ns of the guest's time; while all its processors wait, its clocks
jump to what they wait for, so that nobody sleeps through it [QEMU, -icount]. Shorter instructions
are not to be had; with longer ones the lines' beats, 100 a second, leave less for all else."""
FAT_OFFSET = 1 << 20
"""Where the card's FAT begins; mtools name it IMAGE@@1048576."""


@dataclass(frozen=True)
class Start:
    """One start of the image."""

    machine: MachineName
    products: Path
    """The folder that the build made."""
    disk: Path
    """A raw card, as copy_card makes it."""
    ports: Mapping[str, int]
    """Ports on 127.0.0.1 by the names of GUEST_PORTS."""
    uboot: bool = False
    append: str = ""
    """More kernel arguments; through U-Boot they must be on the card (copy_card)."""
    memory_mb: int = 512
    devices: tuple[str, ...] = ()
    """More arguments for QEMU."""
    restarts: bool = False
    """A restart of the guest starts it again; else it ends QEMU, as a test wants."""
    own_time: bool = False
    """The guest's clocks count its instructions instead of the host's seconds: on a busy host it
    takes longer, and never sees that it is late; what it only waits for is there at once."""

    def command(self) -> list[str]:
        """The QEMU command; the serial console is its standard input and output."""
        common = ["qemu-system-aarch64", "-M", self.machine, "-display", "none"]
        if not self.restarts:
            common.append("-no-reboot")
        if self.own_time:
            common += OWN_TIME
        machine = self._virt() if self.machine == "virt" else self._raspi3b()
        return [*common, *machine, *self.devices]

    def _virt(self) -> list[str]:
        boot = ["-bios", str(QEMU_LOADER)] if self.uboot else self._kernel("ttyAMA0", "/dev/vda2")
        return [
            "-cpu", "cortex-a53", "-smp", "2", "-m", str(self.memory_mb), "-serial", "stdio",
            *boot,
            "-drive", f"if=none,file={self.disk},format=raw,id=card,cache={self._cache()}",
            "-device", "virtio-blk-device,drive=card", "-device", "virtio-rng-device",
            "-netdev", self._network(), "-device", "virtio-net-device,netdev=net",
        ]  # fmt: skip

    def _cache(self) -> str:
        """Only who keeps a card cares for it when the host's power fails; when QEMU is killed the
        host still has what the guest wrote, and nothing else, either way."""
        return "writeback" if self.restarts else "unsafe"

    def _raspi3b(self) -> list[str]:
        tree = str(self.products / "bcm2837-rpi-3-b.dtb")
        if self.uboot:
            boot = ["-kernel", str(self.products / "u-boot.bin")]
        else:
            boot = self._kernel("ttyS1,115200", "/dev/mmcblk0p2")
        return [
            "-serial", "null", "-serial", "stdio", *boot, "-dtb", tree,
            "-drive", f"if=sd,file={self.disk},format=raw",
            "-netdev", self._network(), "-device", "usb-net,netdev=net",
        ]  # fmt: skip

    def _kernel(self, console: str, root: str) -> list[str]:
        arguments = (
            f"console={console} root={root} rootwait ro rootfstype=squashfs panic=5"
            f" switchhook.slot=A {self.append}"
        )
        return ["-kernel", str(self.products / "Image"), "-append", arguments.strip()]

    def _network(self) -> str:
        forwards = "".join(
            f",hostfwd=tcp:127.0.0.1:{port}-:{GUEST_PORTS[name]}"
            for name, port in self.ports.items()
        )
        return f"user,id=net{forwards}"


def copy_card(products: Path, disk: Path, append: str = "", octets: int = CARD_OCTETS) -> Path:
    """A card of its own for one machine, with kernel arguments for a start through U-Boot.

    `octets` is its size. Raises BuildError if there is no image.
    """
    card = products / "card.img"
    if not card.exists():
        raise BuildError(f"{card} is missing; `make image` builds it")
    run("cp", "--sparse=always", "--reflink=auto", card, disk)
    os.truncate(disk, octets)
    if append:
        set_arguments(disk, append)
    return disk


def set_arguments(disk: Path, append: str) -> None:
    """Write the kernel arguments that U-Boot adds on a card's boot partition."""
    settings = disk.with_suffix(".extra")
    settings.write_text(f"extra={append}\n")
    run("mcopy", "-o", "-i", f"{disk}@@{FAT_OFFSET}", settings, "::extra.env")
    settings.unlink()


def free_ports() -> dict[str, int]:
    """Ports on 127.0.0.1 that nobody has at this moment, one for each of GUEST_PORTS."""
    with ExitStack() as held:
        ports = {}
        for name in GUEST_PORTS:
            place = held.enter_context(socket.socket())
            place.bind(("127.0.0.1", 0))
            ports[name] = place.getsockname()[1]
        return ports


def check_emulator() -> None:
    """Raise BuildError if QEMU or its U-Boot is missing."""
    if shutil.which("qemu-system-aarch64") is None or not QEMU_LOADER.exists():
        raise BuildError("QEMU for arm64 is missing; `scripts/setup image` installs it")
