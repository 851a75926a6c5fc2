"""Follow-me by telephone: at which outside number one is called besides, set at the own handset."""

from app.phone.sound import prompts
from app.voicemail.choices import Choice, chosen, dialled
from app.voicemail.conversation import Conversation

NUMBER_LONGEST = 20
"""Digits of an outside number; app.inbox.follow_me knows what one is."""


async def own_follow_me(talk: Conversation) -> None:
    """Say the number that there is, then let it be changed or taken away."""
    line = talk.line
    now = await line.answer_of(talk.clerk.follow_me(talk.person, line.name))
    if now is None:
        await talk.say("switchhook/follow-me-not-here")
        return
    said = (
        ("switchhook/follow-me-at", *prompts.digits(now)) if now else ("switchhook/follow-me-no",)
    )
    choices = [Choice("1", "switchhook/to-follow-me-number")]
    choices += [Choice("2", "switchhook/to-follow-me-off")] if now else []
    key = await chosen(talk, choices, *said)
    if not key:
        return
    number = ""
    if key == "1":
        number = await dialled(talk, "switchhook/follow-me-dial", most=NUMBER_LONGEST)
        if not number:
            return
    found = await line.answer_of(talk.clerk.follow_me(talk.person, line.name, number))
    await talk.say("switchhook/is-changed" if found == number else "switchhook/follow-me-wrong")
