"""The caller's side of voicemail: greeting, beep, recording, thanks.

A caller who hangs up has left a message; one who hangs up before the beep, or says nothing, is
noted by the clerk as a missed call.
"""

from app.phone.calls.line import HungUp, Line
from app.phone.jobs import Clerk
from app.phone.sound.tones import BEEP
from app.voicemail import greetings
from app.voicemail.common import politely, say
from app.voicemail.recording import Limits, take_down

DEFAULT_LIMITS = Limits()


async def answer(line: Line, clerk: Clerk, mailbox: str, limits: Limits = DEFAULT_LIMITS) -> None:
    """Take a message for the owner of this mailbox from the caller on this line."""
    await politely(line, _answer(line, clerk, mailbox, limits))


async def _answer(line: Line, clerk: Clerk, mailbox: str, limits: Limits) -> None:
    box = await clerk.ask("mailbox", mailbox=mailbox)
    if box is None:
        await line.play(*say("vm-nobodyavail", "vm-goodbye"))
        return
    caller = line.caller
    begun = await clerk.ask(
        "begin_recording",
        mailbox=mailbox,
        line=line.name,
        number=caller.number,
        name=caller.name,
        reason=caller.reason,
    )
    if begun["recording"] is None:
        reason = "vm-mailboxfull" if begun["why"] == "full" else "please-try-call-later"
        await line.play(*greetings.unavailable(box), *say(reason, "vm-goodbye"))
        return
    await _converse(line, clerk, box, begun["recording"], limits)


async def _converse(
    line: Line, clerk: Clerk, box: dict[str, object], recording: int, limits: Limits
) -> None:
    try:
        await line.play(*greetings.before_the_beep(box), stop_on="#")
        await line.play(BEEP)
        why = await take_down(line, clerk, recording, limits)
    except HungUp:
        clerk.tell("end_recording", recording=recording, why="hung up")
        raise
    await clerk.ask("end_recording", recording=recording, why=why)
    if why != "hung up":
        await line.play(*say("auth-thankyou", "vm-goodbye"))
