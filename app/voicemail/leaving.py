"""Leaving a message, from the beep on: recording, and what the caller may change before it is sent.

    #           ends the recording; then
    1, #, *     send it, as does who presses nothing
    2           listen to it
    3           say it anew
    4           urgent, or not

Whenever the caller hangs up, what was said last is delivered: a new take counts once something is
said in it.
"""

from app.phone.calls.line import ANY, FaxTone, HungUp, Line, RecordingEnd
from app.phone.calls.scripting import Wait
from app.phone.jobs import JobFailed
from app.phone.sound.sounds import Pause, Take
from app.phone.sound.tones import BEEP
from app.voicemail.common import Voice
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import RecordingResult, VoicemailClerk
from app.voicemail.recording import record

GONE = ("hung up", "line failed")
"""Ends of a recording after which nobody listens."""
THINKING_MS = 5000
"""Silence after the menu in which a key may come."""
MENU_TIMES = 10
"""Keys and silences, after which the message is sent all the same."""


FAX = "fax"
"""How a recording ends on which a fax machine calls."""


class Leaving:
    """One caller's message. `recording` is its number."""

    def __init__(
        self,
        line: Line,
        clerk: VoicemailClerk,
        voice: Voice,
        recording: int,
        limits: RecordingLimits,
    ) -> None:
        self._line, self._clerk, self._voice = line, clerk, voice
        self._recording, self._limits = recording, limits
        self._pieces = 0
        self._takes = [0]
        self._urgent = False

    async def leave(self) -> None:
        """Record and send a message, and thank for it."""
        try:
            why = await self._take()
            while why == "digit" and self._limits.review and await self._review():
                self._takes.append(self._pieces)
                why = await self._take()
        except FaxTone:
            self.end(FAX)
            raise
        except (HungUp, JobFailed):
            self.end("hung up")
            raise
        await self._line.answer_of(self.end(why))
        if why not in GONE:
            await self._line.play(*self._voice.say("auth-thankyou", "vm-goodbye"))

    def end(self, why: str) -> Wait[RecordingResult]:
        """Let the clerk deliver what there is."""
        takes = tuple(self._takes[1:])
        return self._clerk.end_recording(self._recording, why, self._pieces, takes, self._urgent)

    async def _take(self) -> RecordingEnd:
        await self._line.play(BEEP)
        why, self._pieces = await record(
            self._line, self._clerk, self._recording, self._limits, self._pieces
        )
        return why

    async def _review(self) -> bool:
        """Whether the caller wants to say it anew; else it is to be sent."""
        key = ""
        for _ in range(MENU_TIMES):
            key = key or await self._ask()
            if key == "2":
                take = Take(self._recording, self._takes[-1])
                key = await self._line.play(take, stop_on=ANY)
            elif key == "4":
                self._urgent = not self._urgent
                said = "vm-marked-urgent" if self._urgent else "vm-marked-nonurgent"
                key = await self._line.play(*self._voice.say(said), stop_on=ANY)
            elif key in ("", "1", "3", "#", "*"):
                return key == "3"
            else:
                key = await self._line.play(*self._voice.say("vm-sorry"), stop_on=ANY)
        return False

    async def _ask(self) -> str:
        offers = "vm-review-nonurgent" if self._urgent else "vm-review-urgent"
        menu = self._voice.say("vm-review", offers)
        return await self._line.play(*menu, Pause(THINKING_MS), stop_on=ANY)
