"""Message waiting: what the clerk says about unheard voicemail becomes lamps and stutter tone.

The clerk pushes WaitingMessages after every change of the store. When the clerk does not answer,
the lamps stay as they are.
"""

from collections.abc import Callable, Iterable, Mapping

from app.voicemail.jobs import WaitingMessages


class MessageWaitingLamps:
    """The lamps of all handsets. `set_lamp(station, on)` turns one, e.g. Pbx.message_waiting.

    The first push sets those of all `handsets`: what they showed before is unknown.
    """

    def __init__(self, set_lamp: Callable[[str, bool], None], handsets: Iterable[str] = ()) -> None:
        self._set_lamp = set_lamp
        self._unknown = frozenset(handsets)
        self._unheard: Mapping[str, int] = {}
        self._change = -1

    def update(self, push: WaitingMessages) -> None:
        """Show what the clerk says; a handset that is not named any more goes dark."""
        for handset in self._unheard.keys() | push.unheard.keys() | self._unknown:
            on = push.unheard.get(handset, 0) > 0
            if handset in self._unknown or on != (self._unheard.get(handset, 0) > 0):
                self._set_lamp(handset, on)
        self._unheard, self._unknown = push.unheard, frozenset()
        self._change = max(self._change, push.change)

    def shows(self, change: int) -> bool:
        """Whether the lamps show the store as it was after this change, or later."""
        return self._change >= change

    def lit(self) -> list[str]:
        """Handsets whose owners have unheard voicemail."""
        return sorted(handset for handset, count in self._unheard.items() if count > 0)
