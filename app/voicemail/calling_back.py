"""Calling back who has left a message, from the owner's menu.

The number came with the call: anybody can send any. It is said before it is called, and the class
of calls of whose handset this is decides, as if it were dialled there. An outside line calls nobody
back, since the box would pay for it.
"""

from app.phone.calls.line import HungUp
from app.phone.sound import prompts
from app.voicemail.conversation import Conversation


async def call_back(talk: Conversation, number: str | None) -> None:
    """Say the number, and leave the menu to call it; or say why it is not called.

    Raises HungUp once the menu has ended.
    """
    if not number:
        await talk.say("switchhook/no-number")
    elif talk.line.kind == "trunk":
        await talk.say("switchhook/no-call-back-here")
    elif not talk.line.call_back(number):
        await talk.say("switchhook/may-not-call", *prompts.digits(number))
    else:
        await talk.say("switchhook/calling-back", *prompts.digits(number))
        await talk.line.hang_up()
        raise HungUp
