"""Small things every voicemail conversation needs: saying prompts, asking for digits, manners."""

import logging
from collections.abc import Coroutine
from typing import Any

from app.phone.calls.line import ANY, Line
from app.phone.jobs import JobFailed
from app.phone.sound.prompts import Names
from app.phone.sound.sounds import CountryTone, Prompt, Sound

log = logging.getLogger(__name__)

TROUBLE = CountryTone("reorder", cadences=4)
"""Said in tones: the prompts come from the clerk, which may be what is broken."""


def say(*names: str) -> tuple[Prompt, ...]:
    """Prompts by name, ready to play."""
    return tuple(Prompt(name) for name in names)


def say_all(*sequences: Names) -> tuple[Prompt, ...]:
    """Several sequences of prompts, one after the other."""
    return tuple(Prompt(name) for names in sequences for name in names)


async def ask_digits(line: Line, *question: Sound, most: int) -> str:
    """Play the question, which the first digit interrupts; the digits dialled up to "#"."""
    first = await line.play(*question, stop_on=ANY)
    if first == "#":
        return ""
    return first + await line.digits(most - len(first))


async def politely(line: Line, conversation: Coroutine[Any, Any, None]) -> None:
    """Run a conversation; if the clerk fails it, apologise and end the call."""
    try:
        await conversation
    except JobFailed:
        log.exception("%s: conversation broken off", line.name)
        await line.play(*say("im-sorry", "please-try-call-later"), TROUBLE)
    await line.hang_up()
