"""Small things every voicemail conversation needs: saying prompts, asking for digits, manners."""

import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from app.phone.calls.line import ANY, Line
from app.phone.jobs import JobFailed
from app.phone.sound.prompts import LANGUAGE, Names
from app.phone.sound.sounds import CountryTone, Prompt, Sound, Spoken

log = logging.getLogger(__name__)

TROUBLE = CountryTone("reorder", cadences=4)
"""An error without words: the prompts come from the clerk, which may be what has failed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Prompts in one language, an ISO 639 code; None is the language of the box."""

    language: str | None = None

    def say(self, *names: str) -> tuple[Prompt, ...]:
        """Prompts by name, ready to play."""
        return tuple(Prompt(name, self.language) for name in names)

    def say_all(self, *sequences: Names) -> tuple[Prompt, ...]:
        """Several sequences of prompts, one after the other."""
        return tuple(Prompt(name, self.language) for names in sequences for name in names)

    def speak(self, text: str) -> Spoken:
        """A text that no prompt says."""
        return Spoken(text, self.language)


WITHOUT_PACK = LANGUAGE
"""The language in which prompts are heard when no pack is installed: their words' own."""

BOX = Voice()
"""What is said to somebody whose language is not known."""


async def ask_digits(line: Line, *question: Sound, most: int) -> str:
    """Play the question, which the first digit interrupts; the digits dialled up to "#"."""
    first = await line.play(*question, stop_on=ANY)
    if first == "#":
        return ""
    return first + await line.digits(most - len(first))


async def with_apology(line: Line, conversation: Coroutine[Any, Any, None]) -> None:
    """Run a conversation; if the clerk fails it, apologise and end the call."""
    try:
        await conversation
    except JobFailed:
        log.exception("%s: conversation broken off", line.name)
        await line.play(*BOX.say("im-sorry", "please-try-call-later"), TROUBLE)
    await line.hang_up()
