"""Recording what a caller says: pieces of sound go to the clerk as they come.

The clerk commits every piece, so that a crash costs at most the second being spoken. What becomes
of the recording (a message, or a missed call) is decided by the clerk at its end.
"""

from itertools import count

from app.phone.calls.line import Line, RecordingEnd
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import VoicemailClerk


async def record(
    line: Line, clerk: VoicemailClerk, recording: int, limits: RecordingLimits
) -> tuple[RecordingEnd, int]:
    """Record into the clerk until "#", hang-up, silence or the limit; says which.

    Also gives the number of pieces that the clerk was to keep.

    A piece that the clerk cannot keep is in its log; the caller is heard on.
    """
    numbers = count()

    def keep(piece: bytes) -> None:
        clerk.samples(recording, next(numbers), piece)

    recorded = await line.record(keep, limits.longest_s, limits.silence_s, stop_on="#")
    return recorded.why, next(numbers)
