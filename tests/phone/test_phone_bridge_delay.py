"""How long a voice takes from one handset to the other through a bridged call, in samples."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from app.phone.sound.mixer import Leg, Mixer
from drivers.board import BoardSpec, LineBoard, virtual_board
from drivers.buses import PERIOD, SAMPLE_RATE
from drivers.countries import line_settings
from drivers.models.box import VirtualBox
from drivers.pcm import AlsaPcm, interleaved, planar
from drivers.slot_map import Coding, SlotMap

MOST_MS = 40
CLICK = 9000


class Ring:
    """One direction of a sound card that takes and gives whole frames; it never stops."""

    def __init__(self, frame_octets: int) -> None:
        self._frame_octets = frame_octets
        self.octets: deque[bytes] = deque()

    def read(self) -> tuple[int, bytes]:
        if not self.octets:
            return 0, b""
        piece = self.octets.popleft()
        return len(piece) // self._frame_octets, piece

    def write(self, data: bytes) -> int:
        period = PERIOD * self._frame_octets
        self.octets.extend(data[at : at + period] for at in range(0, len(data), period))
        return len(data) // self._frame_octets

    def drop(self) -> None:
        self.octets.clear()

    def polldescriptors(self) -> list[tuple[int, int]]:
        return []

    def close(self) -> None:
        self.octets.clear()


class BridgedHandsets:
    """Two handsets off hook, joined in the mixer, over the sound card's own code."""

    def __init__(self, spec: BoardSpec) -> None:
        self.box = VirtualBox(spec)
        self._stream = spec.stream
        octets = spec.stream.frame_octets
        self._played, self._heard = Ring(octets), Ring(octets)
        self.pcm = AlsaPcm(self._played, self._heard, spec.stream)
        board = LineBoard(spec, self.box, line_settings("us"))
        self.box.pcm().start()
        self.pcm.start()
        board.power_up()
        self._board = board
        self.mixer = Mixer(spec.slots)
        bus = self.mixer.bus()
        for name in ("101", "102"):
            Leg(self.mixer.channel(board.stations[name].slot)).join(bus)

    def beat(self) -> None:
        """The card's clock makes a period of sound; then the service's beat."""
        played = planar(self._played.read()[1], self._stream)
        self._heard.write(interleaved(self.box.period(played), self._stream))
        heard = self.pcm.read()
        assert heard is not None
        self._board.poll()
        self.mixer.hear(heard)
        self.pcm.write(self.mixer.play())

    def delay(self, speaker: str, listener: str) -> int:
        """Samples from one mouth to the other ear."""
        before = len(self.box.telephones[listener].memory)
        spoken = np.zeros(PERIOD, np.int16)
        spoken[30:34] = CLICK
        self.box.telephones[speaker].say(spoken)
        for _ in range(20):
            self.beat()
        heard = np.concatenate(list(self.box.telephones[listener].memory)[before:])
        loud = np.flatnonzero(np.abs(heard.astype(int)) > CLICK // 2)
        assert len(loud) > 0, "nothing came through"
        return int(loud[0]) - 30


def octets_of_a_law() -> BoardSpec:
    spec = virtual_board(4, 4)
    frame = SlotMap(Coding.MU_LAW, slot_bits=8)
    lines = tuple(replace(line, frame=frame) for line in spec.lines)
    return replace(spec, pclk_hz=512_000, frame=frame, lines=lines)


@pytest.mark.parametrize("spec", [virtual_board(2, 2), octets_of_a_law()], ids=["linear", "law"])
@pytest.mark.parametrize(("speaker", "listener"), [("101", "102"), ("102", "101")])
def test_bridged_call_delays_a_voice_by_40_ms_at_most(
    spec: BoardSpec, speaker: str, listener: str
) -> None:
    call = BridgedHandsets(spec)
    for _ in range(200):
        call.beat()
    for telephone in call.box.telephones.values():
        telephone.lift()
    for _ in range(30):
        call.beat()
    delay = call.delay(speaker, listener)
    assert PERIOD < delay <= MOST_MS * SAMPLE_RATE // 1000
    assert call.pcm.lost_periods == 0
