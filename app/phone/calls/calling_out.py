"""Calls that the box makes by itself: somebody is told of a message that nobody has heard.

The clerk says which calls there are to be (CallOut), again with each change of the store and after
a restart, until it has been told how each went; so every call is begun once in one process. The
toll class of the mailbox's owner decides what may be called, and neither a premium number nor one
for emergencies is ever called. A call that is wanted no more ends, unless its PIN was given.
"""

import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from app.core.timers import periods
from app.phone.calls.call import Call, CallContext
from app.phone.calls.line import Caller, Line
from app.phone.jobs import CallOut, Clerk, EndedCall, Outcome
from app.phone.lines.trunk import TrunkLine
from drivers.countries.numbering import CallClass

log = logging.getLogger(__name__)

NO_LINE = "no free line"
"""What the clerk is told where no line is free: the call is tried again (app/inbox/notifier.py)."""
NOT_ALLOWED = "not allowed"
WAY = "notification"
"""What the list of calls says."""


@dataclass
class Told:
    """How far a call has come; its script says so as it goes on."""

    outcome: str = "not answered"
    """In words, for the history."""
    inside: bool = False
    """Whether the right PIN was given."""


CalledScript = Callable[[Line, CallOut, Told], Coroutine[Any, Any, None]]
"""Talks to who answers there (app/voicemail/notify.py)."""


class CallOuts:
    """Those of one board."""

    def __init__(self, context: CallContext, clerk: Clerk) -> None:
        self._context, self._clerk = context, clerk
        self.script: CalledScript | None = None
        self._begun: dict[int, tuple[Call | None, Told]] = {}

    def wanted(self, calls: Iterable[CallOut]) -> None:
        """These calls are to be made, or are under way, and no others."""
        now = {call.number: call for call in calls}
        for number in list(self._begun.keys() - now.keys()):
            call, told = self._begun.pop(number)
            if call is not None and not told.inside:
                log.info("call %d is wanted no more", number)
                call.close()
        for number in now:  # what is told to the clerk may have it say anew which are wanted
            if number not in self._begun:
                self._begin(now[number])

    def _begin(self, wanted: CallOut) -> None:
        told = Told()
        self._begun[wanted.number] = (None, told)
        lines, script = self._context.outside_lines, self.script
        owner = self._context.owner_of_mailbox(wanted.mailbox)
        line = lines.free()
        if script is None or owner is None or line is None:
            self._clerk.called_out(wanted.number, NO_LINE)
            return
        kind, emergency = lines.class_of(wanted.target), lines.numbering.emergency_for
        dear = kind is CallClass.PREMIUM or not lines.allows(owner, wanted.target)
        if dear or emergency(wanted.target):
            log.warning("mailbox %s may not be told at %s", wanted.mailbox, wanted.target)
            self._clerk.called_out(wanted.number, NOT_ALLOWED)
            return
        log.info("mailbox %s is told on %s", wanted.mailbox, line.name)
        call, begun = Call(self._context, line), self._context.queue.now
        whose = Caller(number=wanted.mailbox, name=owner.name)
        call.when_over = lambda: self._over(wanted, whose, line, told, begun)
        self._begun[wanted.number] = (call, told)
        say = script  # as it is now
        call.call_somebody(lambda line, _: say(line, wanted, told), wanted.mailbox, wanted.target)

    def _over(
        self, wanted: CallOut, whose: Caller, line: TrunkLine, told: Told, begun: int
    ) -> None:
        lasted_s = (self._context.queue.now - begun) // periods(1000)
        outcome: Outcome = "answered" if told.inside else "not answered"
        if not told.inside and line.number_unknown:
            outcome = told.outcome = "nobody's number"
        elif not told.inside and line.ended_by_tone:
            outcome = told.outcome = "busy"
        self._begun[wanted.number] = (None, told)
        waited, talked = (0, lasted_s) if told.inside else (lasted_s, 0)
        self._clerk.called_out(wanted.number, told.outcome)
        self._clerk.ended_call(
            EndedCall(line.name, whose, wanted.target, outcome, waited, talked, line.name, way=WAY)
        )
