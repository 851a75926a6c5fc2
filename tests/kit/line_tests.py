"""Runs the tests of a line over the models, beat by beat, as whoever has the line does."""

import numpy as np

from drivers.findings import Finding, TestOrder
from drivers.line_sound import LineSound
from tests.kit.lines import Lines

LONGEST = 4000


def run_line_test(
    lines: Lines, jack: str, order: TestOrder | None = None, lift_after: int | None = None
) -> dict[str, Finding]:
    """What is found, by name; the handset is lifted after so many beats."""
    port = {**lines.board.stations, **lines.board.trunks}[jack]
    sound, found = LineSound(), dict[str, Finding]()
    steps = port.line_test(sound, order or TestOrder(), lambda one: found.update({one.name: one}))
    wait = 0
    for beat in range(LONGEST):
        if beat == lift_after:
            lines.box.telephones[jack].lift()
        if wait == 0:
            wait = next(steps, -1)
            if wait < 0:
                return found
        wait -= 1
        said = lines.silence()
        said[port.slot] = sound.period(np.asarray(lines.heard[port.slot], np.int16))
        lines.beat(play=lambda _, said=said: said)  # type: ignore[misc]  # bound at once
    raise AssertionError(f"{jack}: the test does not end: {list(found)}")
