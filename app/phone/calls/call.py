"""A call: who is connected to what. Its table of states (states.py) is the page to read first.

A call has a caller, a handset or a trunk. It rings handsets, connects one of them, or runs a script
for the caller (voicemail, the owner's menu): reaching.py; or it goes out: outgoing.py. Who talks is
a leg on the call's conference bus; hold, transfer, a third party and listening in are moves of
legs: parties.py. The call is over when fewer than two of them are left. What the lines report, the
end and the table's actions are here.
"""

from collections.abc import Callable
from typing import Protocol

from app.core.fsm import Actions, Machine
from app.core.timers import Timer
from app.phone.calls.context import AnyLine, CallScript, Context
from app.phone.calls.dialplan import Feature
from app.phone.calls.feature_codes import FEATURES
from app.phone.calls.following import Following
from app.phone.calls.line import Caller
from app.phone.calls.states import CALL, CallEvent, CallState
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.sounds import Tone
from app.phone.timers import NO_ANSWER, PARK_RETURN, PICK_UP

MISSED = "no handset answered, and no mailbox is set for this call"
"""Why a call was missed, in words for owner and administrator."""
GIVEN_UP = "the caller gave up while it rang"


class Fetching(Protocol):
    """See app.phone.calls.fetching.Fetching."""

    def pick_up(self, by: StationLine, wanted: str) -> bool:
        """Let a handset answer the one of this jack that rings ("": any); False if none does."""
        ...

    def park(self, by: StationLine) -> str:
        """Park the party that this handset has on hold; the slot's number, "" if it cannot be."""
        ...

    def fetch(self, by: StationLine, slot: str) -> bool:
        """Connect a handset with the party that is parked there; False if nobody is."""
        ...


class CallContext(Context, Protocol):
    """What a call needs from outside: the board, and its other calls."""

    def clear_line(self, call: "Call") -> bool:
        """End another call, so that an emergency call gets its line; False if none may be ended."""
        ...

    def call_of(self, line: AnyLine) -> "Call | None":
        """The call that this line belongs to."""
        ...

    def join(self, line: AnyLine, call: "Call") -> None:
        """This line belongs to this call from now on, and to no other."""
        ...

    def leave(self, line: AnyLine, call: "Call") -> None:
        """This line belongs to this call no more, if it did."""
        ...

    @property
    def fetching(self) -> "Fetching":
        """Calls that ring or are parked, and who takes them."""
        ...

    def flash_outside(self, handset: StationLine) -> bool:
        """Let a handset go back to an outside line on hold, and flash; False if it has none."""
        ...

    def offer(self, handset: StationLine, call: "Call") -> bool:
        """Tell a handset in another call of this one; False if it cannot be told."""
        ...

    def show(self, handset: StationLine, call: "Call") -> None:
        """Who waits for this handset has become known."""
        ...

    def withdraw(self, handset: StationLine, call: "Call") -> None:
        """A handset that was told of this call need not wait for it any more."""
        ...

    def fewer(self, call: "Call") -> None:
        """One of the parties of this call has left, and it goes on."""
        ...

    def call_over(self, line: AnyLine, call: "Call", tone: Tone, far_end_gone: bool) -> None:
        """This call is over for this line; a handset that has no other one hears the tone.

        `far_end_gone`: somebody was there, or a script, which the line itself may tell it.
        """
        ...


class Call(Following):
    """One call from its first sign of life to its end."""

    def __init__(self, context: CallContext, caller: AnyLine) -> None:
        super().__init__(context, caller)
        self._calls = context
        self._called_back = False
        self.when_over: Callable[[], None] = lambda: None
        """Called once, when it has ended."""
        self._key = ""
        """What the caller pressed last."""
        self.machine = Machine(CALL_ACTIONS, self, caller.name, context.queue, self._length)
        self._add_member(caller)

    # What the lines report.

    def call_back(self, script: CallScript, mailbox: str) -> bool:
        """Ring the caller, a handset, which gets the script when it is lifted; False if it is busy.

        The number that it shows is the mailbox's.
        """
        if not isinstance(self.caller, StationLine) or not self.caller.ring(Caller(mailbox)):
            return False
        self._script, self.mailbox, self._called_back = script, mailbox, True
        return self.machine.event(CallEvent.CALL_BACK)

    def press(self, digit: str) -> bool:
        """A key for the script of a handset that was called back; False if none runs there."""
        if not self._called_back or self.machine.state is not CallState.SCRIPT:
            return False
        self.digit(self.caller, digit)
        return True

    def lifted(self, line: StationLine) -> None:
        """A handset was lifted: the caller's, or one of those that ring."""
        if line is self.caller:
            self.machine.event(CallEvent.LIFT)
        elif line in self.ringing:
            self.called = line
            self.machine.event(CallEvent.ANSWERED)

    def digit(self, line: AnyLine, digit: str) -> None:
        """The caller dialled, or a handset that talks with an outside line."""
        if line is self.caller:
            self._key = digit
            if self.machine.state in (CallState.DIAL_TONE, CallState.DIALLING):
                self._dialled += digit  # later keys are PINs and the like, and not to be listed
            self.machine.event(CallEvent.DIGIT)
        if self._question is not None and line is self._followed:
            self._question.digit(digit)
        self._guard(line, digit)

    def left(self, line: AnyLine) -> None:
        """A line of this call has hung up or failed."""
        if self._followed_left(line):
            return
        if line in self._members and line not in self.ringing:
            self._remove_member(line)
            self._report_departure(line)

    def dismiss(self, line: AnyLine) -> None:
        """End it for one of its parties, from our side."""
        if line in self._members:
            self._remove_member(line)
            self._report_departure(line)
            self._calls.call_over(line, self, self._context.tones.busy, far_end_gone=True)

    def cut_off(self) -> None:
        """End it because an emergency call needs its line."""
        self._course.outcome = "cleared"
        self.close()

    def close(self) -> None:
        """End it from our side."""
        self.machine.event(CallEvent.CLOSE)

    # How it works.

    def _length(self, timer: Timer) -> int:
        trunk = isinstance(self.caller, TrunkLine)
        config = self._context.config
        if timer is NO_ANSWER and self._nobody_rings and not self._called_back:
            return NO_ANSWER.lasting(NO_ANSWER.least).periods  # for the caller ID alone
        if timer is NO_ANSWER and self._ring_s is not None:
            return NO_ANSWER.lasting(1000 * self._ring_s).periods
        if timer is NO_ANSWER:
            seconds = config.ring_seconds if trunk else config.no_answer_seconds
            if self._back_to is not None:
                seconds = config.transfer_return_seconds
            return NO_ANSWER.lasting(1000 * seconds).periods
        if timer is PARK_RETURN:
            return PARK_RETURN.lasting(1000 * config.park_return_seconds).periods
        if timer is PICK_UP and self._up:
            return 1
        return timer.periods

    def _belongs(self, line: AnyLine, belongs: bool) -> None:
        if belongs:
            self._calls.join(line, self)
        else:
            self._calls.leave(line, self)

    def _call_of(self, line: AnyLine) -> "Call | None":
        return self._calls.call_of(line)

    def _clear_a_line(self) -> bool:
        return self._calls.clear_line(self)

    def _feature(self, feature: Feature) -> None:
        do = FEATURES.get(feature.name)
        if do is None:
            self.nobodys_number()
        else:
            do(self, feature.argument)

    def _pick_up(self, wanted: str) -> bool:
        line = self.caller
        return isinstance(line, StationLine) and self._calls.fetching.pick_up(line, wanted)

    def _park(self) -> str:
        line = self.caller
        return self._calls.fetching.park(line) if isinstance(line, StationLine) else ""

    def _flash_outside(self) -> bool:
        line = self.caller
        return isinstance(line, StationLine) and self._calls.flash_outside(line)

    def _fetch(self, slot: str) -> bool:
        line = self.caller
        return isinstance(line, StationLine) and self._calls.fetching.fetch(line, slot)

    def _offer_to(self, handset: StationLine) -> bool:
        return self._calls.offer(handset, self)

    def _show(self, handset: StationLine) -> None:
        self._calls.show(handset, self)

    def _withdraw(self, handset: StationLine) -> None:
        self._calls.withdraw(handset, self)

    def _fewer(self) -> None:
        self._calls.fewer(self)

    def _end(self, tone: Tone) -> None:
        """End the call for all lines that are left; handsets hear this tone."""
        self._report()
        self.when_over()
        self._stop_ringing()
        if self._script_line is not None:
            self._script_line.end(failed=not self.caller.working)
        talked = self._script_line is not None or bool(self.legs)
        for guest in list(self._guests):
            self._end_guest(guest)
        for line in list(self._members):
            self._remove_member(line)
            self._calls.call_over(line, self, tone, far_end_gone=talked)
        over, self._over = self._over, None
        if over is not None:
            over()

    def _report(self) -> None:
        """Tell how it went, unless a handset was only lifted and put back, or called back."""
        if not self.listed:
            return
        dialled = self._dialled and not self._called_back
        if isinstance(self.caller, StationLine) and not dialled and self.outside is None:
            return
        self._take_stock()
        to = self.called.name if self.called is not None else self.mailbox or self._dialled
        to = self.outside.number if self.outside is not None else to
        trunk = self.trunk.name if self.trunk is not None else ""
        if isinstance(self.called, TrunkLine):  # somebody was followed to a number outside
            to, trunk = self.mailbox, self.called.name
        times = self._course.times(self._context.queue.now)
        outcome, way = self._course.outcome, ", ".join(self._ways)
        self._context.ended_call(self.caller, to, outcome, *times, trunk=trunk, way=way)

    # Actions.

    def _digit_to_script(self) -> None:
        assert self._script_line is not None
        self._script_line.digit(self._key)

    def _stop_calling_back(self) -> None:
        assert isinstance(self.caller, StationLine)
        self.caller.stop_ringing()
        self._remove_member(self.caller)

    def _give_up(self) -> None:
        """The caller leaves while it rings: a missed call of whose mailbox would have answered."""
        mailbox = self._answering_mailbox()
        if mailbox:
            self._context.missed_call(self.caller, GIVEN_UP, mailbox)
        else:
            self._context.missed_call(self.caller, MISSED)
        self._finish()

    def _refuse(self) -> None:
        self._context.missed_call(self.caller, MISSED)
        self._reject()

    def _finish(self) -> None:
        self._end(self._context.tones.busy)

    def _no_number(self) -> None:
        self._end(self._context.tones.no_number)

    def _reject(self) -> None:
        self._end(self._context.tones.reorder)


CALL_ACTIONS = Actions[Call, CallState, CallEvent](
    CALL,
    {
        CallEvent.LIFT: Call._give_dial_tone,
        CallEvent.DIGIT: Call._interpret_digit,
        CallEvent.PAUSE: Call._interpret_all,
        (CallState.SCRIPT, CallEvent.DIGIT): Call._digit_to_script,
        CallEvent.ANSWERED: Call._connect,
        (CallState.CALLING_BACK, CallEvent.LIFT): Call._answer,
        (CallState.CALLING_BACK, CallEvent.NO_ANSWER): Call._stop_calling_back,
        (CallState.CALLING_BACK, CallEvent.CALLER_LEFT): Call._stop_calling_back,
        (CallState.CALLING_BACK, CallEvent.CLOSE): Call._stop_calling_back,
        CallEvent.NO_ANSWER: Call._look_for_voicemail,
        CallEvent.RINGS_ON: Call._look_for_voicemail,
        CallEvent.VOICEMAIL: Call._answer,
        CallEvent.OWNER: Call._answer,
        CallEvent.OUTSIDE: Call._take_line,
        (CallState.CLEARING_LINE, CallEvent.OUTSIDE): Call._line_cleared,
        (CallState.CALLING_OUT, CallEvent.CALLED_LEFT): Call._take_line,
        CallEvent.DIALLED: Call._join_outside,
        (CallState.CALLING_SOMEBODY, CallEvent.DIALLED): Call._tell_called,
        CallEvent.NO_LINE: Call._reject,
        CallEvent.REFUSED: Call._reject,
        CallEvent.PICKED_UP: Call._run_script,
        CallEvent.NO_VOICEMAIL: Call._refuse,
        (CallState.CONNECTED, CallEvent.PARTY_LEFT): Call._fewer,
        (CallState.HELD, CallEvent.PARTY_LEFT): Call._fewer,
        CallEvent.UNKNOWN: Call._no_number,
        CallEvent.TOO_SLOW: Call._reject,
        (CallState.RINGING, CallEvent.CALLER_LEFT): Call._give_up,
        (CallState.UNANSWERED, CallEvent.CALLER_LEFT): Call._give_up,
        CallEvent.CALLER_LEFT: Call._finish,
        CallEvent.CALLED_LEFT: Call._finish,
        CallEvent.SCRIPT_OVER: Call._finish,
        CallEvent.CLOSE: Call._finish,
    },
)
