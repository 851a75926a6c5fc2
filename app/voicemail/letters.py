"""What an owner sends by telephone: an answer, a message sent on, or words for somebody.

What was said is heard, recorded again or marked before it goes. Who hangs up once something was
said has sent it: nothing that was said is lost.
"""

from collections.abc import Awaitable
from typing import TypeVar

from app.phone.calls.line import HungUp
from app.phone.sound.sounds import Draft, Greeting, Sound
from app.phone.sound.tones import BEEP
from app.voicemail.common import ask_digits
from app.voicemail.config import RecordingLimits
from app.voicemail.conversation import Conversation
from app.voicemail.jobs import Addressee, Letter, LetterResult
from app.voicemail.menu import Action, Menu
from app.voicemail.recording import record_draft

T = TypeVar("T")

LIMITS = RecordingLimits(longest_s=180, silence_s=8.0)
"""Of what is said for somebody."""
NUMBER_LONGEST = 32
"""Digits of a mailbox, or of a list's name."""
TRIES = 3
"""That somebody is asked for a number nobody has."""

REVIEW = frozenset({Action.SEND, Action.HEAR, Action.AGAIN, Action.URGENT, Action.PRIVATE})
SAID: dict[LetterResult, str] = {
    LetterResult.SENT: "switchhook/sent",
    LetterResult.EMPTY: "switchhook/not-sent",
    LetterResult.PRIVATE: "switchhook/is-private",
    LetterResult.FULL: "switchhook/sent-to-full",
    LetterResult.NOBODY: "switchhook/not-sent",
    LetterResult.TOO_MANY: "switchhook/sent-too-many",
}
"""What is said of a letter."""


async def reply(talk: Conversation, entry: int) -> None:
    """Answer a message: to the box here that called, or the address that sent it."""
    to = await talk.line.answer_of(talk.clerk.caller_of(talk.person, entry))
    if to is None:
        await talk.say("switchhook/no-reply")
        return
    await talk.play(*spoken_name(talk, to))
    await _Words(talk, (to.address,)).record()


async def forward(talk: Conversation, entry: int) -> None:
    """Send a message on to one or more, with or without something said before it."""
    to = await _recipients(talk)
    if not to:
        await talk.say("switchhook/not-sent")
        return
    words = _Words(talk, to, entry)
    action = await talk.ask(Menu.INTRODUCTION, {Action.RECORD, Action.SEND})
    if action is Action.RECORD:
        await words.record()
    elif action is Action.SEND:
        await words.send()
    else:
        await talk.say("switchhook/not-sent")


async def write(talk: Conversation) -> None:
    """Leave somebody a message, from the own box."""
    to = await _recipients(talk)
    if to:
        await _Words(talk, to).record()


def spoken_name(talk: Conversation, to: Addressee) -> tuple[Sound, ...]:
    """How somebody is called: as they have said it, or as it is written."""
    if to.name_recorded:
        return (Greeting(to.person, "name"),)
    return (talk.voice.speak(to.name),)


async def _recipients(talk: Conversation) -> tuple[str, ...]:
    """Addresses by number, one after the other; none if somebody gives up."""
    found: dict[str, None] = {}
    left = TRIES
    while left:
        name = "switchhook/dial-another" if found else "switchhook/dial-recipient"
        digits = await _dialled(talk, name)
        if "*" in digits:
            return ()
        if not digits:
            return tuple(found)
        to = await talk.line.answer_of(talk.clerk.addressee(talk.person, digits))
        if to is None:
            left -= 1
            await talk.say("switchhook/nobody-there")
        else:
            found[to.address] = None
            await talk.play(*spoken_name(talk, to))
    return tuple(found)


async def _dialled(talk: Conversation, question: str) -> str:
    """Digits up to "#", of which the first may have cut short what was said before."""
    first, talk.key = talk.key, ""
    if not first:
        return await ask_digits(talk.line, *talk.voice.say(question), most=NUMBER_LONGEST)
    return "" if first == "#" else first + await talk.line.digits(NUMBER_LONGEST)


class _Words:
    """What is said for somebody, until it is sent."""

    def __init__(self, talk: Conversation, to: tuple[str, ...], enclosed: int = 0) -> None:
        self._talk, self._to, self._enclosed = talk, to, enclosed
        self._draft = 0
        self._urgent = self._private = False

    async def record(self) -> None:
        """Record, and let it be heard, recorded again, marked, sent, or dropped."""
        talk = self._talk
        action = Action.AGAIN
        while action is not Action.SEND:
            if action is Action.AGAIN:
                await self._speak()
            elif action is Action.HEAR:
                await self._hung_up_sends(talk.play(Draft(self._draft)))
            elif action in (Action.URGENT, Action.PRIVATE):
                await self._hung_up_sends(self._mark(action))
            else:
                talk.clerk.drop_draft(self._draft)
                await talk.say("switchhook/not-sent")
                return
            action = await self._review()
        await self.send()

    async def send(self) -> None:
        """Send it, and say what became of it."""
        talk = self._talk
        result = await talk.line.answer_of(talk.clerk.send_letter(talk.person, self._letter))
        await talk.say(SAID[result])

    @property
    def _letter(self) -> Letter:
        return Letter(self._to, self._draft, self._enclosed, self._urgent, self._private)

    async def _speak(self) -> None:
        talk = self._talk
        if self._draft:
            talk.clerk.drop_draft(self._draft)
            self._draft = 0
        await talk.say("switchhook/speak-now")
        talk.key = ""  # whoever knows the way goes on to the tone
        await talk.line.play(BEEP)
        why, self._draft = await record_draft(talk.line, talk.clerk, LIMITS)
        if why == "hung up":
            talk.clerk.send_letter(talk.person, self._letter)
            raise HungUp

    async def _review(self) -> Action:
        return await self._hung_up_sends(self._talk.ask(Menu.SENDING, REVIEW))

    async def _mark(self, action: Action) -> None:
        if action is Action.URGENT:
            self._urgent = not self._urgent
            word, holds = "urgent", self._urgent
        else:
            self._private = not self._private
            word, holds = "private", self._private
        await self._talk.say(f"switchhook/{'' if holds else 'not-'}{word}")

    async def _hung_up_sends(self, doing: Awaitable[T]) -> T:
        """Do this; who hangs up meanwhile has sent what was said."""
        try:
            return await doing
        except HungUp:
            self._talk.clerk.send_letter(self._talk.person, self._letter)
            raise
