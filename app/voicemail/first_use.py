"""The first visit: an own PIN, the name, a greeting. What is done stays done after a hang-up."""

from app.inbox.first_use import FirstStep
from app.inbox.greetings import GreetingKind
from app.voicemail.choices import Choice, offered
from app.voicemail.conversation import Conversation
from app.voicemail.own_greetings import is_recorded, record_greeting
from app.voicemail.own_pin import choose_pin

RECORDED = {FirstStep.NAME: GreetingKind.NAME, FirstStep.GREETING: GreetingKind.DAY}


async def first_use(talk: Conversation) -> bool:
    """Lead through what is left of the first use; False if there is still no own PIN."""
    left = await talk.line.answer_of(talk.clerk.first_use(talk.person))
    if not left:
        return True
    if left != (FirstStep.PIN,):
        await talk.say("switchhook/welcome")
    if FirstStep.PIN in left:
        await talk.say("switchhook/own-pin-needed")
        if not await choose_pin(talk):
            return False
    for step, kind in RECORDED.items():
        if step in left:
            if not await is_recorded(talk, kind):
                skip = offered(Choice("*", "switchhook/to-skip"))
                await record_greeting(talk, kind, *skip)
            await talk.line.answer_of(talk.clerk.first_use_done(talk.person, step.value))
    return True
