"""How one call goes out: toll restriction, a line, dialling, and what a handset may not do then.

A line gives no sign of an answer unless its network turns the polarity round, so the two are joined
as soon as the number is dialled and the caller hears what happens. An emergency call is refused to
nobody, and another call is ended for it if no line is free.
"""

import logging
from abc import abstractmethod
from collections.abc import Callable

from app.phone.calls.context import AnyLine, CallScript, Context
from app.phone.calls.dialplan import Outside
from app.phone.calls.outside_lines import Dialled
from app.phone.calls.reaching import Reaching
from app.phone.calls.states import CallEvent, CallState
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Leg
from app.phone.timers import TAKEN_AS_ANSWERED

log = logging.getLogger(__name__)


class Outgoing(Reaching):
    """The part of a call that leads to an outside number."""

    def __init__(self, context: Context, caller: AnyLine) -> None:
        super().__init__(context, caller)
        self.trunk: TrunkLine | None = None
        """The line that it went out on."""
        self.outside: Outside | None = None
        """The number that was dialled on it, or is about to be."""
        self.is_for_box = False
        """Whether the box itself calls, and no handset."""
        self._over: Callable[[], None] | None = None
        self._tried: set[str] = set()

    @property
    def is_emergency(self) -> bool:
        """Whether it is a call for help, which is ended for nothing else."""
        return self.outside is not None and self.outside.emergency

    @abstractmethod
    def _clear_a_line(self) -> bool:
        """End another call for an emergency; False if no line has one that may be ended."""

    def call_somebody(self, script: CallScript, mailbox: str, number: str) -> bool:
        """The caller is an idle outside line: call a number on it, for the script; False if not."""
        line = self.caller
        pulses = isinstance(line, TrunkLine) and self._context.outside_lines.by_pulses(line)
        if isinstance(line, StationLine) or not line.call(number, pulses, self._dialled_whole):
            return False
        self._script, self.mailbox, self.listed = script, mailbox, False
        return self.machine.event(CallEvent.CALL_SOMEBODY)

    def call_for_box(self, script: CallScript, number: str, over: Callable[[], None]) -> bool:
        """call_somebody() for a fax; `over` is called when the call has ended.

        Who orders it has looked whether it may be made, and tells of it.
        """
        self.outside, self._over, self.is_for_box = Outside(number), over, True
        return self.call_somebody(script, "", number)

    def far_answered(self) -> None:
        """The polarity of the line says that the called person has answered."""
        if self.trunk is not None and self.machine.state is not CallState.CALLING_OUT:
            self._course.answered("answered", self._context.queue.now)

    # How it works.

    def _call_outside(self, wanted: Outside) -> None:
        self.outside = wanted
        owner = self._context.owner_of(self.caller)
        if not isinstance(self.caller, StationLine):
            log.warning("%s: an outside caller may not call outside", self.caller.name)
        elif wanted.emergency or self._context.outside_lines.allows(owner, wanted.number):
            self.machine.event(CallEvent.OUTSIDE)
            return
        else:
            log.info(
                "%s may not call %s: it is %s, and only %s calls are allowed",
                self.caller.name,
                wanted.number,
                self._context.outside_lines.class_of(wanted.number),
                self._context.outside_lines.dearest(owner),
            )
        self._course.outcome = "not allowed"
        self.machine.event(CallEvent.REFUSED)

    def _dialled_whole(self) -> None:
        self.machine.event(CallEvent.DIALLED)

    def _guard(self, line: AnyLine, digit: str) -> None:
        """A handset has dialled during a call with an outside line: end what gets round a rule.

        After the far end has hung up its office gives dial tone, and any number could be dialled.
        Before anybody answers, further digits could make another number of the one dialled.
        """
        talks = self.machine.state in (CallState.CONNECTED, CallState.HELD)
        if not talks or not isinstance(line, StationLine):
            return
        lines = [party for party in self.legs if isinstance(party, TrunkLine)]
        if any(party.dial_tone_sounds and not self._flashed(party) for party in lines):
            log.warning("%s dialled %s at the office's dial tone", line.name, digit)
        elif not any([self._gets_dearer(party, digit) for party in lines]):
            return
        self._course.outcome = "not allowed"
        self.machine.event(CallEvent.CLOSE)

    def _gets_dearer(self, line: TrunkLine, digit: str) -> bool:
        """Whether the number that was dialled on the line becomes one that must not be called."""
        dialled, now = self._context.outside_lines.dialled.get(line.name), self._context.queue.now
        if dialled is None or dialled.wanted.emergency:
            return False
        if dialled.flashed:
            dialled.further = "" if line.dial_tone_sounds else dialled.further
        elif dialled.answered or now - dialled.at > TAKEN_AS_ANSWERED.periods:
            return False
        dialled.further += digit
        if dialled.flashed and self._asks_for_service(dialled.further):
            return False
        owner = self._context.owner_of(self._context.stations[dialled.by])
        whole = dialled.wanted.number + dialled.further
        if self._context.outside_lines.allows(owner, whole):
            return False
        log.warning(
            "%s: %s is dialled on to %s, which it may not call", line.name, dialled.by, whole
        )
        return True

    def _flashed(self, line: TrunkLine) -> bool:
        dialled = self._context.outside_lines.dialled.get(line.name)
        return dialled is not None and dialled.flashed

    def _asks_for_service(self, digits: str) -> bool:
        """One digit after a flash is no number: R and 2 changes the calls at many exchanges."""
        return len(digits) == 1 or self._context.outside_lines.begins_help(digits)

    def _take_stock(self) -> None:
        """It is over: what became of a call that went out, as far as its line has told."""
        if self.trunk is None or self._course.outcome != "not answered":
            return
        now = self._context.queue.now
        if self.trunk.number_unknown:
            self._course.outcome = "nobody's number"
        elif self._course.since_dialled(now) >= TAKEN_AS_ANSWERED.periods:
            self._course.take_as_answered()
        elif self.trunk.ended_by_tone:
            self._course.outcome = "busy"

    # Actions.

    def _tell_called(self) -> None:
        self.caller.digits_wanted(True)
        self._run_script()

    def _take_line(self) -> None:
        assert self.outside is not None
        wanted, lines = self.outside, self._context.outside_lines
        self.caller.channel.tone(None)
        line = lines.free(wanted.lines, self._tried)
        if line is None and wanted.emergency and self._clear_a_line():
            self.machine.event(CallEvent.CLEAR_LINE)
        elif line is None:
            self._course.outcome = "no free line"
            self.machine.event(CallEvent.NO_LINE)
        else:
            self._tried.add(line.name)
            self.trunk = line
            log.info("%s: %s is called on %s", self.caller.name, wanted.number, line.name)
            self._add_member(line)
            line.call(wanted.number, lines.by_pulses(line), self._dialled_whole)

    def _line_cleared(self) -> None:
        self._tried.clear()
        self._take_line()

    def _join_outside(self) -> None:
        assert self.trunk is not None
        now, lines = self._context.queue.now, self._context.outside_lines
        self._course.dialled(now)
        if self.outside is not None:
            lines.dialled[self.trunk.name] = Dialled(self.outside, self.caller.name, now)
        self.caller.channel.tone(None)
        for line in (self.caller, self.trunk):
            self.legs[line] = Leg(line.channel)
            self._put_on_bus(self.legs[line])
