"""How one call reaches somebody: what is dialled, who rings, and voicemail if nobody lifts."""

from collections.abc import Iterable

from app.phone.calls.call_line import CallLine
from app.phone.calls.context import AnyLine, Context
from app.phone.calls.course import Course
from app.phone.calls.dialplan import Handset, Incomplete, Mailbox
from app.phone.calls.line import Caller, WhyVoicemail
from app.phone.calls.parties import Parties
from app.phone.calls.states import CallEvent
from app.phone.jobs import Outcome
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Leg


class Reaching(Parties):
    """The part of a call before somebody, or a script, talks to the caller."""

    def __init__(self, context: Context, caller: AnyLine) -> None:
        super().__init__(context, caller)
        self.called: StationLine | None = None
        self.ringing: list[StationLine] = []
        self.mailbox = ""
        """Whose voicemail answers; "" is nobody's."""
        self._dialled = ""
        self._course = Course(context.queue.now)
        self._script = context.answer
        self._why = WhyVoicemail.NO_ANSWER
        self._script_line: CallLine | None = None

    # What the lines report.

    def from_trunk(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        """The caller is a ringing trunk: ring these; `mailbox` answers, if there is one."""
        self._ring(handsets, mailbox)

    def caller_known(self, caller: Caller) -> None:
        """The trunk's caller ID has come in: show it on the handsets that ring."""
        for handset in self.ringing:
            handset.show(caller)

    def rings_on(self) -> None:
        """The trunk began a further burst of ringing."""
        self.machine.event(CallEvent.RINGS_ON)

    # How it works.

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
