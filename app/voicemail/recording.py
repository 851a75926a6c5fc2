"""Recording what somebody says: pieces of sound go to the clerk as they come.

The clerk commits every piece, so that a crash costs at most the second being spoken. What becomes
of the recording (a message, or a missed call) is decided by the clerk at its end.
"""

from itertools import count

from app.inbox.greetings import LONGEST_S
from app.phone.calls.line import Line, RecordingEnd
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import VoicemailClerk

DRAFT_LIMITS = RecordingLimits(longest_s=LONGEST_S, silence_s=5.0)
"""Of a greeting: who has said theirs does not wait long for what comes next."""


async def record(
    line: Line, clerk: VoicemailClerk, recording: int, limits: RecordingLimits, pieces: int = 0
) -> tuple[RecordingEnd, int]:
    """Record into the clerk until "#", hang-up, silence or the limit; says which.

    Also gives the number of pieces that the clerk was to keep, with those there were already.

    A piece that the clerk cannot keep is in its log; the caller is heard on.
    """
    numbers = count(pieces)

    def keep(piece: bytes) -> None:
        clerk.samples(recording, next(numbers), piece)

    recorded = await line.record(
        keep, limits.longest_s, limits.silence_s, stop_on="#", ending_s=limits.warn_s
    )
    return recorded.why, next(numbers)


async def record_draft(
    line: Line, clerk: VoicemailClerk, limits: RecordingLimits = DRAFT_LIMITS
) -> tuple[RecordingEnd, int]:
    """Record a draft until any key, hang-up, silence or the limit; says which, and its number.

    It is heard as Draft(number) and becomes something by a job such as `keep_greeting`.
    """
    draft = await line.answer_of(clerk.begin_draft())
    numbers = count()

    def keep(piece: bytes) -> None:
        clerk.draft_samples(draft, next(numbers), piece)

    recorded = await line.record(keep, limits.longest_s, limits.silence_s, ending_s=limits.warn_s)
    return recorded.why, draft
