"""Snapshots kept for a person's next login: that of a box that has not changed costs one look.

    snapshots = Snapshots(db)
    snapshots.of(person.id, kinds)

New mail is put behind what is kept; after any other change the box is read again. What has changed
is told by the store's log of changes, so it does not matter who has changed it, nor through which
door. Memory has a bound, MOST_KEPT messages, and whoever logged in longest ago is forgotten first.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from app.inbox.entries import Kind
from app.inbox.listing import ListingReader
from app.mail.pop3.snapshot import Snapshot
from app.store.database import Database

MOST_KEPT = 60_000
"""Messages in all snapshots that are kept, about 4 MB; a box counts as OWN_COST messages more."""

OWN_COST = 30

MOST_FOLLOWED = 10_000
"""Changes that are followed at a login, about 10 ms; after more of them all boxes are read anew."""

MOST_NEW = 1000
"""New entries that are put behind a snapshot; a box that got more is read anew."""


@dataclass
class _Kept:
    """What is kept of a person's box."""

    kinds: tuple[Kind, ...]
    messages: Snapshot
    new: list[int] = field(default_factory=list)
    """Entries that came after it."""

    @property
    def cost(self) -> int:
        return len(self.messages) + OWN_COST


class Snapshots:
    """What there is for whom; for one thread, that of logins."""

    def __init__(self, db: Database) -> None:
        self._reader = ListingReader(db)
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._cost = 0
        self._seen = 0  # number of the last change that was followed

    @property
    def cost(self) -> int:
        """What is kept, counted in messages."""
        return self._cost

    def of(self, person: int, kinds: tuple[Kind, ...]) -> Snapshot:
        """The messages of these kinds in a person's inbox, as it is now."""
        self._follow()
        kept = self._kept.get(person)
        if kept is None or kept.kinds != kinds:
            messages = Snapshot(self._reader.all(person, kinds))
        elif kept.new:
            last = kept.messages.last  # what is new may have been there when the box was read
            new = [entry for entry in kept.new if entry > last]
            messages = Snapshot(self._reader.some(person, kinds, new), kept.messages)
        else:
            self._kept.move_to_end(person)
            return kept.messages
        self._forget(person)
        self._keep(person, _Kept(kinds, messages))
        return messages

    def _follow(self) -> None:
        """Find out what has changed since the last look."""
        self._seen, moved = self._reader.since(self._seen, MOST_FOLLOWED)
        if moved is None:
            self._forget_all()
            return
        for one in moved:
            kept = None if one.person is None else self._kept.get(one.person)
            if one.is_new and kept is not None and len(kept.new) < MOST_NEW:
                kept.new.append(one.entry)
            elif one.person is None:
                self._forget_all()
            else:
                self._forget(one.person)

    def _forget(self, person: int) -> None:
        kept = self._kept.pop(person, None)
        if kept is not None:
            self._cost -= kept.cost

    def _forget_all(self) -> None:
        self._kept.clear()
        self._cost = 0

    def _keep(self, person: int, kept: _Kept) -> None:
        self._kept[person] = kept
        self._cost += kept.cost
        while self._cost > MOST_KEPT:
            self._forget(next(iter(self._kept)))
