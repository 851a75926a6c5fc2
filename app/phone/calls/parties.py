"""The parties of one call: which lines and scripts belong to it, and how their legs move.

Who talks is a leg on the call's conference bus (app.phone.sound.mixer); hold, transfer, a third
party and listening in are moves of legs.
"""

import logging
from abc import ABC, abstractmethod
from typing import Any

from app.core.fsm import Machine
from app.phone.calls.call_line import CallLine
from app.phone.calls.context import AnyLine, CallScript, Context
from app.phone.calls.states import CallEvent, CallState
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Bus, Channel, Leg

log = logging.getLogger(__name__)


class Parties(ABC):
    """The lines and scripts of one call; reaching.py and call.py build on it.

    `machine` is the call's, and `caller` the line that it began with.
    """

    machine: Machine[Any, CallState, CallEvent]

    def __init__(self, context: Context, caller: AnyLine) -> None:
        self.caller = caller
        self.legs: dict[AnyLine, Leg] = {}
        """The lines that talk, listen or are on hold, once it is connected."""
        self._context = context
        self._aside: set[AnyLine] = set()
        """Handsets with a leg here that have put this call aside for another one."""
        self._members: list[AnyLine] = []
        self._guests: dict[CallLine, Channel] = {}
        self._bus: Bus = context.mixer.bus()
        self._music: Bus | None = None

    @abstractmethod
    def _belongs(self, line: AnyLine, belongs: bool) -> None:
        """Tell the context that this line belongs to this call, or does no more."""

    @abstractmethod
    def _call_of(self, line: AnyLine) -> "Parties | None":
        """The call that this line belongs to."""

    @abstractmethod
    def left(self, line: AnyLine) -> None:
        """A line of this call has hung up or failed."""

    # Moves of legs. Each gives False, and moves nothing, unless the call is connected.

    def add(self, line: AnyLine, gain_db: float = 0.0, heard: bool = True) -> bool:
        """Let a further line take part, out of its own call; not `heard`, it only listens in.

        `gain_db` (-50 to 20): how much louder the others hear it. Raises ValueError out of range.
        """
        leg = Leg(line.channel, gain_db, heard)
        earlier = self._call_of(line)
        if earlier is self or not self._take(line, leg):
            return False
        if earlier is not None:
            earlier.left(line)
        line.channel.tone(None)
        self._listen()
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

    def transfer(self, line: AnyLine, to: "Parties") -> bool:
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

    def put_aside(self, line: AnyLine, music: Bus | None = None) -> bool:
        """A party turns to another call; if one other is left they hear the bus of the music.

        Without music the others hear each other, or nothing.
        """
        if line not in self.legs or not self.machine.event(CallEvent.PUT_ASIDE):
            return False
        self._aside.add(line)
        self._music = music
        self.legs[line].leave()
        self._arrange()
        return True

    def take_back(self, line: AnyLine) -> None:
        """A party that had put this call aside talks here again; it belongs to this call again."""
        self._aside.discard(line)
        self._belongs(line, True)
        self._arrange()
        self._listen()
        if not self._aside:
            self.machine.event(CallEvent.ALL_BACK)

    def mute(self, line: AnyLine, muted: bool) -> None:
        """Take a party off the bus for a moment, and put it back; for data on its line."""
        leg = self.legs.get(line)
        if leg is None or line in self._aside:
            return
        if muted:
            leg.leave()
        else:
            self._put_on_bus(leg)
            self._listen()

    def present(self) -> list[AnyLine]:
        """Those who have a leg here and have not put this call aside."""
        return [line for line in self.legs if line not in self._aside]

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

    def _listen(self) -> None:
        """Hear keys of handsets that talk with an outside line, which could dial there."""
        outside = any(isinstance(line, TrunkLine) for line in self.legs)
        for line in self.present():
            line.digits_wanted(outside and isinstance(line, StationLine))

    def _add_member(self, line: AnyLine) -> None:
        self._members.append(line)
        self._belongs(line, True)

    def _remove_member(self, line: AnyLine) -> None:
        self._members.remove(line)
        self._belongs(line, False)
        self.legs.pop(line, None)  # a line leaves its bus when it is quiet, or joins another
        self._aside.discard(line)

    def _report_departure(self, line: AnyLine) -> None:
        """A line is a member no more: does the call go on without it?"""
        if sum(leg.heard for leg in self.legs.values()) >= 2 and self._may_go_on(line):
            if self._aside or self.machine.state is CallState.HELD:
                self._arrange()
            self.machine.event(CallEvent.PARTY_LEFT)
            if not self._aside and self.machine.state is CallState.HELD:
                self.machine.event(CallEvent.ALL_BACK)
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
        self._arrange()
        self._listen()
        return True

    def _may_go_on(self, without: AnyLine) -> bool:
        """Whether those who are left may talk to each other without this one."""
        left_to_trunks = not any(isinstance(line, StationLine) for line in self.legs)
        if self._context.config.outside_to_outside or not left_to_trunks:
            return True
        if isinstance(without, StationLine):
            log.warning("%s leaves two outside lines alone: they are ended", without.name)
            return False
        return True

    def _arrange(self) -> None:
        """Put who has not put the call aside on its bus, or on the music's if they are alone."""
        if self.machine.state is not CallState.HELD:
            return
        present = self.present()
        if len(present) > 1 or self._guests:
            for line in present:
                if self.legs[line].bus is not self._bus:
                    self._put_on_bus(self.legs[line])
        elif present:
            self._play_music(present[0])

    def _play_music(self, line: AnyLine) -> None:
        self.legs[line].leave()
        if line.channel.leg is None and self._music is not None:
            Leg(line.channel, heard=False).join(self._music)

    def _put_on_bus(self, leg: Leg) -> None:
        if leg.channel.leg is not None:  # its own, or one on the bus of the music
            leg.channel.leg.leave()
        leg.join(self._bus)

    def _end_guest(self, line: CallLine) -> None:
        channel = self._guests.pop(line, None)
        if channel is not None:
            line.end()
            self._context.mixer.close(channel)
