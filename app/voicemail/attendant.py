"""The attendant: it answers a line, asks the caller whom they want, and connects them.

The caller dials an extension at any time, 0 for the operator, 9 to find somebody by name. Whoever
dials nothing is given to the operator: telephones without tones cannot dial here. Only numbers of
ours can be dialled; there is no way from here to an outside line.
"""

from collections.abc import Iterable

from app.inbox.greetings import GreetingKind
from app.phone.calls.context import CallScript
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import ANY, Line
from app.phone.groups import AttendantConfig
from app.phone.sound.sounds import Greeting, Pause, Sound
from app.voicemail.common import Voice, with_apology
from app.voicemail.jobs import VoicemailClerk
from app.voicemail.names_by_keys import found

OPERATOR, BY_NAME = "0", "9"
THINKING_MS = 5000
"""Silence after the menu before it is said again."""
BETWEEN_S = 3.0
"""Between two digits, when more could follow."""
LETTERS_MOST = 12
"""Digits of a name; more tell nobody apart."""
OFFERED_MOST = 8
"""Names that are said; with so many, more letters are to be dialled."""


def attendant_script(
    clerk: VoicemailClerk, config: AttendantConfig, numbers: Iterable[str]
) -> CallScript:
    """The script of a call that the attendant answers; `numbers` are handsets and groups."""
    there = tuple(numbers)
    return lambda line, _: with_apology(line, Reception(line, clerk, config, there).welcome())


class Reception:
    """One caller's talk with the attendant."""

    def __init__(
        self, line: Line, clerk: VoicemailClerk, config: AttendantConfig, numbers: tuple[str, ...]
    ) -> None:
        self._line, self._clerk, self._config, self._numbers = line, clerk, config, numbers
        self._voice = Voice(line.language)
        self._directory = Directory()
        self._choices: frozenset[str] = frozenset()

    async def welcome(self) -> None:
        """Ask until the caller is connected, or given to the operator."""
        self._directory = await self._line.answer_of(self._clerk.directory())
        people = self._directory.people
        self._choices = frozenset((*self._numbers, *(p.mailbox for p in people if p.mailbox)))
        for _ in range(self._config.tries):
            key = await self._line.play(*self._menu(), Pause(THINKING_MS), stop_on=ANY)
            number = await self._wanted(key)
            if number:
                await self._connect(number)
                return
        await self._operator()

    def _menu(self) -> tuple[Sound, ...]:
        if self._config.words:
            return (self._voice.speak(self._config.words),)
        by_name = ("switchhook/attendant-by-name",) if self._config.by_name else ()
        return self._voice.say("switchhook/attendant", *by_name)

    async def _wanted(self, key: str) -> str:
        """The number that the caller wants, after the first key; "" if they are to try again."""
        if not key:
            return ""
        dialled = await self._rest_of(key)
        if dialled in self._choices:
            return dialled
        if dialled == OPERATOR:
            return self._operators_number()
        if dialled == BY_NAME and self._config.by_name:
            return await self._by_name()
        await self._line.play(*self._voice.say("switchhook/no-extension"))
        return ""

    async def _rest_of(self, dialled: str) -> str:
        """Further digits, as long as a longer number of ours begins so."""
        while any(n != dialled and n.startswith(dialled) for n in self._choices):
            digit = await self._line.digits(1, first_s=BETWEEN_S)
            if not digit:
                break
            dialled += digit
        return dialled

    async def _by_name(self) -> str:
        question = self._voice.say("switchhook/dial-name")
        first = await self._line.play(*question, stop_on=ANY)
        letters = first + (await self._line.digits(LETTERS_MOST - 1) if first != "#" else "")
        people = found(letters.strip("#*"), self._directory.people) if letters.strip("#*") else []
        for person in people[:OFFERED_MOST]:
            name = await self._name(person)
            choose = self._voice.say("switchhook/choose-name")
            key = await self._line.play(name, *choose, Pause(THINKING_MS), stop_on=ANY)
            if key == "1":
                return person.mailbox
        await self._line.play(*self._voice.say("switchhook/no-name"))
        return ""

    async def _name(self, person: Subscriber) -> Sound:
        """A person's name as they say it themselves, else spoken."""
        box = await self._line.answer_of(self._clerk.mailbox(person.mailbox))
        if box is not None and box.name_recorded:
            return Greeting(box.person, GreetingKind.NAME.value)
        return self._voice.speak(person.name)

    def _operators_number(self) -> str:
        return self._config.operator or self._directory.default

    async def _operator(self) -> None:
        number = self._operators_number()
        if number:
            await self._connect(number)
        else:
            await self._line.play(*self._voice.say("vm-nobodyavail", "vm-goodbye"))

    async def _connect(self, number: str) -> None:
        await self._line.play(*self._voice.say("one-moment-please"))
        self._line.go_on_to(number)
