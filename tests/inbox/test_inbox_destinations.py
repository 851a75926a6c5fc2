"""Destinations of queued mail: whose turn it is, what is down, and that nothing reads them all."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.destinations import WHOLE
from app.inbox.queue import Purpose, QueueItem
from app.store.database import Database, Tx
from app.store.schema import STEPS, migrate
from tests.kit.steps import Counting
from tests.kit.store import LETTER, StoreKit, open_store

DAY_S = 86_400.0


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def queue_mails(kit: StoreKit, count: int, *domains: str) -> None:
    """So many mails of one recipient each, to these domains in turn."""

    def work(tx: Tx) -> None:
        content = kit.store.contents.write(tx, (LETTER,))
        item = QueueItem(Purpose.RELAY, content, b"", sender="")
        for number in range(count):
            kit.queue.add(tx, item, [f"x{number}@{domains[number % len(domains)]}"])

    kit.db.now(work)


def names(kit: StoreKit, limit: int = 9) -> list[str]:
    return [destination.name for destination in kit.queue.destinations.due(limit)]


def fail(kit: StoreKit, name: str, failures: int, wait_s: float) -> None:
    until = kit.box_s() + wait_s
    kit.db.now(lambda tx: kit.queue.destinations.failed(tx, name, failures, "451 no", until))


def taken(kit: StoreKit, name: str) -> None:
    (row,) = kit.queue.due_mail(name)
    kit.db.now(lambda tx: kit.queue.succeeded(tx, row, "250 ok"))


def test_destinations_take_turns_however_much_waits_for_one(kit: StoreKit) -> None:
    queue_mails(kit, 50, "much.example")
    kit.clock.advance(1)
    queue_mails(kit, 1, "little.example")
    served = []
    for _ in range(4):
        kit.clock.advance(1)
        served.append(names(kit)[0])
        taken(kit, served[-1])
    assert served == ["much.example", "little.example", "much.example", "much.example"]


def test_destination_that_is_down_is_due_as_one_and_new_mail_does_not_hurry_it(
    kit: StoreKit,
) -> None:
    queue_mails(kit, 5, "down.example", "up.example")
    fail(kit, "down.example", 0, 300)
    kit.clock.advance(299)
    queue_mails(kit, 5, "down.example")
    assert names(kit) == ["up.example"]
    (down,) = kit.queue.destinations.down(9)
    assert (down.name, down.waiting, down.failures, down.reply) == (
        *("down.example", 8, 1, "451 no"),
    )
    row = kit.queue.page()[0]
    assert (row.reply, row.attempts) == ("451 no", 0), "the reply tells what holds it up"
    assert row.next_box_s == down.next_box_s == kit.box_s() + 1
    kit.clock.advance(1)
    assert names(kit) == ["up.example", "down.example"]
    kit.db.now(lambda tx: kit.queue.destinations.answered(tx, "down.example"))
    assert kit.queue.destinations.down(9) == []


def test_several_tries_that_fail_at_the_same_time_count_once(kit: StoreKit) -> None:
    queue_mails(kit, 1, "down.example")
    for _ in range(4):
        fail(kit, "down.example", 0, 300)
    (down,) = kit.queue.destinations.down(9)
    assert (down.failures, down.next_box_s) == (1, kit.box_s() + 300)


def test_smarthost_that_is_down_holds_everything_up(kit: StoreKit) -> None:
    queue_mails(kit, 6, "a.example", "b.example")
    fail(kit, WHOLE, 0, 300)
    assert names(kit) == [] and kit.queue.next_due() == kit.box_s() + 300
    (down,) = kit.queue.destinations.down(9)
    assert (down.name, down.waiting) == (WHOLE, 6)
    kit.clock.advance(300)
    assert names(kit) == ["a.example", "b.example"]
    kit.db.now(lambda tx: kit.queue.destinations.answered(tx, WHOLE))
    assert kit.queue.destinations.down(9) == []


def test_way_out_that_has_changed_forgets_what_was_down_by_the_other(kit: StoreKit) -> None:
    queue_mails(kit, 1, "a.example")
    fail(kit, WHOLE, 0, 300)
    kit.db.now(lambda tx: kit.queue.destinations.begin(tx, by_smarthost=False))
    assert names(kit) == ["a.example"]
    fail(kit, "a.example", 0, 300)
    kit.db.now(lambda tx: kit.queue.destinations.begin(tx, by_smarthost=False))
    assert names(kit) == [], "a restart tries nothing that is known to be down"
    kit.db.now(lambda tx: kit.queue.destinations.begin(tx, by_smarthost=True))
    assert names(kit) == ["a.example"]


def test_row_tried_again_by_hand_is_the_first_of_a_destination_that_was_down(
    kit: StoreKit,
) -> None:
    queue_mails(kit, 3, "down.example")
    fail(kit, "down.example", 0, 300)
    last = kit.queue.page()[-1]
    assert kit.db.now(lambda tx: kit.queue.retry(tx, last.id))
    assert names(kit) == ["down.example"]
    assert [row.id for row in kit.queue.due_mail("down.example")] == [last.id]


def test_destination_is_there_while_mail_waits_for_it_and_counted(kit: StoreKit) -> None:
    queue_mails(kit, 3, "A.Example")
    there = kit.queue.destinations.get("a.example")
    assert there is not None and there.waiting == kit.queue.waiting() == 3
    taken(kit, "a.example")
    first, second = kit.queue.page()
    kit.db.now(lambda tx: kit.queue.failed(tx, first, "550 no"))
    assert kit.queue.waiting() == 1
    kit.db.now(lambda tx: tx.execute("DELETE FROM queue WHERE id = ?", (second.id,)))
    assert kit.queue.waiting() == 0 and kit.queue.destinations.get("a.example") is None
    assert kit.queue.next_due() is None


@pytest.mark.parametrize(
    "recipient, domain",
    [
        ("a@far.example", "far.example"),
        ("a@FAR.Example", "far.example"),
        ('"odd@name"@far.example', "far.example"),
        ("a@[192.0.2.1]", "[192.0.2.1]"),
        ("a@[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]"),
    ],
)
def test_destination_is_the_domain_in_small_letters(
    kit: StoreKit, recipient: str, domain: str
) -> None:

    def work(tx: Tx) -> None:
        content = kit.store.contents.write(tx, (LETTER,))
        kit.queue.add(tx, QueueItem(Purpose.RELAY, content, b"", sender=""), [recipient])

    kit.db.now(work)
    assert names(kit) == [domain]


# what an older program left


def test_rows_of_an_older_program_get_their_times_within_what_can_be(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    older = sqlite3.connect(path, isolation_level=None)
    migrate(older, path, STEPS[:7])
    older.execute("INSERT INTO content VALUES (1, 0, 0, 0, 0)")
    wall = StoreKit(tmp_path / "other.db").clock.now()
    ages = {"sane": (-DAY_S, 600.0), "past": (-30 * 365 * DAY_S, -5.0), "future": (DAY_S, 1e9)}
    for name, (created, due) in ages.items():
        older.execute(
            "INSERT INTO queue (batch, errand, content, prefix, sender, recipient, state,"
            " created_at, next_at) VALUES (0, 'relay', 1, '', '', ?, 'waiting', ?, ?)",
            (f"{name}@far.example", wall + created, wall + due),
        )
    older.close()
    kit = StoreKit(path)
    assert kit.queue.waiting() == 3 and kit.queue.due_mail("far.example") == []
    assert kit.db.now(lambda tx: kit.queue.adopt(tx, 2.5 * DAY_S, 14_400)) == 3
    times = {
        row.recipient.partition("@")[0]: (row.created_box_s, row.next_box_s)
        for row in kit.queue.page()
    }
    assert times == {"sane": (-DAY_S, 600), "past": (-2.5 * DAY_S, 0), "future": (0, 14_400)}
    assert kit.db.now(lambda tx: kit.queue.adopt(tx, 2.5 * DAY_S, 14_400)) == 0
    assert [row.recipient for row in kit.queue.due_mail("far.example")] == ["past@far.example"]
    kit.close()


# that it costs the same however much waits


def costs(directory: Path, mails: int) -> dict[str, int]:
    """What each step of the queue costs with so many mails for a destination that is down."""
    directory.mkdir()
    kit = open_store(directory)
    queue_mails(kit, mails, "dead.example")
    fail(kit, "dead.example", 0, 300)
    queue_mails(kit, 20, "good.example")
    queue, count = kit.queue, Counting(kit)
    (dead,) = queue.due_mail("dead.example")
    (good,) = queue.due_mail("good.example")
    found = {
        "look": count.reading(lambda: queue.destinations.due(16)),
        "take": count.reading(lambda: queue.due_mail("good.example", [1, 2, 3])),
        "take dead": count.reading(lambda: queue.due_mail("dead.example", [1, 2, 3])),
        "take whole": count.reading(lambda: queue.due_mail("dead.example", [1], together=True)),
        "next": count.reading(queue.next_due),
        "oldest": count.reading(lambda: queue.oldest("dead.example")),
        "oldest of all": count.reading(lambda: queue.oldest(WHOLE)),
        "too old": count.reading(lambda: queue.old_mail("dead.example", -1)),
        "too old of all": count.reading(lambda: queue.old_mail(WHOLE, -1)),
        "status": count.reading(lambda: (queue.waiting(), queue.destinations.down(10))),
        "page": count.reading(lambda: queue.page(0, 10)),
        "taken": count.writing(lambda tx: queue.succeeded(tx, good, "250")),
        "put off": count.writing(lambda tx: queue.deferred(tx, dead, "451", 900)),
        "down again": count.writing(
            lambda tx: queue.destinations.failed(tx, "dead.example", 1, "451", 900)
        ),
        "up again": count.writing(lambda tx: queue.destinations.answered(tx, "dead.example")),
        "by hand": count.writing(lambda tx: queue.retry(tx, dead.id)),
    }
    scans = [plan for plan in count.plans if plan.startswith("SCAN") and "queue" in plan]
    scans = [plan for plan in scans if plan not in ("SCAN queue_count",)]
    assert not scans, f"the whole queue is read: {scans}"
    kit.close()
    return found


def test_no_step_of_the_queue_costs_more_with_10000_mails_than_with_100(tmp_path: Path) -> None:
    few, many = costs(tmp_path / "few", 100), costs(tmp_path / "many", 10_000)
    dearer = {name: (few[name], many[name]) for name in few if many[name] > few[name] + 2}
    assert not dearer, f"steps of SQLite in tens with 100 mails and with 10,000: {dearer}"


def test_store_reopened_still_knows_what_is_down(kit: StoreKit) -> None:
    queue_mails(kit, 2, "down.example")
    fail(kit, "down.example", 0, 300)
    again = Database(kit.path, kit.clock)
    assert again.reader().execute("SELECT name, failures FROM destination").fetchall() == [
        ("down.example", 1)
    ]
    again.close()
