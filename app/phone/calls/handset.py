"""What a person does with a handset during a call: flash, keys after it, hanging up with two calls.

A handset has at most two calls: the one that it talks on, and one on hold or one that waits. Its
table of states is in handset_states.py. A party on hold is never lost: when the handset is put on
its hook the party is transferred, or rings it back.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from app.core.fsm import Actions, Machine
from app.phone.calls.call import Call, CallContext
from app.phone.calls.context import AnyLine
from app.phone.calls.handset_states import (
    FLASH_MEANS,
    HANDSET,
    KEY_MEANS,
    HandsetEvent,
    HandsetState,
)
from app.phone.calls.states import CallState
from app.phone.jobs import Outcome
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.sounds import Tone
from app.phone.sound.tones import recall_tone

log = logging.getLogger(__name__)

_EXPECTED = (HandsetState.EXPECTING, HandsetState.RESTING)


class HandsetContext(CallContext, Protocol):
    """What a handset needs of the board beside what calls need."""

    def mailbox_of(self, handset: StationLine) -> str:
        """The mailbox of this handset's owner; "" if it has none."""
        ...

    def busy_after_all(self, handset: StationLine) -> None:
        """A handset is taken out of its call: who waits for it hears that it is busy."""
        ...

    def log_transfer(self, by: StationLine, party: AnyLine, to: str, outcome: Outcome) -> None:
        """Note in the list of calls that this handset transferred a party, or was refused."""
        ...


class Handset:
    """One handset and its calls."""

    def __init__(self, calls: HandsetContext, line: StationLine) -> None:
        self.held: Call | None = None
        """The call that is on hold."""
        self.waiting: Call | None = None
        """The call that waits for this handset, or for it to lie on its hook."""
        self._calls, self._line = calls, line
        self._third: AnyLine | None = None
        self._tone: Tone | None = None
        self.machine = Machine(HANDSET_ACTIONS, self, line.name, calls.queue)

    @property
    def active(self) -> Call | None:
        """The call that the handset is in."""
        return self._calls.call_of(self._line)

    # What happens.

    def flash(self) -> None:
        """The hook was pressed for a moment."""
        self._line.second_caller.stop()
        means = FLASH_MEANS[self._calls.config.flash_habit].get(self.machine.state)
        if self.machine.state in (HandsetState.CONSULTING, HandsetState.ALTERNATING):
            means = means if self._talks() else HandsetEvent.RETURN
        elif self.machine.state is HandsetState.ONE and not self._talks():
            means = None
        if means is HandsetEvent.JOIN and not self._two_talk():
            means = HandsetEvent.SWAP
        if means is None or self._in_emergency():
            log.info("station %s: flash has no meaning in this call", self._line.name)
        else:
            self.machine.event(means)

    def short_flash(self) -> bool:
        """One pulse was dialled: True where that is a flash, a timed break of about 100 ms.

        Telephones in Europe break the loop so briefly for their R key, which cannot be told from
        the digit 1 by pulses; while somebody talks nothing is dialled, so that it is a flash.
        """
        flashes = self._talks() or HandsetState.LEFT_ALONE is self.machine.state
        if (
            self._calls.config.flash_habit != "keys"
            or not flashes
            or self.machine.state in KEY_MEANS
        ):
            return False
        self.flash()
        return True

    def key(self, digit: str) -> bool:
        """A key was pressed; False if it is not for the handset but for its call."""
        meanings = KEY_MEANS.get(self.machine.state)
        if meanings is None:
            return False
        means = meanings.get(digit, HandsetEvent.BACK)
        if means is HandsetEvent.JOIN and not self._two_talk():
            means = HandsetEvent.BACK
        if means is HandsetEvent.CONNECT and not self._may_transfer():
            means = HandsetEvent.BACK
        self.machine.event(means)
        return True

    def hung_up(self) -> None:
        """The handset was put on its hook, or failed: what becomes of the party on hold?"""
        self._line.second_caller.stop()
        active = self.active
        if self.machine.state is HandsetState.JOINED and active is not None:
            self._may_connect([line for line in active.legs if line is not self._line])
        self.machine.event(self._hang_up_means())

    def lifted(self) -> bool:
        """It was lifted; True if that answers a call that was about to ring."""
        if self.machine.state not in _EXPECTED or self.active is not None:
            return False
        return self.machine.event(HandsetEvent.LIFTED)

    def at_rest(self) -> None:
        """It lies on its hook and may be rung."""
        if self.machine.state is HandsetState.EXPECTING:
            self.machine.event(HandsetEvent.AT_REST)

    def offer(self, call: Call) -> bool:
        """A second caller: True if the handset is told of it and may answer by a flash."""
        config = self._calls.config
        told = config.call_waiting and self._line.name not in config.without_call_waiting
        active = self.active
        if not told or self.machine.state is not HandsetState.ONE or active is None:
            return False
        if self._in_emergency():
            return False
        if active.machine.state is not CallState.CONNECTED:
            return False
        self.waiting = call
        return self.machine.event(HandsetEvent.SECOND_CALL)

    def show(self, call: Call) -> None:
        """Who waits has become known."""
        if call is self.waiting and self.machine.state is HandsetState.WAITING:
            self._announce()

    def withdraw(self, call: Call) -> None:
        """A call that this handset was told of is answered elsewhere, or over."""
        if call is self.waiting:
            self.waiting = None
            self.machine.event(HandsetEvent.SECOND_GONE)

    def busy_after_all(self) -> None:
        """It is sent to somebody else, or parked, so that it cannot put its call on hold now."""
        waiting = self.waiting
        if waiting is not None and self.machine.state not in _EXPECTED:
            self.withdraw(waiting)
            waiting.refuse(self._line)

    def fewer(self, call: Call) -> None:
        """A party of a call that it is in has left."""
        if self.machine.state is HandsetState.JOINED and len(call.legs) < 3:
            self.machine.event(HandsetEvent.PARTY_LEFT)

    def call_over(self, call: Call, tone: Tone, far_end_gone: bool) -> None:
        """This call is over for the handset; the tone says how it ended."""
        self._line.second_caller.stop()
        if call is self.held:
            self.held = None
            self._tone = tone
            self.machine.event(HandsetEvent.HELD_GONE)
        elif self.active is not None:
            return  # it has left for another call already
        elif self.held is not None:
            self._tone = tone
            self.machine.event(HandsetEvent.ACTIVE_OVER)
        else:
            self._line.end_call(tone, far_end_gone)
            if HANDSET.accepts(self.machine.state, HandsetEvent.ACTIVE_OVER):
                self.machine.event(HandsetEvent.ACTIVE_OVER)

    def park(self) -> Call | None:
        """Let the held party wait until somebody fetches them; None if nobody is on hold."""
        party = self._held_party()
        if party is None or not HANDSET.accepts(self.machine.state, HandsetEvent.PARKED):
            return None
        call = self._take_away(party)
        call.be_parked(self._line, self._calls.mailbox_of(self._line))
        self.machine.event(HandsetEvent.PARKED)
        return call

    def flash_outside(self) -> bool:
        """Go back to who is on hold on an outside line, and ask its exchange for a service.

        False if there is no such line, or more than one.
        """
        held = self.held
        lines = [] if held is None else [p for p in held.present() if isinstance(p, TrunkLine)]
        if len(lines) != 1 or not HANDSET.accepts(self.machine.state, HandsetEvent.RETURN):
            return False
        self.machine.event(HandsetEvent.RETURN)
        calls = self._calls
        return calls.outside_lines.flash(lines[0], self._line.name, calls.queue.now)

    # What may be done.

    def _talks(self) -> bool:
        """Whether it talks to somebody, or would if they had not put the call aside."""
        return self.active is not None and self._line in self.active.legs

    def _in_emergency(self) -> bool:
        """Whether it calls for help: that call is put on hold, joined and disturbed by nothing."""
        outside = None if self.active is None else self.active.outside
        return outside is not None and outside.emergency

    def _two_talk(self) -> bool:
        """Whether its second call is answered, and all of that call's parties are there."""
        active = self.active
        if active is None or self.held is None or not self._talks():
            return False
        return not [line for line in active.legs if line not in (*active.present(), self._line)]

    def _held_party(self) -> AnyLine | None:
        """Who hears music and would be alone without this handset."""
        if self.held is None:
            return None
        present = [line for line in self.held.present() if line is not self._line]
        alone = len(self.held.legs) == 2 and len(present) == 1
        return present[0] if alone else None

    def _hang_up_means(self) -> HandsetEvent:
        if self.held is None:
            return HandsetEvent.LET_GO
        active, party = self.active, self._held_party()
        if self._two_talk():
            if self._may_transfer():
                return HandsetEvent.TRANSFER
        elif party is not None and active is not None and (active.ringing or active.offered):
            return HandsetEvent.SEND_ON
        return HandsetEvent.RECALL if party is not None else HandsetEvent.LET_GO

    def _may_transfer(self) -> bool:
        """Whether the two calls may be connected without this handset: never trunks alone, unless
        a setting allows that, or the box pays for calls of strangers."""
        active, held = self.active, self.held
        if active is None or held is None or not self._two_talk() or self._in_emergency():
            return False
        return self._may_connect(
            [line for line in (*held.legs, *active.legs) if line is not self._line]
        )

    def _may_connect(self, others: list[AnyLine]) -> bool:
        inside = any(not isinstance(line, TrunkLine) for line in others)
        if self._calls.config.outside_to_outside or inside:
            return True
        log.warning("%s: outside lines are not transferred to each other", self._line.name)
        self._calls.log_transfer(self._line, others[0], others[-1].name, "transfer refused")
        return False

    # Moves of parties.

    def _put_aside(self, call: Call, silently: bool = False) -> None:
        call.put_aside(self._line, None if silently else self._calls.music)

    def _resume(self, call: Call) -> None:
        self._line.channel.stop()
        self._line.channel.tone(None)
        self._line.digits_wanted(False)
        call.take_back(self._line)

    def _resume_held(self) -> None:
        held, self.held = self.held, None
        assert held is not None
        self._resume(held)

    def _leave_active(self) -> None:
        active = self.active
        if active is not None:
            active.left(self._line)

    def _move_all(self, source: Call, target: Call) -> None:
        for party in [line for line in source.legs if line is not self._line]:
            source.transfer(party, target)

    def _take_away(self, party: AnyLine) -> Call:
        """A call of its own for the party on hold; the one that it was in is over."""
        if isinstance(party, StationLine):
            self._calls.busy_after_all(party)
        held, self.held = self.held, None
        assert held is not None
        call = Call(self._calls, party)
        held.left(party)
        return call

    def _answer_waiting_call(self) -> None:
        waiting, self.waiting = self.waiting, None
        assert waiting is not None
        waiting.answered_by(self._line)

    # Actions.

    def _consult(self) -> None:
        assert self.active is not None
        self.held = self.active
        self._put_aside(self.held)
        call = Call(self._calls, self._line)
        call.recall = True
        call.lifted(self._line)

    def _announce(self) -> None:
        active, waiting = self.active, self.waiting
        assert active is not None and waiting is not None
        self._line.channel.tone(self._calls.tones.call_waiting)
        self._line.second_caller.start(
            self._calls.identity(waiting.caller), lambda on: active.mute(self._line, on)
        )

    def _no_tone(self) -> None:
        self._line.second_caller.stop()
        self._line.channel.tone(None)

    def _answer(self) -> None:
        assert self.active is not None
        self.held = self.active
        self._put_aside(self.held)
        self._answer_waiting_call()

    def _end_and_answer(self) -> None:
        self._leave_active()
        self._answer_waiting_call()

    def _ask(self) -> None:
        assert self.active is not None
        self._put_aside(self.active, silently=True)
        self._line.channel.tone(recall_tone(self._calls.tones))
        self._line.digits_wanted(True, dial_tone=True)

    def _back(self) -> None:
        if self.active is not None:
            self._resume(self.active)

    def _back_to_waiting(self) -> None:
        self._back()
        self._announce()

    def _refuse(self) -> None:
        waiting, self.waiting = self.waiting, None
        self._back()
        if waiting is not None:
            waiting.refuse(self._line)

    def _return(self) -> None:
        self._leave_active()
        self._resume_held()

    def _swap(self) -> None:
        active, held = self.active, self.held
        assert active is not None and held is not None
        self._put_aside(active)
        self.held = active
        self._resume(held)

    def _join(self) -> None:
        active, held = self.active, self.held
        assert active is not None and held is not None
        self._third = next(line for line in active.legs if line is not self._line)
        self.held = None
        self._resume(held)
        self._move_all(active, held)

    def _drop(self) -> None:
        if self.active is not None and self._third is not None:
            self.active.dismiss(self._third)

    def _connect(self) -> None:
        active, held = self.active, self.held
        assert active is not None and held is not None
        parties = [line for line in held.legs if line is not self._line]
        to = next(line for line in active.legs if line is not self._line)
        self.held = None
        self._move_all(active, held)
        held.left(self._line)
        for party in parties:
            self._calls.log_transfer(self._line, party, to.name, "transferred")

    def _send_on(self) -> None:
        active, party = self.active, self._held_party()
        assert active is not None and party is not None
        handsets, mailbox = [*active.ringing, *active.offered], active.mailbox
        self._leave_active()
        call = self._take_away(party)
        to = ", ".join(handset.name for handset in handsets)
        self._calls.log_transfer(self._line, party, to, "transferred")
        call.ring_for(handsets, mailbox, back_to=self._line)

    def _recall(self) -> None:
        party = self._held_party()
        assert party is not None
        self._leave_active()
        call = self.waiting = self._take_away(party)
        call.ring_for((), self._calls.mailbox_of(self._line), expecting=self._line)

    def _end_held(self) -> None:
        held, self.held = self.held, None
        self._back()
        if held is not None:
            held.left(self._line)

    def _let_go(self) -> None:
        held, self.held = self.held, None
        self._leave_active()
        if held is not None:
            held.left(self._line)

    def _hear_the_end(self) -> None:
        self._line.channel.quiet()
        self._line.channel.tone(self._tone)

    def _nothing_left(self) -> None:
        self._line.end_call(self._tone, far_end_gone=True)

    def _ring(self) -> None:
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.ring_offered(self._line)


def _in(
    states: tuple[HandsetState, ...], event: HandsetEvent, action: Callable[[Handset], None]
) -> dict[HandsetEvent | tuple[HandsetState, HandsetEvent], Callable[[Handset], None]]:
    return {(state, event): action for state in states}


HANDSET_ACTIONS = Actions[Handset, HandsetState, HandsetEvent](
    HANDSET,
    {
        HandsetEvent.CONSULT: Handset._consult,
        HandsetEvent.SECOND_CALL: Handset._announce,
        HandsetEvent.ANSWER: Handset._answer,
        HandsetEvent.ASK: Handset._ask,
        HandsetEvent.END_AND_ANSWER: Handset._end_and_answer,
        HandsetEvent.REFUSE: Handset._refuse,
        (HandsetState.ASKED_WAITING, HandsetEvent.BACK): Handset._back_to_waiting,
        HandsetEvent.BACK: Handset._back,
        (HandsetState.WAITING, HandsetEvent.SECOND_GONE): Handset._no_tone,
        (HandsetState.ASKED_WAITING, HandsetEvent.SECOND_GONE): Handset._back,
        HandsetEvent.RETURN: Handset._return,
        HandsetEvent.END_AND_RETURN: Handset._return,
        HandsetEvent.SWAP: Handset._swap,
        HandsetEvent.JOIN: Handset._join,
        HandsetEvent.DROP: Handset._drop,
        HandsetEvent.CONNECT: Handset._connect,
        HandsetEvent.TRANSFER: Handset._connect,
        HandsetEvent.SEND_ON: Handset._send_on,
        HandsetEvent.RECALL: Handset._recall,
        HandsetEvent.END_HELD: Handset._end_held,
        HandsetEvent.LET_GO: Handset._let_go,
        **_in(
            (HandsetState.CONSULTING, HandsetState.ALTERNATING, HandsetState.ASKED),
            HandsetEvent.ACTIVE_OVER,
            Handset._hear_the_end,
        ),
        (HandsetState.ASKED, HandsetEvent.HELD_GONE): Handset._back,
        (HandsetState.LEFT_ALONE, HandsetEvent.HELD_GONE): Handset._nothing_left,
        HandsetEvent.LIFTED: Handset._answer_waiting_call,
        HandsetEvent.RING_DUE: Handset._ring,
    },
)
