"""A made-up machine with disks: folders as the kernel shows them, files in place of the disks."""

from pathlib import Path

from scripts.image.disks import SECTOR, System


class Machine:
    """Disks as folders and files under one folder."""

    def __init__(self, folder: Path) -> None:
        self.nodes = folder / "dev"
        self.folder = folder
        self._devices = folder / "sys" / "devices"
        self.system = System(
            blocks=folder / "sys" / "class" / "block",
            mounts=folder / "mountinfo",
            swaps=folder / "swaps",
        )
        for made in (self.nodes, self._devices, self.system.blocks):
            made.mkdir(parents=True)
        self.system.mounts.write_text("22 1 0:20 / /proc rw - proc proc rw\n")
        self.system.swaps.write_text("Filename Type Size Used Priority\n")
        self._numbers: dict[str, str] = {}

    def plug(
        self,
        name: str,
        octets: int,
        *,
        removable: bool = True,
        model: str = "USB Reader",
        card_type: str = "",
        read_only: bool = False,
    ) -> Path:
        """A disk; gives its device file, which holds old octets."""
        block = self._block(name, self._devices / name)
        (block / "size").write_text(f"{octets // SECTOR}\n")
        (block / "removable").write_text(f"{int(removable)}\n")
        (block / "ro").write_text(f"{int(read_only)}\n")
        (block / "device").mkdir()
        (block / "device" / "model").write_text(f"{model}    \n")
        (block / "device" / "vendor").write_text("Acme    \n")
        if card_type:
            (block / "device" / "type").write_text(f"{card_type}\n")
        (self.nodes / name).write_bytes(b"old!" * (octets // 4))
        return self.nodes / name

    def part(self, disk: str, name: str) -> Path:
        """A partition of a disk; gives its device file."""
        block = self._block(name, self._devices / disk / name)
        (block / "partition").write_text("1\n")
        (self.nodes / name).write_bytes(b"")
        return self.nodes / name

    def mount(self, name: str, place: str, source: str = "") -> None:
        """Mount a disk or partition, as the kernel would list it."""
        source = source or str(self.nodes / name)
        line = f"30 1 {self._numbers[name]} / {place} rw shared:1 - vfat {source} rw\n"
        self.system.mounts.write_text(self.system.mounts.read_text() + line)

    def swap_on(self, name: str) -> None:
        """Use a partition as swap space."""
        line = f"{self.nodes / name} partition 1000 0 -2\n"
        self.system.swaps.write_text(self.system.swaps.read_text() + line)

    def hold(self, disk: str, name: str, by: str) -> None:
        """Make a partition part of a volume."""
        (self._devices / disk / name / "holders" / by).mkdir(parents=True)

    def _block(self, name: str, block: Path) -> Path:
        block.mkdir()
        self._numbers[name] = f"8:{len(self._numbers)}"
        (block / "dev").write_text(f"{self._numbers[name]}\n")
        (self.system.blocks / name).symlink_to(block)
        return block
