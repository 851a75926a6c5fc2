"""Where the recipients of a mail lead, one by one and all together."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.inbox.expansion import Local, Outside, SentBy
from app.inbox.people import Person


@dataclass(frozen=True)
class FaxTo:
    """A fax that a person of this box sends by mail."""

    number: str
    """As it is dialled on an outside line; the person may call it."""
    person: Person
    """Who sends it, and is told what became of it."""


@dataclass(frozen=True)
class Destination:
    """Where one recipient address leads, each person and outside address once."""

    address: str
    """As the sender wrote it."""
    local: tuple[Local, ...]
    outside: tuple[Outside, ...]
    group: bool
    """An alias for several: accepted even if some of them are full."""
    trace: tuple[str, ...]
    """Step by step, in words, for `alias trace`."""
    answered: bool = False
    """It is the sender of voicemails: nobody gets the message, and its sender is notified."""
    sent_on: int | None = None
    """A notice about a mail sent on comes back: the entry (id) that went to the bin for it."""
    fax: FaxTo | None = None
    """It goes out by telephone."""

    @property
    def senders_on(self) -> frozenset[str]:
        """Local names that send it elsewhere; what Delivered-To says on those copies."""
        return frozenset(one.via for one in self.outside if one.via)

    @property
    def keepers(self) -> frozenset[str]:
        """Logins that keep it."""
        return frozenset(local.person.login for local in self.local)

    @property
    def single(self) -> Person | None:
        """The one person meant, whose full inbox is a reason to refuse; None for groups."""
        if self.group or len(self.local) != 1:
            return None
        return self.local[0].person

    def without_author(self, sender: str, author: Person | None) -> "Destination":
        """The same for a mail from `sender`, who is `author` if they live here.

        Members of a group or list are not sent their own mail, unless nobody else would get it.
        """
        if not self.group or not sender:
            return self
        id_ = None if author is None else author.id
        local = tuple(one for one in self.local if one.person.id != id_)
        outside = tuple(
            one
            for one in self.outside
            if one.address.lower() != sender.lower()
            and not (one.forwarded and one.owner is not None and one.owner.id == id_)
        )
        return replace(self, local=local, outside=outside) if local or outside else self


@dataclass
class Share:
    """Outside addresses for which the same person answers in the same way."""

    owner: Person | None
    sent_by: SentBy | None
    outside: list[Outside] = field(default_factory=list)


@dataclass
class Plan:
    """All recipients of one message together: each person once, each outside address once."""

    keepers: dict[int, Local] = field(default_factory=dict)
    sent: dict[tuple[object, ...], Share] = field(default_factory=dict)
    _addresses: set[str] = field(default_factory=set)

    def add(self, route: Destination) -> None:
        """Take a recipient along."""
        for local in route.local:
            self.keepers.setdefault(local.person.id, local)
        for one in route.outside:
            if one.address.lower() in self._addresses:
                continue
            self._addresses.add(one.address.lower())
            owner = None if one.owner is None else one.owner.id
            key = (owner, one.is_list_mail, one.sent_by and one.sent_by.name)
            self.sent.setdefault(key, Share(one.owner, one.sent_by)).outside.append(one)

    def people(self) -> dict[int, Person]:
        """Who keeps it or answers for it, by id."""
        owners = [share.owner for share in self.sent.values() if share.owner is not None]
        people = [local.person for local in self.keepers.values()]
        return {person.id: person for person in (*people, *owners)}

    def stop(self, looping: Iterable[str]) -> None:
        """Send nothing more by way of these names; who owned it keeps it instead."""
        names = set(looping)
        for key, share in list(self.sent.items()):
            going = [one for one in share.outside if one.via not in names]
            if share.owner is not None and len(going) < len(share.outside):
                self.keepers.setdefault(share.owner.id, Local(share.owner, share.sent_by))
            share.outside = going
            if not going:
                del self.sent[key]
