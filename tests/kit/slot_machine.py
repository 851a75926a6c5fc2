"""QEMU's `virt` with Debian's U-Boot, a disk with two slots, and kernels that say who they are.

A kernel here is a few instructions: it writes its own text and the kernel arguments to the serial
line and restarts the machine. So one start takes some seconds and ends by itself.
"""

import re
import shutil
import struct
import subprocess
from pathlib import Path

from app.device.update.slots import FILES
from app.device.update.slots_disk import BlockFile

U_BOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
TOOLS = ("qemu-system-aarch64", "mkimage", "mkfs.vfat", "mcopy")
SCRIPT = Path(__file__).resolve().parents[2] / "board" / "boot" / "boot.cmd"

MIB = 1 << 20
BOOT_AT, BOOT_MIB = 1 * MIB, 36
SLOT_MIB = 2
SLOT_AT = {"A": BOOT_AT + BOOT_MIB * MIB, "B": BOOT_AT + (BOOT_MIB + SLOT_MIB) * MIB}
SIGNATURE = 0x53574831
START_WITHIN_S = 60
TYPED = b"\n" + b" " * 16 + b"run bootcmd_virtio0\n"
"""At U-Boot's prompt: no waiting for keys, none of the disks that are not there. A few of the
first octets may be lost while U-Boot looks for a key."""
NOTHING = "slots: nothing to start"

# fmt: off
_CODE = (                # x0 = device tree
    0xaa0003f3,          #     mov  x19, x0
    0xd2a12001,          #     mov  x1, #0x9000000       the PL011's data register
    0x100002a2,          #     adr  x2, text
    0x38401443,          # 1:  ldrb w3, [x2], #1
    0x34000063,          #     cbz  w3, 2f
    0x39000023,          #     strb w3, [x1]
    0x17fffffd,          #     b    1b
    0x528dec64,          # 2:  mov  w4, #0x6f63          "cons", with which bootargs begin
    0x72ae6dc4,          #     movk w4, #0x736e, lsl #16
    0xb8404663,          # 3:  ldr  w3, [x19], #4
    0x6b04007f,          #     cmp  w3, w4
    0x54ffffc1,          #     b.ne 3b
    0xd1001273,          #     sub  x19, x19, #4
    0x38401663,          # 4:  ldrb w3, [x19], #1
    0x34000063,          #     cbz  w3, 5f
    0x39000023,          #     strb w3, [x1]
    0x17fffffd,          #     b    4b
    0x52800143,          # 5:  mov  w3, #10
    0x39000023,          #     strb w3, [x1]
    0x52800120,          #     mov  w0, #9               PSCI SYSTEM_RESET [ARM DEN 0022]
    0x72b08000,          #     movk w0, #0x8400, lsl #16
    0xd4000002,          #     hvc  #0
    0x14000000,          #     b    .
)                        # text:
# fmt: on


def missing() -> list[str]:
    """What this machine lacks to run one."""
    lacks = [tool for tool in TOOLS if shutil.which(tool) is None]
    return lacks + ([] if U_BOOT.exists() else ["u-boot-qemu"])


def a_kernel(text: str) -> bytes:
    """An arm64 Image [Documentation/arm64/booting.rst] that says a text."""
    head = struct.pack("<II6QI4x", 0x14000010, 0xD503201F, 0, 0x10000, 0xA, 0, 0, 0, 0x644D5241)
    code = struct.pack(f"<{len(_CODE)}I", *_CODE)
    return head[:56] + b"ARM\x64" + bytes(4) + code + text.encode() + b"\0"


class SlotMachine:
    """A machine with an empty disk; `start()` runs it until its kernel restarts it."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "disk.img"
        self._fat = folder / "boot.vfat"
        self._script(folder)
        self.image.write_bytes(_mbr())
        with self.image.open("r+b") as file:
            file.truncate(SLOT_AT["B"] + SLOT_MIB * MIB)
            file.seek(BOOT_AT)
            file.write(self._fat.read_bytes())

    def _script(self, folder: Path) -> None:
        subprocess.run(
            ["mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-d", SCRIPT,
             folder / "boot.scr"], check=True, capture_output=True,
        )  # fmt: skip
        with self._fat.open("wb") as file:
            file.truncate(BOOT_MIB * MIB)
        subprocess.run(
            ["mkfs.vfat", "-F", "32", "-s", "1", self._fat], check=True, capture_output=True
        )
        self._mtools("mcopy", "-i", self._fat, folder / "boot.scr", "::")

    def _mtools(self, *command: str | Path) -> None:
        subprocess.run(command, check=True, capture_output=True)

    def put(self, slot: str, content: bytes) -> None:
        """Put a content at the beginning of a slot."""
        with BlockFile(self.image) as file:
            file.write(SLOT_AT[slot], content)

    def write_files(self, files: list[bytes | None]) -> None:
        """Put the state files on the FAT; None removes one."""
        for name, octets in zip(FILES, files, strict=True):
            place = f"{self.image}@@{BOOT_AT}"
            if octets is None:
                subprocess.run(["mdel", "-i", place, f"::{name}"], check=False, capture_output=True)
                continue
            source = self.image.with_name(name)
            source.write_bytes(octets)
            self._mtools("mcopy", "-o", "-i", place, source, "::")

    def files(self) -> list[bytes | None]:
        """The state files as they are on the FAT."""
        found: list[bytes | None] = []
        for name in FILES:
            place = f"{self.image}@@{BOOT_AT}"
            got = subprocess.run(
                ["mcopy", "-n", "-i", place, f"::{name}", "-"], check=False, capture_output=True
            )
            found.append(got.stdout if got.returncode == 0 else None)
        return found

    def running(self) -> tuple[str | None, bool]:
        """One start; the slot whose kernel came to run, and whether it was told of its trial."""
        said = self.start()
        ran = re.search(r"^kernel .*switchhook\.slot=([AB])(.*)", said, re.MULTILINE)
        assert ran or NOTHING in said, said
        return (ran[1], "switchhook.trial" in ran[2]) if ran else (None, False)

    def start(self) -> str:
        """One start, until the machine restarts or nothing is left to start; what it said."""
        with subprocess.Popen(
            ["timeout", str(START_WITHIN_S),
             "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53", "-m", "256", "-nographic",
             "-no-reboot", "-accel", "tcg", "-nic", "none", "-bios", U_BOOT,
             "-drive", f"if=none,file={self.image},format=raw,id=d",
             "-device", "virtio-blk-device,drive=d"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as machine:  # fmt: skip
            assert machine.stdin is not None and machine.stdout is not None
            machine.stdin.write(TYPED)
            machine.stdin.close()
            said = []
            for line in machine.stdout:
                said.append(line.decode("latin-1").rstrip("\r\n"))
                if said[-1].startswith(NOTHING):
                    break
            machine.terminate()
        return "\n".join(said)


def _mbr() -> bytes:
    entries = [
        (0xC, BOOT_AT, BOOT_MIB),
        (0x83, SLOT_AT["A"], SLOT_MIB),
        (0x83, SLOT_AT["B"], SLOT_MIB),
    ]
    table = b"".join(
        struct.pack(
            "<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", at // 512, size * MIB // 512
        )
        for kind, at, size in entries
    )
    return bytes(440) + struct.pack("<IH", SIGNATURE, 0) + table.ljust(64, b"\0") + b"\x55\xaa"
