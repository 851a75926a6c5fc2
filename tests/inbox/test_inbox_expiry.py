"""What is kept for days only: it goes to the bin by age and kind, and POP3 can say for how long."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.people import Transfer
from app.inbox.retention import DAY_S, clean_up, expire_days, least_expire_days
from tests.kit.defaults import RETENTION
from tests.kit.store import CONFIG, StoreKit, open_store

LIMITS = CONFIG.limits
VOICE, MAIL = Kind.VOICEMAIL, Kind.EMAIL
NEW, HEARD = EntryState.NEW, EntryState.HEARD


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def limit(kit: StoreKit, login: str, name: str = "staff", **limits: int | None) -> None:
    """Assign somebody to a template of these limits."""
    person = kit.person(login).id

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in
        template = kit.people.templates.set(tx, name, limits)
        kit.people.change(tx, person, template=template)

    kit.db.now(work)


def days(kit: StoreKit, number: float, grace_days: float = 1000) -> None:
    """Let so many days pass, with housekeeping every hour of the last and every day before it."""
    keep = replace(RETENTION, grace_s=grace_days * DAY_S, delivery=kit.config)
    for _ in range(int(number)):
        kit.clock.advance(DAY_S)
        clean_up(kit.db, kit.store, keep)
    kit.clock.advance((number - int(number)) * DAY_S)
    clean_up(kit.db, kit.store, keep)


def heard(kit: StoreKit, *entries: int, saved: bool | None = None) -> None:
    kit.db.now(lambda tx: kit.store.mark(tx, entries, saved=saved))


def there(kit: StoreKit, *entries: int) -> list[bool]:
    return [kit.store.need(entry).state in (NEW, HEARD) for entry in entries]


@pytest.mark.parametrize(
    "kind, state, field",
    [
        (VOICE, HEARD, "heard_days"),
        (VOICE, NEW, "unheard_days"),
        (MAIL, HEARD, "fetched_days"),
        (MAIL, NEW, "unfetched_days"),
    ],
)
def test_each_kind_and_state_is_kept_for_its_own_days(
    kit: StoreKit, kind: Kind, state: EntryState, field: str
) -> None:
    limit(kit, "anna", "staff", **{field: 10})
    days(kit, 1)
    ids = {(k, s): kit.put("anna", kind=k).id for k in Kind for s in (NEW, HEARD)}
    for (_, wanted), entry in ids.items():
        if wanted is HEARD:
            heard(kit, entry)
    bobs = kit.put("bob", kind=kind).id
    days(kit, 9.9)
    assert there(kit, *ids.values()) == [True] * 4
    days(kit, 1.2)
    gone = [key for key, entry in ids.items() if not there(kit, entry)[0]]
    assert gone == [(kind, state)]
    assert there(kit, bobs) == [True], "who is not assigned keeps it for ever"


def test_what_is_too_old_goes_to_the_bin_with_its_author_and_comes_back(kit: StoreKit) -> None:
    limit(kit, "anna", unfetched_days=10)
    entry = kit.put("anna")
    days(kit, 12)
    gone = kit.store.need(entry.id)
    assert (gone.state, gone.removed_door, gone.removed_by) == (
        EntryState.BIN,
        "expiry",
        "retention",
    )
    last = kit.store.history(entry=entry.id)[-1]
    assert (last.verb, last.detail) == ("removed", "mail not fetched is kept for 10 days")
    kit.db.now(lambda tx: kit.store.restore(tx, [entry.id], "admin", "anna"))
    days(kit, 9)
    back = kit.store.need(entry.id)
    assert (back.state, back.uidl) == (NEW, entry.uidl), "it counts anew from its return"
    days(kit, 2)
    assert there(kit, entry.id) == [False]


def test_days_count_from_when_it_was_heard(kit: StoreKit) -> None:
    limit(kit, "anna", heard_days=10)
    entry = kit.put("anna", kind=VOICE).id
    days(kit, 100)
    heard(kit, entry)
    days(kit, 9.5)
    heard(kit, entry)  # once more: it was heard before
    assert there(kit, entry) == [True]
    days(kit, 1)
    assert there(kit, entry) == [False]


def test_saved_voicemail_stays(kit: StoreKit) -> None:
    limit(kit, "anna", heard_days=10, unheard_days=10)
    saved, other = kit.put("anna", kind=VOICE).id, kit.put("anna", kind=VOICE).id
    heard(kit, saved, saved=True)
    heard(kit, other)
    days(kit, 12)
    assert there(kit, saved, other) == [True, False]


def test_more_than_one_batch_expires_in_one_round_and_nothing_younger(kit: StoreKit) -> None:
    limit(kit, "anna", unfetched_days=10, unheard_days=20)
    days(kit, 1)
    old = [kit.put("anna").id for _ in range(450)]
    voice = kit.put("anna", kind=VOICE).id
    days(kit, 5)
    young = [kit.put("anna").id for _ in range(5)]
    days(kit, 6.1)
    assert there(kit, *old) == [False] * 450
    assert there(kit, voice, *young) == [True] * 6
    days(kit, 10)
    assert there(kit, voice, *young) == [False] * 6


def test_mail_that_came_slowly_is_not_older_than_its_neighbours(kit: StoreKit) -> None:
    """Its content was begun first and its entry made last, between those of younger content."""
    limit(kit, "anna", unfetched_days=10)
    days(kit, 1)
    anna, facts, store = kit.person("anna").id, Facts(0.0), kit.store
    slow = kit.db.now(store.contents.begin)
    before = kit.put("anna").id
    days(kit, 0.1)  # a mark lies between the contents of the two
    after = kit.put("anna").id

    def end(tx):  # type: ignore[no-untyped-def]  # a Tx in
        store.contents.seal(tx, slow, 0, 0)
        return store.add_entry(tx, anna, slow, b"", MAIL, NEW, facts)

    last = kit.db.now(end)
    days(kit, 0.1)
    kit.clock.advance(9.9 * DAY_S)
    days(kit, 0)
    assert there(kit, before, after, last) == [False, True, True]
    days(kit, 0.2)
    assert there(kit, before, after, last) == [False, False, False]


def test_expiry_over_years_is_by_marks_that_are_kept_for_it(kit: StoreKit) -> None:
    limit(kit, "anna", unfetched_days=800)
    days(kit, 1)
    entry = kit.put("anna").id
    days(kit, 798)
    assert there(kit, entry) == [True]
    days(kit, 4)
    assert there(kit, entry) == [False]


def test_clock_that_is_stepped_expires_nothing(kit: StoreKit) -> None:
    limit(kit, "anna", heard_days=10, unheard_days=10, fetched_days=10, unfetched_days=10)
    ids = [kit.put("anna", kind=kind).id for kind in (VOICE, MAIL, VOICE, MAIL)]
    heard(kit, *ids[2:])
    days(kit, 1)
    kit.clock.step(400 * DAY_S)
    days(kit, 5)
    assert there(kit, *ids) == [True] * 4


def test_bin_is_kept_for_the_templates_own_days(kit: StoreKit) -> None:
    limit(kit, "anna", grace_days=30)
    limit(kit, "cleo", name="short", grace_days=0)
    ids = {login: kit.put(login).id for login in ("anna", "bob", "cleo")}
    kit.db.now(lambda tx: kit.store.remove(tx, ids.values(), "pop3", "anna"))

    def left() -> list[str]:
        return [login for login, entry in ids.items() if kit.store.entry(entry)]

    days(kit, 0.1, grace_days=14)
    assert left() == ["anna", "bob"]
    days(kit, 15, grace_days=14)
    assert left() == ["anna"]
    days(kit, 16, grace_days=14)
    assert left() == []


def test_bin_of_somebody_removed_is_kept_for_the_days_of_their_template(kit: StoreKit) -> None:
    limit(kit, "bob", grace_days=30)
    entry, bob = kit.put("bob").id, kit.person("bob").id
    kit.db.now(lambda tx: kit.people.remove(tx, bob, by="anna"))
    days(kit, 29, grace_days=14)
    assert kit.store.entry(entry) is not None
    days(kit, 2, grace_days=14)
    assert kit.store.entry(entry) is None


# ---- what POP3 may promise


def test_expire_is_the_smallest_that_holds_for_what_pop3_shows(kit: StoreKit) -> None:
    anna = kit.person("anna")
    assert expire_days(LIMITS, anna) is None
    held = replace(LIMITS, heard_days=5, unheard_days=0, fetched_days=30, unfetched_days=60)
    for transfer, least in ((Transfer.ALL, 5), (Transfer.EMAIL, 30), (Transfer.NONE, None)):
        assert expire_days(held, replace(anna, transfer=transfer)) == least


def test_expire_before_the_login_is_the_smallest_of_all_and_says_if_they_differ(
    kit: StoreKit,
) -> None:
    def told() -> tuple[int | None, bool]:
        return least_expire_days(kit.delivery.limits, kit.people.all())

    assert told() == (None, False)
    limit(kit, "anna", fetched_days=30)
    assert told() == (30, True)
    limit(kit, "bob", name="other", fetched_days=7)
    assert told() == (7, True)
    for login in ("bob", "cleo"):
        limit(kit, login, fetched_days=30)
    assert told() == (30, False)
