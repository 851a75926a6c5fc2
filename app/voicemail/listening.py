"""What a loudspeaker plays: a mailbox's messages one after the other, with buttons beside it.

Nobody there has keys for a menu, so none is said: what nobody stops goes on by itself, through the
new messages, or through all if none is new. Its buttons are keys of the usual map (see
app/operations/panel.py): pause and go on, the next message, into the bin and back.
"""

from app.phone.calls.context import PlayScript
from app.phone.calls.line import Line
from app.phone.sound.sounds import Pause
from app.voicemail.aloud import heard_aloud
from app.voicemail.common import NO_MESSAGES, Voice, with_apology
from app.voicemail.jobs import PANEL_DOOR, Listing, MessageList, VoicemailClerk
from app.voicemail.key_maps import DEFAULT, key_map
from app.voicemail.menu import Action, Menu
from app.voicemail.message_list import INBOX, Course
from app.voicemail.visit import Visit

BETWEEN_MS = 2000
"""Silence after a message, in which a button is still about it."""


def loudspeaker_script(clerk: VoicemailClerk) -> PlayScript:
    """The script of a loudspeaker: the messages of a mailbox, or one of them."""
    return lambda line, mailbox, what: with_apology(
        line, heard_aloud(line, clerk, mailbox, int(what), _listen), NO_MESSAGES
    )


async def _listen(line: Line, clerk: VoicemailClerk, person: int, voice: Voice) -> None:
    await Listening(line, clerk, person, voice).visit()


class Listening(Visit):
    """Somebody listens to messages who has three buttons."""

    def __init__(self, line: Line, clerk: VoicemailClerk, person: int, voice: Voice) -> None:
        super().__init__(
            line, clerk, person, voice, key_map(DEFAULT), door=PANEL_DOOR, reminds=False
        )

    async def _begin(self, listing: Listing, at_once: bool) -> None:
        """The first message is played without being asked for."""
        self._course = Course(self._page, (MessageList.NEW,) if listing.new else INBOX)
        await self._course.first()
        self._wanted = Action.LEAVE if self._course.empty else Action.LISTEN

    def _possible(self) -> frozenset[Action]:
        bin_or_back = Action.UNDELETE if self._course.here.deleted else Action.DELETE
        return frozenset({Action.NEXT, bin_or_back})

    async def _asked_for(self) -> Action:
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            return wanted
        await self.talk.play(Pause(BETWEEN_MS))
        if self.talk.key:
            possible = self._possible() | {Action.PAUSE}
            action = await self.talk.pressed(Menu.PLAYING, possible)
            return Action.LEAVE if action in (None, Action.PAUSE) else action
        return Action.LISTEN if await self._course.next() else Action.LEAVE
