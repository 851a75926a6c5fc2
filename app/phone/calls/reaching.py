"""How one call reaches somebody: what is dialled, who rings, and voicemail if nobody lifts."""

from abc import abstractmethod
from collections.abc import Iterable

from app.phone.calls.aims import Aim, Step
from app.phone.calls.call_line import CallLine
from app.phone.calls.context import AnyLine, CallScript, Context
from app.phone.calls.course import Course
from app.phone.calls.dialplan import (
    Feature,
    Group,
    Handset,
    Incomplete,
    Mailbox,
    Outside,
    Service,
    Unknown,
    Whole,
)
from app.phone.calls.line import Caller, WhyVoicemail
from app.phone.calls.parties import Parties
from app.phone.calls.states import CallEvent, CallState
from app.phone.jobs import Outcome
from app.phone.lines.ring_kinds import RingKind
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Leg
from app.phone.sound.sounds import Tone
from app.phone.sound.tones import recall_tone


class Reaching(Parties):
    """The part of a call before somebody, or a script, talks to the caller."""

    def __init__(self, context: Context, caller: AnyLine) -> None:
        super().__init__(context, caller)
        self.called: AnyLine | None = None
        self.ringing: list[StationLine] = []
        self.offered: list[StationLine] = []
        """Handsets in another call, or about to lie on their hook, that are told of this one."""
        self.mailbox = ""
        """Whose voicemail answers; "" is nobody's."""
        self._back_to: StationLine | None = None
        """The handset that gets the caller back when nobody answers."""
        self.listed = True
        """Whether it is told to the list of calls: what a code does is no call."""
        self.recall = False
        """Whether the caller has another party on hold, and hears so in its dial tone."""
        self._dialled = ""
        self._course = Course(context.queue.now)
        self._script = context.answer
        self._why = WhyVoicemail.NO_ANSWER
        self._steps: list[Step] = []
        """Who is still to be rung."""
        self._ring_s: float | None = None
        """How long those ring that do now; None: as the setting says."""
        self._attendant = False
        """Whether the attendant answers when nobody is left to be rung."""
        self._ways: list[str] = []
        """Attendant, groups and follow-me by which it went."""
        self._of_group = self._comes_back = False
        self._script_line: CallLine | None = None

    @abstractmethod
    def _offer_to(self, handset: StationLine) -> bool:
        """Tell a handset, which is in another call, of this one; False if it cannot be told."""

    @abstractmethod
    def _show(self, handset: StationLine) -> None:
        """Who calls has become known: show it on a handset that was told of this call."""

    @abstractmethod
    def _withdraw(self, handset: StationLine) -> None:
        """A handset that was told of this call need not wait for it any more."""

    # What the lines report.

    def towards(self, aim: Aim) -> None:
        """Ring whom the aim names, one step after another; then its mailbox answers, if any."""
        self._steps, self.mailbox, self._attendant = list(aim.steps), aim.mailbox, aim.attendant
        self._why, self._of_group = aim.why, aim.of_group
        self._ways += [aim.way] if aim.way else []
        if not self._ring_next():
            self._ring((), aim.mailbox)

    def from_fax_line(self, script: CallScript, mailbox: str) -> None:
        """The caller is a ringing trunk that is for faxes alone: the script answers at once."""
        self.mailbox, self._script = mailbox, script
        self.machine.event(CallEvent.VOICEMAIL)

    def is_fax(self, mailbox: str) -> None:
        """The caller turns out to be a fax machine: whose inbox the fax comes into."""
        self.mailbox, self._course.outcome = mailbox, "fax"

    def caller_known(self, caller: Caller) -> None:
        """The trunk's caller ID has come in: show it on the handsets that ring."""
        for handset in self.ringing:
            handset.show(caller)
        for handset in self.offered:
            self._show(handset)

    def ring_offered(self, handset: StationLine) -> bool:
        """A handset that was told of this call lies on its hook now: ring it. False if it cannot.

        It is not told any more.
        """
        self.offered.remove(handset)
        if not handset.ring(self._context.identity(self.caller), self._ring_kind()):
            return False
        self.ringing.append(handset)
        self._add_member(handset)
        return True

    def cannot_ring(self, handset: StationLine) -> None:
        """The port of a handset that rang has failed; the others ring on, or the time runs out."""
        if handset in self.ringing:
            self.ringing.remove(handset)
            self._remove_member(handset)

    def answered_by(self, handset: StationLine) -> bool:
        """A handset that does not ring answers: it was told of the call, picks it up, or fetches.

        False, and nothing is done, where it cannot.
        """
        if not self.machine.table.accepts(self.machine.state, CallEvent.ANSWERED):
            return False
        if handset not in self._members:
            self._add_member(handset)
        handset.channel.tone(None)
        handset.digits_wanted(False)
        self.called = handset
        return self.machine.event(CallEvent.ANSWERED)

    def refuse(self, handset: StationLine) -> None:
        """A handset that was told of this call does not want it: the next thing follows at once."""
        if handset in self.offered:
            self.offered.remove(handset)
            if not self.ringing and not self.offered:
                self.machine.event(CallEvent.NO_ANSWER)

    def ring_for(
        self,
        handsets: Iterable[StationLine],
        mailbox: str,
        back_to: StationLine | None = None,
        expecting: StationLine | None = None,
    ) -> None:
        """The caller is up already and now waits for others: these are rung, or told.

        If nobody answers the handset `back_to` is rung, and then `mailbox` answers. The handset
        `expecting` will be on its hook in a moment, and rings then.
        """
        self._begin_waiting(self._context.tones.ringback)
        self._back_to = back_to
        if expecting is not None:
            self._comes_back = True
            self.offered.append(expecting)
        self._ring(handsets, mailbox)

    def be_parked(self, back_to: StationLine, mailbox: str) -> bool:
        """The caller is up already and waits, with music, until somebody fetches them."""
        self._back_to, self.mailbox = back_to, mailbox
        self._begin_waiting(None)
        Leg(self.caller.channel, heard=False).join(self._context.music)
        return self.machine.event(CallEvent.PARK)

    def rings_on(self) -> None:
        """The trunk began a further burst of ringing."""
        self.machine.event(CallEvent.RINGS_ON)

    # How it works.

    def _begin_waiting(self, tone: Tone | None) -> None:
        channel = self.caller.channel
        if channel.leg is not None:
            channel.leg.leave()
        channel.stop()
        channel.tone(tone)
        self.caller.digits_wanted(False)

    def _ring_next(self) -> bool:
        """Ring the next step in which somebody can be rung, or the last; False if none is left."""
        while self._steps:
            step = self._steps.pop(0)
            if step.outside:
                self._stop_ringing()
                self._ring_s = step.seconds
                if not self._follow(step):
                    continue
                self.machine.event(CallEvent.RING)
                return True
            handsets = [self._context.stations[name] for name in step.handsets]
            if any(handset.idle for handset in handsets):
                self._why = WhyVoicemail.NO_ANSWER
            elif self._steps:
                continue
            self._stop_ringing()
            self._ring_s = step.seconds
            self._ring(handsets, self.mailbox)
            return True
        return False

    def _call_handset(self, wanted: Handset) -> None:
        line = self._context.stations[wanted.station]
        aim = self._context.aim(wanted.station)
        if line is self.caller and wanted.mailbox:
            self.visit(wanted.mailbox)
        elif aim is not None and any(step.outside for step in aim.steps):
            self._go_towards(wanted.station)
        elif aim is not None and not aim.steps:
            self.mailbox, self._why = wanted.mailbox, aim.why
            self.machine.event(CallEvent.VOICEMAIL if wanted.mailbox else CallEvent.NO_VOICEMAIL)
        elif line.idle or self._offer(line):
            self.caller.channel.tone(self._context.tones.ringback)
            self._ring([line], wanted.mailbox)
        else:
            self.mailbox, self._why = wanted.mailbox, WhyVoicemail.BUSY
            self.machine.event(CallEvent.VOICEMAIL if wanted.mailbox else CallEvent.NO_VOICEMAIL)

    def _ring_kind(self) -> RingKind:
        if self._comes_back:
            return RingKind.URGENT
        if self._of_group:
            return RingKind.GROUP
        return RingKind.OUTSIDE if isinstance(self.caller, TrunkLine) else RingKind.INTERNAL

    def _ring(self, handsets: Iterable[StationLine], mailbox: str) -> None:
        handsets = tuple(handsets)
        self.mailbox = mailbox
        caller = self._context.identity(self.caller)
        for handset in handsets:
            if handset is not self.caller and handset.ring(caller, self._ring_kind()):
                self.ringing.append(handset)
                self._add_member(handset)
                self._context.rang(handset.name)
        offered = not self.ringing and any([self._offer(handset) for handset in handsets])
        if handsets and (offered or not self.ringing):
            self._why = WhyVoicemail.BUSY
        self.machine.event(CallEvent.RING)
        if not self.ringing and not self.offered and self._up:
            self.machine.event(CallEvent.NO_ANSWER)

    def _offer(self, handset: StationLine) -> bool:
        """Tell a handset that is in another call of this one; False if it cannot be told."""
        if handset is self.caller or handset in self.offered:
            return handset in self.offered
        if not self._offer_to(handset):
            return False
        self.offered.append(handset)
        return True

    @property
    def _up(self) -> bool:
        """Whether the caller is a trunk that is answered already, or a handset."""
        return isinstance(self.caller, StationLine) or self.caller.up

    def _stop_ringing(self) -> None:
        for handset in self.ringing:
            if handset is not self.called:
                self._remove_member(handset)
                handset.stop_ringing()
        self.ringing.clear()
        self._unfollow()
        offered, self.offered = self.offered, []
        for handset in offered:
            self._withdraw(handset)

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
        self._reach(meaning)

    def _reach(self, meaning: Whole | Unknown) -> None:
        if isinstance(meaning, Handset):
            self._call_handset(meaning)
        elif isinstance(meaning, Group):
            self._go_towards(meaning.number)
        elif isinstance(meaning, Mailbox):
            self._call_person(meaning)
        elif isinstance(meaning, Service):
            self.visit(meaning.number)
        elif isinstance(meaning, Feature):
            self._feature(meaning)
        elif isinstance(meaning, Outside):
            self._call_outside(meaning)
        else:
            self.nobodys_number()

    def _call_person(self, wanted: Mailbox) -> None:
        """Their own handset opens the mailbox; others ring them, or leave a message."""
        if wanted.number == self.own_mailbox():
            self.visit(wanted.number)
        elif wanted.handset:
            self._call_handset(Handset(wanted.handset, wanted.number))
        else:
            self.mailbox, self._why = wanted.number, WhyVoicemail.NOT_RUNG
            self.machine.event(CallEvent.VOICEMAIL)

    @abstractmethod
    def _follow(self, step: Step) -> bool:
        """Call this step's outside number; False if that cannot be done."""

    @abstractmethod
    def _unfollow(self) -> None:
        """Stop calling it, where that is done."""

    @abstractmethod
    def _feature(self, feature: Feature) -> None:
        """The caller has dialled the code of this feature."""

    @abstractmethod
    def _pick_up(self, wanted: str) -> bool:
        """Answer what rings at this jack ("": anywhere); False if nothing does."""

    @abstractmethod
    def _park(self) -> str:
        """Park the party that the caller has on hold; its slot, "" if it cannot be."""

    @abstractmethod
    def _fetch(self, slot: str) -> bool:
        """Connect the caller with who is parked there; False if nobody is."""

    @abstractmethod
    def _flash_outside(self) -> bool:
        """Let the caller go back to an outside line on hold, and flash; False if it has none."""

    @abstractmethod
    def _call_outside(self, wanted: Outside) -> None:
        """The caller has dialled an outside number."""

    # What features do for the caller.

    def own_mailbox(self) -> str:
        """The mailbox of whoever owns the caller's handset; "" if nobody does."""
        owner = self._context.owner_of(self.caller)
        return owner.mailbox if owner is not None else ""

    def visit(self, mailbox: str) -> None:
        """The menu of this mailbox's owner; "": its number is asked for."""
        self.mailbox, self._script = mailbox, self._context.owner
        self.machine.event(CallEvent.OWNER)

    def pick_up(self, wanted: str) -> None:
        """Answer the telephone at this jack that rings ("": any)."""
        self.listed = False
        if not self._pick_up(wanted):
            self.nobodys_number()

    def park(self, say_slot: CallScript) -> None:
        """Park the party that the caller has on hold, and let the slot's number be said."""
        self.listed = False
        slot = self._park()
        if slot:
            self.mailbox, self._script = slot, say_slot
            self.machine.event(CallEvent.OWNER)
        else:
            self.nobodys_number()

    def fetch(self, slot: str) -> None:
        """Connect the caller with who is parked there."""
        self.listed = False
        if not self._fetch(slot):
            self.nobodys_number()

    def flash_outside(self) -> None:
        """Ask the exchange of the line that the caller has on hold for a service."""
        self.listed = False
        if not self._flash_outside():
            self.nobodys_number()

    def nobodys_number(self) -> None:
        """What was dialled is nobody's."""
        self._course.outcome = "nobody's number"
        self.machine.event(CallEvent.UNKNOWN)

    def _go_towards(self, number: str) -> bool:
        """Go on to a number of ours, for a caller who hears it ring; False if it is nobody's."""
        aim = self._context.aim(number)
        if aim is None:
            return False
        self._script = self._context.answer
        self.caller.channel.tone(self._context.tones.ringback)
        self.towards(aim)
        return True

    def _call_back(self, number: str) -> bool:
        """Go on to the number of who called, here or outside; False if it is nobody's."""
        meaning = self._context.dialplan().calling_back(number)
        if not isinstance(meaning, Outside):
            return self._go_towards(number)
        self._course = Course(self._context.queue.now)  # the call outside is what is listed
        self._ways.append("called back")
        self._call_outside(meaning)
        return True

    def _script_over(self, line: CallLine | None) -> None:
        """This script has hung up, or ended; of an earlier one that means nothing."""
        if line is not self._script_line:
            return
        if line is not None and line.onward and self.machine.state is CallState.SCRIPT:
            line.end()
            self._script_line = None
            if self._call_back(line.onward) if line.back else self._go_towards(line.onward):
                return
        self.machine.event(CallEvent.SCRIPT_OVER)

    # Actions.

    def _give_dial_tone(self) -> None:
        assert isinstance(self.caller, StationLine)
        self._context.refresh_directory()
        dial_tone = self.caller.dial_tone()
        self.caller.channel.tone(recall_tone(self._context.tones) if self.recall else dial_tone)
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
        if isinstance(self.caller, TrunkLine) and not self.caller.up:
            self.caller.seize()
        for line in (self.caller, self.called):
            self.legs[line] = Leg(line.channel)
            self._put_on_bus(self.legs[line])
        self._listen()

    def _look_for_voicemail(self) -> None:
        if self._ring_next():
            return
        if isinstance(self.caller, TrunkLine) and not (self.caller.ringing or self.caller.up):
            return
        if self._back_to is not None:
            self._ring_back()
        elif self._attendant:
            self._script = self._context.attendant
            self.machine.event(CallEvent.VOICEMAIL)
        elif self._answering_mailbox():
            self.machine.event(CallEvent.VOICEMAIL)
        elif self._up:
            self.machine.event(CallEvent.NO_VOICEMAIL)

    def _ring_back(self) -> None:
        """Nobody has answered: the handset that sent the caller away is rung."""
        back, self._back_to, self._ring_s = self._back_to, None, None
        assert back is not None
        self._stop_ringing()
        self._begin_waiting(self._context.tones.ringback)
        self._comes_back = True
        self._ring([back], self.mailbox)

    def _answer(self) -> None:
        outcome: Outcome = "own mailbox" if self._script is self._context.owner else "voicemail"
        if self._script is self._context.fax:
            outcome = "fax"
        if self._script is self._context.attendant:
            outcome = "attendant"
        self._course.answered(outcome, self._context.queue.now)
        self._stop_ringing()
        self.caller.channel.tone(None)
        if isinstance(self.caller, TrunkLine) and not self.caller.up:
            self.caller.seize()
        self.caller.digits_wanted(True)

    def _run_script(self) -> None:
        def over() -> None:
            self._script_over(line)

        line: CallLine = self._context.call_line(self.caller, self.caller.channel, over)
        line.why = self._why
        self._script_line = line
        self._context.run(self._script, line, self.mailbox, over)
