"""Room on the disk: the floors of mail and voicemail, what is reserved, what the bin gives up."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Kind
from app.inbox.errors import NoSpace
from app.inbox.room import GIVE_UP_MORE, STEP, Room
from app.store.connection import Work, WriteConnection
from app.store.errors import StoreFull
from tests.kit.steps import Counting
from tests.kit.store import CONFIG, Disk, StoreKit, open_store

FLOOR, RESERVE = CONFIG.free_floor, CONFIG.voice_reserve


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


@pytest.fixture
def room(kit: StoreKit) -> Room:
    return kit.delivery.room


def left(kit: StoreKit, room: Room) -> int:
    """Octets that mail may still take, by what is refused."""
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        try:
            room.check(middle, Kind.EMAIL)
            low = middle
        except NoSpace:
            high = middle - 1
    return low


def test_mail_is_reserved_once_however_it_comes(kit: StoreKit, room: Room) -> None:
    kit.disk.free = FLOOR + 1_000_000
    mail = room.reserve(300_000)
    assert left(kit, room) == 700_000
    mail.take(300_000)
    assert left(kit, room) == 700_000, "what was announced is not reserved again"
    kit.disk.free -= 200_000
    mail.stored(200_000)
    assert left(kit, room) == 700_000, "what is on the disk is not reserved any more"
    kit.disk.free -= 100_000
    mail.release()
    mail.release()
    mail.stored(100_000)
    assert left(kit, room) == 700_000


def test_mail_that_is_bigger_than_it_said_is_refused_before_the_floor(
    kit: StoreKit, room: Room
) -> None:
    kit.disk.free = FLOOR + 10 * STEP
    mail, taken = room.reserve(0), 0
    with pytest.raises(NoSpace) as refusal:
        while True:
            mail.take(1000)
            taken += 1000
    assert (refusal.value.reply, refusal.value.status) == (452, "4.3.1")
    assert 9 * STEP < taken <= 10 * STEP
    mail.release()
    assert left(kit, room) == 10 * STEP


def test_many_mails_of_unknown_size_at_once_are_not_promised_the_same_room(
    kit: StoreKit, room: Room
) -> None:
    kit.disk.free = FLOOR + 10 * STEP
    mails = [room.reserve(0) for _ in range(25)]
    taken = 0
    for mail in mails:
        try:
            mail.take(STEP)
            taken += 1
        except NoSpace:
            continue
    assert taken == 10


def test_voicemail_goes_below_the_floor_of_mail_by_its_reserve_and_mail_never(
    kit: StoreKit, room: Room
) -> None:
    kit.disk.free = FLOOR - 1
    with pytest.raises(NoSpace):
        room.check(0, Kind.EMAIL)
    room.check(RESERVE - 1, Kind.VOICEMAIL)
    with pytest.raises(NoSpace):
        room.check(RESERVE, Kind.VOICEMAIL)


def test_mail_leaves_the_whole_reserve_also_where_the_floor_is_set_lower(kit: StoreKit) -> None:
    config = replace(CONFIG, free_floor=RESERVE // 2, voice_reserve=RESERVE)
    room = Room(kit.db, kit.store, config, free=kit.disk)
    kit.disk.free = RESERVE + 10
    room.check(10, Kind.EMAIL)
    with pytest.raises(NoSpace):
        room.check(11, Kind.EMAIL)
    room.check(RESERVE + 10, Kind.VOICEMAIL)
    with pytest.raises(NoSpace):
        room.check(RESERVE + 11, Kind.VOICEMAIL)


def test_there_is_room_again_as_soon_as_the_disk_has_some(kit: StoreKit, room: Room) -> None:
    kit.disk.free = 0
    for kind in Kind:
        with pytest.raises(NoSpace):
            room.check(1, kind)
    kit.disk.free = FLOOR + 1
    for kind in Kind:
        room.check(1, kind)


# ---- the bin


class RealDisk(Disk):
    """A disk that is as full as it is told, less what content the store holds."""

    def __init__(self, kit: StoreKit, octets: int) -> None:
        super().__init__(octets)
        self._kit = kit

    def __call__(self, wanted: int) -> int:
        query = "SELECT coalesce(sum(length(octets)), 0) FROM chunk"
        return self.free - int(self._kit.db.reader().execute(query).fetchone()[0])


@pytest.fixture
def small(kit: StoreKit) -> Callable[[int], Room]:
    """A room on a disk where so many octets of content are free above the floor of mail."""

    def make(octets: int) -> Room:
        disk = RealDisk(kit, 0)
        disk.free = FLOOR + octets - disk(0)
        return Room(kit.db, kit.store, CONFIG, free=disk)

    return make


def removed(kit: StoreKit, *sizes: int) -> list[int]:
    """Entries of Anna removed a minute apart, oldest first."""
    ids = [kit.put("anna", b"x" * size).id for size in sizes]
    for entry in ids:
        kit.clock.advance(60)
        kit.db.now(lambda tx, entry=entry: kit.store.remove(tx, [entry], "pop3", "anna"))  # type: ignore[misc]
    return ids


def still(kit: StoreKit, ids: list[int]) -> list[int]:
    return [entry for entry in ids if kit.store.entry(entry) is not None]


def test_bin_gives_up_its_oldest_before_mail_is_refused(
    kit: StoreKit, small: Callable[[int], Room], caplog: pytest.LogCaptureFixture
) -> None:
    ids = removed(kit, GIVE_UP_MORE, 1000, 1000, 1000)
    room = small(500)
    room.check(500, Kind.EMAIL)
    assert still(kit, ids) == ids, "nothing is given up while there is room"
    room.check(2000, Kind.EMAIL)
    assert still(kit, ids) == ids[3:]
    rows = kit.store.history(entry=ids[0])
    assert (rows[-1].verb, rows[-1].detail) == ("purged", "no room on the disk")
    assert "3 removed messages are gone for good" in caplog.text


def test_bin_keeps_everything_when_it_could_not_help(
    kit: StoreKit, small: Callable[[int], Room]
) -> None:
    ids = removed(kit, 1000, 1000)
    room = small(500)
    for _ in range(2):
        with pytest.raises(NoSpace):
            room.check(2501, Kind.EMAIL)
    assert still(kit, ids) == ids
    ids += removed(kit, 1000)
    room.check(2500, Kind.EMAIL)
    assert still(kit, ids) == []


def test_bin_gives_up_nothing_that_others_still_need(
    kit: StoreKit, small: Callable[[int], Room]
) -> None:
    kit.mail("anna", "bob", octets=b"Subject: both\r\n\r\n" + b"x" * 5000)
    shared = kit.inbox("anna")[0].id
    kit.alias("far", "x@far.example", owner="cleo")
    kit.mail("far", octets=b"Subject: far\r\n\r\n" + b"x" * 5000)
    leaving = kit.leaving("cleo")[0].id
    kit.db.now(lambda tx: kit.store.remove(tx, [shared, leaving], "pop3", "anna"))
    room = small(0)
    with pytest.raises(NoSpace):
        room.check(1, Kind.EMAIL)
    bobs = kit.inbox("bob")[0].id
    kit.db.now(lambda tx: kit.store.remove(tx, [bobs], "pop3", "bob"))
    room.check(5000, Kind.EMAIL)
    assert still(kit, [shared, bobs, leaving]) == [leaving]
    assert kit.store.need(leaving).state is EntryState.BIN


def test_bin_that_others_share_is_searched_a_piece_at_a_time(
    kit: StoreKit, small: Callable[[int], Room]
) -> None:
    """Anna has removed 1,200 messages that Bob keeps, and then one of her own."""
    kit.alias("both", "anna", "bob")
    for _ in range(1200):
        kit.mail("both", octets=b"Subject: both\r\n\r\nx\r\n")
    kit.clock.advance(60)
    everything = [entry.id for entry in kit.inbox("anna")]
    kit.db.now(lambda tx: kit.store.remove(tx, everything, "pop3", "anna"))
    kit.clock.advance(60)
    (own,) = removed(kit, 5000)
    room, count = small(0), Counting(kit)
    asked = []

    def ask() -> None:
        try:
            room.check(1000, Kind.EMAIL)
            asked.append(True)
        except NoSpace:
            asked.append(False)

    first, second = count.reading(ask), count.reading(ask)
    assert room.is_refused(Kind.EMAIL) is False, "who only asks looks at all of it"
    count.reading(ask)
    assert asked == [False, False, True]
    assert still(kit, [own]) == [] and len(still(kit, everything)) == 1200
    assert max(first, second) < 6000, "tens of steps for 500 entries"
    assert len(kit.inbox("bob")) == 1200


def test_what_was_restored_since_it_was_found_is_not_given_up(
    kit: StoreKit, small: Callable[[int], Room]
) -> None:
    ids = removed(kit, 5000, 5000)
    room = small(0)
    with pytest.raises(NoSpace):
        room.check(10_001, Kind.EMAIL)
    kit.db.now(lambda tx: kit.store.restore(tx, ids[:1], "admin", "anna"))
    room.check(4000, Kind.EMAIL)
    assert still(kit, ids) == ids[:1]
    assert kit.store.need(ids[0]).state is EntryState.NEW


def test_bin_of_many_small_messages_is_given_up_in_several_transactions(
    kit: StoreKit, small: Callable[[int], Room]
) -> None:
    ids = removed(kit, *[1000] * 1200)
    room = small(0)
    room.check(900_000, Kind.EMAIL)
    while True:  # a transaction takes 500; whoever asks goes on with it
        room.check(900_000, Kind.EMAIL)
        if len(still(kit, ids)) <= 300:
            break
    assert room._free(0) >= FLOOR + 900_000


def test_bin_that_cannot_be_emptied_on_a_full_disk_means_no_room(
    kit: StoreKit, small: Callable[[int], Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreFull("the store could not be written: database or disk is full")

    ids = removed(kit, 1000)
    room = small(0)
    with monkeypatch.context() as patched:
        patched.setattr(WriteConnection, "write", full)
        with pytest.raises(NoSpace):
            room.check(1, Kind.EMAIL)
    assert still(kit, ids) == ids
    room.check(1, Kind.EMAIL)
    assert still(kit, ids) == []


def test_bin_that_is_being_given_up_counts_until_its_room_is_there(kit: StoreKit) -> None:
    """The mail service queues that work: more octets of the mail come before it is committed."""
    queued: list[tuple[Work, Future[list[int]]]] = []

    def queue(work: Work) -> Future[list[int]]:
        queued.append((work, Future()))
        return queued[-1][1]

    room = Room(kit.db, kit.store, CONFIG, write=queue, free=kit.disk)
    entry = kit.put("anna", b"Subject: x\r\n\r\n" + b"x" * 500_000)
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id], "test", "anna"))
    kit.disk.free = FLOOR
    room.check(1000, Kind.EMAIL)

    reader = kit.db.reader()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entry").fetchone()  # what is read is from before
    work, done = queued[0]
    gone = kit.db.now(work)
    room.check(1000, Kind.EMAIL)
    reader.execute("COMMIT")
    done.set_result(gone)
    with pytest.raises(NoSpace):
        room.check(1000, Kind.EMAIL)  # the disk of this test has got no room by it
