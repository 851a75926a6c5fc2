"""Reports: what everybody's box holds, what became of a message, and making room."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.inbox.entries import AuditRow, Entry, EntryState, Kind
from app.inbox.people import Person
from app.inbox.people_names import PersonName
from app.operations.actor import Actor, require_admin
from app.operations.box import Box, find_person
from app.operations.errors import NotFound, OperationError
from app.operations.paging import PAGE, paged

DAY_S = 86_400.0
AT_ONCE = 2_000
"""Messages that one request removes at most: others wait meanwhile."""
READ = 200
FOUND = 50
"""Entries of one message that are shown: it may have gone to a list."""

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class BoxSize:
    """What one person's box holds."""

    login: str
    name: str
    used: int
    """Octets in the inbox."""
    quota: int
    """Octets that it may hold."""
    voicemails: int
    """How many are in the inbox."""
    new_voicemails: int
    """Number of those that nobody has heard."""
    new_emails: int
    """Number of those that nobody has fetched."""

    @property
    def percent(self) -> int:
        """How full it is."""
        return percent(self.used, self.quota)


@dataclass(frozen=True)
class SizeReport:
    """Everybody's, the fullest first, in pages, and what they share."""

    boxes: tuple[BoxSize, ...]
    """Those of one page."""
    page: int
    """Which page this is, from 1."""
    pages: int
    in_bin: int
    """Octets in all bins together; they come back to no quota and are deleted by themselves."""


@dataclass(frozen=True)
class RemovedSaved:
    """How many messages were removed, and whether there are more of this kind."""

    done: int
    """Number of messages."""
    more: bool


@dataclass(frozen=True)
class EntryHistory:
    """One person's copy of a message, and who did what to it, oldest first."""

    number: int
    login: str
    """"?" if nobody knows any more."""
    entry: Entry | None
    """None: it is deleted for good; the history outlives it."""
    rows: tuple[AuditRow, ...]


def report_sizes(box: Box, actor: Actor, page: int = 1, size: int = PAGE) -> SizeReport:
    """What everybody's box holds, `size` lines on each `page` (a number from 1 on).

    Costs the same however much that is. Raises NotAllowed.
    """
    require_admin(actor, "see what everybody's box holds")
    limits, used = box.delivery.limits, box.store.used_by_all()

    def fullness(person: PersonName) -> tuple[int, int, str]:
        held = used.get(person.id, 0)
        return -percent(held, limits.of(person).quota), -held, person.login

    found = paged(sorted(box.people.names(), key=fullness), page, size)
    sizes = found.each(lambda person: _size(box, person))
    return SizeReport(sizes.lines, sizes.page, sizes.pages, box.store.bin_octets())


def percent(used: int, quota: int) -> int:
    """How full an inbox is; `used` and `quota` are octets."""
    return 100 * used // quota if quota else 0


def _size(box: Box, person: PersonName) -> BoxSize:
    new_voicemails, new_emails = box.store.unheard(person.id)
    return BoxSize(
        person.login,
        person.name,
        box.store.used(person.id),
        box.delivery.limits.of(person).quota,
        box.store.voicemails(person.id),
        new_voicemails,
        new_emails,
    )


def remove_saved(
    box: Box,
    actor: Actor,
    login: str,
    days: int,
    kinds: frozenset[Kind],
    kept_too: bool,
    now: float,
) -> RemovedSaved:
    """Move what somebody has heard or fetched into their bin, from where it can be restored.

    Only what came `days` or more before `now` (seconds since 1970), and of these kinds; what its
    owner has marked to be kept only if `kept_too`. Raises NotFound, NotAllowed, or OperationError.
    """
    require_admin(actor, "remove other people's messages")
    person = find_person(box, login)
    if not 0 <= days <= 36_500:
        raise OperationError("days", "days are a number from 0 to 36500; 0 means all")
    if not kinds:
        raise OperationError("kinds", "choose voicemail, e-mail, or both")
    before, ids = now - days * DAY_S, list[int]()
    for entry in _heard(box, person):
        wanted = entry.kind in kinds and (kept_too or not entry.saved)
        if wanted and entry.received_at <= before:
            ids.append(entry.id)
        if len(ids) > AT_ONCE:
            break
    some, more = ids[:AT_ONCE], len(ids) > AT_ONCE
    detail = f"older than {days} days" if days else "all that was heard or fetched"
    done = 0
    for at in range(0, len(some), READ):
        piece = some[at : at + READ]
        done += box.db.now(
            lambda tx, piece=piece: box.store.remove(tx, piece, actor.door, actor.login, detail)  # type: ignore[misc]
        )
    return RemovedSaved(done, more)


def _heard(box: Box, person: Person) -> Iterator[Entry]:
    """Somebody's heard and fetched messages, newest first, read in pieces."""
    before: int | None = None
    while page := box.store.newest(person.id, READ, (EntryState.HEARD,), before):
        yield from page
        before = page[-1].id


def find_message(box: Box, actor: Actor, text: str) -> tuple[EntryHistory, ...]:
    """What became of a message, by the number of an entry or by its Message-ID.

    Raises NotAllowed, NotFound, and OperationError with the field "message" if it is neither.
    """
    require_admin(actor, "see what became of other people's messages")
    wanted = text.strip()
    if _NUMBER.fullmatch(wanted):
        numbers = [int(wanted)]
    elif "@" in wanted and len(wanted) <= 500:
        numbers = box.store.by_message_id(f"<{wanted.strip('<>')}>", FOUND)
    else:
        raise OperationError(
            "message",
            "type the number of a message, such as 1234, or its Message-ID, such as"
            " <abc@example.org>: mail programs show it among all header fields",
        )
    found = [history for number in numbers if (history := _history(box, number)) is not None]
    if not found:
        raise NotFound(
            "message",
            "the box has no message %(wanted)s, and its history does not name it",
            wanted=wanted,
        )
    return tuple(found)


def _history(box: Box, number: int) -> EntryHistory | None:
    entry, rows = box.store.entry(number), box.store.history(None, number)
    if entry is None and not rows:
        return None
    person_id = entry.person if entry is not None else rows[0].person
    person = None if person_id is None else box.people.by_id(person_id)
    return EntryHistory(number, person.login if person else "?", entry, tuple(rows))
