"""The outside lines of one board as calls out need them: a free one, and who may call what."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.phone.calls.dialplan import Outside, Subscriber
from app.phone.lines.trunk import TrunkLine
from app.phone.numbers import NumberPlan
from drivers.countries.numbering import CallClass, Numbering

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Dialled:
    """What was dialled on a line for the call that is up on it."""

    wanted: Outside
    by: str
    """Jack of the handset that dialled it."""
    at: int
    """Period in which the last digit was out."""
    answered: bool = False
    """Whether the line has told that somebody answers."""
    further: str = ""
    """Digits that handsets have sent after it, while nobody was known to answer."""
    flashed: bool = False
    """Whether the exchange was asked for a service: what is dialled then is a number of its own."""


class OutsideLines:
    """What the number plan and the country say of calls out, and which lines are free."""

    def __init__(self, plan: NumberPlan, numbering: Numbering) -> None:
        self.numbering = numbering
        self._plan = plan
        self.trunks: Mapping[str, TrunkLine] = {}
        self.dialled: dict[str, Dialled] = {}
        """By line: it goes with the line into whatever call that is moved to."""

    def free(self, lines: Iterable[str] = (), but: Iterable[str] = ()) -> TrunkLine | None:
        """The first idle line of these, in their order; no lines: of all. None if there is none."""
        tried = frozenset(but)
        for name in tuple(lines) or tuple(self.trunks):
            line = self.trunks.get(name)
            if line is not None and line.idle and name not in tried:
                return line
        return None

    def flash(self, line: TrunkLine, by: str, now: int) -> bool:
        """Ask the exchange for a service in a call that this handset is in; False if none is up."""
        if not line.flash():
            return False
        log.info("%s: flash, by %s", line.name, by)
        self.dialled[line.name] = Dialled(Outside(""), by, now, flashed=True)
        return True

    def begins_help(self, number: str) -> bool:
        """Whether a number is, or begins, one of those for help."""
        return any(help_.startswith(number) for help_ in self.numbering.emergency)

    @property
    def dialled_on(self) -> tuple[str, ...]:
        """The lines that the number plan leads calls to, in their order; none: all."""
        plan = self._plan
        if plan.direct or not all(plan.access_digits.values()):
            return ()
        return tuple(dict.fromkeys(line for lines in plan.access_digits.values() for line in lines))

    def by_pulses(self, line: TrunkLine) -> bool:
        """Whether this line is dialled on by pulses."""
        return line.name in self._plan.pulse_lines

    def class_of(self, number: str) -> CallClass:
        """What a number costs: what the settings say, else the country's plan."""
        return self.numbering.class_of(number, self._plan.number_classes)

    def dearest(self, owner: Subscriber | None) -> CallClass:
        """The dearest calls that a handset of this owner may make; None: it is nobody's."""
        if owner is None:
            return self._plan.handset_class
        return CallClass(owner.may_call) if owner.may_call else self._plan.person_class

    def allows(self, owner: Subscriber | None, number: str) -> bool:
        """Whether a handset of this owner may call this number."""
        return self.class_of(number).rank <= self.dearest(owner).rank
