"""A box whose samples go over a sound card: the card is its clock, the bus has pins and levels."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from drivers.board_spec import virtual_board
from drivers.buses import PERIOD, Samples
from drivers.errors import BusClosed
from drivers.models.box import VirtualBox
from drivers.models.bus_client import CardBox
from drivers.models.bus_server import BoxServer

SPEC = virtual_board(1, 1)


class Cable:
    """A loopback card between two ports; nothing passes until `beat`."""

    def __init__(self) -> None:
        self.near, self.far = CableEnd(), CableEnd()
        self.near.other, self.far.other = self.far, self.near

    def beat(self, from_near: int) -> None:
        """One period both ways; the near end has played this value."""
        self.far.hear(np.full((SPEC.slots, PERIOD), from_near, np.int16))
        self.near.hear(np.zeros((SPEC.slots, PERIOD), np.int16))


class CableEnd:
    """One PcmPort of the cable."""

    other: "CableEnd"

    def __init__(self) -> None:
        self.slots, self.lost_periods, self.xruns = SPEC.slots, 0, 0
        self.started = self.closed = self.restarted = 0
        self.heard: deque[Samples] = deque()
        self.played: list[Samples] = []
        self._ready, self._bell = socket.socketpair()

    def hear(self, period: Samples) -> None:
        self.heard.append(period)
        self._bell.send(b"\0")

    def start(self) -> None:
        self.started += 1

    def restart(self) -> None:
        self.restarted += 1

    def fileno(self) -> int:
        return self._ready.fileno()

    def read(self) -> Samples | None:
        if not self.heard:
            return None
        self._ready.recv(1)
        return self.heard.popleft()

    def write(self, period: Samples) -> None:
        self.played.append(period)

    def close(self) -> None:
        self.closed += 1


@contextmanager
def served(folder: Path, cable: Cable) -> Iterator[tuple[BoxServer, VirtualBox]]:
    box = VirtualBox(SPEC, "us")
    server = BoxServer(box, folder / "bus.sock", folder / "operator.sock", pcm=cable.far)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server, box
    finally:
        server.stop()
        thread.join(10)
        server.close()


def passed(box: VirtualBox, periods: int) -> None:
    """Wait until the box has made so many periods."""
    for _ in range(1000):
        if box.now == periods * PERIOD:
            return
        threading.Event().wait(0.005)
    raise AssertionError(f"{box.now} samples passed, not {periods * PERIOD}")


def test_the_card_is_the_clock(tmp_path: Path) -> None:
    cable = Cable()
    with served(tmp_path, cable) as (_, box):
        hardware = CardBox(tmp_path / "bus.sock", cable.near)
        pcm = hardware.pcm()
        pcm.start()
        pcm.start()
        assert cable.far.started == cable.near.started == 1
        assert box.now == 0
        for _ in range(3):
            cable.beat(7)
        passed(box, 3)
        assert len(cable.far.played) == 3
        assert pcm.read() is not None
        hardware.close()
    assert cable.far.closed == 1


def test_levels_come_over_the_bus_once_a_period(tmp_path: Path) -> None:
    cable = Cable()
    line = next(line for line in SPEC.lines if line.kind == "station")
    with served(tmp_path, cable) as (server, box):
        hardware = CardBox(tmp_path / "bus.sock", cable.near)
        pcm, pin = hardware.pcm(), hardware.input_pin(line.interrupt)
        pcm.start()
        cable.beat(0)
        passed(box, 1)
        while pcm.read() is None:
            pass
        assert pin.read()
        asking = 1 << line.interrupt
        rest = server._levels
        server._levels = lambda: rest() & ~asking  # type: ignore[method-assign]
        cable.beat(0)
        passed(box, 2)
        assert pin.read(), "nothing has been read from the card yet"
        while pcm.read() is None:
            pass
        assert not pin.read()
        hardware.close()


def test_a_box_that_ends_is_noticed_at_the_next_period(tmp_path: Path) -> None:
    cable = Cable()
    with served(tmp_path, cable) as (_, box):
        hardware = CardBox(tmp_path / "bus.sock", cable.near)
        hardware.pcm().start()
        cable.beat(0)
        passed(box, 1)
    cable.near.hear(np.zeros((SPEC.slots, PERIOD), np.int16))
    with pytest.raises(BusClosed, match="has ended"):
        for _ in range(3):
            hardware.pcm().read()
