"""The messages that an owner goes through: read in pages from the clerk, as far as they go.

The way begins with new messages, urgent ones first, and goes on with those heard before, or it is
one of these, or the bin. What has come in meanwhile is found at its end. Whatever a box holds, a
step costs the same.
"""

from collections.abc import Awaitable, Callable, Sequence

from app.voicemail.envelope import Message
from app.voicemail.jobs import LIST_END, LISTED_MOST, Listing, MessageList

Ask = Callable[[MessageList, int, int], Awaitable[Listing]]
"""Asks for a page: of which list, the entry that it follows, the entry that it precedes."""

UNHEARD = (MessageList.URGENT, MessageList.NEW)
INBOX = (*UNHEARD, MessageList.OLD)


class Course:
    """A way through one or more lists, one after the other. `here` is the message one is at."""

    def __init__(self, ask: Ask, lists: Sequence[MessageList] = INBOX) -> None:
        self._ask, self._lists = ask, tuple(lists)
        self._messages: list[Message] = []
        self._at = 0
        self._restart()

    def _restart(self) -> None:
        self._messages, self._at = [], 0
        self._known: set[int] = set()
        self._ends: dict[MessageList, int] = {}  # entries after which nothing is read yet
        self._before = 0  # messages of the lists before the first one here
        self._begins_in = 0  # which list that one is of
        self._more_before = self._more_after = False

    @property
    def empty(self) -> bool:
        """Whether there is no message in it."""
        return not self._messages

    @property
    def here(self) -> Message:
        """The message one is at; only if it is not empty."""
        return self._messages[self._at]

    @property
    def number(self) -> int:
        """Which message of the list that is, from 1 on."""
        return self._before + self._at + 1

    @property
    def at_first(self) -> bool:
        """Whether there is none before it."""
        return self._at == 0 and not self._more_before

    @property
    def at_last(self) -> bool:
        """Whether none is known of that follows."""
        return self._at + 1 == len(self._messages) and not self._more_after

    @property
    def binned(self) -> bool:
        """Whether these are removed messages."""
        return self._lists == (MessageList.BIN,)

    async def first(self) -> None:
        """Begin, or begin again."""
        self._restart()
        await self._read_on()

    async def last(self) -> None:
        """Go to the last one."""
        if not self._more_after:
            self._at = max(0, len(self._messages) - 1)
            return
        self._restart()
        for place, which in enumerate(self._lists):  # a later list's last ones replace a former's
            page = await self._ask(which, 0, LIST_END)
            if page.messages:
                self._ends[which] = page.messages[-1].entry
                self._known = set()
                self._messages, self._begins_in = self._unknown(page), place
                self._before = max(0, self._held(page, place) - len(self._messages))
                self._more_before = place > 0 or len(page.messages) == LISTED_MOST
        self._at = max(0, len(self._messages) - 1)

    async def next(self) -> bool:
        """Go to the next one, also if it has come in meanwhile; False, and stay, without one."""
        if self._at + 1 >= len(self._messages):
            await self._read_on()
        if self._at + 1 >= len(self._messages):
            return False
        if not self._left():
            self._at += 1
        return True

    async def previous(self) -> bool:
        """Go to the one before; False, and stay, if this is the first one."""
        if self._at == 0 and self._more_before:
            await self._read_before()
        if self._at == 0:
            return False
        self._left()
        self._at -= 1
        return True

    def _left(self) -> bool:
        """Leave this message: one that is not of this list any more is here no more."""
        if self.here.deleted == self.binned:
            return False
        del self._messages[self._at]
        return True

    async def _read_on(self) -> None:
        """Read the next page that has anything new; behind urgent ones the next list's as well.

        Only that list says whether they are the last.
        """
        for place, which in enumerate(self._lists):
            while True:
                page = await self._ask(which, self._ends.get(which, 0), 0)
                if not page.messages:
                    break
                self._ends[which] = page.messages[-1].entry
                found = self._unknown(page)
                if not found:
                    continue
                if self.empty:
                    self._begins_in = place
                self._messages += found
                follow = MessageList.OLD in self._lists and MessageList.OLD not in self._ends
                full = len(page.messages) == LISTED_MOST
                self._more_after = full or (follow and page.old > 0)
                if full or which is not MessageList.URGENT:
                    return
                break
        self._more_after = False

    async def _read_before(self) -> None:
        """Read the page before the first message that is here."""
        place, before = self._begins_in, self._messages[0].entry
        page = await self._ask(self._lists[place], 0, before)
        while not page.messages and place > 0:
            place -= 1
            page = await self._ask(self._lists[place], 0, LIST_END)
        found = self._unknown(page)
        self._messages[:0] = found
        self._begins_in, self._at = place, self._at + len(found)
        self._before = max(0, self._before - len(found))
        self._more_before = bool(found) and (place > 0 or len(page.messages) == LISTED_MOST)

    def _unknown(self, page: Listing) -> list[Message]:
        """Those of a page that are not here yet: one heard on the way is in the next list, too."""
        found = [
            Message(m, m.new, self.binned, m.urgent, m.private, m.taken_by)
            for m in page.messages
            if m.entry not in self._known
        ]
        self._known.update(message.entry for message in found)
        return found

    def _held(self, page: Listing, place: int) -> int:
        """How many there are in the lists up to this one; of the bin only those on the page.

        The urgent ones are among the new ones, and are the last list only if there are no others.
        """
        if self.binned:
            return len(page.messages)
        new = page.new if self._lists[0] in UNHEARD else 0
        return new + (page.old if self._lists[place] is MessageList.OLD else 0)
