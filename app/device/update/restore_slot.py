"""Recovery: a system that was started from a USB stick puts the memory card's slots right again.

When no slot of the card can be started, U-Boot starts a stick that holds the card image
(docs/image.md). From there the stick's own slot is copied to the card's slot A. The card's data
partition stays as it is; a card that is not ours, or broken beyond that, is written anew instead
(scripts/flash-card), and its data comes from a backup.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from app.core.errors import DeviceError
from app.device.update.slots import SlotState
from app.device.update.slots_content import BLOCK, PIECE
from app.device.update.slots_disk import BlockFile, Disk

SIGNATURE = 0x53574831
"""Of the card's MBR, octets 440 to 443: "SWH1"."""
PARTITIONS = frozenset({1, 2, 3, 4})


def cards(sys: Path, dev: Path, running_from: str) -> dict[str, dict[int, Path]]:
    """The cards of ours that are here, but for the disk we run from: their partitions by number."""
    found = {}
    for disk in sorted((sys / "block").iterdir()):
        parts = {
            int((folder / "partition").read_text()): dev / folder.name
            for folder in disk.iterdir()
            if (folder / "partition").is_file()
        }
        if disk.name != running_from and set(parts) == PARTITIONS and _is_ours(dev / disk.name):
            found[disk.name] = parts
    return found


def _is_ours(disk: Path) -> bool:
    with disk.open("rb") as file:
        mbr = file.read(512)
    return int.from_bytes(mbr[440:444], "little") == SIGNATURE


def restore_slot(card: Disk, source: BlockFile, tell: Callable[[int, int], None]) -> SlotState:
    """Copy a whole slot into the card's slot A and make it the good one.

    The first sector is written last, so that half a copy is never started. Raises DeviceError if
    the card does not read back what was written, OSError if it cannot be written.
    """
    target, octets = card.slots["A"], source.size()
    with card.open(target) as slot:
        if slot.size() < octets:
            raise DeviceError(f"slot A of the card has {slot.size()} octets; {octets} are needed")
        slot.write(0, bytes(BLOCK))
        for at in range(BLOCK, octets, PIECE):
            piece = source.read(at, min(PIECE, octets - at))
            slot.write(at, piece)
            slot.sync()
            if slot.read(at, len(piece)) != piece:
                raise DeviceError("the card does not keep what is written to it: take another one")
            tell(at + len(piece), octets)
        slot.write(0, source.read(0, BLOCK))
        slot.sync()
    if card.content("A") is None:
        raise DeviceError("what was copied cannot be started; is the stick's own image whole?")
    return card.write(lambda state: state.marked_good("A"))


def one_card(found: Mapping[str, dict[int, Path]]) -> str:
    """The only card there is. Raises DeviceError otherwise."""
    if len(found) != 1:
        raise DeviceError(
            f"one memory card of ours is needed, there are: {', '.join(found) or 'none'}"
        )
    return next(iter(found))
