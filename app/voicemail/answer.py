"""The caller's side of voicemail: greeting, beep, recording, thanks.

A caller who hangs up has left a message. One who hangs up before the beep, says nothing, or finds a
full mailbox or none, is kept by the clerk as a missed call.
"""

from app.phone.calls.line import HungUp, Line
from app.phone.sound.tones import BEEP
from app.voicemail import greetings
from app.voicemail.common import BOX, Voice, with_apology
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import MailboxInfo, VoicemailClerk
from app.voicemail.recording import record

DEFAULT_LIMITS = RecordingLimits()


async def answer(
    line: Line, clerk: VoicemailClerk, mailbox: str, limits: RecordingLimits = DEFAULT_LIMITS
) -> None:
    """Record a message for the owner of this mailbox from the caller on this line."""
    await with_apology(line, _answer(line, clerk, mailbox, limits))


async def _answer(line: Line, clerk: VoicemailClerk, mailbox: str, limits: RecordingLimits) -> None:
    box = await clerk.mailbox(mailbox)
    begun = await clerk.begin_recording(mailbox, line.name, line.caller)
    if box is None:
        await line.play(*BOX.say("vm-nobodyavail", "vm-goodbye"))
    elif begun.recording is None:
        reason = "vm-mailboxfull" if begun.refused == "full" else "please-try-call-later"
        voice = Voice(box.language)
        await line.play(*greetings.unavailable(box), *voice.say(reason, "vm-goodbye"))
    else:
        await _converse(line, clerk, box, begun.recording, limits)


async def _converse(
    line: Line, clerk: VoicemailClerk, box: MailboxInfo, recording: int, limits: RecordingLimits
) -> None:
    try:
        await line.play(*greetings.before_the_beep(box), stop_on="#")
        await line.play(BEEP)
        why = await record(line, clerk, recording, limits)
    except HungUp:
        clerk.end_recording(recording, "hung up")
        raise
    await clerk.end_recording(recording, why)
    if why != "hung up":
        await line.play(*Voice(box.language).say("auth-thankyou", "vm-goodbye"))
