"""What Linux tells about disks: which of them is a card that may be overwritten.

Everything is read from the folders in `System`, so the rules are tested with made-up ones.
"""

from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512
"""Unit of /sys/class/block/*/size, whatever the disk's own sectors are."""


class Refused(Exception):
    """The card is not written; the text says why and what to do."""


@dataclass(frozen=True)
class System:
    """Where the kernel tells about disks."""

    blocks: Path = Path("/sys/class/block")
    mounts: Path = Path("/proc/self/mountinfo")
    swaps: Path = Path("/proc/swaps")


@dataclass(frozen=True)
class Disk:
    """A disk as its owner would recognise it."""

    node: Path
    """Its device file."""
    model: str
    octets: int
    removable: bool
    read_only: bool
    uses: tuple[str, ...] = field(default=())
    """Each thing it is used for now, in words."""

    @property
    def name(self) -> str:
        """The kernel's name, e.g. sdb."""
        return self.node.name

    def __str__(self) -> str:
        return f"{self.node} ({self.model}, {in_words(self.octets)})"


def in_words(octets: int) -> str:
    """A size as cards are sold: 31.9 GB."""
    return f"{octets / 1e9:.1f} GB" if octets >= 1e9 else f"{octets / 1e6:.0f} MB"


def find(device: Path, system: System) -> Disk:
    """The disk behind a device file or a link to one. Raises Refused if it is none."""
    node = device.resolve()
    block = system.blocks / node.name
    if not block.exists():
        seen = "" if node.exists() else "; there is no such file"
        raise Refused(f"{device} is not a disk{seen}. {candidates(system, node.parent)}")
    if (block / "partition").exists():
        whole = node.with_name(block.resolve().parent.name)
        raise Refused(f"{device} is one partition; name the whole disk, {whole}")
    return Disk(
        node=node,
        model=_model(block),
        octets=int(_text(block / "size") or 0) * SECTOR,
        removable=_is_card(block),
        read_only=_text(block / "ro") == "1",
        uses=tuple(_uses(block.resolve(), node, system)),
    )


def cards(system: System, nodes: Path = Path("/dev")) -> list[Disk]:
    """All removable disks that hold a card."""
    names = sorted(p.name for p in system.blocks.glob("*") if not (p / "partition").exists())
    found = [find(nodes / name, system) for name in names]
    return [disk for disk in found if disk.removable and disk.octets]


def check(disk: Disk, octets: int) -> None:
    """Whether so many octets may be written to this disk. Raises Refused."""
    if not disk.removable:
        raise Refused(f"{disk} is built in, not a card or stick; it will not be overwritten")
    if disk.octets == 0:
        raise Refused(f"{disk.node}: there is no card in the reader")
    if disk.uses:
        raise Refused(
            f"{disk} is in use: {'; '.join(disk.uses)}. Unmount it first, if it is the right one"
        )
    if disk.read_only:
        raise Refused(f"{disk} is write-protected; move the little lock on the card's side")
    if disk.octets < octets:
        raise Refused(f"{disk} is too small: the image needs {in_words(octets)}")


def candidates(system: System, nodes: Path = Path("/dev")) -> str:
    """The cards that could be written, as a sentence."""
    found = ", ".join(str(disk) for disk in cards(system, nodes))
    return f"Cards here: {found}" if found else "No card or stick is plugged in"


def _is_card(block: Path) -> bool:
    """Many built-in SD slots do not say "removable"; soldered eMMC is type MMC, a card is SD."""
    return _text(block / "removable") == "1" or _text(block / "device" / "type") == "SD"


def _model(block: Path) -> str:
    device = block / "device"
    words = [_text(device / name) for name in ("vendor", "model", "name")]
    return " ".join(word for word in words if word) or "unknown model"


def _uses(block: Path, node: Path, system: System) -> list[str]:
    """Mounted, swapped on, or part of a volume: the disk or one of its partitions."""
    parts = [block, *sorted(p for p in block.iterdir() if (p / "partition").exists())]
    nodes = {str(node.with_name(part.name)) for part in parts}
    numbers = {_text(part / "dev") for part in parts} - {""}
    uses = []
    for line in _text(system.mounts).splitlines():
        # number parent major:minor root place options [tags] - type source options [proc(5)]
        words, _, rest = line.partition(" - ")
        number, place = words.split()[2], words.split()[4]
        source = rest.split()[1]
        if number in numbers or source in nodes:
            uses.append(f"{source} is mounted on {_unescaped(place)}")
    for line in _text(system.swaps).splitlines()[1:]:
        if line.split()[0] in nodes:
            uses.append(f"{line.split()[0]} is swap space")
    for part in parts:
        for holder in sorted((part / "holders").glob("*")):
            uses.append(f"{node.with_name(part.name)} belongs to {holder.name}")
    return uses


def _unescaped(place: str) -> str:
    """The kernel writes a blank as \\040 [proc(5)]."""
    return place.encode("latin-1", "replace").decode("unicode_escape")


def _text(path: Path) -> str:
    """A file's text; nothing if the kernel does not tell that."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
