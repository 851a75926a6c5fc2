"""A mailbox with more voicemails than anybody hears: the answer stays small, the numbers right."""

import select
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from app.clerk import frames
from app.clerk.client import ProcessClerk
from app.core.clock import ManualClock
from app.inbox.entries import EntryState
from app.phone.calls.scripting import Wait
from app.phone.sound.languages import grammar_of
from app.voicemail.envelope import counts
from app.voicemail.jobs import LIST_END, LISTED_MOST, Listing, MessageList
from tests.kit.store import StoreKit
from tests.kit.voicemail import House

MANY = 30_000
COLUMNS = (
    "person, content, kind, prefix, size, chunks, dotted, received_at, sender, subject,"
    " caller_number, caller_name, duration_s"
)
CALLER = "CARL CALLER OF THE LONG NAME"


def add(kit: StoreKit, state: EntryState, count: int) -> None:
    """Copies of Anna's one voicemail, by SQL."""
    kit.db.now(
        lambda tx: tx.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            f" INSERT INTO entry (uidl, state, {COLUMNS})"
            f" SELECT ? || i, ?, {COLUMNS} FROM entry, n WHERE entry.id = 1",
            (count, f"{state}{count}-", state),
        )
    )


def urgent_too(kit: StoreKit) -> None:
    """Every second message of all there are."""
    kit.db.now(lambda tx: tx.execute("UPDATE entry SET urgent = id % 2"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.leave("201", name=CALLER)
    yield house
    house.kit.db.close()


def asked(
    house: House, which: MessageList = MessageList.NEW, after: int = 0, before: int = 0
) -> Listing:
    """The listing as a clerk in its own process gives it."""
    clerk = ProcessClerk(house.config, house.pushes.append, ManualClock())
    first = clerk.pid
    try:
        wait: Wait[Listing] = clerk.listing(house.kit.person("anna").id, which, after, before)
        poll = select.poll()
        poll.register(clerk)
        while not wait.done:
            assert poll.poll(60_000), "nothing came from the clerk"
            clerk.dispatch()
            assert clerk.pid == first, "the clerk was replaced"
        return wait.result()
    finally:
        clerk.close()


def numbers(listing: Listing) -> list[int]:
    return [message.entry for message in listing.messages]


def test_a_page_is_listed_and_all_are_counted(house: House) -> None:
    add(house.kit, EntryState.NEW, MANY)
    add(house.kit, EntryState.HEARD, 500)
    listing = asked(house)
    assert (listing.new, listing.old) == (MANY + 1, 500)
    assert numbers(listing) == list(range(1, LISTED_MOST + 1))
    said = counts(grammar_of("en"), listing.new, listing.old, listing.new_mails)
    assert said[:5] == ("vm-youhave", "digits/30", "digits/thousand", "digits/1", "vm-INBOX")


def test_pages_follow_and_precede_each_other_in_each_list(house: House) -> None:
    add(house.kit, EntryState.NEW, 120)
    add(house.kit, EntryState.BIN, 120)
    new, removed = list(range(1, 122)), list(range(241, 121, -1))
    jobs, anna = house.jobs, house.kit.person("anna").id
    for which, whole in ((MessageList.NEW, new), (MessageList.BIN, removed)):
        assert numbers(jobs.listing(anna, which)) == whole[:50]
        assert numbers(jobs.listing(anna, which, after=whole[49])) == whole[50:100]
        assert numbers(jobs.listing(anna, which, before=LIST_END)) == whole[-50:]
        assert numbers(jobs.listing(anna, which, before=whole[-50])) == whole[-100:-50]
        assert numbers(jobs.listing(anna, which, after=whole[-1])) == []


def test_urgent_ones_are_a_list_before_that_of_other_new_ones(house: House) -> None:
    add(house.kit, EntryState.NEW, 120)
    urgent_too(house.kit)
    anna, listing = house.kit.person("anna").id, house.jobs.listing
    for which, whole in (
        (MessageList.URGENT, range(1, 122, 2)),
        (MessageList.NEW, range(2, 122, 2)),
    ):
        found = listing(anna, which)
        assert numbers(found) == list(whole[:50]) and found.new == 121
        assert numbers(listing(anna, which, after=whole[49])) == list(whole[50:])
        assert numbers(listing(anna, which, before=LIST_END)) == list(whole[-50:])
        assert numbers(listing(anna, which, before=whole[-50])) == list(whole[:-50])


def test_listing_reads_no_more_rows_of_a_larger_box(house: House) -> None:
    def steps(job: Callable[[], object]) -> int:
        """Tens of SQLite's virtual machine's steps."""
        taken = 0

        def more() -> int:
            nonlocal taken
            taken += 1
            return 0

        house.kit.db.reader().set_progress_handler(more, 10)
        job()
        return taken

    anna = house.kit.person("anna").id
    add(house.kit, EntryState.NEW, 4 * LISTED_MOST)
    urgent_too(house.kit)
    lists = (MessageList.NEW, MessageList.URGENT)
    asked_for = [partial(house.jobs.listing, anna, which) for which in lists]
    few = [steps(job) for job in asked_for]
    add(house.kit, EntryState.NEW, MANY)
    urgent_too(house.kit)
    many = [steps(job) for job in asked_for]
    assert few[0] and all(abs(then - now) <= 5 for then, now in zip(few, many, strict=True))
    for state in (EntryState.NEW, EntryState.HEARD):
        plan = house.kit.db.reader().execute(
            "EXPLAIN QUERY PLAN SELECT count(*) FROM entry WHERE person = ? AND state = ?"
            " AND kind = 'voicemail'",
            (anna, state),
        )
        assert "COVERING INDEX entry_voicemail" in plan.fetchone()[3]


def test_answer_that_no_frame_holds_fails_alone(house: House) -> None:
    """A clerk that sent it would be taken for broken, replaced, and asked the same again."""
    with pytest.raises(frames.TooLarge, match="an answer of 419"):
        frames.answer(1, "x" * frames.HEADER_LIMIT)
    with pytest.raises(frames.TooLarge):
        frames.answer(1, bytes(frames.RAW_LIMIT + 1))
