"""The caller's side of voicemail: greeting, beep, recording, thanks.

A caller who hangs up has left a message. One who hangs up before the beep, says nothing, or finds a
full mailbox or none, is kept by the clerk as a missed call.
"""

import logging
from dataclasses import replace

from app.phone.calls.line import FaxTone, HungUp, Line
from app.phone.jobs import JobFailed
from app.phone.sound.tones import BEEP
from app.voicemail import greetings
from app.voicemail.common import Voice, with_apology
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import MailboxInfo, VoicemailClerk
from app.voicemail.recording import record

log = logging.getLogger(__name__)

DEFAULT_LIMITS = RecordingLimits()


async def answer(
    line: Line, clerk: VoicemailClerk, mailbox: str, limits: RecordingLimits = DEFAULT_LIMITS
) -> None:
    """Record a message for the owner of this mailbox from the caller on this line."""
    await with_apology(line, _answer(line, clerk, mailbox, limits))


async def _answer(line: Line, clerk: VoicemailClerk, mailbox: str, limits: RecordingLimits) -> None:
    box = await line.answer_of(clerk.mailbox(mailbox, line.why))
    if box is not None and line.language:
        box = replace(box, language=line.language)
    if box is not None and line.kind != "trunk":
        box = greetings.for_colleagues(box)
    begun = await line.answer_of(clerk.begin_recording(mailbox, line.name, line.caller))
    if box is None:
        await line.play(*Voice(line.language).say("vm-nobodyavail", "vm-goodbye"))
    elif begun.recording is None:
        reason = "vm-mailboxfull" if begun.refused == "full" else "please-try-call-later"
        voice = Voice(box.language)
        await line.play(*greetings.unavailable(box, line.why), *voice.say(reason, "vm-goodbye"))
    else:
        await _converse(line, clerk, box, begun.recording, limits)


async def _greet(line: Line, box: MailboxInfo) -> None:
    """The best greeting that can be played; without any, the beep says enough."""
    while True:
        try:
            await line.play(*greetings.before_the_beep(box, line.why), stop_on="#")
            return
        except JobFailed as problem:
            log.error("%s: a greeting of mailbox %s: %s", line.name, box.number, problem)
        if not (box.greetings or box.name_recorded):
            return
        box = greetings.next_best(box)


async def _converse(
    line: Line, clerk: VoicemailClerk, box: MailboxInfo, recording: int, limits: RecordingLimits
) -> None:
    try:
        await _greet(line, box)
        await line.play(BEEP)
        why, pieces = await record(line, clerk, recording, limits)
    except FaxTone:
        clerk.end_recording(recording, "fax")
        raise
    except HungUp:
        clerk.end_recording(recording, "hung up")
        raise
    await line.answer_of(clerk.end_recording(recording, why, pieces))
    if why != "hung up":
        await line.play(*Voice(box.language).say("auth-thankyou", "vm-goodbye"))
