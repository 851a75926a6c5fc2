"""The bring-up over the virtual board in this process: a technician's answers and hands."""

from collections.abc import Callable

import numpy as np

from app.bringup.bench import Bench
from app.bringup.experiments import EXPERIMENTS
from app.bringup.report import Report
from app.bringup.session import Session, chips_of
from app.bringup.talk import Experiment, Shown, Talk
from drivers.board import BoardSpec, virtual_board
from drivers.buses import PERIOD, Samples
from drivers.countries import line_settings
from drivers.models.box import BoxPcm, VirtualBox


class FirstPeriod(BoxPcm):
    """The box's PCM port with a period that waits after the start, as a sound card's does.

    `swapped` exchanges the first and the last slot of what is heard, as an overrun may. After
    `good` more periods one is lost, and all that follow come as much later.
    """

    swapped = False
    good = -1
    lost = 0
    _held: Samples | None = None

    @property
    def lost_periods(self) -> int:
        return self.lost

    def start(self) -> None:
        super().start()
        self.write(np.zeros((self.slots, PERIOD), np.int16))

    def read(self) -> Samples | None:
        heard = super().read()
        if heard is not None:
            heard = self._perhaps_late(heard)
        if heard is None or not self.swapped:
            return heard
        return np.ascontiguousarray(heard[::-1])

    def _perhaps_late(self, heard: Samples) -> Samples:
        self.good -= 1
        if self.good == 0:
            self.lost += 1
            self._held = np.zeros_like(heard)
        if self._held is not None:
            heard, self._held = self._held, heard
        return heard


class BringUp:
    """A bench over a box of models, and a technician."""

    def __init__(self, spec: BoardSpec | None = None) -> None:
        self.spec = spec or virtual_board(1, 1)
        self.box = VirtualBox(self.spec)
        self.pcm = FirstPeriod(self.box)
        self.box._pcm = self.pcm
        self.said: list[str] = []
        self.asked: list[str] = []
        self.answers: list[str] = []
        """Given in turn; the end of input when there are none left."""
        self.does: dict[str, Callable[[], object]] = {}
        """What the technician does on reading a line with these words."""
        self.stalls: list[float] = []
        self.on_stall: Callable[[], object] = lambda: None
        self.bench = Bench(self.spec, self.box, line_settings("us"))
        self.reports: list[Report] = []

    def up(self) -> "BringUp":
        self.bench.start()
        return self

    @property
    def talk(self) -> Talk:
        return Talk(self._say, self._ask, self._stall)

    def _say(self, text: str) -> None:
        self.said.append(text)
        for words, hand in self.does.items():
            if words in text:
                hand()

    def _ask(self, question: str) -> str:
        self.asked.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)

    def _stall(self, seconds: float) -> None:
        self.stalls.append(seconds)
        self.on_stall()

    def run(self, key: str) -> Shown:
        """One experiment at the first jack of its kind."""
        experiment = experiment_of(key)
        jack = next(
            line.name for line in self.spec.lines if experiment.kind in (line.kind, "board")
        )
        return experiment.run(self.bench, jack, self.talk)

    def session(self, report: Report | None = None) -> Session:
        begun = report or Report(self.spec.name, "test", chips_of(self.bench))
        return Session(self.bench, self.talk, begun, self.reports.append)

    def call_when_asked(self) -> None:
        """Rings the outside line, hangs up and turns the wires, as the screen says."""
        office = self.box.office_lines["line1"]
        self.does["call the line"] = lambda: office.ring("5551234")
        self.does["hang up; then turn"] = office.hang_up
        self.does["turn the two wires"] = office.reverse


def experiment_of(key: str) -> Experiment:
    return next(one for one in EXPERIMENTS if one.key == key)
