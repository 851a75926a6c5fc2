"""A card image as it is handed out: plain, or compressed by zstd. Standard library only, because an
owner who only writes a card has no .venv."""

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK = 4 * 1024 * 1024
"""Octets read, written and counted at a time; a multiple of every card's erase block."""
ZSTD = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins [RFC 8878 3.1.1]."""
BOOT_SIGNATURE = b"\x55\xaa"
"""At octet 510 of a disk with partitions in an MBR."""


class ImageError(Exception):
    """The file is no card image, or a damaged one; the text says which."""


@dataclass(frozen=True)
class Content:
    """What an image puts on a card."""

    octets: int
    sha256: str


def is_compressed(path: Path) -> bool:
    """Whether the file is a zstd frame, whatever its name. Raises OSError if unreadable."""
    with path.open("rb") as file:
        return file.read(len(ZSTD)) == ZSTD


def chunks(path: Path) -> Iterator[bytes]:
    """The octets for the card, CHUNK at a time. Raises ImageError, for a damaged end only there."""
    try:
        if is_compressed(path):
            yield from _decompressed(path)
        else:
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    yield piece
    except OSError as problem:
        raise ImageError(f"{path} cannot be read: {problem.strerror}") from problem


def content(path: Path, on_read: Callable[[int], None] = lambda octets: None) -> Content:
    """Read the whole image once: its size, its checksum, and that it is one.

    `on_read` is called with the octets read so far. Raises ImageError.
    """
    digest, octets = hashlib.sha256(), 0
    for piece in chunks(path):
        if octets == 0 and piece[510:512] != BOOT_SIGNATURE:
            raise ImageError(f"{path} is not a card image: it has no partition table")
        digest.update(piece)
        octets += len(piece)
        on_read(octets)
    if octets == 0:
        raise ImageError(f"{path} is empty")
    return Content(octets, digest.hexdigest())


def _decompressed(path: Path) -> Iterator[bytes]:
    command = ["zstd", "--decompress", "--stdout", "--quiet", str(path)]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as problem:
        raise ImageError(f"{path} is compressed; install zstd, or decompress it first") from problem
    with process:
        assert process.stdout is not None and process.stderr is not None
        try:
            while piece := process.stdout.read(CHUNK):
                yield piece
            words = process.stderr.read().decode(errors="replace").strip()
            if process.wait() != 0:
                raise ImageError(f"{path} is damaged: {words}")
        finally:
            process.kill()  # does nothing to one that has ended
