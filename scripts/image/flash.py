"""Write a card image to an SD card and read it back: scripts/flash-card.

Standard library only, because an owner who only writes a card has no .venv.
"""

import argparse
import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.image import image_file
from scripts.image.disks import Disk, Refused, System, candidates, check, find, in_words
from scripts.image.image_file import CHUNK, Content, ImageError


class Damaged(Exception):
    """The card does not hold what was written."""


Progress = Callable[[str, int, int], None]
"""Hears what is being done, the octets done and the octets there are (0: unknown)."""


@dataclass(frozen=True)
class Job:
    """An image that may be written to a disk: everything that can be refused has been looked at."""

    image: Path
    disk: Disk
    content: Content


def prepare(image: Path, device: Path, system: System, progress: Progress) -> Job:
    """Look at the disk, read the image. Raises Refused or ImageError; nothing is written."""
    disk = find(device, system)
    check(disk, 0)  # before minutes are spent on the image
    content = image_file.content(image, lambda octets: progress("reading the image", octets, 0))
    check(disk, content.octets)
    return Job(image, disk, content)


def flash(job: Job, progress: Progress) -> None:
    """Write and read back. Raises Refused if the disk is busy, Damaged if it holds other octets."""
    with _opened(job.disk, os.O_WRONLY | os.O_EXCL) as card:
        _write(card, job, progress)
        os.fsync(card)
        # So that the octets come back from the card and not from memory.
        os.posix_fadvise(card, 0, 0, os.POSIX_FADV_DONTNEED)
    with _opened(job.disk, os.O_RDONLY) as card:
        digest = hashlib.sha256()
        for piece in _counted(_read(card, job.content.octets), job, "reading back", progress):
            digest.update(piece)
    if digest.hexdigest() != job.content.sha256:
        raise Damaged(f"{job.disk} does not hold what was written; take another card")


_ADVICE = {
    errno.EACCES: "run this as root (sudo)",
    errno.EPERM: "run this as root (sudo)",
    errno.EBUSY: "it is mounted, or another program writes to it",
}


@contextmanager
def _opened(disk: Disk, how: int) -> Iterator[int]:
    """The disk's device file; exclusive: the kernel refuses it while a file system is mounted."""
    try:
        card = os.open(disk.node, how)
    except OSError as problem:
        advice = _ADVICE.get(problem.errno or 0, "see the kernel's log (dmesg)")
        raise Refused(f"{disk.node}: {problem.strerror}; {advice}") from problem
    try:
        yield card
    except OSError as problem:
        raise Damaged(f"{disk} failed: {problem.strerror}; take another card") from problem
    finally:
        os.close(card)


def _write(card: int, job: Job, progress: Progress) -> None:
    digest = hashlib.sha256()
    for piece in _counted(image_file.chunks(job.image), job, "writing", progress):
        digest.update(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(card, rest) :]
        os.fdatasync(card)  # else the progress tells how fast memory is
    if digest.hexdigest() != job.content.sha256:
        raise ImageError(f"{job.image} changed while it was written; the card is not usable")


def _read(card: int, octets: int) -> Iterator[bytes]:
    while octets > 0 and (piece := os.read(card, min(CHUNK, octets))):
        octets -= len(piece)
        yield piece


def _counted(pieces: Iterable[bytes], job: Job, doing: str, progress: Progress) -> Iterator[bytes]:
    done = 0
    for piece in pieces:
        yield piece
        done += len(piece)
        progress(doing, done, job.content.octets)


def question(job: Job) -> str:
    """What the owner is asked: which disk it is, and to type its name."""
    return (
        f"{job.disk} will be overwritten with {job.image.name} ({in_words(job.content.octets)}).\n"
        f"Everything on it is lost. Type {job.disk.name} to go on: "
    )


def _show(doing: str, done: int, total: int) -> None:
    """One line on the terminal, written over itself."""
    share = f"{100 * done // total:3d} %" if total else in_words(done)
    end = "\n" if total and done == total else ""
    print(f"\r{doing}: {share} ", end=end, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None, system: System = System()) -> int:  # noqa: B008
    """The command. 0: written and read back; 1: refused, failed or not confirmed."""
    parser = argparse.ArgumentParser(
        prog="flash-card", description="Write a Switchhook image to an SD card and read it back."
    )
    parser.add_argument("image", type=Path, help="card.img or card.img.zst")
    parser.add_argument(
        "device", type=Path, nargs="?",
        help="the whole card, e.g. /dev/sdb or /dev/mmcblk0; without it the cards are named",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask")
    asked = parser.parse_args(arguments)
    if asked.device is None:
        print(f"flash-card: name the card, too. {candidates(system)}", file=sys.stderr)
        return 1
    try:
        job = prepare(asked.image, asked.device, system, _show)
        print(file=sys.stderr)
        if not asked.yes and input(question(job)).strip() != job.disk.name:
            print("Nothing was written.", file=sys.stderr)
            return 1
        flash(job, _show)
    except (Refused, ImageError, Damaged) as problem:
        print(f"\nflash-card: {problem}", file=sys.stderr)
        return 1
    except (EOFError, KeyboardInterrupt):
        print("\nflash-card: given up; a card that was begun does not start", file=sys.stderr)
        return 1
    print(f"{job.disk} is written and read back. You can take it out.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
