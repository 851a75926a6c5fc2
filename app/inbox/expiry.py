"""What is kept for a number of days goes to the bin after them, by kind and state.

Heard voicemail and fetched mail count from when they became so, the others from their delivery;
what comes back from the bin counts anew. What its owner has saved stays. Days are box time
(app/store/box_time.py).
"""

from collections.abc import Callable, Iterable

from app.inbox.entries import EntryState, Kind
from app.inbox.limits import Limits, PersonLimits
from app.inbox.people import Person
from app.inbox.store import Store
from app.store.database import Database, Tx

DAY_S = 86_400.0
DOOR = "expiry"
BY = "retention"
"""Who removed it, as the history names it."""
AT_ONCE = 200
"""Messages that go in one transaction, so that other writers do not wait long."""

_DAYS: dict[tuple[Kind, EntryState], tuple[Callable[[Limits], int], str]] = {
    (Kind.VOICEMAIL, EntryState.HEARD): (lambda limits: limits.heard_days, "heard voicemail"),
    (Kind.VOICEMAIL, EntryState.NEW): (lambda limits: limits.unheard_days, "unheard voicemail"),
    (Kind.EMAIL, EntryState.HEARD): (lambda limits: limits.fetched_days, "fetched mail"),
    (Kind.EMAIL, EntryState.NEW): (lambda limits: limits.unfetched_days, "mail not fetched"),
}
"""How long what is kept, and what the history calls it."""

_SINCE = (
    "SELECT id FROM entry INDEXED BY entry_since WHERE person = :person AND kind = :kind"
    " AND state = :state AND since_box_s <= :box_s AND saved = 0 LIMIT :most"
)
# Entries have numbers that only grow, as contents have. The first entry of younger content bounds
# the search; what came slowly, and has a higher number than that, is found a little later.
_UNTOUCHED = (
    "SELECT id FROM entry INDEXED BY {index} WHERE person = :person AND kind = '{kind}'"
    " AND state = :state AND since_box_s IS NULL AND content <= :content AND saved = 0"
    " AND id < coalesce((SELECT id FROM entry WHERE content > :content ORDER BY content LIMIT 1),"
    f" {1 << 62}) LIMIT :most"
)
_INDEX = {Kind.VOICEMAIL: "entry_voicemail", Kind.EMAIL: "entry_person"}


def expire(
    db: Database, store: Store, person: Person, limits: Limits, content_at: Callable[[float], int]
) -> int:
    """Remove what a person's limits keep no longer; how many messages.

    `content_at` gives the number of the last content that there was at a box time.
    """
    removed = 0
    for (kind, state), (days_of, name) in _DAYS.items():
        days = days_of(limits)
        if not days:
            continue
        before = db.box_time.now() - days * DAY_S
        values = {"person": person.id, "kind": kind, "state": state, "most": AT_ONCE}
        values |= {"box_s": before, "content": content_at(before)}
        detail = f"{name} is kept for {days} days"
        while some := db.now(lambda tx: remove_some(tx, store, values, detail)):  # noqa: B023
            removed += some
    return removed


def remove_some(tx: Tx, store: Store, values: dict[str, object], detail: str = "") -> int:
    """Remove at most twice `most` of a person's messages of one kind and state; how many.

    They are in that state since `box_s` or longer; new ones have content up to number `content`.
    """
    found = tx.execute(_SINCE, values).fetchall()
    if values["state"] == EntryState.NEW:
        kind = Kind(str(values["kind"]))  # written out, because an index is of one kind only
        index = _INDEX[kind]
        found += tx.execute(_UNTOUCHED.format(index=index, kind=kind), values).fetchall()
    return store.remove(tx, [entry for (entry,) in found], DOOR, BY, detail) if found else 0


def expire_days(limits: Limits, person: Person) -> int | None:
    """The days for which what POP3 shows a person is kept at least; None: for ever.

    For the argument of EXPIRE after the login [RFC 2449 §6.7].
    """
    shown = person.transfer.kinds
    days = (days_of(limits) for (kind, _), (days_of, _) in _DAYS.items() if kind in shown)
    return min(filter(None, days), default=None)


def least_expire_days(limits: PersonLimits, people: Iterable[Person]) -> tuple[int | None, bool]:
    """The smallest of all people's, and whether they differ: EXPIRE before the login, and USER."""
    found = {expire_days(limits.of(person), person) for person in people}
    return min(filter(None, found), default=None), len(found) > 1


def longest_days(limits: Limits) -> int:
    """The longest time in days that one of these limits keeps anything; 0 if none does."""
    return max(days_of(limits) for days_of, _ in _DAYS.values())
