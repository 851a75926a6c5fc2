"""An owner's visit to their messages, as the menu goes.

Read `visit` first. Everything the owner asks for is committed by the clerk at once, so a handset
that is hung up, or a power cut, takes nothing back. A message counts as heard when it was played to
its end, when the owner went on from it while it was playing, or when it cannot be played and that
was said to the end; hanging up or leaving in the middle of it keeps it new.

A key is about the message that was named when it was pressed. What another door removes meanwhile
stays where it is, as a removed message, until the owner goes on: "delete" never meets the next one.
"""

from collections.abc import Awaitable, Callable

from app.phone.calls.line import Line
from app.phone.sound.prompts import Names
from app.voicemail import letters
from app.voicemail.calling_back import call_back
from app.voicemail.common import Voice
from app.voicemail.conversation import Conversation
from app.voicemail.envelope import AWAY, FULLNESS, Message, counts, envelope, lead_in, taken
from app.voicemail.jobs import (
    PHONE_DOOR,
    Listing,
    MessageList,
    MessageSound,
    MessageStatus,
    VoicemailClerk,
)
from app.voicemail.mail_aloud import MailVisit
from app.voicemail.menu import SHORT, Action, KeyMap, Menu, offers
from app.voicemail.message_list import UNHEARD, Course
from app.voicemail.missed import count_missed, tell_missed
from app.voicemail.own_settings import own_settings
from app.voicemail.owner_jobs import ListedCall
from app.voicemail.playing import Playing

WENT_ON = frozenset(
    {Action.NEXT, Action.PREVIOUS, Action.FIRST, Action.LAST, Action.DELETE, Action.SAVE}
)
"""What is done with a message that one has heard enough of."""
ABOUT_IT = frozenset({Action.DELETE, Action.UNDELETE, Action.SAVE, Action.KEEP_NEW})
"""What is done with the message one is at, and with no other."""
LISTED = {
    Action.NEW: UNHEARD,
    Action.OLD: (MessageList.OLD,),
    Action.BIN: (MessageList.BIN,),
}


class Visit:
    """One owner's visit to the inbox: where they are in the list, and what they did there.

    `door` is what the history says they came through; `reminds` says what can be done about a
    pause.
    """

    def __init__(
        self,
        line: Line,
        clerk: VoicemailClerk,
        person: int,
        voice: Voice,
        keys: KeyMap,
        envelope_first: bool = False,
        shared: bool = False,
        more: frozenset[Action] = frozenset(),
        door: str = PHONE_DOOR,
        reminds: bool = True,
    ) -> None:
        """`more` is what the main menu offers besides: MAIL, MISSED, OPTIONS, after the PIN."""
        self._envelope_first, self._shared, self._door = envelope_first, shared, door
        self.talk = Conversation(line, clerk, person, voice, keys)
        self._more_in_main = more
        self._missed: tuple[ListedCall, ...] = ()
        self._course = Course(self._page)
        self._playing = Playing(self.talk, reminds)
        self._menu = Menu.MAIN
        self._wanted: Action | None = None  # what was asked for while a message was played

    async def visit(self, at_once: bool = False) -> None:
        """Count the messages, then do what the owner asks until they leave.

        `at_once`: the first message is played without being asked for.
        """
        listing = await self._page(MessageList.NEW)
        held = counts(self.talk.voice.grammar, listing.new, listing.old, listing.new_mails)
        away = AWAY if listing.away else ()
        await self.talk.say(*away, *FULLNESS[listing.fullness], *held)
        if Action.MISSED in self._more_in_main:
            self._missed = await count_missed(self.talk)
        await self._begin(listing, at_once)
        while (action := await self._asked_for()) is not Action.LEAVE:
            await _DO[action](self)

    async def _begin(self, listing: Listing, at_once: bool) -> None:
        await self._course.first()
        if at_once and not self.talk.key and not self._course.empty:
            self._wanted = Action.LISTEN

    async def _asked_for(self) -> Action:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            return wanted
        short, full = (
            (self._first_offers, None)
            if self._menu is Menu.MAIN
            else (self._short_offers, self._offers)
        )
        return await self.talk.choose(self._menu, self._possible(), short, full)

    async def _page(self, which: MessageList, after: int = 0, before: int = 0) -> Listing:
        talk = self.talk
        return await talk.line.answer_of(talk.clerk.listing(talk.person, which, after, before))

    # ---- what can be done here

    def _possible(self) -> frozenset[Action]:
        if self._menu is Menu.MAIN:
            listen = set() if self._course.empty else {Action.LISTEN}
            unheard_of = set() if self._missed else {Action.MISSED}
            more = self._more_in_main - unheard_of
            return frozenset({Action.LISTS, Action.WRITE} | listen) | more
        course = self._course
        possible = {
            Action.MAIN,
            Action.LISTS,
            Action.MORE,
            Action.FIRST,
            Action.REPEAT,
            Action.NEXT,
            Action.LAST,
            Action.SAVE,
            Action.ENVELOPE,
            Action.SOUND,
            Action.REPLY,
            Action.CALL_BACK,
            Action.FORWARD,
            Action.UNDELETE if course.here.deleted else Action.DELETE,
        }
        possible |= set() if course.at_first else {Action.PREVIOUS}
        marks = {Action.KEEP_NEW, Action.URGENT, Action.PRIVATE}
        marks |= {Action.CLAIM} if self._shared else set()
        possible |= set() if course.here.deleted else marks
        return frozenset(possible)

    def _first_offers(self) -> Names:
        talk, course = self.talk, self._course
        new = not course.empty and course.here.new
        messages = talk.voice.grammar.many("message", "new" if new else "old")
        return offers(talk.keys, Menu.MAIN, self._possible(), messages)

    def _offers(self) -> Names:
        unsaid = {Action.FIRST} if self._course.at_first else set()
        unsaid |= {Action.NEXT, Action.LAST} if self._course.at_last else set()
        unsaid |= {Action.SAVE} if self._course.here.deleted else set()
        return offers(self.talk.keys, Menu.MESSAGE, self._possible() - unsaid)

    def _short_offers(self) -> Names:
        unsaid = {Action.NEXT} if self._course.at_last else set()
        unsaid |= {Action.SAVE} if self._course.here.deleted else set()
        return offers(self.talk.keys, Menu.MESSAGE, (self._possible() - unsaid) & SHORT)

    # ---- going about

    async def _main(self) -> None:
        self._menu, self._course = Menu.MAIN, Course(self._page)
        await self._course.first()

    async def _mail(self) -> None:
        if await MailVisit(self.talk).visit() is Action.LEAVE:
            self._wanted = Action.LEAVE
        else:
            await self._main()

    async def _missed_calls(self) -> None:
        await tell_missed(self.talk, self._missed)

    async def _options(self) -> None:
        await own_settings(self.talk)

    async def _first(self) -> None:
        await self._course.first()
        await self._listen()

    async def _last(self) -> None:
        await self._course.last()
        await self._listen()

    async def _previous(self) -> None:
        await self._course.previous()
        await self._listen()

    async def _next(self) -> None:
        if await self._course.next():
            await self._listen()
        else:
            await self.talk.say("vm-nomore")

    async def _lists(self) -> None:
        """Go through other messages: new ones, those heard, or those removed."""
        action = await self.talk.ask(Menu.LISTS, LISTED)
        if action not in LISTED:
            return
        course = Course(self._page, LISTED[action])
        await course.first()
        if course.empty:
            await self.talk.say(*self._none(action))
            return
        self._course = course
        await self._listen()

    def _none(self, action: Action) -> Names:
        if action is Action.BIN:
            return ("switchhook/bin-empty",)
        return self.talk.voice.grammar.have(0, "message", "new" if action is Action.NEW else "old")

    async def _more(self) -> None:
        """The less usual things; none of them is far from the message."""
        possible = frozenset(_DO).intersection(MORE) & self._possible()
        action = await self.talk.ask(Menu.MORE, possible)
        if action is not Action.LEAVE:
            self._wanted = action

    # ---- listening

    async def _listen(self) -> None:
        """Play the message we are at; one that is not there any more is called removed."""
        if self._course.empty:
            self._menu = Menu.MAIN
            return
        self._menu = Menu.MESSAGE
        found, here = await self._look(), self._course.here
        if not found.there and not here.deleted and not self._course.binned:
            await self._removed_elsewhere(here)
            return
        self._prepare_name(here)
        course = self._course
        numbered = (course.number, course.at_first, course.at_last, here.urgent)
        await self.talk.play(*lead_in(self.talk.voice, *numbered))
        if self._envelope_first:
            await self._envelope()
        else:
            await self.talk.play(*taken(self.talk.voice, here))
        await self._hear(here, found.sound)

    def _prepare_name(self, here: Message) -> None:
        """Have the caller's name spoken into the clerk's cache: asked for, it is there at once."""
        if here.listed.name:
            self.talk.clerk.sound(self.talk.voice.speak(here.listed.name), 0, 1)

    async def _look(self) -> MessageStatus:
        talk = self.talk
        return await talk.line.answer_of(talk.clerk.look(talk.person, self._course.here.entry))

    async def _removed_elsewhere(self, here: Message) -> None:
        """Say so. A key pressed meanwhile was meant for the message as it was before."""
        here.deleted = True
        await self.talk.say("vm-deleted")
        if self.talk.key:
            possible = self._possible() | ABOUT_IT
            action = await self.talk.pressed(Menu.PLAYING, possible)
            self._wanted = action if action in self._possible() - ABOUT_IT else None

    async def _hear(self, here: Message, sound: MessageSound) -> None:
        """Play it, or say why not; what cannot be played is heard when that was said in full."""
        if sound is MessageSound.FAILED:
            await self.talk.say("im-sorry", "switchhook/no-messages-now")
        elif sound is MessageSound.NONE:
            await self.talk.say("switchhook/cannot-play")
            await self._heard(here, not self.talk.key)
        else:
            asides = {Action.ENVELOPE: self._envelope}
            self._wanted = await self._playing.play(here.entry, self._possible(), asides)
            went_on = self._wanted in WENT_ON and self._playing.begun
            await self._heard(here, self._wanted is None or went_on)
            if self._wanted is None and (await self._look()).sound is MessageSound.BROKEN_OFF:
                await self.talk.say("switchhook/rest-cannot-play")

    async def _heard(self, here: Message, enough: bool) -> None:
        if here.new and enough and not here.deleted:
            talk = self.talk
            await talk.line.answer_of(talk.clerk.mark(talk.person, (here.entry,), door=self._door))
            here.new = False

    async def _sound(self) -> None:
        await self._playing.set()

    # ---- what is done with a message

    async def _envelope(self) -> None:
        await self.talk.play(*envelope(self.talk.voice, self._course.here))

    async def _delete(self) -> None:
        talk, here = self.talk, self._course.here
        await talk.line.answer_of(talk.clerk.remove(talk.person, (here.entry,), self._door))
        here.deleted = True
        await talk.say("vm-deleted")

    async def _undelete(self) -> None:
        await self._bring_back(self._course.here)
        await self.talk.say("vm-undeleted")

    async def _save(self) -> None:
        talk, here = self.talk, self._course.here
        if here.deleted:
            await self._bring_back(here)
        await talk.line.answer_of(
            talk.clerk.mark(talk.person, (here.entry,), saved=True, door=self._door)
        )
        here.new = False
        await talk.say("vm-message", "vm-saved")

    async def _bring_back(self, here: Message) -> None:
        talk = self.talk
        await talk.line.answer_of(talk.clerk.restore(talk.person, (here.entry,), self._door))
        here.deleted = False

    async def _urgent(self) -> None:
        here = self._course.here
        here.urgent = not here.urgent
        await self._mark(here)
        await self.talk.say("switchhook/urgent" if here.urgent else "switchhook/not-urgent")

    async def _private(self) -> None:
        here = self._course.here
        here.private = not here.private
        await self._mark(here)
        await self.talk.say("switchhook/private" if here.private else "switchhook/not-private")

    async def _mark(self, here: Message) -> None:
        talk = self.talk
        await talk.line.answer_of(
            talk.clerk.set_marks(talk.person, here.entry, here.urgent, here.private)
        )

    async def _claim(self) -> None:
        """Take a message of a shared mailbox, or give it back."""
        talk, here = self.talk, self._course.here
        ask = talk.clerk.release if here.mine else talk.clerk.claim
        found = await talk.line.answer_of(ask(talk.person, here.entry, talk.line.name))
        here.taken_by, here.mine = found.by, found.mine
        if found.mine:
            await talk.say("switchhook/taken")
        elif found.by:
            await talk.play(*taken(talk.voice, here))
        else:
            await talk.say("switchhook/given-back")

    async def _reply(self) -> None:
        await letters.reply(self.talk, self._course.here.entry)

    async def _call_back(self) -> None:
        await call_back(self.talk, self._course.here.listed.number)

    async def _forward(self) -> None:
        if self._course.here.private:
            await self.talk.say("switchhook/is-private")
        else:
            await letters.forward(self.talk, self._course.here.entry)

    async def _write(self) -> None:
        await letters.write(self.talk)

    async def _keep_new(self) -> None:
        talk, here = self.talk, self._course.here
        await talk.line.answer_of(
            talk.clerk.mark(talk.person, (here.entry,), new=True, door=self._door)
        )
        here.new = True
        await talk.say("switchhook/kept-new")


MORE = frozenset(
    {
        Action.FIRST,
        Action.LAST,
        Action.LISTS,
        Action.MAIN,
        Action.ENVELOPE,
        Action.KEEP_NEW,
        Action.SOUND,
        Action.REPLY,
        Action.CALL_BACK,
        Action.FORWARD,
        Action.URGENT,
        Action.PRIVATE,
        Action.CLAIM,
    }
)
"""What the menu of less usual things offers, in the maps that have it there."""

_DO: dict[Action, Callable[[Visit], Awaitable[None]]] = {
    Action.LISTEN: Visit._listen,
    Action.MAIL: Visit._mail,
    Action.OPTIONS: Visit._options,
    Action.MISSED: Visit._missed_calls,
    Action.LISTS: Visit._lists,
    Action.MAIN: Visit._main,
    Action.FIRST: Visit._first,
    Action.PREVIOUS: Visit._previous,
    Action.REPEAT: Visit._listen,
    Action.NEXT: Visit._next,
    Action.LAST: Visit._last,
    Action.MORE: Visit._more,
    Action.ENVELOPE: Visit._envelope,
    Action.SOUND: Visit._sound,
    Action.DELETE: Visit._delete,
    Action.UNDELETE: Visit._undelete,
    Action.SAVE: Visit._save,
    Action.KEEP_NEW: Visit._keep_new,
    Action.URGENT: Visit._urgent,
    Action.PRIVATE: Visit._private,
    Action.CLAIM: Visit._claim,
    Action.REPLY: Visit._reply,
    Action.CALL_BACK: Visit._call_back,
    Action.FORWARD: Visit._forward,
    Action.WRITE: Visit._write,
}
