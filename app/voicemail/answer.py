"""The caller's side of voicemail: the greeting and its keys; the message itself is in leaving.py.

    #    skips the greeting
    0    goes on to the operator, where there is one
    *    is the owner, who logs in

A caller who hangs up has left a message. One who hangs up before the beep, says nothing, or finds a
full mailbox or none, is kept by the clerk as a missed call.
"""

import logging
from dataclasses import replace

from app.phone.calls.line import FaxTone, HungUp, Line
from app.phone.jobs import JobFailed
from app.phone.sound import prompts
from app.voicemail import greetings
from app.voicemail.common import Voice, with_apology
from app.voicemail.config import RecordingLimits
from app.voicemail.jobs import LOGGED_IN, TO_OPERATOR, MailboxInfo, Refusal, VoicemailClerk
from app.voicemail.leaving import FAX, Leaving
from app.voicemail.owner import owner

log = logging.getLogger(__name__)

DEFAULT_LIMITS = RecordingLimits()
SKIP, OPERATOR, LOG_IN = "#", "0", "*"


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
    elif begun.recording is not None:
        await _converse(line, clerk, box, begun.recording, limits)
    else:
        told = _REFUSED[begun.refused or "nobody"]
        key = await _greet(line, box, limits, told)
        if key == SKIP:
            await line.play(*Voice(box.language).say(*told))
        elif key:
            await _go_on(line, clerk, box, limits, key)


async def _go_on(
    line: Line, clerk: VoicemailClerk, box: MailboxInfo, limits: RecordingLimits, key: str
) -> None:
    """To the operator, or to the owner's menu."""
    if key == OPERATOR:
        await line.play(*Voice(box.language).say("one-moment-please"))
        line.go_on_to(limits.operator)
    else:
        await owner(line, clerk, box.number)


_REFUSED: dict[Refusal, prompts.Names] = {
    "full": ("vm-mailboxfull", "vm-goodbye"),
    "no space": ("please-try-call-later", "vm-goodbye"),
    "nobody": ("please-try-call-later", "vm-goodbye"),
    "no messages": ("vm-goodbye",),
}
"""What callers are told who can leave no message, after the greeting."""


async def _greet(
    line: Line, box: MailboxInfo, limits: RecordingLimits, then: prompts.Names | None = None
) -> str:
    """The best greeting that can be played; without any, the beep says enough.

    `then` is what is said instead of the invitation to speak. The key that has ended it.
    """
    voice, keys = Voice(box.language), SKIP + (LOG_IN if _may_log_in(line, box) else "")
    keys += OPERATOR if limits.operator else ""
    while True:
        greeting = greetings.before_the_beep(box, line.why)
        if then is not None:
            greeting = (*greetings.unavailable(box, line.why), *voice.say(*then))
        try:
            return await line.play(*greeting, stop_on=keys)
        except JobFailed as problem:
            log.error("%s: a greeting of mailbox %s: %s", line.name, box.number, problem)
        if not (box.greetings or box.name_recorded):
            return ""
        box = greetings.next_best(box)


def _may_log_in(line: Line, box: MailboxInfo) -> bool:
    """From a handset of ours always; from outside where the box's owner allows it."""
    return bool(box.number) and (line.kind == "station" or box.outside_login)


async def _converse(
    line: Line, clerk: VoicemailClerk, box: MailboxInfo, recording: int, limits: RecordingLimits
) -> None:
    leaving = Leaving(line, clerk, Voice(box.language), recording, limits)
    try:
        key = await _greet(line, box, limits)
    except FaxTone:
        leaving.end(FAX)
        raise
    except HungUp:
        leaving.end("hung up")
        raise
    if key in (LOG_IN, OPERATOR):
        await line.answer_of(leaving.end(LOGGED_IN if key == LOG_IN else TO_OPERATOR))
        await _go_on(line, clerk, box, limits, key)
    else:
        await leaving.leave()
