"""Small things every voicemail conversation needs: saying prompts, asking for digits, manners."""

import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from app.phone.calls.line import ANY, Line
from app.phone.jobs import JobFailed
from app.phone.sound.grammar import Grammar
from app.phone.sound.languages import grammar_of
from app.phone.sound.prompts import Names
from app.phone.sound.sounds import CountryTone, Prompt, Sound, Spoken

log = logging.getLogger(__name__)

TROUBLE = CountryTone("reorder", cadences=4)
"""An error without words: the prompts come from the clerk, which may be what has failed."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Prompts in one language, an ISO 639 code; None is the language of the box."""

    language: str | None = None

    @property
    def grammar(self) -> Grammar:
        """How this language says numbers, times and counts."""
        return grammar_of(self.language)

    def say(self, *names: str) -> tuple[Prompt, ...]:
        """Prompts by name, ready to play."""
        return tuple(Prompt(name, self.language) for name in names)

    def say_all(self, *sequences: Names) -> tuple[Prompt, ...]:
        """Several sequences of prompts, one after the other."""
        return tuple(Prompt(name, self.language) for names in sequences for name in names)

    def speak(self, text: str) -> Spoken:
        """A text that no prompt says."""
        return Spoken(text, self.language)


BOX = Voice()
"""What is said to somebody whose language is not known."""


async def ask_digits(line: Line, *question: Sound, most: int) -> str:
    """Play the question, which the first digit interrupts; the digits dialled up to "#"."""
    first = await line.play(*question, stop_on=ANY)
    if first == "#":
        return ""
    return first + await line.digits(most - len(first))


NO_MESSAGES = ("im-sorry", "switchhook/no-messages-now", "please-try-call-later")
"""What an owner hears whose messages cannot be got at."""


async def with_apology(
    line: Line,
    conversation: Coroutine[Any, Any, None],
    words: Names = ("im-sorry", "please-try-call-later"),
) -> None:
    """Run a conversation; if the clerk fails it, apologise in these words and end the call."""
    try:
        await conversation
    except JobFailed:
        log.exception("%s: conversation broken off", line.name)
        await line.play(*BOX.say(*words), TROUBLE)
    await line.hang_up()
