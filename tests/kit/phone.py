"""A board of stub ports: ports without chips, whose other side is what a test makes of it.

Full ports (drivers.ports): what a driver would see is put in by the test, what the phone side
puts on the line is kept. StubClerk answers jobs from a table.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from app.phone.calls.context import CallScript
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import Caller, Line
from app.phone.calls.scripting import Wait
from app.phone.config import PhoneConfig
from app.phone.jobs import ClerkSound, EndedCall, JobFailed
from app.phone.pbx import Pbx
from app.phone.sound.dsp import dtmf
from app.phone.sound.sounds import Tone
from drivers.buses import PERIOD, Samples
from drivers.findings import Quantity, Report, TestOrder
from drivers.line_sound import LineSound, level_dbm0, sines
from drivers.ports import (
    BatteryChanged,
    Feed,
    HookChanged,
    LineReading,
    PortEvent,
    PortFault,
    PortRecovered,
    RingBurst,
    Steps,
)

CALLS = PhoneConfig(ring_seconds=10, no_answer_seconds=10)
TALK = Tone((1000.0,), dbm0=-10.0)


def _stub_test(sound: LineSound, report: Report, periods: int) -> Steps:
    """Sounds a tone for so many periods, and tells how loud the line was meanwhile."""
    sound.play(sines((1000.0,), -10.0, 10))
    sound.listen()
    yield periods
    sound.play(None)
    report(Quantity("heard", "dBm0", "what came").judge(level_dbm0(sound.heard())))


class StubStation:
    """A station port and the handset at its end."""

    def __init__(self, name: str, slot: int) -> None:
        self.name, self.slot = name, slot
        self.off_hook = False
        self.test_periods = 10
        self.feeds: list[Feed] = []
        self.says: list[Samples] = []
        self.heard: list[Samples] = []
        self.events: list[PortEvent] = []

    def poll(self) -> list[PortEvent]:
        events, self.events = self.events, []
        return events

    def feed(self, feed: Feed) -> None:
        self.feeds.append(feed)

    def reading(self) -> LineReading:
        return LineReading("stub", "A", "forward active", 48.0, 0.0, 75.0, self.off_hook)

    def line_test(self, sound: LineSound, order: TestOrder, report: Report) -> Steps:
        return _stub_test(sound, report, self.test_periods)

    # the bench

    def lift(self) -> None:
        self.off_hook = True
        self.events.append(HookChanged(True))

    def lower(self) -> None:
        self.off_hook = False
        self.events.append(HookChanged(False))

    @property
    def ringing(self) -> bool:
        return bool(self.feeds) and self.feeds[-1] is Feed.RINGING


class StubTrunk:
    """A trunk port and the office at its end."""

    def __init__(self, name: str, slot: int) -> None:
        self.name, self.slot = name, slot
        self.seized = False
        self.test_periods = 10
        self.says: list[Samples] = []
        self.heard: list[Samples] = []
        self.events: list[PortEvent] = []
        self.volts = 48
        self.pulses: list[bool] = []
        self.flashes: list[int] = []
        self.taken = False

    def poll(self) -> list[PortEvent]:
        events, self.events = self.events, []
        return events

    def seize(self) -> None:
        self.seized = True

    def release(self) -> None:
        self.seized = False

    def pulse(self, broken: bool) -> None:
        self.pulses.append(broken)

    def flash(self, periods: int) -> None:
        self.flashes.append(periods)

    def line_voltage(self) -> int:
        return self.volts

    def reading(self) -> LineReading:
        doing = "off hook" if self.seized else "on hook"
        return LineReading("stub", "A", doing, self.volts, 0.0, None, self.seized)

    def line_test(self, sound: LineSound, order: TestOrder, report: Report) -> Steps:
        return _stub_test(sound, report, self.test_periods)

    # the bench

    def burst(self, on: bool) -> None:
        self.events.append(RingBurst(on))

    def battery(self, present: bool) -> None:
        self.events.append(BatteryChanged(present))

    def fail(self, what: str) -> None:
        self.events.append(PortFault(what))


StubPort = StubStation | StubTrunk


class StubBoard:
    """Some stations (from 101) and trunks (from line1), in slots 0, 1, 2 ..."""

    def __init__(self, stations: int = 2, trunks: int = 2) -> None:
        self.stations = {f"{101 + n}": StubStation(f"{101 + n}", n) for n in range(stations)}
        self.trunks = {
            f"line{n + 1}": StubTrunk(f"line{n + 1}", stations + n) for n in range(trunks)
        }
        self.ports: list[StubPort] = [*self.stations.values(), *self.trunks.values()]
        self.slots = len(self.ports)
        self.periods_to_power_up = 1
        self.polled: list[int] = []
        """The periods of each poll."""

    @property
    def starting(self) -> bool:
        return self.periods_to_power_up > 0

    def power_up(self) -> None:
        self.periods_to_power_up = 2

    def poll(self, periods: int = 1) -> list[tuple[str, PortEvent]]:
        self.polled.append(periods)
        if self.starting:
            self.periods_to_power_up -= 1
            return [] if self.starting else [(port.name, PortRecovered()) for port in self.ports]
        return [(port.name, event) for port in self.ports for event in port.poll()]


class StubClerk:
    """Answers jobs from `jobs`: name -> function of the arguments; `held` keeps answers back."""

    def __init__(self, **jobs: Callable[..., Any]) -> None:
        self.jobs: dict[str, Callable[..., Any]] = {
            "missed_call": lambda **_: None,
            "ended_call": lambda **_: None,
            "called_out": lambda **_: None,
            "sound": lambda **_: b"",
            **jobs,
        }
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.held = False
        self._waiting: list[tuple[Wait[Any], str, dict[str, Any]]] = []

    @property
    def pending(self) -> int:
        return len(self._waiting)

    def sound(self, sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
        return self._ask("sound", sound=sound, start=start, count=count)

    def directory(self) -> Wait[Directory]:
        return self._ask("directory")

    def ended_call(self, call: EndedCall) -> Wait[None]:
        return self._ask("ended_call", call=call)

    def called_out(self, number: int, outcome: str) -> Wait[None]:
        return self._ask("called_out", number=number, outcome=outcome)

    def ended(self) -> list[EndedCall]:
        """The calls that were reported as over."""
        return [arguments["call"] for job, arguments in self.asked if job == "ended_call"]

    def missed_call(self, line: str, caller: Caller, why: str, mailbox: str = "") -> Wait[None]:
        return self._ask("missed_call", line=line, caller=caller, why=why, mailbox=mailbox)

    def _ask(self, job: str, **arguments: Any) -> Wait[Any]:
        self.asked.append((job, arguments))
        wait: Wait[Any] = Wait()
        self._waiting.append((wait, job, arguments))
        if not self.held:
            self.answer_all()
        return wait

    def missed(self, mailbox: str = "") -> list[tuple[str, Caller]]:
        """Line and caller of each missed call reported for this mailbox; "" is for nobody."""
        jobs = [arguments for job, arguments in self.asked if job == "missed_call"]
        assert all(job["why"] for job in jobs)
        return [(job["line"], job["caller"]) for job in jobs if job["mailbox"] == mailbox]

    def answer_all(self) -> None:
        """Answer what was held back."""
        while self._waiting:
            wait, job, arguments = self._waiting.pop(0)
            try:
                wait.happened(self.jobs[job](**arguments))
            except JobFailed as failure:
                wait.failed(failure)


def directory(*people: tuple[str, str, str | None], default: str = "") -> Callable[[], Directory]:
    """The clerk's directory job for (name, mailbox, handset) rows."""
    rows = tuple(Subscriber(n, *person) for n, person in enumerate(people, 1))
    return lambda: Directory(rows, default)


async def no_script(line: Line, mailbox: str) -> None:
    """A call script that leaves at once."""


class Bench:
    """A PBX on a board of stub ports, with the sound of every line kept."""

    def __init__(
        self,
        config: PhoneConfig | None = None,
        answer: CallScript = no_script,
        owner: CallScript = no_script,
        clerk: StubClerk | None = None,
        stations: int = 2,
        trunks: int = 2,
    ) -> None:
        self.board = StubBoard(stations, trunks)
        self.clerk = clerk or StubClerk(
            directory=directory(("Ann", "201", "101"), ("Bob", "202", "102"), default="201")
        )
        self.pbx = Pbx(
            self.board,
            self.board.slots,
            self.clerk,
            config or PhoneConfig(),
            answer,
            owner,
            date=lambda: "11241530",
        )
        self.pbx.power_up()
        self.run(5)

    def station(self, name: str) -> StubStation:
        return self.board.stations[name]

    def trunk(self, name: str) -> StubTrunk:
        return self.board.trunks[name]

    def silence(self) -> Samples:
        """A period in which nobody says anything."""
        return np.zeros((self.board.slots, PERIOD), np.int16)

    def run(self, periods: int) -> None:
        """Let line time pass; who says nothing is silent."""
        for _ in range(periods):
            heard = self.silence()
            for port in self.board.ports:
                if port.says:
                    heard[port.slot] = port.says.pop(0)
            played = self.pbx.beat(heard)
            for port in self.board.ports:
                port.heard.append(played[port.slot])

    def seconds(self, seconds: float) -> None:
        self.run(round(seconds * 100))

    def say(self, name: str, samples: Samples) -> None:
        """Let this party say something from now on; run() lets it out."""
        count = -(-len(samples) // PERIOD)
        padded = np.zeros(count * PERIOD, np.int16)
        padded[: len(samples)] = samples
        self.port(name).says.extend(padded.reshape(count, PERIOD))

    def dial(self, name: str, digits: str) -> None:
        """Dial by DTMF, and let it be heard."""
        for digit in digits:
            self.say(name, dtmf(digit, on_ms=80, off_ms=80))
            self.run(16)

    def hears(self, name: str, periods: int) -> Samples:
        """What this party hears in the coming periods."""
        port = self.port(name)
        port.heard.clear()
        self.run(periods)
        return np.concatenate(port.heard)

    def states(self) -> dict[str, str]:
        return {name: line["state"] for name, line in self.pbx.status()["lines"].items()}

    def call(self, name: str) -> str:
        state: str = self.pbx.status()["lines"][name]["call"]
        return state

    def port(self, name: str) -> StubPort:
        """The stub port of a line."""
        return self.board.stations.get(name) or self.board.trunks[name]


class TalkingScript:
    """A call script that sounds TALK, asks for four digits, and keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Caller, str]] = []
        self.digits: list[str] = []
        self.ended = 0

    async def __call__(self, line: Line, mailbox: str) -> None:
        self.seen.append((line.name, line.kind, line.caller, mailbox))
        try:
            line.tone(TALK)
            self.digits.append(await line.digits(4, first_s=60))
        finally:
            self.ended += 1


def trace(caplog: pytest.LogCaptureFixture) -> str:
    """All moves of lines and calls since the last time, one a line."""
    lines = [r.getMessage() for r in caplog.records if r.name == "app.core.fsm"]
    caplog.clear()
    return "\n".join(lines)


def same_trace(text: str, expected: str) -> None:
    """Compare a trace with a stored one, whatever its indentation."""
    assert text.splitlines() == [line.strip() for line in expected.strip().splitlines()]


def hears_tone(bench: Bench, name: str, *hz: float) -> bool:
    """Whether this party hears these frequencies in the coming 0.2 s."""
    heard = bench.hears(name, 20)
    return all(power_at(heard, f) > -30 for f in hz)


def power_at(samples: Samples, hz: float) -> float:
    """The level of one frequency in dBm0 [Goertzel, as a correlation with one sine]."""
    time = np.arange(len(samples)) / 8000
    correlation = np.abs(np.dot(samples, np.exp(-2j * np.pi * hz * time))) * 2 / len(samples)
    return float(3.17 + 20 * np.log10(max(correlation, 1e-3) / 32767))
