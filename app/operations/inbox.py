"""One person's messages, voicemail and e-mail alike: listed, shown, removed, brought back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.inbox.entries import AuditRow, Entry, EntryState, Kind, MissedCall
from app.inbox.mirror import Mirror
from app.inbox.people import Former, Person
from app.inbox.transcripts import Transcript
from app.operations.actor import Actor, may_use, require_admin
from app.operations.box import Box, find_person, person_for
from app.operations.errors import NotFound, field_of_errors
from app.store.database import Tx

LISTED = (EntryState.NEW, EntryState.HEARD, EntryState.LEAVING)
"""In the inbox, or on its way out."""
_END = 1 << 62  # no entry has a higher number


@dataclass(frozen=True)
class InboxListing:
    """What lies in one person's inbox, or in their bin."""

    person: Person
    entries: tuple[Entry, ...]
    missed_calls: tuple[MissedCall, ...] = ()
    """Calls that left no message, oldest first; none are listed with the bin or an earlier page."""
    more: bool = False
    """Whether there are older entries than these."""
    taken: Mapping[int, str] = field(default_factory=dict)
    """Names of those who have taken entries of a mailbox that several listen to."""
    unseen_calls: int = 0
    """Missed calls that light the lamp, where the person wants that; up to UNSEEN_MOST."""
    urgent: tuple[Entry, ...] = ()
    """Unheard urgent voicemail, oldest first, which comes before everything else: with the newest
    entries, and not again among them."""
    said: Mapping[int, Transcript] = field(default_factory=dict)
    """What is said in voicemails, as text, where it has been written down; by entry."""
    away: bool = False
    """Whether the mail system that the inbox lies on is out of reach."""

    @property
    def oldest(self) -> int:
        """The entry before which older ones are listed; only if there are entries."""
        return (self.entries or self.urgent)[0].id


@dataclass(frozen=True)
class HistoryPage:
    """A part of a person's history."""

    rows: tuple[AuditRow, ...]
    """Oldest first."""
    more: bool
    """Whether there are older ones than these."""


@dataclass(frozen=True)
class Moved:
    """How many entries were moved (`done`), of how many that were named (`asked`)."""

    done: int
    asked: int


def list_inbox(
    box: Box,
    actor: Actor,
    login: str,
    removed: bool = False,
    missed_since: float = 0.0,
    before: int | None = None,
    limit: int = 50,
) -> InboxListing:
    """A person's newest entries, or with `removed` of what was removed and can be restored.

    At most `limit`, of those with numbers below `before`, oldest first. Missed calls are those from
    `missed_since` on, in seconds since 1970. Raises NotFound or NotAllowed.
    """
    person = person_for(box, actor, login)
    states = (EntryState.BIN,) if removed else LISTED
    found = box.store.newest(person.id, limit + 1, states, before)
    begins = not removed and before is None
    missed = box.store.missed_calls(person.id, missed_since) if begins else []
    unheard = box.store.unheard_beyond(person.id, True, _END, limit, True) if begins else []
    urgent, first = tuple(reversed(unheard)), {entry.id for entry in unheard}
    entries = tuple(entry for entry in reversed(found[:limit]) if entry.id not in first)
    claims = box.people.shared.taken(entry.id for entry in (*urgent, *entries))
    taken = {entry: claim.name for entry, claim in claims.items()}
    unseen = box.store.unseen_missed_calls(person.id) if begins and person.missed_lamp else 0
    more = len(found) > limit
    said = texts_of(box, (*urgent, *entries))
    away = Mirror(box.db).is_away(person.id)
    return InboxListing(person, entries, tuple(missed), more, taken, unseen, urgent, said, away)


def texts_of(box: Box, entries: Sequence[Entry]) -> dict[int, Transcript]:
    """What is said in these entries, as far as it has been written down; by entry."""
    spoken = [entry for entry in entries if entry.kind is Kind.VOICEMAIL]
    texts = box.store.transcripts.of(entry.content for entry in spoken)
    return {entry.id: texts[entry.content] for entry in spoken if entry.content in texts}


def see_missed_calls(box: Box, actor: Actor, login: str) -> int:
    """A person's missed calls are seen: they light no lamp any more. How many there were.

    Up to UNSEEN_MOST are counted. Raises NotFound or NotAllowed.
    """
    person = person_for(box, actor, login)
    unseen = box.store.unseen_missed_calls(person.id)
    latest = box.store.latest_missed_calls(person.id, 1)
    last = latest[0].id if latest else 0

    def work(tx: Tx) -> bool:
        return box.store.missed_calls_seen(tx, person.id, last, actor.door, actor.login)

    box.db.now(work)
    return unseen


def list_former(box: Box, actor: Actor, login: str) -> tuple[Former, tuple[Entry, ...]]:
    """What is left of a removed person's box: who it was, and their entries, all in the bin.

    Raises NotFound or NotAllowed.
    """
    require_admin(actor, "see what removed people had")
    former = box.people.former(login)
    if former is None:
        raise NotFound(
            "login", "nothing is left of a box that a removed %(login)s had", login=login
        )
    return former, tuple(box.store.entries(former.id, states=(EntryState.BIN,)))


def show_header(box: Box, actor: Actor, entry: int) -> bytes:
    """The header of one message, with the empty line that ends it. Raises NotFound."""
    return box.store.header(entry_for(box, actor, entry))


def export_message(box: Box, actor: Actor, entry: int) -> Iterator[bytes]:
    """The octets of one message, in pieces. Raises NotFound at the call, not later."""
    return box.store.octets(entry_for(box, actor, entry))


def history(
    box: Box,
    actor: Actor,
    login: str,
    entry: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> HistoryPage:
    """Who did what to a person's box, or to one message of it: the newest `limit` rows.

    `before`: of those with numbers below it. Raises NotFound or NotAllowed.
    """
    person = person_for(box, actor, login)
    rows = box.store.history(person.id, entry, before, limit + 1)
    return HistoryPage(tuple(rows[-limit:]), len(rows) > limit)


def remove_entries(box: Box, actor: Actor, entries: Sequence[int]) -> Moved:
    """Move messages to the bin, from every door at once.

    What is in the bin already, is not there, or is not the actor's to remove, is left alone.
    """
    ids = usable_entries(box, actor, entries)
    done = box.db.now(lambda tx: box.store.remove(tx, ids, actor.door, actor.login))
    return Moved(done, len(entries))


def restore_entries(
    box: Box, actor: Actor, entries: Sequence[int], heir: str | None = None
) -> Moved:
    """Bring removed messages back into the inbox they were in.

    `heir` is the login of who gets those whose owner has been removed. What is not in the bin, or
    is not the actor's, is left alone. Raises NotFound, and OperationError with the field "heir" if
    one is needed; nothing is then restored.
    """
    ids = usable_entries(box, actor, entries)
    to = None if heir is None else find_person(box, heir, "heir").id

    def work(tx: Tx) -> int:
        with field_of_errors("heir"):
            return box.store.restore(tx, ids, actor.door, actor.login, heir=to)

    return Moved(box.db.now(work), len(entries))


def entry_for(box: Box, actor: Actor, entry: int) -> Entry:
    """The entry that the actor wants to use. Raises NotFound, for other people's as well."""
    found = box.store.entry(entry)
    if found is None or not may_use(actor, found.person):  # a stranger does not learn which
        raise NotFound("entry", "there is no entry %(entry)s", entry=entry)
    return found


def usable_entries(box: Box, actor: Actor, entries: Sequence[int]) -> list[int]:
    """Those of these entries that are there and that the actor may use."""
    found = (box.store.entry(entry) for entry in entries)
    return [entry.id for entry in found if entry is not None and may_use(actor, entry.person)]
