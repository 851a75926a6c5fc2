"""The owner's side of voicemail: PIN, how many messages, and the menu to work through them.

Read `visit` first: it is the menu. Everything the owner asks for is committed by the clerk at once,
so a handset that is hung up, or a power cut, takes nothing back. A message counts as heard when it
was played to its end, when the owner went on from it while it was playing, or when it cannot be
played and that was said to the end; hanging up or leaving in the middle of it keeps it new. Prompts
and keys are those of the mailbox's owner.
"""

from collections.abc import Awaitable, Callable

from app.phone.calls.line import ANY, Line
from app.phone.sound import prompts
from app.phone.sound.sounds import MessageAudio, Pause, Sound
from app.voicemail.common import BOX, NO_MESSAGES, Voice, with_apology
from app.voicemail.envelope import FULLNESS, Message, counts, envelope
from app.voicemail.jobs import (
    ListedMessage,
    MessageSound,
    MessageStatus,
    VoicemailClerk,
)
from app.voicemail.log_in import log_in
from app.voicemail.menu import KEY_MAPS, STANDARD, Action, KeyMap, offers

MENU_TIMES = 3  # that a menu is said to somebody who dials nothing, or no key it knows
THINKING_MS = 6000  # silence after a menu before it is said again

WENT_ON = frozenset({Action.NEXT, Action.PREVIOUS, Action.LISTEN, Action.DELETE, Action.SAVE})


async def owner(line: Line, clerk: VoicemailClerk, mailbox: str) -> None:
    """Let the owner of this mailbox listen, delete and save, after the PIN."""
    await with_apology(line, _owner(line, clerk, mailbox), NO_MESSAGES)


async def _owner(line: Line, clerk: VoicemailClerk, mailbox: str) -> None:
    box = await line.answer_of(clerk.mailbox(mailbox))
    # a number that is nobody's is asked for its PIN like any other: who dials learns nothing
    voice = BOX if box is None else Voice(box.language)
    keys = STANDARD if box is None else KEY_MAPS.get(box.key_map, STANDARD)
    person = await log_in(line, clerk, mailbox, voice)
    if person is not None:
        await Visit(line, clerk, person, voice, keys).visit()
    await line.play(*voice.say("vm-goodbye"))


class Visit:
    """One owner's visit to the inbox: where they are in the list, and what they did there."""

    def __init__(
        self, line: Line, clerk: VoicemailClerk, person: int, voice: Voice, keys: KeyMap
    ) -> None:
        self._line = line
        self._clerk = clerk
        self._person = person
        self._voice = voice
        self._keys = keys
        self._messages: list[Message] = []
        self._at = 0

    async def visit(self, at_once: bool = False) -> None:
        """Count the messages, then do what the owner asks until they leave.

        `at_once`: the first message is played without being asked for.
        """
        listing = await self._line.answer_of(self._clerk.listing(self._person))
        self._messages = [_message(found) for found in listing.messages]
        held = counts(self._voice.grammar, listing.new, listing.old, listing.new_mails)
        key = await self._say(*FULLNESS[listing.fullness], *held)
        if not self._messages:
            return
        action = Action.LISTEN
        if key or not at_once:
            action = await self._choose(key, self._first_offers, {Action.LISTEN})
        while action is not Action.LEAVE:
            key = await _DO[action](self)
            if not self._messages:
                return
            action = await self._choose(key, self._message_offers, self._possible())

    async def _say(self, *names: str) -> str:
        """Say prompts; any key ends it and is given back."""
        return await self._play(*self._voice.say(*names))

    async def _play(self, *sounds: Sound) -> str:
        """Play; any key ends it and is given back."""
        return await self._line.play(*sounds, stop_on=ANY)

    async def _choose(
        self, key: str, menu: Callable[[], prompts.Names], possible: set[Action]
    ) -> Action:
        """What the owner wants: by the key already pressed, or after hearing the menu."""
        possible = possible | {Action.HELP, Action.LEAVE}
        left = MENU_TIMES
        while left:
            key = key or await self._play(*self._voice.say(*menu()), Pause(THINKING_MS))
            action = self._keys.action(key, possible)
            if action is not None and action is not Action.HELP:
                return action
            unknown = bool(key) and action is None
            left = MENU_TIMES if action is Action.HELP else left - 1
            key = await self._say("vm-sorry") if unknown else ""
        return Action.LEAVE

    def _first_offers(self) -> prompts.Names:
        new = any(message.new for message in self._messages)
        messages = self._voice.grammar.many("message", "new" if new else "old")
        return offers(self._keys, {Action.LISTEN}, messages)

    def _message_offers(self) -> prompts.Names:
        last = self._at + 1 == len(self._messages)
        unsaid = {Action.LISTEN} | ({Action.NEXT} if last else set())
        if self._messages[self._at].deleted:
            unsaid.add(Action.SAVE)
        return offers(self._keys, self._possible() - unsaid)

    def _possible(self) -> set[Action]:
        here = self._messages[self._at]
        possible = {Action.LISTEN, Action.REPEAT, Action.NEXT, Action.SAVE}
        possible |= {Action.PREVIOUS} if self._at else set()
        return possible | {Action.UNDELETE if here.deleted else Action.DELETE}

    async def _first(self) -> str:
        return await self._go(0)

    async def _previous(self) -> str:
        return await self._go(self._at - 1)

    async def _repeat(self) -> str:
        return await self._listen()

    async def _next(self) -> str:
        if self._at + 1 == len(self._messages):
            await self._look_for_more()
        if self._at + 1 == len(self._messages):
            return await self._say("vm-nomore")
        return await self._go(self._at + 1)

    async def _look_for_more(self) -> None:
        """Messages that came in during this visit join the end of the list."""
        listing = await self._line.answer_of(self._clerk.listing(self._person))
        known = {message.entry for message in self._messages}
        self._messages += [_message(m) for m in listing.messages if m.entry not in known]

    async def _go(self, target: int) -> str:
        """Leave this message (for good, if it was deleted) and play that one."""
        here, there = self._messages[self._at], self._messages[target]
        if here.deleted and here is not there:
            self._messages.remove(here)
        self._at = self._messages.index(there)
        return await self._listen()

    async def _listen(self) -> str:
        """Play the message we are at; one removed elsewhere is called deleted and skipped."""
        while not (found := await self._look()).there and not self._messages[self._at].deleted:
            del self._messages[self._at]
            key = await self._say("vm-deleted")
            if self._at == len(self._messages):
                self._at = max(0, self._at - 1)
                return key or await self._say("vm-nomore")
        here = self._messages[self._at]
        key = await self._play(*envelope(self._voice, here, self._at, len(self._messages)))
        if key and self._keys.action(key, self._possible()) is not Action.LISTEN:
            return key  # listen once more: the number and time, 16 s, are skipped
        return await self._hear(here, found.sound)

    async def _look(self) -> MessageStatus:
        here = self._messages[self._at]
        return await self._line.answer_of(self._clerk.look(self._person, here.entry))

    async def _hear(self, here: Message, sound: MessageSound) -> str:
        """Play it, or say why not; what cannot be played is heard when that was said in full."""
        if sound is MessageSound.FAILED:
            return await self._say("im-sorry", "switchhook/no-messages-now")
        if sound is MessageSound.NONE:
            key = await self._say("switchhook/cannot-play")
            await self._heard(here, not key)
            return key
        key = await self._play(MessageAudio(here.entry))
        await self._heard(here, not key or self._keys.keys.get(key) in WENT_ON)
        if not key and (await self._look()).sound is MessageSound.BROKEN_OFF:
            return await self._say("switchhook/rest-cannot-play")
        return key

    async def _heard(self, here: Message, enough: bool) -> None:
        if here.new and enough:
            await self._line.answer_of(self._clerk.mark(self._person, (here.entry,)))
            here.new = False

    async def _delete(self) -> str:
        here = self._messages[self._at]
        await self._line.answer_of(self._clerk.remove(self._person, (here.entry,)))
        here.deleted = True
        return await self._say("vm-deleted")

    async def _undelete(self) -> str:
        here = self._messages[self._at]
        await self._line.answer_of(self._clerk.restore(self._person, (here.entry,)))
        here.deleted = False
        return await self._say("vm-undeleted")

    async def _save(self) -> str:
        here = self._messages[self._at]
        if here.deleted:
            await self._line.answer_of(self._clerk.restore(self._person, (here.entry,)))
        await self._line.answer_of(self._clerk.mark(self._person, (here.entry,), saved=True))
        here.deleted, here.new = False, False
        return await self._say("vm-message", "vm-saved")


def _message(listed: ListedMessage) -> Message:
    return Message(listed, listed.new)


_DO: dict[Action, Callable[[Visit], Awaitable[str]]] = {
    Action.LISTEN: Visit._first,
    Action.PREVIOUS: Visit._previous,
    Action.REPEAT: Visit._repeat,
    Action.NEXT: Visit._next,
    Action.DELETE: Visit._delete,
    Action.UNDELETE: Visit._undelete,
    Action.SAVE: Visit._save,
}
