"""A line board whose slots are proved, over a PCM port with the delay of a sound card."""

from collections import deque
from collections.abc import Callable

import numpy as np

from drivers.board import BoardSpec, LineBoard
from drivers.buses import PERIOD, Samples
from drivers.countries import line_settings
from drivers.models.box import VirtualBox
from drivers.pcm import LEAD_PERIODS
from drivers.ports import PortEvent


class LeadPort:
    """PcmPort over a box: what is written waits behind the lead, and `offset` samples more."""

    def __init__(self, box: VirtualBox, offset: int = 0) -> None:
        self._box = box
        self.slots = box.spec.slots
        self.lost_periods = 0
        self._offset = offset
        self._waiting: deque[Samples] = deque()
        self._tail = self._silence()
        self.played: list[Samples] = []
        """Every period as it reached the chips."""

    def _silence(self) -> Samples:
        return np.zeros((self.slots, PERIOD), np.int16)

    @property
    def xruns(self) -> int:
        return self._box.highway.xruns

    def start(self) -> None:
        self._box.pcm().start()
        self._waiting = deque([self._silence()] * LEAD_PERIODS)

    def restart(self) -> None:
        self.start()

    def stop(self, **swaps: bool) -> None:
        """The playback had run empty; it begins with its lead again."""
        self._waiting = deque([self._silence()] * LEAD_PERIODS)
        self._box.highway.stop(**swaps)

    def fileno(self) -> int:
        return -1

    def read(self) -> Samples:
        """A period passes."""
        following = self._waiting.popleft()
        both = np.concatenate((self._tail, following), axis=1)
        self._tail = following
        start = PERIOD - self._offset
        self.played.append(np.ascontiguousarray(both[:, start : start + PERIOD]))
        return self._box.period(self.played[-1])

    def write(self, period: Samples) -> None:
        self._waiting.append(period)

    def close(self) -> None:
        self._box.pcm().close()


class ProvedLines:
    """The drivers on one side, telephones and office on the other; `wired` is how it is really."""

    def __init__(self, spec: BoardSpec, offset: int = 0, wired: BoardSpec | None = None) -> None:
        self.spec = spec
        self.box = VirtualBox(wired or spec)
        self.port = LeadPort(self.box, offset)
        self.board = LineBoard(spec, self.box, line_settings("us"))
        self.pcm = self.board.proved(self.port)
        self.pcm.start()
        self.heard: list[Samples] = []
        self.reported: list[tuple[str, PortEvent]] = []

    def up(self) -> "ProvedLines":
        self.board.power_up()
        while self.board.starting:
            self.reported += self.beat()
        return self

    def beat(
        self, count: int = 1, play: Callable[[], Samples] | None = None
    ) -> list[tuple[str, PortEvent]]:
        """So many beats, in the service's order: heard, polled, played."""
        events: list[tuple[str, PortEvent]] = []
        for _ in range(count):
            heard = self.pcm.read()
            assert heard is not None
            self.heard.append(heard)
            events += self.board.poll()
            silence = np.zeros((self.spec.slots, PERIOD), np.int16)
            self.pcm.write(play() if play else silence)
        return events
