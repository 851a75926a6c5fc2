"""Every time limit of the phone side, declared once, and the queue that runs them.

Declared in milliseconds of line time; run in periods of 10 ms, counted by the beat.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass

PERIOD_MS = 10


@dataclass(frozen=True, slots=True)
class Timer:
    """One time limit: default, least and greatest in ms, and what it is for."""

    name: str
    ms: int
    least: int
    greatest: int
    meaning: str

    @property
    def periods(self) -> int:
        """The default in periods, rounded up."""
        return periods(self.ms)


def periods(ms: float) -> int:
    """Milliseconds as periods of 10 ms, rounded up."""
    return -int(-ms // PERIOD_MS)


# Hook of a handset: an on-hook time of up to PULSE_BREAK is a dial pulse, FLASH_LEAST to
# FLASH_MOST a flash, over HANG_UP a hang-up; anything between these is refused.
PULSE_BREAK = Timer(
    "pulse break", 200, 100, 250, "Longest on-hook time that is a dial pulse [DAHDI: 15-200 ms]."
)
PULSE_END = Timer(
    "pulse end", 250, 150, 750, "Off-hook time that ends a pulse-dialled digit [DAHDI: 250 ms]."
)
FLASH_LEAST = Timer("flash least", 300, 70, 500, "Shortest on-hook time that is a flash.")
FLASH_MOST = Timer("flash most", 800, 200, 1250, "Longest on-hook time that is a flash.")
HANG_UP = Timer("hang-up", 1250, 200, 2000, "On-hook time that ends a call [DAHDI: 1250 ms].")

# A trunk.
RING_GAP = Timer(
    "ring gap", 8000, 4000, 12000, "Silence after a ring burst that means the caller gave up."
)
CPC = Timer("CPC", 60, 20, 800, "Battery lost while seized for this long: the far end hung up.")
SETTLE = Timer(
    "settle", 800, 200, 2000, "After a release: the line is left alone until battery is seen again."
)

# Ringing a handset.
CALLER_ID_LEAD = Timer(
    "caller ID lead", 500, 500, 1500, "From the end of a burst to caller ID [GR-30: 500 ms]."
)
CALLER_ID_TAIL = Timer(
    "caller ID tail", 200, 200, 1000, "From the end of caller ID to the next burst [GR-30: 200 ms]."
)

LAMP_PAUSE = Timer(
    "lamp pause", 500, 200, 5000, "A handset rests this long before its lamp is told (VMWI)."
)
LAMP_TAIL = Timer("lamp tail", 200, 100, 1000, "After a lamp message the line still carries sound.")

# Dialling on a handset.
FIRST_DIGIT = Timer("first digit", 15000, 5000, 60000, "Dial tone without a digit.")
NEXT_DIGIT = Timer("next digit", 4000, 1000, 15000, "After a digit, when more could follow.")

# A call.
NO_ANSWER = Timer(
    "no answer", 20000, 1000, 120000, "Ringing before voicemail answers (see PhoneConfig)."
)
PICK_UP = Timer(
    "pick-up", 400, 200, 1500, "From seizing a trunk to the first sound [Si3050: 128 + 256 ms]."
)

# A handset whose call is over and that is still off hook.
BUSY_TONE = Timer("busy tone", 30000, 5000, 120000, "Busy or reorder tone before the howler.")
HOWLER = Timer("howler", 60000, 10000, 180000, "Receiver-off-hook tone before silence.")

TIMERS: tuple[Timer, ...] = tuple(t for t in globals().values() if isinstance(t, Timer))
"""All of them, for the console and the manual."""


class Due:
    """One running timer; cancel() is harmless at any time."""

    __slots__ = ("call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call it."""
        self.call = None


class TimerQueue:
    """Calls things when their period has come; `now` counts periods since the start."""

    def __init__(self) -> None:
        self.now = 0
        self._order = 0
        self._queue: list[tuple[int, int, Due]] = []

    def after(self, count: int, call: Callable[[], None]) -> Due:
        """Call this `count` periods from now, at least one."""
        due = Due(call)
        self._order += 1
        heapq.heappush(self._queue, (self.now + max(count, 1), self._order, due))
        return due

    def beat(self) -> None:
        """One period has passed: run what is due, in the order in which it was asked for."""
        self.now += 1
        while self._queue and self._queue[0][0] <= self.now:
            call = heapq.heappop(self._queue)[2].call
            if call is not None:
                call()
