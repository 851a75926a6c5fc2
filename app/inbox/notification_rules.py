"""When somebody is told of a message that nobody has heard, and when that ends: rules alone.

A plan is what a person wants: a text at once, then levels. Each level has a period: minutes before
its first step and between its steps, of which there are one and `retries` more. A level begins one
period after the last step of the one before; one that is continued goes on at its own pace until
the last level is over. Minutes are those that a message has been unheard, by box time
(app/store/box_time.py); the wall clock only says whether it is quiet. Steps that quiet hours have
held back come after them, and what follows keeps its distance from them.

Nothing here reads a clock or the store: app/inbox/notifier.py hands in what there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

LEVELS_MOST = 5
PERIOD_LEAST, PERIOD_MOST = 1, 1440
"""Minutes."""
RETRIES_MOST = 10
STEPS_MOST = 100
"""Of one message, whatever the plan says: each may cost money."""
DAY_MIN = 24 * 60
LOOK_AGAIN_S = 900.0
"""In quiet hours the wall clock is looked at so often: it may be set meanwhile."""
CALL_LONGEST_S = 600.0
"""After which a call of which nothing is heard counts as not answered."""
NO_LINE_S = 60.0
"""Before a call is tried again for which no line was free."""


class Way(StrEnum):
    """How a level tells."""

    MAIL = "mail"
    CALL = "call"


@dataclass(frozen=True)
class Level:
    """One level of escalation."""

    way: Way
    target: str
    """A person, alias or address; or a number as it is dialled on an outside line."""
    period: int
    """Minutes before its first step, and between its steps."""
    retries: int = 0
    """Steps after the first."""
    continued: bool = False
    """Whether it goes on when the next levels have begun."""


@dataclass(frozen=True)
class Quiet:
    """Hours of every day in which nobody is told; minutes after midnight, local time."""

    begins: int
    ends: int

    def left_s(self, second: int) -> float:
        """Seconds for which it is quiet yet, `second` after midnight; 0: it is not quiet."""
        begins, ends = 60 * self.begins, 60 * self.ends
        length, since = (ends - begins) % (60 * DAY_MIN), (second - begins) % (60 * DAY_MIN)
        return float(max(0, length - since))


@dataclass(frozen=True)
class Plan:
    """What one person wants."""

    texts_to: tuple[str, ...] = ()
    """People, aliases and addresses that get a text of each message at once."""
    emails: bool = False
    """Whether e-mails are told of, too, and not voicemail alone."""
    levels: tuple[Level, ...] = ()
    quiet: Quiet | None = None
    urgent: bool = False
    """Whether urgent messages are told of in quiet hours, too."""

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted."""
        return not self.texts_to and not self.levels


@dataclass(frozen=True, order=True)
class Step:
    """Telling once: level 0 is the texts at once."""

    minute: int
    """That the message has been unheard then."""
    level: int


NOTHING_DONE = Step(-1, 0)


def next_step(plan: Plan, last: Step) -> Step | None:
    """The step after `last`; None: that was all."""
    steps = [Step(0, 0)] if plan.texts_to else []
    begins, over = 0, _length(plan.levels)
    for number, level in enumerate(plan.levels, 1):
        length = level.period * (level.retries + 1)
        end = over if level.continued else begins + length
        passed = max(0, last.minute - begins) // level.period
        steps += [
            Step(minute, number)
            for count in (passed, passed + 1)
            if count and (minute := begins + count * level.period) <= end
        ]
        begins += length
    return min((step for step in steps if step > last), default=None)


def _length(levels: Sequence[Level]) -> int:
    return sum(level.period * (level.retries + 1) for level in levels)


@dataclass(frozen=True)
class Run:
    """How far one message has come."""

    last: Step = NOTHING_DONE
    done: int = 0
    """Steps taken, of whatever kind."""
    held: bool = False
    """Whether the step that is due is held back, and that was said."""
    call: int = 0
    """Number of the call that is under way; 0: none is."""
    due: float | None = None
    """Box time at which the next step, or the end of the call, is due; None: not known yet."""


@dataclass(frozen=True)
class Now:
    """What the rules must know besides."""

    box_s: float
    over: str = ""
    """Why nobody need be told any more: heard, taken, removed; "" if that is not so."""
    urgent: bool = False
    quiet_s: float = 0.0
    """Seconds of quiet hours that are left; 0: it is not quiet."""


class Do(StrEnum):
    """What is to be done with a run."""

    WAIT = "wait"
    MAIL = "mail"
    CALL = "call"
    HOLD = "hold back"
    UNANSWERED = "call unanswered"
    END = "end"


@dataclass(frozen=True)
class Decision:
    """What is to be done, and when to look again."""

    do: Do
    step: Step | None = None
    look: float = 0.0
    """Box time."""
    why: str = ""
    """Of an end: heard, taken, removed, or that all steps are done."""


def decide(plan: Plan, run: Run, now: Now) -> Decision:
    """What is to be done with a run now."""
    if now.over:
        return Decision(Do.END, why=now.over)
    if run.call:
        ends = run.due if run.due is not None else now.box_s + CALL_LONGEST_S
        return Decision(Do.WAIT if ends > now.box_s else Do.UNANSWERED, look=ends)
    step = next_step(plan, run.last) if run.done < STEPS_MOST else None
    if step is None:
        return Decision(Do.END, why="all levels are done")
    due = run.due
    if due is None:
        due = now.box_s + 60.0 * (step.minute - max(0, run.last.minute))
    if due > now.box_s:
        return Decision(Do.WAIT, step, due)
    if now.quiet_s > 0 and not (now.urgent and plan.urgent):
        return Decision(Do.HOLD, step, now.box_s + min(now.quiet_s, LOOK_AGAIN_S))
    mail = step.level == 0 or plan.levels[step.level - 1].way is Way.MAIL
    return Decision(Do.MAIL if mail else Do.CALL, step)


def due_after(plan: Plan, step: Step, box_s: float) -> float:
    """Box time at which the step after this one is due, which was done at `box_s`."""
    following = next_step(plan, step)
    return box_s if following is None else box_s + 60.0 * (following.minute - step.minute)
