"""The hardware self-test: what is tried, and what came of it.

Each trial goes through the kernel's own devices and the drivers that the appliance uses. In an
emulator simulated devices of the kernel answer; on a Raspberry Pi the real ones do. A trial ends in
one of three ways: it says what it saw; it raises Absent (this board has no such part); or it raises
Broken or a HardwareError, which say what to check.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.core.errors import DeviceError
from app.core.sentences import N_, Sentence, sentence
from drivers.errors import HardwareError

_LINE = "%(part)-9s %(result)-12s %(says)s"


class Result(StrEnum):
    """How a trial ended."""

    OK = N_("ok")
    FAILED = N_("failed")
    ABSENT = N_("not present")


class Absent(Exception):
    """This board has no such part, or may not use it now; the text says how that shows."""


class Broken(DeviceError):
    """A part does not do what it must; the text says what was seen and what to check."""


@dataclass(frozen=True)
class Trial:
    """One part and how it is tried. `do` says what it saw, or raises."""

    name: str
    do: Callable[[], str]


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    name: str
    result: Result
    says: str
    seconds: float

    @property
    def line(self) -> Sentence:
        """For a terminal."""
        result = sentence(self.result.value)
        return sentence(_LINE, part=self.name, result=result, says=self.says)

    @property
    def sentence(self) -> Sentence:
        """For a page."""
        result = sentence(self.result.value)
        return sentence(
            "%(part)s: %(result)s: %(says)s", part=self.name, result=result, says=self.says
        )


def run(trials: Iterable[Trial], now: Callable[[], float]) -> Iterator[Outcome]:
    """Do the trials one by one; none can keep the next from being done. `now` is monotonic."""
    for trial in trials:
        begun = now()
        result, says = _tried(trial)
        yield Outcome(trial.name, result, says, round(now() - begun, 3))


def _tried(trial: Trial) -> tuple[Result, str]:
    try:
        return Result.OK, trial.do()
    except Absent as absent:
        return Result.ABSENT, absent.args[0]
    except (Broken, HardwareError) as problem:
        return Result.FAILED, problem.args[0]
    except OSError as problem:
        what = f"{problem.filename}: " if problem.filename else ""
        text = N_("%(what)s; see the kernel's log (dmesg)")
        return Result.FAILED, sentence(text, what=f"{what}{problem.strerror}")
