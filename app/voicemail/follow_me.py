"""What is said to somebody who is called at their follow-me number: who is wanted, and to press 1.

Nobody is connected before the 1: whoever else answers there, such as a voicemail of the telephone
company, hears no caller, and is left.
"""

from app.inbox.greetings import GreetingKind
from app.phone.calls.context import CallScript
from app.phone.calls.line import Line
from app.phone.sound.sounds import Greeting, Pause, Sound
from app.voicemail.common import Voice, with_apology
from app.voicemail.jobs import VoicemailClerk

ACCEPT = "1"
TIMES = 8
"""That it is said: the line does not tell when somebody has answered."""
BETWEEN_MS = 2000


def follow_script(clerk: VoicemailClerk) -> CallScript:
    """The script of a line on which a mailbox's owner is called."""
    return lambda line, mailbox: with_apology(line, _offer(line, clerk, mailbox))


async def _offer(line: Line, clerk: VoicemailClerk, mailbox: str) -> None:
    box = await line.answer_of(clerk.mailbox(mailbox))
    if box is None:
        return
    voice = Voice(box.language)
    said: Sound = voice.speak(box.name)
    if box.name_recorded:
        said = Greeting(box.person, GreetingKind.NAME.value)
    words = (*voice.say("switchhook/call-for"), said, *voice.say("switchhook/accept-call"))
    for _ in range(TIMES):
        if await line.play(*words, Pause(BETWEEN_MS), stop_on=ACCEPT):
            line.go_on_to(mailbox)
            return
