"""All calls of one board: which line belongs to which call, and what calls need in common."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from app.core.sentences import N_, sentence
from app.core.timers import TimerQueue, periods
from app.phone.calls.aims import Aim, Aims
from app.phone.calls.call import Call
from app.phone.calls.call_line import CallLine
from app.phone.calls.calling_out import CallOuts
from app.phone.calls.context import AnyLine, CallScript, PlayScript
from app.phone.calls.dialplan import Dialplan, Directory, Outside, Subscriber, Unknown
from app.phone.calls.fetching import Fetching
from app.phone.calls.handset import Handset
from app.phone.calls.line import Caller, Line
from app.phone.calls.loudspeaker import LoudspeakerParty
from app.phone.calls.outside_lines import OutsideLines
from app.phone.calls.scripting import FaxTone, Script, Wait
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.fax.config import FaxRoute
from app.phone.jobs import Clerk, EndedCall, JobFailed, Outcome
from app.phone.lines import line_events
from app.phone.lines.line_events import LineEvent
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Bus, Channel, Mixer
from app.phone.sound.music import MusicOnHold
from app.phone.sound.player import Sounds
from app.phone.sound.sounds import Tone
from drivers.countries import Tones, country
from drivers.panel_spec import LOUDSPEAKER

log = logging.getLogger(__name__)


class Calls:
    """All calls of one board, made of what its lines report. It is the calls' CallContext."""

    def __init__(
        self,
        queue: TimerQueue,
        mixer: Mixer,
        tones: Tones,
        clerk: Clerk,
        config: PhoneConfig,
        answer: CallScript,
        owner: CallScript,
        play: PlayScript | None = None,
        attendant: CallScript | None = None,
    ) -> None:
        self.fax: CallScript | None = None
        """Receives a fax for a mailbox (app/voicemail/fax.py); None: no line takes any."""
        self.play_script = play
        self.loudspeaker: LoudspeakerParty | None = None
        """What plays messages by itself, under the name LOUDSPEAKER; None: there is none."""
        self.attendant = attendant or _no_attendant
        self.follow: CallScript = _no_attendant
        """Asks who answers a follow-me number to accept the call."""
        self.queue, self.mixer, self.tones, self.config = queue, mixer, tones, config
        self.answer, self.owner = answer, owner
        self.sounds = Sounds(clerk, tones)
        self.stations: Mapping[str, StationLine] = {}
        self.trunks: Mapping[str, TrunkLine] = {}
        self._on_hold = MusicOnHold(mixer, queue, self.sounds, config.music)
        self.fetching = Fetching(self)
        self._handsets: dict[str, Handset] = {}
        numbering = country(config.country).numbering
        self.outside_lines = OutsideLines(config.numbers, numbering)
        self._clerk = clerk
        self.call_outs = CallOuts(self, clerk)
        self._calls: dict[str, Call] = {}
        self._scripts: set[Script] = set()
        self._directory = Directory()
        self._directory_asked: Wait[Directory] | None = None
        self._directory_told = -1  # version that was last asked for
        self._aims = Aims(config, lambda: self.stations)

    @property
    def running(self) -> int:
        """Scripts that have not ended, also those whose call is over."""
        return len(self._scripts)

    def on_event(self, line: AnyLine, event: LineEvent) -> None:
        """Something happened on a line."""
        _HANDLERS[type(event)](self, line, event)

    def play(self, handset: str, mailbox: str, what: int | str = 0) -> str:
        """Ring a handset to play a mailbox's messages on it, or that entry alone.

        The loudspeaker does not ring, but plays at once. `what` may be the kind of a greeting: then
        that is recorded on it. "" if it rings or plays, else why it cannot.
        """
        if handset == LOUDSPEAKER and self.loudspeaker is not None:
            return self.loudspeaker.play(mailbox, what)
        line, play = self.stations.get(handset), self.play_script
        if line is None or play is None:
            return f"there is no handset {handset}"
        call = self._calls.get(handset)
        if call is not None:
            return f"the handset {handset} is in use"
        if not Call(self, line).call_back(lambda line, number: play(line, number, what), mailbox):
            self._calls.pop(handset, None)
            return f"the handset {handset} is in use, or not on its hook"
        return ""

    def call_for_box(
        self, line: TrunkLine, number: str, script: CallScript, over: Callable[[], None]
    ) -> bool:
        """Call a number on an idle line for the box itself, and run a script there.

        Who orders it has looked whether the call may be made. `over` is called at its end, whatever
        becomes of it. False, and nothing is done, if the line is in use.
        """
        return line.idle and Call(self, line).call_for_box(script, number, over)

    def press(self, handset: str, key: str) -> str:
        """A key for what is played on a handset; "" if that is done, else why it cannot be."""
        if handset == LOUDSPEAKER and self.loudspeaker is not None:
            return self.loudspeaker.press(key)
        line = self.stations.get(handset)
        call = None if line is None else self._calls.get(handset)
        if call is None or call.caller is not line or not call.press(key):
            return f"no messages are played on the handset {handset}"
        return ""

    def call_of(self, line: AnyLine) -> Call | None:
        """The call that this line belongs to."""
        return self._calls.get(line.name)

    def close_all(self) -> None:
        """End every call from our side."""
        for call in set(self._calls.values()):
            call.close()
        if self.loudspeaker is not None:
            self.loudspeaker.stop()

    # What calls need: see CallContext.

    def join(self, line: AnyLine, call: Call) -> None:
        """This line belongs to this call from now on, and to no other."""
        self._calls[line.name] = call

    def leave(self, line: AnyLine, call: Call) -> None:
        """This line belongs to this call no more, if it did."""
        if self._calls.get(line.name) is call:
            del self._calls[line.name]

    @property
    def music(self) -> Bus:
        """What parties on hold listen to."""
        return self._on_hold.bus

    def all_calls(self) -> list[Call]:
        """Every call that a line is in right now."""
        return list(dict.fromkeys(self._calls.values()))

    def handset(self, line: StationLine) -> Handset:
        """The calls of one handset."""
        return self._handsets.setdefault(line.name, Handset(self, line))

    def flash(self, name: str) -> str:
        """Give the exchange of a line in a call with a handset a flash; "", or why it cannot be."""
        line, call = self.trunks.get(name), self._calls.get(name)
        if line is None:
            text = N_("there is no outside line %(name)s; there are: %(known)s")
            return sentence(text, name=name, known=", ".join(self.trunks))
        talking = [] if call is None else [p for p in call.legs if isinstance(p, StationLine)]
        if call is None or not talking:
            text = N_("no handset talks on %(name)s; its exchange takes a flash in a call only")
            return sentence(text, name=name)
        if call.is_emergency:
            return sentence("%(name)s has a call for help, which nothing disturbs", name=name)
        done = self.outside_lines.flash(line, talking[0].name, self.queue.now)
        text = N_("%(name)s has no call that is up; wait until it is answered")
        return "" if done else sentence(text, name=name)

    def flash_outside(self, handset: StationLine) -> bool:
        """Let a handset go back to an outside line on hold, and flash; False if it has none."""
        return self.handset(handset).flash_outside()

    def offer(self, handset: StationLine, call: Call) -> bool:
        """Tell a handset in another call of this one; False if it cannot be told."""
        return self.handset(handset).offer(call)

    def show(self, handset: StationLine, call: Call) -> None:
        """Who waits for this handset has become known."""
        self.handset(handset).show(call)

    def withdraw(self, handset: StationLine, call: Call) -> None:
        """A handset that was told of this call need not wait for it any more."""
        self.handset(handset).withdraw(call)

    def busy_after_all(self, handset: StationLine) -> None:
        """A handset is taken out of its call: who waits for it hears that it is busy."""
        self.handset(handset).busy_after_all()

    def fewer(self, call: Call) -> None:
        """One of the parties of this call has left, and it goes on."""
        for line in call.legs:
            if isinstance(line, StationLine):
                self.handset(line).fewer(call)

    def call_over(self, line: AnyLine, call: Call, tone: Tone, far_end_gone: bool) -> None:
        """This call is over for this line; a handset that has no other one hears the tone."""
        if isinstance(line, StationLine):
            self.handset(line).call_over(call, tone, far_end_gone)
        elif self.call_of(line) is None:
            line.release()

    def mailbox_of(self, handset: StationLine) -> str:
        """The mailbox of this handset's owner; "" if it has none."""
        owner = self._current_directory().of_handset(handset.name)
        return owner.mailbox if owner else ""

    def log_transfer(self, by: StationLine, party: AnyLine, to: str, outcome: Outcome) -> None:
        """Note in the list of calls that this handset transferred a party, or was refused."""
        caller = self.identity(party)
        log.info("%s: %s to %s: %s", by.name, party.name, to, outcome)
        self._clerk.ended_call(EndedCall(by.name, caller, to, outcome, 0, 0))

    def clear_line(self, call: Call) -> bool:
        """Let a line become free for an emergency call; False if none can.

        A line that will be free in a moment goes before one whose call must be ended, and that
        before one that rings, which must be answered to be ended.
        """
        used = [line for line in self.trunks.values() if line.in_use]
        pairs = [(line, self._calls.get(line.name)) for line in used]
        for line, other in sorted(pairs, key=lambda pair: (pair[1] is not None, not pair[0].up)):
            if other is call or (other is not None and other.is_emergency):
                continue
            if other is not None:
                why = f"an emergency call from {call.caller.name} needs a line"
                log.warning("%s: its call is ended, %s", line.name, why)
                other.cut_off()
            line.tests.end(N_("an emergency call needs this line"))
            if line.rings_in and line.seize():  # it rings, and would go on until it is answered
                self.queue.after(periods(1000), line.release)
            return True
        return False

    def owner_of(self, line: AnyLine) -> Subscriber | None:
        """Whose handset this is."""
        return self._current_directory().of_handset(line.name)

    def identity(self, line: AnyLine) -> Caller:
        """Who calls on this line."""
        if isinstance(line, TrunkLine):
            return line.caller
        owner = self.owner_of(line)
        return Caller(number=line.name, name=owner.name if owner else None)

    def refresh_directory(self) -> None:
        """Ask the clerk who has which number; the answer comes before it is needed."""
        self._current_directory()
        if self._directory_asked is None:
            self._directory_asked = self._clerk.directory()

    def directory_is(self, version: int) -> None:
        """The clerk's directory is of this version now: asked for, unless it was before."""
        if version != self._directory_told:
            self.refresh_directory()
            self._directory_told = version

    def dialplan(self) -> Dialplan:
        """What numbers mean now."""
        numbering, groups = self.outside_lines.numbering, tuple(self.config.groups)
        directory = self._current_directory()
        return Dialplan(self.stations, directory, self.config.numbers, numbering, groups)

    def aim(self, number: str) -> Aim | None:
        """Where a call to this number of ours goes; None if it is nobody's."""
        return self._aims.of(number, self._current_directory())

    def owner_of_mailbox(self, number: str) -> Subscriber | None:
        """Whose mailbox this is."""
        return self._current_directory().of_mailbox(number)

    def rang(self, station: str) -> None:
        """This handset is rung, on behalf of whomever it belongs to."""
        self._aims.rang(station)

    def default_mailbox(self) -> str:
        """Who answers a trunk whose setting names no mailbox; "" is nobody."""
        return self._current_directory().default

    def missed_call(self, line: AnyLine, why: str, mailbox: str = "") -> None:
        """Report a call on this line that nobody answered; `why` in words, "" is for nobody."""
        caller = self.identity(line)
        log.info("%s: missed call of %s: %s", line.name, caller.number or "unknown", why)
        self._clerk.missed_call(line.name, caller, why, mailbox)

    def ended_call(
        self, line: AnyLine, to: str, outcome: Outcome, *times: int, trunk: str = "", way: str = ""
    ) -> None:
        """Report a call that is over; periods (10 ms) before it was answered, and after that."""
        waited_s, talked_s = (time // periods(1000) for time in times)
        caller = self.identity(line)
        ended = EndedCall(line.name, caller, to, outcome, waited_s, talked_s, trunk, way)
        self._clerk.ended_call(ended)

    def call_line(self, line: AnyLine, channel: Channel, hung_up: Callable[[], None]) -> CallLine:
        """What a script sees of this line; its sound goes by `channel`."""
        made = CallLine(
            line.name,
            line.kind,
            self.identity(line),
            channel,
            self.queue,
            self.sounds,
            hung_up,
        )
        incoming = self.config.incoming.get(line.name, IncomingRoute())
        made.language = incoming.callers_language or None
        made.may_call_back = lambda number: self._may_call_back(line, number)
        return made

    def _may_call_back(self, line: AnyLine, number: str) -> bool:
        """Whether this line may call the number of a caller; it is looked at again when it does."""
        meaning = self.dialplan().calling_back(number)
        if not isinstance(line, StationLine) or isinstance(meaning, Unknown):
            return False
        if isinstance(meaning, Outside):
            allowed = self.outside_lines.allows(self.owner_of(line), meaning.number)
            if not allowed:
                log.info("%s may not call %s back", line.name, number)
            return allowed
        return True

    def run(
        self, script: CallScript, line: CallLine, mailbox: str, over: Callable[[], None]
    ) -> None:
        """Start a script; `over` is called when it has ended, by itself or by its death."""

        def ended(failure: BaseException | None) -> None:
            self._scripts.discard(running)
            if isinstance(failure, FaxTone) and route is not None:
                self._begin_fax(line, route.mailbox, over)
                return
            if failure is not None:
                log.error("script on %s died", line.name, exc_info=failure)
            over()

        route, call = self._fax_route(line.name), self._calls.get(line.name)
        for_box = call is not None and call.is_for_box  # what it hears may be its own echo
        if route is not None and script is not self.fax and not for_box:
            line.listen_for_fax()
        running = Script(script(line, mailbox), ended)
        self._scripts.add(running)
        running.start()

    def _fax_route(self, line: str) -> FaxRoute | None:
        return None if self.fax is None else self.config.fax.lines.get(line)

    def _begin_fax(self, line: CallLine, mailbox: str, over: Callable[[], None]) -> None:
        """A fax machine has interrupted a script, which has ended."""
        call = self._calls.get(line.name)
        if self.fax is None or call is None or line.over:
            over()
            return
        call.is_fax(mailbox)
        line.begin_fax()
        self.run(self.fax, line, mailbox, over)

    def _current_directory(self) -> Directory:
        asked = self._directory_asked
        if asked is not None and asked.done:
            self._directory_asked = None
            try:
                self._directory = asked.result()
            except JobFailed as problem:
                log.error("the directory stays as it was: %s", problem)
                self._directory_told = -1
        return self._directory

    # What lines report.

    def _off_hook(self, line: StationLine, _: LineEvent) -> None:
        if self.handset(line).lifted():
            return
        call = self._calls.get(line.name) or Call(self, line)
        call.lifted(line)

    def _ringing(self, line: TrunkLine, _: LineEvent) -> None:
        self.refresh_directory()
        self.outside_lines.dialled.pop(line.name, None)
        route = self._fax_route(line.name)
        if self.fax is not None and route is not None and route.only:
            Call(self, line).from_fax_line(self.fax, route.mailbox)
            return
        aim = self._aims.of_trunk(line.name, self._current_directory())
        Call(self, line).towards(aim)

    def _digit(self, line: AnyLine, event: line_events.Digit) -> None:
        call = self._calls.get(line.name)
        if isinstance(line, StationLine):
            handset = self.handset(line)
            if event.pulses and event.digit == "1" and handset.short_flash():
                return
            if handset.key(event.digit):
                return
        if call is not None:
            call.digit(line, event.digit)

    def _hung_up(self, line: StationLine, event: LineEvent) -> None:
        self.handset(line).hung_up()
        self._left(line, event)

    def _ringing_failed(self, line: StationLine, _: LineEvent) -> None:
        call = self._calls.get(line.name)
        if call is not None and line is call.caller:  # it was called back
            call.close()
        elif call is not None:
            call.cannot_ring(line)

    def _at_rest(self, line: StationLine, _: LineEvent) -> None:
        self.handset(line).at_rest()

    def _left(self, line: AnyLine, _: LineEvent) -> None:
        call = self._calls.get(line.name)
        if call is not None:
            call.left(line)

    def _rings_on(self, line: TrunkLine, _: LineEvent) -> None:
        call = self._calls.get(line.name)
        if call is not None:
            call.rings_on()

    def _caller_known(self, line: TrunkLine, event: line_events.CallerKnown) -> None:
        self.queue.changes += 1
        call = self._calls.get(line.name)
        if call is not None:
            call.caller_known(event.caller)

    def _far_answered(self, line: TrunkLine, _: LineEvent) -> None:
        call, dialled = self._calls.get(line.name), self.outside_lines.dialled.get(line.name)
        if dialled is not None:
            dialled.answered = True
        if call is not None:
            call.far_answered()

    def _flash(self, line: StationLine, _: LineEvent) -> None:
        self.handset(line).flash()


async def _no_attendant(line: Line, _: str) -> None:
    """Where there is no attendant the call ends."""
    await line.hang_up()


_HANDLERS: dict[type[LineEvent], Callable[[Calls, Any, Any], None]] = {
    line_events.OffHook: Calls._off_hook,
    line_events.HungUp: Calls._hung_up,
    line_events.RingingFailed: Calls._ringing_failed,
    line_events.AtRest: Calls._at_rest,
    line_events.Flash: Calls._flash,
    line_events.Digit: Calls._digit,
    line_events.Ringing: Calls._ringing,
    line_events.RingsOn: Calls._rings_on,
    line_events.CallerKnown: Calls._caller_known,
    line_events.CallerGone: Calls._left,
    line_events.FarAnswered: Calls._far_answered,
}
