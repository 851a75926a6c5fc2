"""Prompts that several lines play at once are asked of the clerk once.

The phone process maps no files: a prompt comes from the clerk in pieces and is kept whole
(app/phone/sound/player.py, Sounds). Until it is whole its pieces are kept here, so that it makes no
difference to the clerk how many lines are in the same menu.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.phone.calls.scripting import Wait
from app.phone.jobs import ClerkSound, JobFailed
from app.phone.sound import audio
from drivers.buses import Samples

PIECES_MOST = 64
"""Of 32 kB; beyond that the oldest are asked for again."""

Key = tuple[ClerkSound, int, int]


class Reads(Protocol):
    """Where pieces of sounds come from."""

    def sound(self, sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
        """S16LE at 8 kHz: `count` samples from `start` on, fewer at the end."""
        ...


@dataclass(slots=True)
class _Shared:
    """One question, and how many wait for its answer."""

    wait: Wait[bytes]
    listeners: int = 0


class _Listener(Wait[bytes]):
    """One line's view of a shared question; it is looked at, not awaited."""

    def __init__(self, shared: _Shared) -> None:
        super().__init__()
        self._shared, self._left = shared, False
        shared.listeners += 1

    @property
    def done(self) -> bool:
        """See Wait."""
        return self._left or self._shared.wait.done

    def result(self) -> bytes:
        """See Wait."""
        return self._shared.wait.result()

    def give_up(self) -> None:
        """See Wait: the last one that leaves gives the question up."""
        if self.done:
            return
        self._left = True
        self._shared.listeners -= 1
        if not self._shared.listeners:
            self._shared.wait.give_up()


class SharedReads:
    """The pieces of prompts that are being fetched, for all lines.

    `whole` gives a prompt that is kept whole by now, None if it is not.
    """

    def __init__(
        self, clerk: Reads, whole: Callable[[ClerkSound], Samples | None] = lambda _: None
    ) -> None:
        self._clerk, self._whole = clerk, whole
        self._shared: OrderedDict[Key, _Shared] = OrderedDict()

    def sound(self, sound: ClerkSound, start: int, count: int) -> Wait[bytes]:
        """See Reads; whoever asks for the same gets the same answer."""
        whole = self._whole(sound)
        if whole is not None:
            wait: Wait[bytes] = Wait()
            wait.happened(audio.to_bytes(whole[start : start + count]))
            return wait
        key = (sound, start, count)
        shared = self._shared.get(key)
        if shared is None or _is_of_no_use(shared):
            shared = self._shared[key] = _Shared(self._clerk.sound(sound, start, count))
        self._shared.move_to_end(key)
        while len(self._shared) > PIECES_MOST:
            self._shared.popitem(last=False)
        return _Listener(shared)

    def forget(self, sound: ClerkSound) -> None:
        """It is kept elsewhere now."""
        for key in [key for key in self._shared if key[0] == sound]:
            del self._shared[key]


def _is_of_no_use(shared: _Shared) -> bool:
    """Whether it failed, or was given up by all: it may be asked for with better luck."""
    if not shared.wait.done:
        return False
    if not shared.listeners:
        return True
    try:
        shared.wait.result()
    except JobFailed:  # who waited for it has been told
        return True
    return False
