"""A call: who is connected to what. The table below is the page to read first.

A call has a caller, a handset or a trunk. It rings handsets, connects one of them, or runs a script
for the caller (voicemail, the owner's menu). It ends for both when either leaves.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from app.core.fsm import Actions, Machine, Row, Table
from app.core.timers import Timer, periods
from app.phone.calls.call_line import CallLine
from app.phone.calls.dialplan import Handset, Incomplete, Mailbox
from app.phone.calls.line import Caller
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.sounds import Tone
from app.phone.timers import FIRST_DIGIT, NEXT_DIGIT, NO_ANSWER, PICK_UP

if TYPE_CHECKING:
    from app.phone.calls.calls import Calls

log = logging.getLogger(__name__)

AnyLine = StationLine | TrunkLine


class CallState(StrEnum):
    """States of a call."""

    NEW = "new"
    DIAL_TONE = "dial tone"
    DIALLING = "dialling"
    RINGING = "ringing"
    OVERDUE = "overdue"
    CONNECTED = "connected"
    ANSWERING = "answering"
    SCRIPT = "script"
    ENDED = "ended"


class CallEvent(StrEnum):
    """Events of a call."""

    LIFT = "lift"
    DIGIT = "digit"
    PAUSE = "pause"
    TOO_SLOW = "too slow"
    UNKNOWN = "unknown number"
    RING = "ring"
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    RINGS_ON = "rings on"
    VOICEMAIL = "voicemail"
    OWNER = "owner"
    PICKED_UP = "picked up"
    SCRIPT_OVER = "script over"
    CALLER_LEFT = "caller left"
    CALLED_LEFT = "called left"
    CLOSE = "close"


# OVERDUE: it has rung long enough. A trunk is answered during a burst only: between bursts nobody
# can tell whether the caller has given up, and the office's dial tone would be taken down.
_ENDS = {CallEvent.CALLER_LEFT: CallState.ENDED, CallEvent.CLOSE: CallState.ENDED}

CALL: Table[CallState, CallEvent] = Table(
    "call",
    {
        CallState.NEW: Row(
            {CallEvent.LIFT: CallState.DIAL_TONE, CallEvent.RING: CallState.RINGING}
        ),
        CallState.DIAL_TONE: Row(
            {**_ENDS, CallEvent.DIGIT: CallState.DIALLING, CallEvent.TOO_SLOW: CallState.ENDED},
            timer=FIRST_DIGIT,
            due=CallEvent.TOO_SLOW,
        ),
        CallState.DIALLING: Row(
            {
                **_ENDS,
                CallEvent.DIGIT: CallState.DIALLING,
                CallEvent.PAUSE: CallState.DIALLING,
                CallEvent.RING: CallState.RINGING,
                CallEvent.VOICEMAIL: CallState.ANSWERING,
                CallEvent.OWNER: CallState.ANSWERING,
                CallEvent.UNKNOWN: CallState.ENDED,
            },
            timer=NEXT_DIGIT,
            due=CallEvent.PAUSE,
        ),
        CallState.RINGING: Row(
            {
                **_ENDS,
                CallEvent.ANSWERED: CallState.CONNECTED,
                CallEvent.NO_ANSWER: CallState.OVERDUE,
            },
            stay=frozenset({CallEvent.DIGIT, CallEvent.RINGS_ON}),
            timer=NO_ANSWER,
            due=CallEvent.NO_ANSWER,
        ),
        CallState.OVERDUE: Row(
            {
                **_ENDS,
                CallEvent.ANSWERED: CallState.CONNECTED,
                CallEvent.RINGS_ON: CallState.OVERDUE,
                CallEvent.VOICEMAIL: CallState.ANSWERING,
                CallEvent.UNKNOWN: CallState.ENDED,
            },
            stay=frozenset({CallEvent.DIGIT}),
        ),
        CallState.CONNECTED: Row(
            {**_ENDS, CallEvent.CALLED_LEFT: CallState.ENDED}, stay=frozenset({CallEvent.DIGIT})
        ),
        CallState.ANSWERING: Row(
            {**_ENDS, CallEvent.PICKED_UP: CallState.SCRIPT},
            stay=frozenset({CallEvent.DIGIT}),
            timer=PICK_UP,
            due=CallEvent.PICKED_UP,
        ),
        CallState.SCRIPT: Row(
            {**_ENDS, CallEvent.SCRIPT_OVER: CallState.ENDED}, stay=frozenset({CallEvent.DIGIT})
        ),
        CallState.ENDED: Row(stay=frozenset(CallEvent)),
    },
)


class Call:
    """One call from its first sign of life to its end."""

    def __init__(self, board: "Calls", caller: AnyLine) -> None:
        self.caller = caller
        self.called: StationLine | None = None
        self.ringing: list[StationLine] = []
        self.mailbox = ""
        self._board = board
        self._dialled = ""
        self._session: CallLine | None = None
        self._script = board.answer
        self.machine = Machine(_ACTIONS, self, caller.name, board.queue, self._length)
        board.join(caller, self)

    # What the switchboard reports.

    def from_trunk(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        """The caller is a ringing trunk: ring these; `mailbox` answers, if there is one."""
        self._ring(handsets, mailbox)

    def lifted(self, line: StationLine) -> None:
        """A handset was lifted: the caller's, or one of those that ring."""
        if line is self.caller:
            self.machine.event(CallEvent.LIFT)
        elif line in self.ringing:
            self.called = line
            self.machine.event(CallEvent.ANSWERED)

    def digit(self, line: AnyLine, digit: str) -> None:
        """The caller dialled."""
        if line is not self.caller:
            return
        self._dialled += digit
        self.machine.event(CallEvent.DIGIT)

    def left(self, line: AnyLine) -> None:
        """A line of this call has hung up or failed."""
        if line is self.caller:
            self.machine.event(CallEvent.CALLER_LEFT)
        elif line is self.called:
            self.machine.event(CallEvent.CALLED_LEFT)

    def caller_known(self, caller: Caller) -> None:
        """The trunk told who calls: show it on the handsets that ring."""
        for handset in self.ringing:
            handset.show(caller)

    def rings_on(self) -> None:
        """The trunk began a further burst of ringing."""
        self.machine.event(CallEvent.RINGS_ON)

    def close(self) -> None:
        """End it from our side."""
        self.machine.event(CallEvent.CLOSE)

    # What follows from it.

    def _length(self, timer: Timer) -> int:
        trunk = isinstance(self.caller, TrunkLine)
        config = self._board.config
        if timer is NO_ANSWER:
            return periods(1000 * (config.ring_seconds if trunk else config.no_answer_seconds))
        if timer is PICK_UP and not trunk:
            return 1
        return timer.periods

    def _dial_tone(self) -> None:
        assert isinstance(self.caller, StationLine)
        self._board.refresh_directory()
        self.caller.channel.tone(self.caller.dial_tone())
        self.caller.digits_wanted(True, dial_tone=True)

    def _judge(self) -> None:
        if len(self._dialled) == 1:
            self.caller.channel.tone(None)
            self.caller.digits_wanted(True)
        complete = self._dialled.endswith("#") and len(self._dialled) > 1
        self._act_on(complete)

    def _judge_finally(self) -> None:
        self._act_on(True)

    def _act_on(self, complete: bool) -> None:
        meaning = self._board.dialplan().find(self._dialled.rstrip("#"))
        if isinstance(meaning, Incomplete):
            if not complete:
                return
            meaning = meaning.so_far
        if isinstance(meaning, Handset):
            self._call_handset(meaning)
        elif isinstance(meaning, Mailbox):
            self.mailbox, self._script = meaning.number, self._board.owner
            self.machine.event(CallEvent.OWNER)
        else:
            self.machine.event(CallEvent.UNKNOWN)

    def _call_handset(self, wanted: Handset) -> None:
        line = self._board.stations[wanted.station]
        if line.idle:
            self.caller.channel.tone(self._board.plan.ringback)
            self._ring([line], wanted.mailbox)
        else:
            self.mailbox = wanted.mailbox
            self.machine.event(CallEvent.VOICEMAIL if wanted.mailbox else CallEvent.UNKNOWN)

    def _ring(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        self.mailbox = mailbox
        caller = self._board.identity(self.caller)
        for handset in handsets:
            if handset is not self.caller and handset.ring(caller):
                self.ringing.append(handset)
                self._board.join(handset, self)
        self.machine.event(CallEvent.RING)

    def _stop_ringing(self) -> None:
        for handset in self.ringing:
            if handset is not self.called:
                self._board.leave(handset, self)
                handset.stop_ringing()
        self.ringing.clear()

    def _connect(self) -> None:
        assert self.called is not None
        self._stop_ringing()
        self.caller.channel.tone(None)
        self.caller.digits_wanted(False)
        if isinstance(self.caller, TrunkLine):
            self.caller.seize()
        self._board.mixer.bridge(self.caller.channel, self.called.channel)

    def _nobody_answers(self) -> None:
        if isinstance(self.caller, TrunkLine) and not self.caller.ringing:
            return
        mailbox = self.mailbox or (
            self._board.default_mailbox() if isinstance(self.caller, TrunkLine) else ""
        )
        self.mailbox = mailbox
        if mailbox:
            self.machine.event(CallEvent.VOICEMAIL)
        elif isinstance(self.caller, StationLine):
            self.machine.event(CallEvent.UNKNOWN)

    def _answer(self) -> None:
        self._stop_ringing()
        self.caller.channel.tone(None)
        if isinstance(self.caller, TrunkLine):
            self.caller.seize()
        self.caller.digits_wanted(True)

    def _run_script(self) -> None:
        self._session = self._board.session(self.caller, self._script_over)
        self._board.run(self._script, self._session, self.mailbox, self._script_over)

    def _script_over(self) -> None:
        self.machine.event(CallEvent.SCRIPT_OVER)

    def _digit_for_script(self) -> None:
        assert self._session is not None
        self._session.digit(self._dialled[-1])

    def _caller_left(self) -> None:
        self._part()
        self._dismiss(self.called, self._board.plan.busy)

    def _called_left(self) -> None:
        self._part()
        self._dismiss(self.caller, self._board.plan.busy)

    def _finish(self) -> None:
        self._part()
        for line in (self.caller, self.called):
            self._dismiss(line, self._board.plan.busy)

    @staticmethod
    def _dismiss(line: AnyLine | None, tone: Tone) -> None:
        if isinstance(line, TrunkLine):
            line.release()
        elif line is not None:
            line.dismiss(tone)

    def _reject(self) -> None:
        self._part()
        self._dismiss(self.caller, self._board.plan.reorder)

    def _part(self) -> None:
        self._stop_ringing()
        if self._session is not None:
            self._session.end()
        self._board.mixer.part(self.caller.channel)
        for line in (self.caller, self.called):
            if line is not None:
                self._board.leave(line, self)


_ACTIONS = Actions[Call, CallState, CallEvent](
    CALL,
    {
        CallEvent.LIFT: Call._dial_tone,
        CallEvent.DIGIT: Call._judge,
        CallEvent.PAUSE: Call._judge_finally,
        (CallState.SCRIPT, CallEvent.DIGIT): Call._digit_for_script,
        CallEvent.ANSWERED: Call._connect,
        CallEvent.NO_ANSWER: Call._nobody_answers,
        CallEvent.RINGS_ON: Call._nobody_answers,
        CallEvent.VOICEMAIL: Call._answer,
        CallEvent.OWNER: Call._answer,
        CallEvent.PICKED_UP: Call._run_script,
        CallEvent.UNKNOWN: Call._reject,
        CallEvent.TOO_SLOW: Call._reject,
        CallEvent.CALLER_LEFT: Call._caller_left,
        CallEvent.CALLED_LEFT: Call._called_left,
        CallEvent.SCRIPT_OVER: Call._finish,
        CallEvent.CLOSE: Call._finish,
    },
)
