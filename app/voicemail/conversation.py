"""A conversation with an owner: what is said can be cut short by any key, and keys have meanings.

A key that cuts something short is kept until somebody asks what it means, and until then nothing
more is said. So whoever knows the way never waits for words, at any place.
"""

from collections.abc import Callable, Collection

from app.phone.calls.line import ANY, Line
from app.phone.sound.prompts import Names
from app.phone.sound.sounds import Pause, Sound
from app.voicemail.common import Voice
from app.voicemail.jobs import VoicemailClerk
from app.voicemail.menu import Action, KeyMap, Menu, offers

MENU_TIMES = 3
"""That a menu is said to somebody who dials nothing."""
THINKING_MS = 6000
"""Silence after a menu before it is said again."""
FURTHER_S = 1.5
"""Time for the second key, where one key means something and two another."""

Words = Callable[[], Names]


class Conversation:
    """One line with an owner on it, in their language and with their keys."""

    def __init__(
        self, line: Line, clerk: VoicemailClerk, person: int, voice: Voice, keys: KeyMap
    ) -> None:
        self.line, self.clerk, self.person = line, clerk, person
        self.voice, self.keys = voice, keys
        self.key = ""
        """Pressed, and nobody has asked for its meaning yet."""

    async def say(self, *names: str) -> None:
        """Say prompts, unless a key was or is pressed."""
        await self.play(*self.voice.say(*names))

    async def play(self, *sounds: Sound) -> None:
        """Play, unless a key was or is pressed."""
        if not self.key and sounds:
            self.key = await self.line.play(*sounds, stop_on=ANY)

    async def pressed(self, menu: Menu, possible: Collection[Action]) -> Action | None:
        """What was asked for by the key that was pressed, or the keys; None if nothing known."""
        key, self.key = self.key, ""
        while self.keys.goes_on(menu, key):
            further = await self.line.digits(1, end="", first_s=FURTHER_S)
            if not further:
                break
            if key + further not in self.keys.keys(menu):
                self.key = further
                break
            key += further
        return self.keys.action(menu, key, possible)

    async def choose(
        self, menu: Menu, possible: Collection[Action], short: Words, full: Words | None = None
    ) -> Action:
        """What the owner wants: by the key already pressed, or after hearing the menu.

        `short` is said of it, and after the key for help `full` is. LEAVE is what somebody wants
        who presses nothing for MENU_TIMES; a key that means nothing is told so, and ends nothing.
        """
        possible, words, left = {*possible, Action.HELP, Action.LEAVE}, short, MENU_TIMES
        while left:
            await self.play(*self.voice.say(*words()), Pause(THINKING_MS))
            if not self.key:
                left -= 1
                continue
            left = MENU_TIMES
            action = await self.pressed(menu, possible)
            if action is None:
                words = short
                await self.say("vm-sorry")
            elif action is Action.HELP:
                words = full or short
            else:
                return action
        return Action.LEAVE

    async def ask(self, menu: Menu, possible: Collection[Action]) -> Action:
        """What the owner wants of a small menu, of which all is said."""
        words = lambda: offers(self.keys, menu, possible)  # noqa: E731
        return await self.choose(menu, possible, words)
