"""A technician is led through the experiments: one step a screen, skipped, repeated, left, gone on.

What a key does in which state of a step is one table.
"""

from collections.abc import Callable
from enum import StrEnum

from app.bringup.bench import Bench
from app.bringup.experiments import EXPERIMENTS
from app.bringup.report import Report, Result
from app.bringup.talk import Experiment, Talk
from app.core.fsm import Machine, Row, Table, no_actions
from drivers.errors import BusClosed, HardwareError


class StepState(StrEnum):
    """States of one experiment."""

    OFFERED = "offered"
    SHOWN = "shown"
    OVER = "over"
    STOPPED = "stopped"


class StepEvent(StrEnum):
    """What the technician wants; KEYS has the keys that say so."""

    GO = "go"
    SKIP = "skip"
    REPEAT = "repeat"
    STOP = "stop"


KEYS = {"": StepEvent.GO, "s": StepEvent.SKIP, "r": StepEvent.REPEAT, "q": StepEvent.STOP}


STEP: Table[StepState, StepEvent] = Table(
    "bring-up step",
    {
        StepState.OFFERED: Row(
            {
                StepEvent.GO: StepState.SHOWN,
                StepEvent.SKIP: StepState.OVER,
                StepEvent.STOP: StepState.STOPPED,
            },
            meaning="What to connect is on the screen.",
        ),
        StepState.SHOWN: Row(
            {
                StepEvent.GO: StepState.OVER,
                StepEvent.REPEAT: StepState.SHOWN,
                StepEvent.STOP: StepState.STOPPED,
            },
            meaning="What it showed is on the screen, and in the report.",
        ),
        StepState.OVER: Row(meaning="The next experiment comes."),
        StepState.STOPPED: Row(meaning="The technician goes on later."),
    },
)

STEP_ACTIONS = no_actions(STEP)

_PROMPTS = {
    StepState.OFFERED: "Enter: begin, s: skip, q: stop and go on later",
    StepState.SHOWN: "Enter: next, r: repeat, q: stop and go on later",
}
NEEDS = {
    "station": "handset with a chip on SPI",
    "trunk": "outside line",
    "board": "line with a chip on SPI",
}


class Session:
    """One sitting; `keep` is given the report after each step."""

    def __init__(
        self, bench: Bench, talk: Talk, report: Report, keep: Callable[[Report], None]
    ) -> None:
        self._bench, self._talk, self._keep = bench, talk, keep
        self.report = report

    def run(self) -> bool:
        """Lead through what is not done yet; False if the technician stopped before the end.

        Raises BusClosed when the board is gone.
        """
        for experiment in EXPERIMENTS:
            if not self.report.done(experiment.key) and not self._step(experiment):
                return False
        return True

    def _step(self, experiment: Experiment) -> bool:
        say = self._talk.say
        say("")
        say(experiment.title)
        say(f"  settles: {experiment.about}")
        jack = self._jack(experiment)
        if jack is None:
            say(f"  left out: no {NEEDS[experiment.kind]} works on this board")
            self._note(self.report.with_skipped(experiment.key))
            return True
        say(f"  connect: {experiment.connect}")
        say(f"  jack:    {jack}")
        step = Machine(STEP_ACTIONS, self, experiment.key, log=None)
        while step.state not in (StepState.OVER, StepState.STOPPED):
            before = step.state
            event = self._wanted(before)
            step.event(event)
            if step.state is StepState.SHOWN:
                self._try(experiment, jack)
            elif event is StepEvent.SKIP:
                self._note(self.report.with_skipped(experiment.key))
        return step.state is StepState.OVER

    def _wanted(self, state: StepState) -> StepEvent:
        """Ask until the answer is one that this state takes; the end of input stops."""
        while True:
            try:
                answer = self._talk.ask(_PROMPTS[state]).strip().lower()[:1]
            except EOFError:
                return StepEvent.STOP
            event = KEYS.get(answer)
            if event is not None and STEP.accepts(state, event):
                return event
            self._talk.say(f"  {answer!r} is none of these keys")

    def _jack(self, experiment: Experiment) -> str | None:
        bench = self._bench
        stations = [*bench.stations]
        if experiment.key == "battery":  # a chip that does not come up is looked at, too
            stations = [name for name in bench.board.stations if name in bench.lines]
        lines = {
            "station": stations,
            "trunk": [*bench.trunks],
            "board": [*bench.stations, *bench.trunks],
        }[experiment.kind]
        return lines[0] if lines else None

    def _try(self, experiment: Experiment, jack: str) -> None:
        """Run it; a fault of the hardware is a result, too."""
        try:
            shown = experiment.run(self._bench, jack, self._talk)
            result = Result(experiment.key, jack, shown.as_assumed, shown.text, dict(shown.values))
        except BusClosed:
            raise
        except HardwareError as problem:
            result = Result(experiment.key, jack, False, str(problem), {"fault": str(problem)})
        self._talk.say(
            f"  {'as assumed' if result.as_assumed else 'NOT AS ASSUMED'}: {result.text}"
        )
        self._note(self.report.with_result(result))

    def _note(self, report: Report) -> None:
        self.report = report
        self._keep(report)


def chips_of(bench: Bench) -> dict[str, str]:
    """By jack: chip and revision, or what is wrong with it. Raises BusClosed."""
    chips = dict(bench.faults)
    for jack, port in {**bench.stations, **bench.trunks}.items():
        reading = port.reading()
        chips[jack] = f"{reading.chip} revision {reading.revision}"
    return {jack: chips.get(jack, "not up") for jack in bench.lines}
