"""What a call script sees of the line it talks on.

A script is given a Line for one call. Times are line time: they count periods of the PCM stream
(10 ms), never the wall clock. When the other party hangs up, every later wait on the line raises
HungUp (calls/scripting.py); only record() returns instead, so that the script can finish its work.
The same happens with FaxTone, a HungUp, when a fax machine calls on a line that takes faxes.
A script that waits for the clerk at that moment is left to get its answer first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from app.phone.calls.caller import Caller, Reason, WhyVoicemail
from app.phone.calls.scripting import FaxTone, HungUp, Wait
from app.phone.fax.link import FaxLink
from app.phone.sound.sounds import Sound, Tone

__all__ = [
    "ANY",
    "Caller",
    "FaxTone",
    "HungUp",
    "Kind",
    "Line",
    "Reason",
    "Recorded",
    "RecordingEnd",
    "WhyVoicemail",
]

T = TypeVar("T")

ANY = "0123456789*#"
"""Every digit of a telephone's keypad, for `stop_on`."""

Kind = Literal["station", "trunk"]
RecordingEnd = Literal["digit", "silence", "limit", "hung up", "line failed", "fax"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording ended: its length in periods (10 ms), why, and the digit if one ended it."""

    periods: int
    why: RecordingEnd
    digit: str = ""


class Line(Protocol):
    """One line, for the length of one call, as call scripts use it."""

    @property
    def name(self) -> str:
        """The jack's label, e.g. "101" or "line1"."""
        ...

    @property
    def kind(self) -> Kind:
        """Whether a handset of ours ("station") or an outside line ("trunk") is at the far end."""
        ...

    @property
    def caller(self) -> Caller:
        """Who is calling on this line."""
        ...

    @property
    def why(self) -> WhyVoicemail:
        """Why voicemail answers this call; of no meaning in the owner's menu."""
        ...

    @property
    def language(self) -> str | None:
        """What callers on this line are spoken to in, an ISO 639 code; None: as whom they reach."""
        ...

    @property
    def periods(self) -> int:
        """Beats (10 ms of line time) since the phone side started."""
        ...

    async def play(self, *sounds: Sound, stop_on: str = "") -> str:
        """Play in order, without gaps.

        A digit in `stop_on` (dialled now or waiting in the type-ahead buffer) ends it and is
        returned; "" when all was played. Other digits stay in the buffer. Raises JobFailed if the
        clerk cannot give one of the sounds.
        """
        ...

    async def digits(
        self, most: int, end: str = "#", first_s: float = 6, between_s: float = 4
    ) -> str:
        """Collect digits, from the type-ahead buffer first.

        Ends at `most` digits, at the `end` digit (not returned), when the first digit takes longer
        than `first_s` or a further one longer than `between_s`; gives what was dialled so far.
        """
        ...

    async def record(
        self,
        sink: Callable[[bytes], None],
        limit_s: float,
        silence_s: float,
        stop_on: str = ANY,
        ending_s: float = 0,
    ) -> Recorded:
        """Record until a digit, silence, the limit or the far end's hang-up.

        `sink` gets signed 16-bit little-endian samples at 8 kHz in pieces of at most 1 s, the last
        one before this returns. The tone of a digit that ends the recording is cut off. `ending_s`
        before the limit two short tones are heard, which are not recorded; 0: none.
        """
        ...

    async def exchange(self, link: FaxLink) -> None:
        """Let a fax call hear the line and speak on it, until it ends."""
        ...

    async def pause(self, seconds: float) -> None:
        """Wait; dialled digits stay in the buffer."""
        ...

    async def answer_of(self, job: Wait[T]) -> T:
        """Wait for a job of the clerk; its result, or what it raises.

        Who waits for long hears that they are not forgotten. Unlike other waits it goes on when the
        far end hangs up.
        """
        ...

    def tone(self, tone: Tone | None) -> None:
        """Sound a tone behind everything until it is changed; None is silence."""
        ...

    def go_on_to(self, number: str) -> None:
        """Connect the caller with this number of ours once the script has ended.

        A number that is nobody's by then ends the call.
        """
        ...

    def call_back(self, number: str) -> bool:
        """Connect the handset with who called from this number, once the script has ended.

        False, and nothing, if it may not call there: an outside line calls nobody back, and a
        handset whom its owner's class of calls allows.
        """
        ...

    async def hang_up(self) -> None:
        """End the call from our side; the line cannot be used by this script afterwards.

        A trunk is released; a station hears busy tone, then howler, then silence until it is put
        on hook.
        """
        ...
