"""What goes between the box process and the telephone service: message layouts.

Both ends use Unix sockets that keep message boundaries (SOCK_SEQPACKET). A connection's first
message says what it is for: CONTROL (SPI, pins, clock: one request, one answer), VOICE (one
message a period and direction) or LEVELS (the head of each period alone, for a service that has its
samples over a sound card) or EDGES (the levels alone, whenever one has changed, for a front panel).
All numbers are little endian.

    hello      role u8 · version u16                 answer   OK u8 · slots u16    (or error)
    SPI        'S' · bus u8 · select u8 · frames     answer   OK u8 · levels u64 · bytes read
    pin        'P' · pin u8 · level u8               answer   OK u8 · levels u64
    clock      'K' · on u8                           answer   OK u8 · levels u64
    I2C        'I' · bus u8 · address u8 · register u8 · value u8 if it is a write
                                                     answer   OK u8 · levels u64 · 0 u8 · value u8
                                                              (1 u8 instead: no acknowledge)
    loudspeaker 'L' · samples; none: open it         answer   OK u8 · levels u64 · taken u16
    any error                                        answer   ERROR u8 · text
    voice out  levels u64 · now u64 · lost u32 · samples    voice in   samples
    levels     levels u64 · now u64 · lost u32
    edges      levels u64

`levels` has one bit for each input pin number, so that reading a pin costs nothing.
"""

import socket
import struct
from pathlib import Path

from drivers.errors import BusClosed, HardwareError

VERSION = 1
CONTROL, VOICE, LEVELS, EDGES = 0x43, 0x56, 0x4C, 0x45
OK, ERROR = 0, 1
SPI, PIN, CLOCK, I2C, SOUND = 0x53, 0x50, 0x4B, 0x49, 0x4C
PRESENT, MISSING = 0, 1
"""Whether an I2C device has acknowledged."""

HELLO = struct.Struct("<BH")
WELCOME = struct.Struct("<BH")
ANSWER = struct.Struct("<BQ")
TAKEN = struct.Struct("<H")
PERIOD_HEAD = struct.Struct("<QQI")

MESSAGE_MOST = 65_536
"""Longest message: 24 lines make 4 kB a period, an SPI burst is shorter."""
PREFILL = 2
"""Periods of silence between a voice connection's start and its first written period: a service
may be late by that much before anything is lost."""


def failure(text: str) -> bytes:
    """An error answer."""
    return bytes((ERROR,)) + text.encode()


def bound(path: Path, kind: int) -> socket.socket:
    """A listening Unix socket; a dead one left at this path is replaced.

    `kind` is the number of a socket type (socket.SOCK_STREAM or SOCK_SEQPACKET).

    Raises HardwareError if somebody listens there already or the path cannot be used.
    """
    server = socket.socket(socket.AF_UNIX, kind)
    try:
        _remove_dead(path, kind)
        server.bind(str(path))
        server.listen(8)
    except OSError as error:
        server.close()
        raise HardwareError(f"{path}: cannot listen: {error}") from error
    server.setblocking(False)
    return server


def _remove_dead(path: Path, kind: int) -> None:
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, kind) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise HardwareError(f"{path}: another virtual box is running there")


def connected(path: Path, kind: int) -> socket.socket:
    """A connection to the box; `kind` is the number of a socket type. Raises BusClosed."""
    client = socket.socket(socket.AF_UNIX, kind)
    try:
        client.connect(str(path))
    except OSError as error:
        client.close()
        raise BusClosed(f"{path}: no virtual box answers ({error}); is it running?") from error
    return client
