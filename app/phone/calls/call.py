"""A call: who is connected to what. Its table of states (states.py) is the page to read first.

A call has a caller, a handset or a trunk. It rings handsets, connects one of them, or runs a script
for the caller (voicemail, the owner's menu). Who talks is a leg on the call's conference bus
(app.phone.sound.mixer); hold, transfer, a third party and listening in are moves of legs. The call
is over when fewer than two of them are left.
"""

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

from app.core.fsm import Actions, Machine
from app.core.timers import Timer, TimerQueue
from app.phone.calls.call_line import CallLine
from app.phone.calls.course import Course
from app.phone.calls.dialplan import Dialplan, Handset, Incomplete, Mailbox
from app.phone.calls.line import Caller, Line, WhyVoicemail
from app.phone.calls.states import CALL, CallEvent, CallState
from app.phone.config import PhoneConfig
from app.phone.jobs import Outcome
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Bus, Channel, Leg, Mixer
from app.phone.sound.sounds import Tone
from app.phone.timers import NO_ANSWER, PICK_UP
from drivers.countries import Tones

log = logging.getLogger(__name__)

AnyLine = StationLine | TrunkLine

CallScript = Callable[[Line, str], Coroutine[Any, Any, None]]
"""answer(line, mailbox) for callers, owner(line, number) for a handset that dials a mailbox."""

PlayScript = Callable[[Line, str, int], Coroutine[Any, Any, None]]
"""play(line, mailbox, entry) for a handset that is rung to play messages; entry 0: all."""

MISSED = "no handset answered, and no mailbox is set for this call"
"""Why a call was missed, in words for owner and administrator."""


class CallContext(Protocol):
    """What a call needs from outside; app.phone.calls.calls.Calls provides it for one board."""

    @property
    def queue(self) -> TimerQueue:
        """Line time."""
        ...

    @property
    def mixer(self) -> Mixer:
        """Where conference buses come from."""
        ...

    @property
    def tones(self) -> Tones:
        """The country's tones."""
        ...

    @property
    def config(self) -> PhoneConfig:
        """How long it rings."""
        ...

    @property
    def stations(self) -> Mapping[str, StationLine]:
        """The handsets' lines by name."""
        ...

    @property
    def answer(self) -> CallScript:
        """Takes a message from the caller (app/voicemail/answer.py)."""
        ...

    @property
    def owner(self) -> CallScript:
        """The menu of a mailbox's owner (app/voicemail/internal.py)."""
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

    def identity(self, line: AnyLine) -> Caller:
        """Who calls on this line."""
        ...

    def refresh_directory(self) -> None:
        """Who has which number will be needed soon."""
        ...

    def dialplan(self) -> Dialplan:
        """What numbers mean now."""
        ...

    def default_mailbox(self) -> str:
        """Who answers a trunk whose setting names no mailbox; "" is nobody."""
        ...

    def missed_call(self, line: AnyLine, why: str) -> None:
        """Report a call on this line that nobody could answer; `why` in words."""
        ...

    def ended_call(self, line: AnyLine, to: str, outcome: Outcome, *times: int) -> None:
        """Report a call that is over; periods (10 ms) before it was answered, and after that."""
        ...

    def call_line(self, line: AnyLine, channel: Channel, hung_up: Callable[[], None]) -> CallLine:
        """What a script sees of this line; its sound goes by `channel`."""
        ...

    def run(
        self, script: CallScript, line: CallLine, mailbox: str, over: Callable[[], None]
    ) -> None:
        """Start a script; `over` is called when it has ended, by itself or by its death."""
        ...


class Call:
    """One call from its first sign of life to its end."""

    def __init__(self, context: CallContext, caller: AnyLine) -> None:
        self.caller = caller
        self.called: StationLine | None = None
        self.ringing: list[StationLine] = []
        self.mailbox = ""
        """Whose voicemail answers; "" is nobody's."""
        self.legs: dict[AnyLine, Leg] = {}
        """The lines that talk, listen or are on hold, once it is connected."""
        self._context = context
        self._members: list[AnyLine] = []
        self._dialled = ""
        self._called_back = False
        self._course = Course(context.queue.now)
        self._script = context.answer
        self._why = WhyVoicemail.NO_ANSWER
        self._script_line: CallLine | None = None
        self._guests: dict[CallLine, Channel] = {}
        self._bus: Bus = context.mixer.bus()
        self.machine = Machine(CALL_ACTIONS, self, caller.name, context.queue, self._length)
        self._add_member(caller)

    # What the lines report.

    def from_trunk(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        """The caller is a ringing trunk: ring these; `mailbox` answers, if there is one."""
        self._ring(handsets, mailbox)

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
        """The caller dialled."""
        if line is self.caller:
            self._dialled += digit
            self.machine.event(CallEvent.DIGIT)

    def left(self, line: AnyLine) -> None:
        """A line of this call has hung up or failed."""
        if line in self._members and line not in self.ringing:
            self._remove_member(line)
            self._report_departure(line)

    def caller_known(self, caller: Caller) -> None:
        """The trunk's caller ID has come in: show it on the handsets that ring."""
        for handset in self.ringing:
            handset.show(caller)

    def rings_on(self) -> None:
        """The trunk began a further burst of ringing."""
        self.machine.event(CallEvent.RINGS_ON)

    def close(self) -> None:
        """End it from our side."""
        self.machine.event(CallEvent.CLOSE)

    # Moves of legs. Each gives False, and moves nothing, unless the call is connected.

    def add(self, line: AnyLine, gain_db: float = 0.0, heard: bool = True) -> bool:
        """Let a further line take part, out of its own call; not `heard`, it only listens in.

        `gain_db` (-50 to 20): how much louder the others hear it. Raises ValueError out of range.
        """
        leg = Leg(line.channel, gain_db, heard)
        earlier = self._context.call_of(line)
        if earlier is self or not self._take(line, leg):
            return False
        if earlier is not None:
            earlier.left(line)
        line.channel.tone(None)
        line.digits_wanted(False)
        return True

    def hold(self, line: AnyLine, music: Bus | None = None) -> bool:
        """Take a party off the conference: it hears nothing, or the bus of the music."""
        leg = self.legs.get(line)
        if leg is None or not self.machine.event(CallEvent.HOLD):
            return False
        leg.leave()
        if music is not None:
            on_hold = Leg(line.channel, heard=False)
            on_hold.join(music)
        return True

    def resume(self, line: AnyLine) -> bool:
        """Let a held party talk again."""
        leg = self.legs.get(line)
        if leg is None or leg.bus is self._bus or not self.machine.event(CallEvent.RESUME):
            return False
        self._put_on_bus(leg)
        return True

    def transfer(self, line: AnyLine, to: "Call") -> bool:
        """Move a party into another connected call; this one goes on if two are left, else ends."""
        leg = self.legs.get(line)
        if leg is None or line in to.legs or not self.machine.event(CallEvent.TRANSFER):
            return False
        if not to._take(line, leg):
            return False
        self._members.remove(line)
        del self.legs[line]
        self._report_departure(line)
        return True

    def add_script(self, script: CallScript, mailbox: str = "", heard: bool = True) -> bool:
        """Let a script take part: it hears all parties together, and they hear it if `heard`."""
        if not self.machine.event(CallEvent.JOIN):
            return False
        channel = self._context.mixer.script_channel()

        def over() -> None:
            self._end_guest(line)

        line: CallLine = self._context.call_line(self.caller, channel, over)
        self._guests[line] = channel
        channel.listen(line.digit)
        Leg(channel, heard=heard).join(self._bus)
        self._context.run(script, line, mailbox, over)
        return True

    # How it works.

    def _length(self, timer: Timer) -> int:
        trunk = isinstance(self.caller, TrunkLine)
        config = self._context.config
        if timer is NO_ANSWER:
            seconds = config.ring_seconds if trunk else config.no_answer_seconds
            return NO_ANSWER.lasting(1000 * seconds).periods
        if timer is PICK_UP and not trunk:
            return 1
        return timer.periods

    def _add_member(self, line: AnyLine) -> None:
        self._members.append(line)
        self._context.join(line, self)

    def _remove_member(self, line: AnyLine) -> None:
        self._members.remove(line)
        self._context.leave(line, self)
        self.legs.pop(line, None)  # a line leaves its bus when it is quiet, or joins another

    def _report_departure(self, line: AnyLine) -> None:
        """A line is a member no more: does the call go on without it?"""
        if sum(leg.heard for leg in self.legs.values()) >= 2:
            self.machine.event(CallEvent.PARTY_LEFT)
        elif line is self.caller:
            self.machine.event(CallEvent.CALLER_LEFT)
        else:
            self.machine.event(CallEvent.CALLED_LEFT)

    def _take(self, line: AnyLine, leg: Leg) -> bool:
        if not self.machine.event(CallEvent.JOIN):
            return False
        self._add_member(line)
        self.legs[line] = leg
        self._put_on_bus(leg)
        return True

    def _put_on_bus(self, leg: Leg) -> None:
        if leg.channel.leg is not None:  # its own, or one on the bus of the music
            leg.channel.leg.leave()
        leg.join(self._bus)

    def _call_handset(self, wanted: Handset) -> None:
        line = self._context.stations[wanted.station]
        if line.idle:
            self.caller.channel.tone(self._context.tones.ringback)
            self._ring([line], wanted.mailbox)
        else:
            self.mailbox, self._why = wanted.mailbox, WhyVoicemail.BUSY
            self.machine.event(CallEvent.VOICEMAIL if wanted.mailbox else CallEvent.NO_VOICEMAIL)

    def _ring(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        self.mailbox = mailbox
        caller = self._context.identity(self.caller)
        for handset in handsets:
            if handset is not self.caller and handset.ring(caller):
                self.ringing.append(handset)
                self._add_member(handset)
        self.machine.event(CallEvent.RING)

    def _stop_ringing(self) -> None:
        for handset in self.ringing:
            if handset is not self.called:
                self._remove_member(handset)
                handset.stop_ringing()
        self.ringing.clear()

    def _answering_mailbox(self) -> str:
        if not self.mailbox and isinstance(self.caller, TrunkLine):
            self.mailbox = self._context.default_mailbox()
        return self.mailbox

    def _interpret(self, complete: bool) -> None:
        meaning = self._context.dialplan().find(self._dialled.rstrip("#"))
        if isinstance(meaning, Incomplete):
            if not complete:
                return
            meaning = meaning.so_far
        if isinstance(meaning, Handset):
            self._call_handset(meaning)
        elif isinstance(meaning, Mailbox):
            self.mailbox, self._script = meaning.number, self._context.owner
            self.machine.event(CallEvent.OWNER)
        else:
            self._course.outcome = "nobody's number"
            self.machine.event(CallEvent.UNKNOWN)

    def _script_over(self) -> None:
        self.machine.event(CallEvent.SCRIPT_OVER)

    def _end_guest(self, line: CallLine) -> None:
        channel = self._guests.pop(line, None)
        if channel is not None:
            line.end()
            self._context.mixer.close(channel)

    def _end(self, tone: Tone) -> None:
        """End the call for all lines that are left; handsets hear this tone."""
        self._report()
        self._stop_ringing()
        if self._script_line is not None:
            self._script_line.end()
        for guest in list(self._guests):
            self._end_guest(guest)
        for line in list(self._members):
            self._remove_member(line)
            if isinstance(line, TrunkLine):
                line.release()
            else:
                line.end_call(tone)

    def _report(self) -> None:
        """Tell how it went, unless a handset was only lifted and put back, or called back."""
        if isinstance(self.caller, StationLine) and (self._called_back or not self._dialled):
            return
        to = self.called.name if self.called is not None else self.mailbox or self._dialled
        times = self._course.times(self._context.queue.now)
        self._context.ended_call(self.caller, to, self._course.outcome, *times)

    # Actions.

    def _give_dial_tone(self) -> None:
        assert isinstance(self.caller, StationLine)
        self._context.refresh_directory()
        self.caller.channel.tone(self.caller.dial_tone())
        self.caller.digits_wanted(True, dial_tone=True)

    def _interpret_digit(self) -> None:
        if len(self._dialled) == 1:
            self.caller.channel.tone(None)
            self.caller.digits_wanted(True)
        self._interpret(complete=self._dialled.endswith("#") and len(self._dialled) > 1)

    def _interpret_all(self) -> None:
        self._interpret(complete=True)

    def _digit_to_script(self) -> None:
        assert self._script_line is not None
        self._script_line.digit(self._dialled[-1])

    def _connect(self) -> None:
        assert self.called is not None
        self._course.answered("answered", self._context.queue.now)
        self._stop_ringing()
        self.caller.channel.tone(None)
        self.caller.digits_wanted(False)
        if isinstance(self.caller, TrunkLine):
            self.caller.seize()
        for line in (self.caller, self.called):
            self.legs[line] = Leg(line.channel)
            self._put_on_bus(self.legs[line])

    def _look_for_voicemail(self) -> None:
        if isinstance(self.caller, TrunkLine) and not self.caller.ringing:
            return
        if self._answering_mailbox():
            self.machine.event(CallEvent.VOICEMAIL)
        elif isinstance(self.caller, StationLine):
            self.machine.event(CallEvent.NO_VOICEMAIL)

    def _answer(self) -> None:
        outcome: Outcome = "own mailbox" if self._script is self._context.owner else "voicemail"
        self._course.answered(outcome, self._context.queue.now)
        self._stop_ringing()
        self.caller.channel.tone(None)
        if isinstance(self.caller, TrunkLine):
            self.caller.seize()
        self.caller.digits_wanted(True)

    def _run_script(self) -> None:
        self._script_line = self._context.call_line(
            self.caller, self.caller.channel, self._script_over
        )
        self._script_line.why = self._why
        self._context.run(self._script, self._script_line, self.mailbox, self._script_over)

    def _stop_calling_back(self) -> None:
        assert isinstance(self.caller, StationLine)
        self.caller.stop_ringing()
        self._remove_member(self.caller)

    def _give_up(self) -> None:
        """The caller leaves while it rings: a missed call, if nobody would have answered it."""
        if not self._answering_mailbox():
            self._context.missed_call(self.caller, MISSED)
        self._finish()

    def _refuse(self) -> None:
        self._context.missed_call(self.caller, MISSED)
        self._reject()

    def _finish(self) -> None:
        self._end(self._context.tones.busy)

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
        CallEvent.PICKED_UP: Call._run_script,
        CallEvent.NO_VOICEMAIL: Call._refuse,
        CallEvent.UNKNOWN: Call._reject,
        CallEvent.TOO_SLOW: Call._reject,
        (CallState.RINGING, CallEvent.CALLER_LEFT): Call._give_up,
        (CallState.UNANSWERED, CallEvent.CALLER_LEFT): Call._give_up,
        CallEvent.CALLER_LEFT: Call._finish,
        CallEvent.CALLED_LEFT: Call._finish,
        CallEvent.SCRIPT_OVER: Call._finish,
        CallEvent.CLOSE: Call._finish,
    },
)
