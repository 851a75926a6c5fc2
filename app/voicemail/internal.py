"""What a handset hears that has dialled a number which is no handset's: a mailbox, or a service."""

from app.inbox.claim import SERVICE_NUMBER
from app.phone.calls.line import Line
from app.phone.sound.sounds import Pause
from app.voicemail.common import BOX, ask_digits, with_apology
from app.voicemail.jobs import VoicemailClerk
from app.voicemail.owner import owner

TIMES = 3
"""That the code is said, or a number asked for: people look for a pencil."""
NUMBER_LONGEST = 10
"""Digits of a mailbox's number."""


async def internal(line: Line, clerk: VoicemailClerk, number: str) -> None:
    """The menu of the mailbox with this number, or the service that has it; "": it is asked for."""
    if number == SERVICE_NUMBER:
        await with_apology(line, _claim(line, clerk))
    elif number:
        await owner(line, clerk, number)
    else:
        await with_apology(line, _any_mailbox(line, clerk))


async def _any_mailbox(line: Line, clerk: VoicemailClerk) -> None:
    for _ in range(TIMES):
        asked = BOX.say("switchhook/which-mailbox")
        if number := await ask_digits(line, *asked, most=NUMBER_LONGEST):
            await owner(line, clerk, number)
            return
    await line.play(*BOX.say("vm-goodbye"))


async def _claim(line: Line, clerk: VoicemailClerk) -> None:
    code = await line.answer_of(clerk.claim_code())
    if code is None:  # somebody logged in after the dial tone began
        await line.play(*BOX.say("vm-sorry"))
        return
    for _ in range(TIMES):
        await line.play(*BOX.say("switchhook/claim-code"), Pause(500))
        for digit in code:
            await line.play(*BOX.say(f"digits/{digit}"), Pause(300))
        await line.play(Pause(1500))
    await line.play(*BOX.say("vm-goodbye"))
