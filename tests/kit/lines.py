"""A whole line board over the virtual box, beat by beat."""

from collections.abc import Callable

import numpy as np

from drivers.board import BoardSpec, LineBoard, virtual_board
from drivers.buses import PERIOD, Samples
from drivers.countries import line_settings
from drivers.models.box import VirtualBox
from drivers.models.si3210_registers import SI3210, Part
from drivers.ports import PortEvent, StationPort, TrunkPort


class Lines:
    """The drivers on one side, telephones and office on the other."""

    def __init__(
        self, spec: BoardSpec | None = None, code: str = "us", part: Part = SI3210
    ) -> None:
        self.spec = spec or virtual_board()
        self.box = VirtualBox(self.spec, part=part)
        self.country = line_settings(code)
        self.board = LineBoard(self.spec, self.box, self.country)
        self.periods_to_power_up = 0
        self.reported: list[tuple[str, PortEvent]] = []
        """What was reported while they came up."""
        self.heard: Samples = self.silence()

    def silence(self) -> Samples:
        return np.zeros((self.spec.slots, PERIOD), np.int16)

    def up(self, clocked: bool = True) -> "Lines":
        """Power up; the PCM clock first, as the board asks."""
        if clocked:
            self.box.pcm().start()
        self.board.power_up()
        while self.board.starting:
            self.reported += self.beat()
            self.periods_to_power_up += 1
        return self

    def beat(
        self, count: int = 1, play: Callable[[int], Samples] | None = None
    ) -> list[tuple[str, PortEvent]]:
        """So many beats: sound passes, then the board is polled."""
        events: list[tuple[str, PortEvent]] = []
        for number in range(count):
            self.heard = self.box.period(play(number) if play else self.silence())
            events += self.board.poll()
        return events

    def until(self, event: PortEvent, jack: str, at_most: int) -> int:
        """Beats until exactly this happens; anything else is a failure."""
        for number in range(1, at_most + 1):
            events = self.beat()
            if events:
                assert events == [(jack, event)]
                return number
        raise AssertionError(f"{event} not within {at_most} beats")

    def station(self, jack: str = "101") -> StationPort:
        return self.board.stations[jack]

    def trunk(self, jack: str = "line1") -> TrunkPort:
        return self.board.trunks[jack]
