"""Small menus whose keys are the same in every key map, and questions that digits answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.phone.sound import prompts
from app.phone.sound.prompts import Names
from app.phone.sound.sounds import Pause
from app.voicemail.conversation import MENU_TIMES, THINKING_MS, Conversation

BACK = "*#0"
"""Keys that leave such a menu, or skip what is asked; a rotary dial has the last one only."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A key, and the words that follow "press", such as "for your greetings"."""

    key: str
    words: str


async def chosen(talk: Conversation, choices: Sequence[Choice], *before: str) -> str:
    """The key that the owner presses of these; "" for none of them, to go back.

    `before` are prompts that are said first, once.
    """
    known = {choice.key for choice in choices}
    words = offered(*choices, Choice("*", "switchhook/to-return"))
    await talk.say(*before)
    left = MENU_TIMES
    while left:
        await talk.play(*talk.voice.say(*words), Pause(THINKING_MS))
        key = taken(talk)
        if key in known:
            return key
        if key and key in BACK:
            return ""
        if key:
            await talk.say("vm-sorry")
        left -= 1
    return ""


def offered(*choices: Choice) -> Names:
    """The prompts of these choices."""
    return tuple(
        name
        for choice in choices
        for name in ("vm-press", *prompts.digits(choice.key), choice.words)
    )


async def dialled(talk: Conversation, *question: str, most: int) -> str:
    """Say the question; the digits that answer it, up to "#"; "" if there are none."""
    await talk.say(*question)
    first = taken(talk)
    if first == "#":
        return ""
    return first + await talk.line.digits(most - len(first))


def taken(talk: Conversation) -> str:
    """The key that was pressed, which is nobody else's from now on; "" if there is none."""
    key, talk.key = talk.key, ""
    return key
