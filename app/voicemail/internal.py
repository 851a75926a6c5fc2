"""What a handset hears that has dialled a number which is no handset's: a mailbox, or a service."""

from app.inbox.claim import SERVICE_NUMBER
from app.phone.calls.line import Line
from app.phone.sound.sounds import Pause
from app.voicemail.common import BOX, with_apology
from app.voicemail.jobs import VoicemailClerk
from app.voicemail.owner import owner

TIMES = 3
"""That the code is said: people look for a pencil."""


async def internal(line: Line, clerk: VoicemailClerk, number: str) -> None:
    """The menu of the mailbox with this number, or the service that has it."""
    if number == SERVICE_NUMBER:
        await with_apology(line, _claim(line, clerk))
    else:
        await owner(line, clerk, number)


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
