"""Taking down what a caller says: pieces of sound go to the clerk as they come.

The clerk commits every piece, so that a crash costs at most the second being spoken. What becomes
of the recording (a message, or a missed call) is decided by the clerk at its end.
"""

from dataclasses import dataclass
from itertools import count

from app.phone.calls.line import Line, RecordingEnd
from app.phone.jobs import Clerk


@dataclass(frozen=True, slots=True)
class Limits:
    """When a recording ends by itself, in seconds of line time."""

    longest_s: float = 180.0
    silence_s: float = 10.0


async def take_down(line: Line, clerk: Clerk, recording: int, limits: Limits) -> RecordingEnd:
    """Record into the clerk until "#", hang-up, silence or the limit; says which."""
    numbers = count()

    def keep(piece: bytes) -> None:
        clerk.tell("samples", recording=recording, seq=next(numbers), octets=piece)

    recorded = await line.record(keep, limits.longest_s, limits.silence_s, stop_on="#")
    return recorded.why
