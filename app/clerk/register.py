"""Who is here, as the clerk knows it: read once, then only those who have changed.

Versions are numbers that grow by one whenever somebody has changed; the first is drawn at random,
so that nobody takes this register's versions for those of another one.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace

from app.core.clock import Clock
from app.inbox.follow_me import FollowMe
from app.inbox.people import People, Person
from app.inbox.presence import PresenceNow
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.directory_news import DirectoryNews, news
from app.voicemail.jobs import MailboxInfo

_FIRST_MOST = 1 << 40
FEW = 50
"""Changed people who are read one by one; if there are more, everybody is."""


class Register:
    """The people of one store. One object, one thread; `look` before anything is asked."""

    def __init__(
        self, people: People, clock: Clock, info: Callable[[Person, PresenceNow], MailboxInfo]
    ) -> None:
        """`info` is what to know of somebody's mailbox."""
        self._people, self._clock, self._info = people, clock, info
        self._first = self.version = secrets.randbelow(_FIRST_MOST) << 8
        """`version` is of what was read last."""
        self._here: dict[int, tuple[Subscriber, MailboxInfo]] = {}
        self._head = Directory()
        self._changed: dict[int, int] = {}  # by person: the version that brought the change
        self._seen: int | None = None  # number of the store's last change of people
        self._looked_at = 0.0  # seconds since 1970
        self._ends: float | None = None  # when the next presence ends by itself

    def look(self, head: Directory) -> bool:
        """Read who has changed, in the store or because a presence has ended; whether anybody.

        `head` is what the directory says besides people; a change of it counts as well.
        """
        changed = head != self._head
        self._head = head
        if changed:
            self.version += 1
        return self._look_at_people() or changed

    def _look_at_people(self) -> bool:
        number, now = self._people.changes.last(), self._clock.now()
        over = self._ends is not None and now >= self._ends
        if number == self._seen and not over and now >= self._looked_at:
            self._looked_at = now
            return False
        changed: list[int] | None = None
        if self._seen is not None:
            ended = self._people.presences.ending(self._looked_at, now)
            changed = [one for one in self._people.changes.since(self._seen) if one] + ended
        self._seen, self._looked_at = number, now
        self._ends = self._people.presences.next_end()
        return self._read(changed)

    @property
    def ends(self) -> float | None:
        """When somebody changes without a change of the store; seconds since 1970, or never."""
        return self._ends

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Everybody, in the order in which they were added."""
        return tuple(self._here[person][0] for person in sorted(self._here))

    def directory(self) -> Directory:
        """All of it."""
        return replace(self._head, people=self.subscribers())

    def mailboxes(self) -> tuple[MailboxInfo, ...]:
        """All mailboxes, without their greetings."""
        return tuple(box for _, box in self._here.values() if box.number)

    def since(self, version: int) -> DirectoryNews:
        """Who has changed since a version; everybody, if that is none of this register's."""
        if not self._first < version <= self.version:
            return news(self.version, self.directory())
        changed = [person for person, of in self._changed.items() if of > version]
        here = tuple(self._here[one][0] for one in changed if one in self._here)
        gone = tuple(one for one in changed if one not in self._here)
        changes = news(self.version, replace(self._head, people=here))
        return replace(changes, whole=False, gone=gone)

    def _read(self, changed: list[int] | None) -> bool:
        """Read these, None: everybody; whether anybody is different."""
        if changed is not None and not changed:
            return False
        if changed is None or len(changed) > FEW:
            found = self._all()
            everybody = self._here.keys() | found.keys()
            changed = [one for one in everybody if self._here.get(one) != found.get(one)]
        else:
            found = {one: who for one in changed if (who := self._one(one)) is not None}
        self.version += 1
        for person in changed:
            self._changed[person] = self.version
            if person in found:
                self._here[person] = found[person]
            else:
                self._here.pop(person, None)
        return True

    def _all(self) -> dict[int, tuple[Subscriber, MailboxInfo]]:
        presences, follows = self._people.presences.all(), self._people.follow_mes.all()
        return {
            person.id: self._known(
                person, presences.get(person.id, PresenceNow()), follows.get(person.id)
            )
            for person in self._people.all()
        }

    def _one(self, id_: int) -> tuple[Subscriber, MailboxInfo] | None:
        person = self._people.by_id(id_)
        if person is None:
            return None
        return self._known(person, self._people.presences.of(id_), self._people.follow_mes.of(id_))

    def _known(
        self, person: Person, now: PresenceNow, follow: FollowMe | None
    ) -> tuple[Subscriber, MailboxInfo]:
        return _subscriber(person, now, follow), self._info(person, now)


def _subscriber(person: Person, now: PresenceNow, follow: FollowMe | None) -> Subscriber:
    return Subscriber(
        person.id,
        person.name,
        person.mailbox,
        person.handset or None,
        presence=now.presence,
        rings=now.rule.rings,
        may_call=person.may_call,
        follow=follow.number if follow else "",
        follow_after_s=follow.after_s if follow else 0.0,
    )
