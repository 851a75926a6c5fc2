"""Handsets and lines on a bench of stub ports, each told apart by what it says."""

from typing import Any

import numpy as np

from app.phone.calls.call import Call
from app.phone.config import PhoneConfig
from app.phone.jobs import HoldMusic
from drivers.buses import PERIOD, Samples
from tests.kit.phone import Bench, power_at

VOICES = {
    "101": 707.0,
    "102": 1109.0,
    "103": 1511.0,
    "104": 1913.0,
    "line1": 2711.0,
    "line2": 3119.0,
}
"""Hertz. No multiples of 100: those begin each period in the same phase, so that the frames of a
canceller are alike for ever, and what leaks from one tone to another is taken for an echo."""
NAMES = {"101": "1", "102": "2", "103": "3", "104": "4", "line1": "X", "line2": "Y"}
MUSIC = 2300.0
BUSY = 620.0
BETWEEN = 2
"""Periods from one voice's begin to the next one's."""
HEARD = 70


class Party:
    """Four handsets and two outside lines, each of which says a tone of its own while it is asked
    what they hear."""

    def __init__(self, config: PhoneConfig | None = None, **more: Any) -> None:
        self.bench = Bench(config, stations=4, trunks=2, **more)

    def connect(self, caller: str, called: str) -> Call:
        """The call of two handsets that talk."""
        self.lift(caller)
        self.bench.dial(caller, called)
        self.bench.run(20)
        self.lift(called)
        call = self.call_of(caller)
        assert call is not None and self.bench.call(called) == "connected"
        return call

    def call_of(self, name: str) -> Call | None:
        return self.bench.pbx.calls.call_of(self.bench.pbx.lines[name])

    def flash(self, name: str) -> None:
        self.bench.station(name).lower()
        self.bench.run(50)
        self.bench.station(name).lift()
        self.bench.run(5)

    def dial(self, name: str, digits: str) -> None:
        self.bench.dial(name, digits)
        self.bench.run(20)

    def call_in(self, line: str, handset: str) -> Call:
        """The call of an outside line that a handset has answered."""
        trunk = self.bench.trunk(line)
        trunk.burst(True)
        self.bench.run(10)
        self.lift(handset)
        trunk.burst(False)
        self.bench.run(40)
        call = self.call_of(line)
        assert call is not None and self.bench.call(line) == "connected"
        return call

    def gone(self, line: str) -> None:
        """The far end of an outside line hangs up."""
        self.bench.trunk(line).battery(False)
        self.bench.run(20)
        self.bench.trunk(line).battery(True)
        self.bench.run(120)

    def state(self, name: str) -> str:
        """What the handset has beside its call."""
        return str(self.bench.pbx.calls.handset(self.bench.pbx.stations[name]).machine.state)

    def add(self, call: Call, name: str, gain_db: float = 0.0, heard: bool = True) -> None:
        """Let a handset that hears dial tone take part."""
        self.lift(name)
        assert call.add(self.bench.pbx.stations[name], gain_db, heard)

    def lift(self, name: str) -> None:
        self.bench.station(name).lift()
        self.bench.run(5)

    def hang_up(self, name: str) -> None:
        self.bench.station(name).lower()
        self.bench.run(130)

    def levels(self) -> dict[str, Samples]:
        """What each handset hears while all talk, over 0.7 s: busy tone sounds in it.

        As with people no two begin in the same instant: of two tones that do, a line without an
        echo gives each a little of the other, until the canceller has noticed.
        """
        for turn, (name, hz) in enumerate(VOICES.items()):
            self.bench.port(name).says.clear()
            self.bench.say(name, tone(hz, BETWEEN * turn, BETWEEN * len(VOICES) + HEARD))
        self.bench.run(BETWEEN * len(VOICES))
        for name in VOICES:
            self.bench.port(name).heard.clear()
        self.bench.run(HEARD)
        for name in VOICES:
            self.bench.port(name).says.clear()
        return {name: np.concatenate(self.bench.port(name).heard) for name in VOICES}

    def hears(self) -> dict[str, str]:
        """Whom each handset hears: handsets by their last digits, lines by X and Y, M is music, B
        is busy tone."""
        known = {NAMES[name]: hz for name, hz in VOICES.items()}
        known |= {"M": MUSIC, "B": BUSY}
        return {
            name: "".join(who for who, hz in known.items() if power_at(heard, hz) > -40)
            for name, heard in self.levels().items()
            if name in self.bench.board.stations
        }

    def heard(self) -> dict[str, str]:
        """Whom each party hears, as above, of handsets and lines; those who hear nobody are left
        out. R is ringback: 440 and 480 Hz together."""
        known = {NAMES[name]: hz for name, hz in VOICES.items()} | {"M": MUSIC, "B": BUSY}
        found = {}
        for name, heard in self.levels().items():
            who = "".join(who for who, hz in known.items() if power_at(heard, hz) > -40)
            if power_at(heard, 440) > -30 and power_at(heard, 480) > -30:
                who += "R"
            if who:
                found[name] = who
        return found


def tone(hz: float, begin: int = 0, end: int = 40) -> Samples:
    """Silence until one period, then a tone until the other."""
    time = np.arange(end * PERIOD) / 8000
    samples: Samples = np.rint(3000 * np.sin(2 * np.pi * hz * time)).astype(np.int16)
    samples[: begin * PERIOD] = 0
    return samples


def music(sound: object, start: int, count: int) -> bytes:
    """A clerk's job for a Bench: five seconds of music on hold, and silence for other sounds."""
    if not isinstance(sound, HoldMusic):
        return b""
    time = np.arange(start, min(start + count, 40000)) / 8000
    return bytes(np.rint(3000 * np.sin(2 * np.pi * MUSIC * time)).astype("<i2"))
