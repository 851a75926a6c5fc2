"""Write a bundle into the other slot and put it on trial; whenever the power goes, a slot starts.

The order is the whole trick:

1. whatever trial the state still names is called off: only the good slot, which runs, is started;
2. the other slot's first sector is erased: nothing can start from it;
3. its content is written, all but the first sector, and read back from the medium;
4. its first sector is written: it can be started;
5. the state puts it on trial, by one sector in the spare file.

Before 1 the whole bundle is read and judged, so a bad one leaves both slots as they are.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from app.core.sentences import N_, sentence
from app.device.update.bundle import Bundle
from app.device.update.errors import Refused, WriteFailed
from app.device.update.rules import Here, judge
from app.device.update.slots import TRIES
from app.device.update.slots_content import BLOCK, PIECE
from app.device.update.slots_disk import BlockFile, Disk

WRITTEN, READ_BACK = N_("written"), N_("read back")
"""The steps that take long."""
BURST = 4 * PIECE
"""Octets written before they are made durable: as much as the card has to swallow at a time."""


@dataclass(frozen=True)
class Pace:
    """How hard an installation may press: it rests after each burst, so that calls go on."""

    rest: Callable[[float], None]
    """Waits; given the seconds that the burst took."""
    tell: Callable[[str, int, int], None]
    """Told what is done: the step (WRITTEN, READ_BACK), octets so far, octets in all."""
    clock: Callable[[], float] = time.monotonic


def install(bundle: Bundle, disk: Disk, here: Here, pace: Pace) -> None:
    """Judge, write, check, put on trial; the next start tries it.

    Raises BundleError, Refused or WriteFailed; the running slot stays the good one.
    """
    judge(bundle.manifest, here)
    if disk.state().good != disk.running:
        raise Refused(
            sentence(
                "not installed: slot %(slot)s, which runs, has not proved itself yet; wait for"
                " `update confirm`, or say `update mark-good` if it is",
                slot=disk.running,
            )
        )
    bundle.verify()
    if disk.state().trial is not None:
        disk.write(lambda state: state.without_trial())
    with disk.open(disk.slots[disk.other]) as slot:
        _write(bundle, slot, pace)
    if disk.content(disk.other) is None:
        raise WriteFailed(
            sentence("slot %(slot)s holds nothing that could be started", slot=disk.other)
        )
    disk.write(lambda state: state.on_trial(disk.other, TRIES))


def _write(bundle: Bundle, slot: BlockFile, pace: Pace) -> None:
    """Steps 2 to 4. Raises WriteFailed."""
    try:
        slot.write(0, bytes(BLOCK))
        slot.sync()
        first = _body(bundle, slot, pace)
        _read_back(bundle, slot, first, pace)
        slot.write(0, first)
        slot.sync()
        if slot.read(0, BLOCK) != first:
            raise WriteFailed(
                sentence("the slot's first sector does not read back as it was written")
            )
    except OSError as problem:
        raise WriteFailed(
            sentence("the slot cannot be written: %(why)s", why=problem.strerror)
        ) from problem


def _body(bundle: Bundle, slot: BlockFile, pace: Pace) -> bytes:
    """Write all but the first sector; gives that."""
    total, at = bundle.manifest.octets, BLOCK
    stream = bundle.pieces()
    first, rest = _split(stream)
    begun, unsynced = pace.clock(), 0
    for piece in rest:
        slot.write(at, piece)
        at, unsynced = at + len(piece), unsynced + len(piece)
        if unsynced >= BURST:
            slot.sync()
            pace.tell(WRITTEN, at, total)
            pace.rest(pace.clock() - begun)
            begun, unsynced = pace.clock(), 0
    slot.sync()
    pace.tell(WRITTEN, at, total)
    return first


def _split(stream: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first sector of a stream, and what follows it."""
    head = next(stream, b"")
    return head[:BLOCK].ljust(BLOCK, b"\0"), chain((head[BLOCK:],), stream)


def _read_back(bundle: Bundle, slot: BlockFile, first: bytes, pace: Pace) -> None:
    total = bundle.manifest.octets
    digest = hashlib.sha256(first[:total])
    for at in range(BLOCK, total, PIECE):
        begun = pace.clock()
        digest.update(slot.read(at, min(PIECE, total - at)))
        pace.tell(READ_BACK, min(at + PIECE, total), total)
        pace.rest(pace.clock() - begun)
    if digest.hexdigest() != bundle.manifest.sha256:
        raise WriteFailed(
            sentence(
                "what was written does not read back: the card is bad, or was taken out; the"
                " running version goes on"
            )
        )
