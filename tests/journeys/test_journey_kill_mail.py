"""Journey: the mail service is killed, or its disk fails, while eight clients send mail.

Whatever it has answered with 250 is there afterwards, exactly once for everyone it was for, octet
by octet; whatever it has not is there once or not at all. After a kill the page cache survives, so
in most runs what no sync has reached is torn up before the service starts again, as a power cut
would do it.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.kill_load import (
    Books,
    Crowd,
    Fate,
    Figures,
    Sender,
    Tally,
    fetch_all,
    told_at_the_end,
)
from tests.kit.killing import House, MailProcess, fail, kill_at, needs_strace, watch
from tests.kit.syscalls import FILE_CALLS, cut_power, promises, read_calls

PEOPLE = ("anna", "bob", "carl", "dora")
CONNECTIONS = 8
ENOUGH = 15
"""Letters acknowledged to each of them, after which it leaves a disk that fails for a while."""

# Numbers of calls, first to last, out of which the dice choose. A small mail is one sync and some
# ten pages, each written in two pieces.
KILLS = {"fdatasync": (2, 100), "pwrite64": (50, 6000)}
FIRST = {"fdatasync": (3, 20), "pwrite64": (100, 1000)}
FAILURES = 3, 15  # one of them spoils a whole group of letters
FAULTS = [
    ("fdatasync", "EIO"),
    ("fdatasync", "ENOSPC"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
]

pytestmark = needs_strace


@pytest.fixture(scope="module")
def model_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """People and settings, made once; every run has a copy."""
    house = House(tmp_path_factory.mktemp("house") / "var")
    house.furnish(PEOPLE)
    return house


@pytest.fixture
def house(model_house: House, tmp_path: Path) -> Iterator[House]:
    copy = model_house.copy(tmp_path / "var")
    yield copy
    copy.clear()


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    yield from told_at_the_end(request)


def load(service: MailProcess, books: Books, name: str, enough: int = 1 << 30) -> None:
    """Eight connections send until the service is gone, or each has so many letters through."""
    crowd = Crowd()
    for number in range(CONNECTIONS):
        crowd.add(Sender(books, service, f"{name}{number}", PEOPLE, enough))
    crowd.join()


def cut(house: House, dice: random.Random) -> int:
    """The power fails: what was never synced is torn."""
    database = house.paths.database
    files = (database, database.with_name(database.name + "-wal"))
    return cut_power(read_calls(house.trace), files, dice)


def check(house: House, books: Books) -> Figures:
    """Start again; everything promised is there, new mail is taken, and nothing is left over."""
    with house.mail() as service:
        assert service.ready, service.log()
        figures = books.check(fetch_all(service, PEOPLE))
        more = Books()
        Sender(more, service, "9", PEOPLE, enough=3)()
        assert len(more.with_fate(Fate.ACKNOWLEDGED)) == 3
        books.letters |= more.letters
        assert service.terminate() == 0
    house.check_store()
    with house.mail() as service:
        books.check(fetch_all(service, PEOPLE))
        assert service.terminate() == 0
    return figures


def kill_under_load(house: House, seed: int, call: str = "fdatasync") -> Figures:
    """Kill at a random call, perhaps cut the power, perhaps kill the recovery, and check."""
    dice = random.Random(seed)
    number = dice.randint(*KILLS[call])
    print(f"seed {seed}: killed at a thread's {call} {number}")
    books = Books()
    with house.mail((*watch(FILE_CALLS), *kill_at(number, call))) as service:
        load(service, books, str(seed))
        assert service.ended() == -9, service.log()
    if dice.random() < 0.6:
        print(f"the power was cut: {cut(house, dice)} octets were in doubt")
    if dice.random() < 0.3:
        again = dice.randint(1, 3)
        with house.mail((*watch(FILE_CALLS), *kill_at(again))) as service:
            print(f"killed again at sync {again} of the recovery: ready {service.ready}")
        cut(house, dice)
    return check(house, books)


def fail_under_load(house: House, seed: int, call: str, error: str) -> Figures:
    """Let a random stretch of system calls fail, and the service go on; then as after a kill."""
    dice = random.Random(seed)
    first = dice.randint(*FIRST[call])
    last = first + dice.randint(*FAILURES)
    print(f"seed {seed}: {error} at a thread's {call} {first} to {last}")
    books = Books()
    with house.mail((*watch(FILE_CALLS), *fail(call, error, first, last))) as service:
        load(service, books, str(seed), enough=ENOUGH)
        assert service.process.poll() is None, service.log()
        figures = books.check(fetch_all(service, PEOPLE), refused_may_be_there=False)
        assert figures.acknowledged == CONNECTIONS * ENOUGH, service.log()
        service.kill()
    print(f"{cut(house, dice)} octets were in doubt")
    check(house, books)
    return figures


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_under_load_loses_nothing_promised(house: House, tally: Tally, seed: int) -> None:
    tally.add("killed at a sync", kill_under_load(house, seed))


@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_a_failing_disk_loses_nothing_promised(
    house: House, tally: Tally, call: str, error: str
) -> None:
    figures = fail_under_load(house, 1, call, error)
    assert figures.acknowledged and figures.refused, figures
    tally.add(f"{error} of {call}", figures)


def test_a_sync_of_the_wal_lies_between_every_mail_and_its_250(house: House) -> None:
    books = Books()
    calls = ("--seccomp-bpf", *watch("fdatasync,sendto,recvfrom", octets=600_000))
    with house.mail(calls, by_tls=False) as service:
        load(service, books, "0", enough=12)
        assert service.terminate() == 0
    found = promises(read_calls(house.trace), r"\r\n.\r\n", "250 2.0.0 Accepted as")
    assert len(found) == len(books.with_fate(Fate.ACKNOWLEDGED)) == CONNECTIONS * 12
    for promise in found:
        assert promise.syncs >= 1, promise


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 200))
def test_a_hundred_kills_at_a_sync(house: House, tally: Tally, seed: int) -> None:
    tally.add("killed at a sync", kill_under_load(house, seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 230))
def test_thirty_kills_at_a_write(house: House, tally: Tally, seed: int) -> None:
    tally.add("killed at a write", kill_under_load(house, seed, "pwrite64"))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(300, 310))
@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_many_failing_disks(house: House, tally: Tally, call: str, error: str, seed: int) -> None:
    tally.add(f"{error} of {call}", fail_under_load(house, seed, call, error))
