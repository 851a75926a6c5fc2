"""What handsets do by codes with calls that are not theirs: pick up, park and fetch.

Picking up answers a telephone that rings elsewhere. A party that is parked hears music, and its
slot's number is said to who parked it; any handset fetches it by that number. Who is not fetched in
time rings the handset that parked them.
"""

from collections.abc import Iterable
from typing import Protocol

from app.phone.calls.call import Call
from app.phone.calls.context import AnyLine
from app.phone.calls.handset import Handset
from app.phone.calls.states import CallState
from app.phone.lines.station import StationLine
from app.phone.numbers import SLOTS


class FetchingContext(Protocol):
    """What this needs of the board."""

    def call_of(self, line: AnyLine) -> Call | None:
        """The call that this line belongs to."""
        ...

    def handset(self, line: StationLine) -> Handset:
        """The calls of one handset."""
        ...

    def all_calls(self) -> Iterable[Call]:
        """Every call that a line is in right now."""
        ...


class Fetching:
    """Calls that ring or are parked, and who takes them."""

    def __init__(self, calls: FetchingContext) -> None:
        self._calls = calls
        self._parked: dict[str, Call] = {}

    def pick_up(self, by: StationLine, wanted: str) -> bool:
        """Let a handset answer the one of this jack that rings ("": any); False if none does."""
        for call in self._calls.all_calls():
            rings = [line.name for line in call.ringing if line is not by]
            if rings and (not wanted or wanted in rings) and self._take(by, call):
                return True
        return False

    def park(self, by: StationLine) -> str:
        """Park the party that this handset has on hold; the slot's number, "" if it cannot be."""
        for slot in SLOTS:
            if self._at(slot) is None:
                call = self._calls.handset(by).park()
                if call is None:
                    return ""
                self._parked[slot] = call
                return slot
        return ""

    def fetch(self, by: StationLine, slot: str) -> bool:
        """Connect a handset with the party that is parked there; False if nobody is."""
        call = self._at(slot)
        return call is not None and self._take(by, call)

    def _at(self, slot: str) -> Call | None:
        call = self._parked.get(slot)
        if call is None or call.machine.state is not CallState.PARKED:
            self._parked.pop(slot, None)
            return None
        return call

    def _take(self, by: StationLine, call: Call) -> bool:
        earlier = self._calls.call_of(by)
        if not call.answered_by(by):
            return False
        if earlier is not None:
            earlier.left(by)
        return True
