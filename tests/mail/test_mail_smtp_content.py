"""A mail's octets on their way into a real store: whole, or not at all."""

import random
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.inbox.contents import CHUNK, Contents
from app.inbox.room import Room
from app.inbox.store import Store
from app.mail.smtp.content import ALL_HOLD_BACK, HOLD_BACK, IncomingContent, InFlight, Leftovers
from app.mail.smtp.data import Findings
from app.store.database import Database, Tx
from app.store.errors import StoreFailed
from tests.kit.defaults import delivery_config


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database(tmp_path / "inbox.db")
    yield db
    db.close()


def incoming(
    db: Database,
    store: Store | None = None,
    on_progress: Callable[[], None] = lambda: None,
    in_flight: InFlight | None = None,
) -> IncomingContent:
    store = store if store is not None else Store(db)
    room = Room(db, store, delivery_config(free_floor=0)).reserve(0)
    in_flight = in_flight if in_flight is not None else InFlight()
    return IncomingContent(db, store, room, Leftovers(db, store), in_flight, on_progress)


def contents(db: Database) -> tuple[int, int]:
    """(contents, chunks) in the store."""
    read = db.reader().execute
    return (
        read("SELECT count(*) FROM content").fetchone()[0],
        read("SELECT count(*) FROM chunk").fetchone()[0],
    )


@pytest.mark.parametrize("size", [0, 1, 2000, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_what_comes_in_is_what_is_kept(db: Database, size: int) -> None:
    chance = random.Random(size)
    octets = chance.randbytes(size)
    mail, store = incoming(db), Store(db)
    at = 0
    while at < size:
        step = chance.randrange(1, 100_000)
        mail.add(octets[at : at + step])
        at += step
    content = db.submit(lambda tx: mail.finish(tx, Findings(size=size))).result(10)
    assert b"".join(store.contents.octets(content)) == octets


def test_a_small_mail_takes_one_transaction(db: Database) -> None:
    mail = incoming(db)
    mail.add(b"x" * CHUNK)
    assert contents(db) == (0, 0)
    db.submit(lambda tx: mail.finish(tx, Findings(size=CHUNK))).result(10)
    assert contents(db) == (1, 1)


def test_what_is_discarded_leaves_nothing(db: Database) -> None:
    mail = incoming(db)
    for _ in range(5):
        mail.add(b"x" * CHUNK)
    mail.discard()
    db.submit(lambda tx: None).result(10)
    assert contents(db) == (0, 0)


def test_a_broken_part_breaks_the_mail_and_nobody_elses(db: Database) -> None:
    gate = threading.Event()
    db.submit(lambda tx: gate.wait(10) and None)  # everything below falls into one group
    mail = incoming(db)
    mail.add(b"x" * (CHUNK + 1))
    mail._submit(0, b"the place of part 0 is taken")
    mail.add(b"x" * CHUNK)
    last = db.submit(lambda tx: mail.finish(tx, Findings(size=2 * CHUNK + 1)))
    other = incoming(db)
    other.add(b"hello\r\n")
    good = db.submit(lambda tx: other.finish(tx, Findings(size=7)))
    gate.set()
    with pytest.raises(StoreFailed):
        last.result(10)
    content = good.result(10)
    mail.discard()
    db.submit(lambda tx: None).result(10)
    assert contents(db) == (1, 1)
    assert b"".join(Store(db).contents.octets(content)) == b"hello\r\n"


def test_a_first_part_that_fails_forgets_its_number(db: Database) -> None:
    class Failing(Contents):
        def add_chunk(self, tx: Tx, content: int, seq: int, octets: bytes) -> None:
            raise OSError("no")

    store = Store(db)
    store.contents = Failing(db, db.clock)
    mail = incoming(db, store)
    mail.add(b"x" * (CHUNK + 1))
    other = incoming(db)
    other.add(b"hello\r\n")
    content = db.submit(lambda tx: other.finish(tx, Findings(size=7))).result(10)
    mail.discard()
    db.submit(lambda tx: None).result(10)
    assert b"".join(Store(db).contents.octets(content)) == b"hello\r\n"


def test_reading_stops_while_the_disk_is_behind(db: Database) -> None:
    gate, news = threading.Event(), threading.Semaphore(0)
    db.submit(lambda tx: gate.wait(10) and None)
    mail = incoming(db, on_progress=news.release)
    while not mail.must_wait:
        mail.add(b"x" * 65_536)
    gate.set()
    for _ in range(HOLD_BACK // CHUNK):
        assert news.acquire(timeout=10)
    assert not mail.must_wait


def test_25_mb_never_sit_whole_in_memory(db: Database) -> None:
    news = threading.Semaphore(0)
    mail = incoming(db, on_progress=news.release)
    block = b"0123456789abcde\n" * 4096
    tracemalloc.start()
    for _ in range(25_000_000 // len(block)):
        mail.add(block + b"")
        while mail.must_wait:
            assert news.acquire(timeout=10)
    db.submit(lambda tx: None).result(10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000


def test_octets_that_come_two_at_a_time_take_no_more_memory(db: Database) -> None:
    mail = incoming(db)
    tracemalloc.start()
    try:
        for _ in range(CHUNK // 2):
            mail.add(b"xy")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * CHUNK, f"{peak} octets of memory for {CHUNK} of mail"


def test_all_mails_together_wait_while_enough_is_not_durable(db: Database) -> None:
    in_flight, go_on = InFlight(), threading.Event()
    db.submit(lambda tx: go_on.wait(20))
    mails = [incoming(db, in_flight=in_flight) for _ in range(20)]
    added = 0
    for mail in mails * 3:
        if not mail.must_wait:
            mail.add(bytes(CHUNK + 1))
            added += 1
    assert added == ALL_HOLD_BACK // CHUNK, "so many chunks are on their way and no more"
    assert all(mail.must_wait for mail in mails)
    go_on.set()
    db.submit(lambda tx: None).result(20)
    assert not any(mail.must_wait for mail in mails)
