"""The virtual board's sockets, as a process that is none of ours would use them."""

import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from drivers.board import virtual_board
from drivers.models.box import VirtualBox
from drivers.models.bus_server import BoxServer
from drivers.models.bus_wire import CONTROL, EDGES, HELLO, LEVELS, VERSION, VOICE, connected


class _Bus:
    """A virtual board with its server, turned by hand; made anew now and then."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bus"))
        self.now = 0.0
        paths = self._folder / "bus", self._folder / "operator"
        self.path = paths[0]
        self.server = BoxServer(VirtualBox(virtual_board(1, 1)), *paths, lambda: self.now)

    def beat(self) -> None:
        self.now += 0.01
        self.server.turn()

    def close(self) -> None:
        self.server.close()
        shutil.rmtree(self._folder, ignore_errors=True)


_buses = itertools.count()


@cache
def _bus() -> _Bus:
    return _Bus()


def bus(data: bytes) -> None:
    """A connection to the virtual board: a greeting, then messages of any content."""
    role = (CONTROL, VOICE, LEVELS, EDGES)[data[0] % 4] if data else CONTROL
    if next(_buses) % 20_000 == 19_999:  # registers keep what was written
        _bus().close()
        _bus.cache_clear()
    box = _bus()
    with connected(box.path, socket.SOCK_SEQPACKET) as client:
        box.server.turn()
        client.send(HELLO.pack(role, VERSION) if data[:1] < b"\xf0" else data[:8])
        box.server.turn()
        client.setblocking(False)
        for message in _messages(data[1:]):
            box.beat()
            try:
                client.send(message)
                box.server.turn()
                while client.recv(70_000):
                    continue
            except BlockingIOError:
                continue
            except OSError:  # the server has hung up
                break
    box.beat()
    box.beat()


def _messages(octets: bytes) -> Iterator[bytes]:
    """Messages with their lengths before them."""
    at = 0
    while at < len(octets):
        end = at + 1 + octets[at]
        yield octets[at + 1 : end] or b"\0"
        at = end
