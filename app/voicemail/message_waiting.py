"""Message waiting: what the clerk says about unheard voicemail becomes lamps and stutter tone.

The clerk pushes {"waiting": {handset: unheard voicemails}, "change": seq} after every change of
the store; `change` is the last change that the counts include. When the clerk cannot tell, the
lamps stay as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any


class MessageWaitingLamps:
    """The lamps of all handsets. `switch` turns one: (station, on), e.g. Switch.message_waiting."""

    def __init__(self, switch: Callable[[str, bool], None]) -> None:
        self._switch = switch
        self._waiting: dict[str, int] = {}
        self._change = -1

    def update(self, push: Mapping[str, Any]) -> None:
        """Take the clerk's word; a handset that is not named any more goes dark."""
        waiting = {str(handset): int(count) for handset, count in push["waiting"].items()}
        for handset in self._waiting.keys() | waiting.keys():
            on = waiting.get(handset, 0) > 0
            if on != (self._waiting.get(handset, 0) > 0):
                self._switch(handset, on)
        self._waiting = waiting
        self._change = max(self._change, int(push["change"]))

    def settled(self, change: int) -> bool:
        """Whether the lamps show the store as it was after this change, or later."""
        return self._change >= change

    def lit(self) -> list[str]:
        """Handsets whose owners have unheard voicemail."""
        return sorted(handset for handset, count in self._waiting.items() if count > 0)
