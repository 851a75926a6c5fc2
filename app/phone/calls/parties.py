"""The parties of one call: which lines and scripts belong to it, and how their legs move.

Who talks is a leg on the call's conference bus (app.phone.sound.mixer); hold, transfer, a third
party and listening in are moves of legs.
"""

from abc import ABC, abstractmethod
from typing import Any

from app.core.fsm import Machine
from app.phone.calls.call_line import CallLine
from app.phone.calls.context import AnyLine, CallScript, Context
from app.phone.calls.states import CallEvent, CallState
from app.phone.sound.mixer import Bus, Channel, Leg


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
        self._members: list[AnyLine] = []
        self._guests: dict[CallLine, Channel] = {}
        self._bus: Bus = context.mixer.bus()

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

    def _add_member(self, line: AnyLine) -> None:
        self._members.append(line)
        self._belongs(line, True)

    def _remove_member(self, line: AnyLine) -> None:
        self._members.remove(line)
        self._belongs(line, False)
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

    def _end_guest(self, line: CallLine) -> None:
        channel = self._guests.pop(line, None)
        if channel is not None:
            line.end()
            self._context.mixer.close(channel)
