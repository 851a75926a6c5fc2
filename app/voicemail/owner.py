"""The owner's side of voicemail: PIN, how many messages, and the menu to work through them.

Read `visit` first: it is the menu. Every wish of the owner is committed by the clerk at once, so a
handset that is hung up, or a power cut, takes nothing back. A message counts as heard when it was
played to its end, or when the owner went on from it while it was playing; hanging up or leaving in
the middle of a message keeps it new.
"""

from collections.abc import Awaitable, Callable

from app.phone.calls.line import ANY, Line
from app.phone.jobs import Clerk
from app.phone.sound import prompts
from app.phone.sound.sounds import MessageAudio, Pause, Sound
from app.voicemail.common import ask_digits, politely, say
from app.voicemail.envelope import Message, counts, envelope
from app.voicemail.menu import STANDARD, Action, KeyMap, offers

PIN_LONGEST = 16  # digits
PIN_TRIES = 3  # in one call; the clerk counts over calls and locks
PATIENCE = 3  # times a menu is said to somebody who does not answer, or not with a key it knows
THINKING_MS = 6000  # silence after a menu before it is said again

WENT_ON = frozenset({Action.NEXT, Action.PREVIOUS, Action.LISTEN, Action.DELETE, Action.SAVE})


async def owner(line: Line, clerk: Clerk, mailbox: str, keys: KeyMap = STANDARD) -> None:
    """Let the owner of this mailbox listen, delete and save, after the PIN."""
    await politely(line, _owner(line, clerk, mailbox, keys))


async def _owner(line: Line, clerk: Clerk, mailbox: str, keys: KeyMap) -> None:
    person = await log_in(line, clerk, mailbox)
    if person is not None:
        await Visit(line, clerk, person, keys).visit()
    await line.play(*say("vm-goodbye"))


async def log_in(line: Line, clerk: Clerk, mailbox: str) -> int | None:
    """Ask for the PIN, three times at most; the person's number in the store, or None."""
    for _ in range(PIN_TRIES):
        pin = await ask_digits(line, *say("vm-password"), most=PIN_LONGEST)
        if pin:  # nothing dialled is no attempt that could lock the mailbox
            checked = await clerk.ask("check_pin", mailbox=mailbox, pin=pin)
            if checked["result"] == "ok":
                return int(checked["person"])
            if checked["result"] == "locked":
                await line.play(*say("switchhook/locked"))
                return None
        await line.play(*say("vm-incorrect"))
    return None


class Visit:
    """One owner's visit to the inbox: where they are in the list, and what they did there."""

    def __init__(self, line: Line, clerk: Clerk, person: int, keys: KeyMap) -> None:
        self._line = line
        self._clerk = clerk
        self._person = person
        self._keys = keys
        self._messages: list[Message] = []
        self._at = 0

    async def visit(self) -> None:
        """Count the messages, then do what the owner asks until they leave."""
        listing = await self._clerk.ask("listing", person=self._person)
        self._messages = [Message(**found) for found in listing["messages"]]
        key = await self._play(*say(*counts(self._messages, listing["e_mails"])))
        if not self._messages:
            return
        action = await self._choose(key, self._first_offers, {Action.LISTEN})
        while action is not Action.LEAVE:
            key = await _DO[action](self)
            if not self._messages:
                return
            action = await self._choose(key, self._message_offers, self._possible())

    async def _play(self, *sounds: Sound) -> str:
        """Play; any key ends it and is given back."""
        return await self._line.play(*sounds, stop_on=ANY)

    async def _choose(
        self, key: str, menu: Callable[[], prompts.Names], possible: set[Action]
    ) -> Action:
        """What the owner wants: by the key already pressed, or after hearing the menu."""
        possible = possible | {Action.HELP, Action.LEAVE}
        left = PATIENCE
        while left:
            key = key or await self._play(*say(*menu()), Pause(THINKING_MS))
            action = self._keys.action(key, possible)
            if action is not None and action is not Action.HELP:
                return action
            unknown = bool(key) and action is None
            left = PATIENCE if action is Action.HELP else left - 1
            key = await self._play(*say("vm-sorry")) if unknown else ""
        return Action.LEAVE

    def _first_offers(self) -> prompts.Names:
        kind = "vm-INBOX" if any(message.new for message in self._messages) else "vm-Old"
        return offers(self._keys, {Action.LISTEN}, (kind, "vm-messages"))

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
            return await self._play(*say("vm-nomore"))
        return await self._go(self._at + 1)

    async def _look_for_more(self) -> None:
        """Messages that came in during this visit join the end of the list."""
        listing = await self._clerk.ask("listing", person=self._person)
        known = {message.entry for message in self._messages}
        found = [Message(**found) for found in listing["messages"]]
        self._messages += [message for message in found if message.entry not in known]

    async def _go(self, target: int) -> str:
        """Leave this message (for good, if it was deleted) and play that one."""
        here, there = self._messages[self._at], self._messages[target]
        if here.deleted and here is not there:
            self._messages.remove(here)
        self._at = self._messages.index(there)
        return await self._listen()

    async def _listen(self) -> str:
        """Play the message we are at; those that another door has removed are told and skipped."""
        while not (found := await self._look())["there"]:
            del self._messages[self._at]
            key = await self._play(*say("vm-deleted"))
            if self._at == len(self._messages):
                self._at = max(0, self._at - 1)
                return key or await self._play(*say("vm-nomore"))
        here = self._messages[self._at]
        key = await self._play(*envelope(here, self._at, len(self._messages)))
        if key and self._keys.action(key, self._possible()) is not Action.LISTEN:
            return key  # listen once more: the number and time, 16 s, are skipped
        return await (self._hear(here) if found["playable"] else self._play(*say("im-sorry")))

    async def _look(self) -> dict[str, bool]:
        here = self._messages[self._at]
        look: dict[str, bool] = await self._clerk.ask("look", person=self._person, entry=here.entry)
        # deleted by this owner, in this visit: can be heard again until they go on
        return {**look, "there": look["there"] or here.deleted}

    async def _hear(self, here: Message) -> str:
        key = await self._play(MessageAudio(here.entry))
        if here.new and (not key or self._keys.keys.get(key) in WENT_ON):
            await self._clerk.ask("mark", person=self._person, entries=[here.entry])
            here.new = False
        return key

    async def _delete(self) -> str:
        here = self._messages[self._at]
        await self._clerk.ask("remove", person=self._person, entries=[here.entry])
        here.deleted = True
        return await self._play(*say("vm-deleted"))

    async def _undelete(self) -> str:
        here = self._messages[self._at]
        await self._clerk.ask("restore", person=self._person, entries=[here.entry])
        here.deleted = False
        return await self._play(*say("vm-undeleted"))

    async def _save(self) -> str:
        here = self._messages[self._at]
        if here.deleted:
            await self._clerk.ask("restore", person=self._person, entries=[here.entry])
        await self._clerk.ask("mark", person=self._person, entries=[here.entry], saved=True)
        here.deleted, here.new, here.saved = False, False, True
        return await self._play(*say("vm-message", "vm-saved"))


_DO: dict[Action, Callable[[Visit], Awaitable[str]]] = {
    Action.LISTEN: Visit._first,
    Action.PREVIOUS: Visit._previous,
    Action.REPEAT: Visit._repeat,
    Action.NEXT: Visit._next,
    Action.DELETE: Visit._delete,
    Action.UNDELETE: Visit._undelete,
    Action.SAVE: Visit._save,
}
