"""The data partition takes what is left of the card: the entry in the MBR, and word to the kernel.

A card image is smaller than the card it is written to. One sector is written, so a power cut leaves
the old size or the new one, and both are right.
"""

import fcntl
import os
import struct
from ctypes import addressof, create_string_buffer
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import DeviceError

SECTOR = 512
ALIGN = 2048
"""Partitions end at a whole MiB."""
LARGEST = 0xFFFFFFFF
"""Sectors that an MBR entry can count: 2 TiB."""

_TABLE = 446
_ENTRY = struct.Struct("<B3sB3sII")  # status, first CHS, type, last CHS, first sector, sectors
_SIGNATURE = b"\x55\xaa"
_CHS_BEYOND = b"\xfe\xff\xff"  # what cannot be said in cylinders
BLKPG = 0x1269
_RESIZE = 3
_BLKPG_PARTITION = struct.Struct("<qqi64s64s4x")  # start, length (octets), number, two names
_BLKPG_ARGUMENT = struct.Struct("<iii4xQ")  # operation, flags, length, pointer


@dataclass(frozen=True)
class Part:
    """A partition, in sectors."""

    number: int
    first: int
    sectors: int


def read(mbr: bytes, number: int) -> Part:
    """Partition 1..4 of an MBR. Raises DeviceError if there is none."""
    if len(mbr) < SECTOR or mbr[510:512] != _SIGNATURE:
        raise DeviceError("the disk has no MBR partition table")
    _, _, kind, _, first, sectors = _ENTRY.unpack_from(mbr, _at(number))
    if kind == 0 or sectors == 0:
        raise DeviceError(f"the disk has no partition {number}")
    return Part(number, first, sectors)


def grown(mbr: bytes, number: int, disk_sectors: int) -> tuple[bytes, Part]:
    """The MBR with this partition reaching to the disk's end, and the partition.

    Raises DeviceError if another partition lies behind it.
    """
    part = read(mbr, number)
    for other in (1, 2, 3, 4):
        _, _, kind, _, first, sectors = _ENTRY.unpack_from(mbr, _at(other))
        if other != number and kind != 0 and first + sectors > part.first:
            raise DeviceError(f"partition {other} lies behind partition {number}")
    end = min(disk_sectors, part.first + LARGEST)
    sectors = max(part.sectors, end - end % ALIGN - part.first)
    status, first_chs, kind, _, first, _ = _ENTRY.unpack_from(mbr, _at(number))
    table = bytearray(mbr)
    _ENTRY.pack_into(table, _at(number), status, first_chs, kind, _CHS_BEYOND, first, sectors)
    return bytes(table), Part(number, first, sectors)


def _at(number: int) -> int:
    return _TABLE + (number - 1) * _ENTRY.size


def grow(disk: Path, number: int) -> Part:
    """Grow a partition of a disk (or an image of one) to its end; what it is now.

    Raises DeviceError or OSError.
    """
    fd = os.open(disk, os.O_RDWR | os.O_CLOEXEC)
    try:
        mbr = os.pread(fd, SECTOR, 0)
        table, part = grown(mbr, number, os.lseek(fd, 0, os.SEEK_END) // SECTOR)
        if part != read(mbr, number):
            os.pwrite(fd, table, 0)
            os.fsync(fd)
        if disk.is_block_device():
            _tell_kernel(fd, part)
    finally:
        os.close(fd)
    return part


def _tell_kernel(fd: int, part: Part) -> None:
    """Change the partition's size while others of the disk are mounted [linux/blkpg.h]."""
    data = _BLKPG_PARTITION.pack(part.first * SECTOR, part.sectors * SECTOR, part.number, b"", b"")
    kept = create_string_buffer(data, len(data))
    fcntl.ioctl(fd, BLKPG, _BLKPG_ARGUMENT.pack(_RESIZE, 0, len(data), addressof(kept)))
