"""E-mails read out to their owner: sender, subject, when, then the text, a section after the other.

The keys are those of messages, in the owner's key map: ahead skips a section, back goes one back.
What is done is done to the very entry that mail programs fetch: a mail whose reading has ended, or
that the owner went on from in the middle of its text, is read at every door.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from app.phone.jobs import JobFailed
from app.phone.sound.prompts import Names
from app.phone.sound.sounds import MailText, Pause, Sound
from app.voicemail.conversation import MENU_TIMES, Conversation
from app.voicemail.envelope import received
from app.voicemail.menu import SHORT, Action, Menu, offers
from app.voicemail.owner_jobs import ListedMail, MailToRead
from app.voicemail.playing import PAUSED_MS

WENT_ON = frozenset({Action.NEXT, Action.PREVIOUS, Action.FIRST, Action.DELETE, Action.SAVE})
"""What is done with a mail that one has heard enough of."""
WITHIN = frozenset(
    {Action.AHEAD, Action.BACK, Action.PAUSE, Action.ENVELOPE, Action.HELP, Action.LEAVE}
)
"""What may be asked for in the middle of a text besides what may be at a mail."""


@dataclass(slots=True)
class _Mail:
    listed: ListedMail
    new: bool
    deleted: bool = False


class MailVisit:
    """The e-mails of one owner, and where they are among them."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._mails: list[_Mail] = []
        self._at = 0
        self._wanted: Action | None = None

    async def visit(self) -> Action:
        """Read e-mails out until the owner leaves them: MAIN, or LEAVE for the whole visit."""
        talk = self._talk
        listing = await talk.line.answer_of(talk.clerk.mails(talk.person))
        self._mails = [_Mail(mail, mail.new) for mail in listing.mails]
        await talk.say(*talk.voice.grammar.have(listing.new, "e-mail", "new"))
        if not self._mails:
            return Action.MAIN
        await self._read()
        while (action := await self._asked_for()) not in (Action.MAIN, Action.LEAVE):
            await _DO[action](self)
        return action

    async def _asked_for(self) -> Action:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            return wanted
        possible = self._possible()
        return await self._talk.choose(
            Menu.MESSAGE, possible, lambda: self._offers(possible & SHORT), self._offers_all
        )

    def _possible(self) -> frozenset[Action]:
        here = self._mails[self._at]
        usual = {Action.MAIN, Action.FIRST, Action.REPEAT, Action.NEXT, Action.SAVE}
        usual |= {Action.ENVELOPE, Action.UNDELETE if here.deleted else Action.DELETE}
        usual |= {Action.PREVIOUS} if self._at else set()
        return frozenset(usual | (set() if here.deleted else {Action.KEEP_NEW}))

    def _offers(self, possible: frozenset[Action]) -> Names:
        last = self._at + 1 == len(self._mails)
        unsaid = {Action.NEXT} if last else set()
        return offers(self._talk.keys, Menu.MESSAGE, possible - unsaid)

    def _offers_all(self) -> Names:
        return self._offers(self._possible())

    # ---- reading

    async def _read(self) -> None:
        """Say what mail this is, then its text, of which the first section is made meanwhile."""
        talk, here = self._talk, self._mails[self._at]
        reading = talk.clerk.read_mail(talk.person, here.listed.entry)
        await self._envelope()
        found = await talk.line.answer_of(reading)
        if not found.there and not here.deleted:
            here.deleted, talk.key = True, ""  # another door; a key was meant for what was there
            await talk.say("vm-deleted")
        elif not found.readable:
            await talk.say("switchhook/mail-unreadable")
        else:
            await self._read_text(here, found)

    async def _envelope(self) -> None:
        talk, mail = self._talk, self._mails[self._at].listed
        voice, sounds = talk.voice, list[Sound]()
        sounds += voice.say_all(("vm-message",), voice.grammar.number(self._at + 1))
        if mail.sender:
            sounds += (*voice.say("vm-from"), voice.speak(mail.sender))
        if mail.subject:
            sounds += (*voice.say("switchhook/subject"), voice.speak(mail.subject))
        sounds += received(voice, mail.received)
        await talk.play(*sounds)

    async def _read_text(self, here: _Mail, found: MailToRead) -> None:
        """Read the sections; what was asked for in the middle of them is done afterwards."""
        talk, at, begun = self._talk, 0, False
        while at < found.sections:
            begun = begun or not talk.key
            await self._section(here, at, found.sections)
            if not talk.key:
                at += 1
                continue
            action = await self._pressed()
            if action is Action.AHEAD:
                at += begun  # else it was what comes before the text that is skipped
                begun = True
            elif action is Action.BACK:
                at = max(0, at - 1)
            elif action is not None:
                self._wanted = action
                await self._heard(here, begun and action in WENT_ON)
                return
        await self._after_the_text(found)
        await self._heard(here, not talk.key or begun)

    async def _section(self, here: _Mail, at: int, sections: int) -> None:
        """Read one section, while the next one is made."""
        talk = self._talk
        text = MailText(here.listed.entry, at, talk.voice.language)
        if at + 1 < sections:
            talk.clerk.sound(MailText(here.listed.entry, at + 1, talk.voice.language), 0, 1)
        with suppress(JobFailed):  # it is in the clerk's log; the rest may be better
            await talk.play(text)

    async def _pressed(self) -> Action | None:
        """What a key in the middle of the text asks for; None: to go on where it was."""
        talk = self._talk
        action = await talk.pressed(Menu.PLAYING, self._possible() | WITHIN)
        if action is Action.PAUSE:
            action = await self._pause()
            if action is Action.PAUSE:
                return None
        if action is Action.ENVELOPE:
            await self._envelope()
        elif action is Action.HELP:
            await talk.say(*self._offers_all())
        elif action is None:
            await talk.say("vm-sorry")
        else:
            return action
        return None

    async def _pause(self) -> Action | None:
        """Wait for a key, and what it asks for; LEAVE if nobody is there any more."""
        talk = self._talk
        for _ in range(MENU_TIMES):
            await talk.play(Pause(PAUSED_MS))
            if talk.key:
                return await talk.pressed(Menu.PLAYING, self._possible() | WITHIN)
            await talk.say(*self._offers_all())
        return Action.LEAVE

    async def _after_the_text(self, found: MailToRead) -> None:
        talk = self._talk
        if not found.sections:
            await talk.say("switchhook/mail-empty")
        if found.cut:
            await talk.say("switchhook/mail-rest")
        if found.attachments:
            number = talk.voice.grammar.number(found.attachments)
            await talk.say("switchhook/attachments", *number)

    async def _heard(self, here: _Mail, enough: bool) -> None:
        if here.new and enough and not here.deleted:
            talk = self._talk
            await talk.line.answer_of(talk.clerk.mark(talk.person, (here.listed.entry,)))
            here.new = False

    # ---- what is done

    async def _first(self) -> None:
        self._at = 0
        await self._read()

    async def _previous(self) -> None:
        self._at -= 1
        await self._read()

    async def _next(self) -> None:
        if self._at + 1 == len(self._mails):
            await self._talk.say("vm-nomore")
            return
        self._at += 1
        await self._read()

    async def _delete(self) -> None:
        talk, here = self._talk, self._mails[self._at]
        await talk.line.answer_of(talk.clerk.remove(talk.person, (here.listed.entry,)))
        here.deleted = True
        await talk.say("vm-deleted")

    async def _undelete(self) -> None:
        await self._bring_back(self._mails[self._at])
        await self._talk.say("vm-undeleted")

    async def _save(self) -> None:
        talk, here = self._talk, self._mails[self._at]
        if here.deleted:
            await self._bring_back(here)
        job = talk.clerk.mark(talk.person, (here.listed.entry,), saved=True)
        await talk.line.answer_of(job)
        here.new = False
        await talk.say("vm-message", "vm-saved")

    async def _keep_new(self) -> None:
        talk, here = self._talk, self._mails[self._at]
        job = talk.clerk.mark(talk.person, (here.listed.entry,), new=True)
        await talk.line.answer_of(job)
        here.new = True
        await talk.say("switchhook/kept-new")

    async def _bring_back(self, here: _Mail) -> None:
        talk = self._talk
        await talk.line.answer_of(talk.clerk.restore(talk.person, (here.listed.entry,)))
        here.deleted = False


_DO: dict[Action, Callable[[MailVisit], Awaitable[None]]] = {
    Action.FIRST: MailVisit._first,
    Action.PREVIOUS: MailVisit._previous,
    Action.REPEAT: MailVisit._read,
    Action.NEXT: MailVisit._next,
    Action.ENVELOPE: MailVisit._envelope,
    Action.DELETE: MailVisit._delete,
    Action.UNDELETE: MailVisit._undelete,
    Action.SAVE: MailVisit._save,
    Action.KEEP_NEW: MailVisit._keep_new,
}
