"""Journey: the mail service is killed, or its disk fails, while eight people delete by POP3.

A QUIT that was answered +OK has removed what it was asked to, and that lies in the bin; one that
was not answered has removed all of it or nothing; what nobody deleted is there as it was.
"""

import poplib
import random
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.inbox.store import EntryState, Facts, Kind
from app.store.database import Tx
from tests.kit.kill_load import (
    Books,
    Crowd,
    Fate,
    Figures,
    Sender,
    Tally,
    fetch,
    log_in,
    told_at_the_end,
    write_letter,
)
from tests.kit.killing import House, MailProcess, fail, kill_at, needs_strace, watch
from tests.kit.syscalls import FILE_CALLS, cut_power, promises, read_calls

PEOPLE = tuple(f"p{number}" for number in range(8))
LETTERS = 60
VISITS = 8
BROKEN = ConnectionError, ssl.SSLError, poplib.error_proto
"""How poplib says that the service is gone: the latter with "-ERR EOF"."""
CERTAIN = Fate.ACKNOWLEDGED, Fate.REFUSED, Fate.UNKNOWN

pytestmark = needs_strace


@pytest.fixture(scope="module")
def model_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Eight people with full boxes, and one who is written to meanwhile; every run has a copy."""
    house = House(tmp_path_factory.mktemp("house") / "var")
    house.furnish((*PEOPLE, "zoe"))
    box = house.inbox()

    def work(tx: Tx) -> None:
        for person in box.people.all():
            for number in range(LETTERS if person.login != "zoe" else 0):
                letter = write_letter(f"{person.id}-{number}", 1500, (person.login,))
                content = box.store.contents.write(tx, [letter.octets])
                facts = Facts(0, "carol", str(number))
                box.store.add_entry(tx, person.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)

    box.db.now(work)
    box.db.close()
    return house


@pytest.fixture
def house(model_house: House, tmp_path: Path) -> Iterator[House]:
    copy = model_house.copy(tmp_path / "var")
    yield copy
    copy.clear()


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    yield from told_at_the_end(request)


@dataclass
class Visit:
    """One POP3 session: what was deleted, and what QUIT was answered."""

    uidls: set[bytes]
    fate: Fate = Fate.UNKNOWN


@dataclass
class Owner:
    """One person who deletes a few messages at a time."""

    service: MailProcess
    login: str
    dice: random.Random
    visits: list[Visit] = field(default_factory=list)
    client: poplib.POP3 | None = None

    @property
    def touched(self) -> set[bytes]:
        """What any visit has deleted, with success or without."""
        return set().union(*(visit.uidls for visit in self.visits))

    def choose(self) -> None:
        """Log in and mark a few messages as deleted that no visit has deleted before."""
        client = log_in(self.service, self.login)
        _, listing, _ = client.uidl()
        assert isinstance(listing, list)
        fresh = [line for line in listing if line.split()[1] not in self.touched]
        chosen = self.dice.sample(fresh, self.dice.randint(1, 5))
        for line in chosen:
            client.dele(int(line.split()[0]))
        self.client = client
        self.visits.append(Visit({line.split()[1] for line in chosen}))

    def quit(self) -> None:
        """Ask for it to be done."""
        assert self.client is not None
        try:
            self.client.quit()
        except poplib.error_proto as answer:
            if str(answer.args[0]).startswith("b'-ERR [SYS/"):
                self.visits[-1].fate = Fate.REFUSED
                return
            raise
        self.visits[-1].fate = Fate.ACKNOWLEDGED

    def check(self, before: set[bytes], there: set[bytes], refused_stays: bool = False) -> Figures:
        """Compare with the UIDLs that the person's box had and has."""
        assert there <= before, f"{self.login}: {there - before} is new"
        kept = 0
        for visit in self.visits:
            left = visit.uidls & there
            told = f"{self.login}: {visit}, of which there are still {left}"
            if visit.fate is Fate.ACKNOWLEDGED:
                assert not left, told
            elif visit.fate is Fate.REFUSED and refused_stays:
                assert left == visit.uidls, told
            else:
                assert left in (set(), visit.uidls), told
            kept += visit.fate is not Fate.ACKNOWLEDGED and not left
        assert before - self.touched <= there, f"{self.login}: lost what was never deleted"
        fates = [visit.fate for visit in self.visits]
        acknowledged, refused, unknown = (fates.count(fate) for fate in CERTAIN)
        return Figures(0, acknowledged, refused, unknown, kept)


def uidls(service: MailProcess, login: str) -> set[bytes]:
    client = log_in(service, login)
    _, listing, _ = client.uidl()
    assert isinstance(listing, list)
    client.quit()
    return {line.split()[1] for line in listing}


def listings(service: MailProcess) -> dict[str, set[bytes]]:
    return {login: uidls(service, login) for login in PEOPLE}


def visit_all(service: MailProcess, seed: int) -> tuple[list[Owner], Books]:
    """Eight owners delete, all at once; two connections send mail into the same commits."""
    owners = [Owner(service, login, random.Random(f"{seed} {login}")) for login in PEOPLE]
    books = Books()
    for visit in range(VISITS):
        try:
            for owner in owners:
                owner.choose()
            _quit_all(owners, books, f"{seed}-{visit}")
        except BROKEN as broken:
            if isinstance(broken, poplib.error_proto) and broken.args[0] != "-ERR EOF":
                raise
            break
    return owners, books


def _quit_all(owners: list[Owner], books: Books, name: str) -> None:
    crowd = Crowd()
    for number in range(2):
        sender = Sender(books, owners[0].service, f"{name}-{number}", ("zoe",), 3, sizes=(2000,))
        crowd.add(sender)
    for owner in owners:
        crowd.add(owner.quit)
    crowd.join()


def sum_of(
    owners: list[Owner],
    before: dict[str, set[bytes]],
    there: dict[str, set[bytes]],
    refused_stays: bool = False,
) -> Figures:
    figures = [o.check(before[o.login], there[o.login], refused_stays) for o in owners]
    return sum(figures, Figures(1))


def check(
    house: House, owners: list[Owner], books: Books, before: dict[str, set[bytes]]
) -> Figures:
    """Start again: what was removed is gone by POP3 and lies in the bin; nothing else is gone."""
    with house.mail() as service:
        there = listings(service)
        books.check({"zoe": fetch(service, "zoe")})
        assert service.terminate() == 0
    house.check_store()
    box = house.inbox()
    for login in PEOPLE:
        person = box.people.by_login(login)
        assert person is not None
        binned = box.store.entries(person.id, states=[EntryState.BIN])
        assert {entry.uidl.encode() for entry in binned} == before[login] - there[login]
        assert {(entry.removed_door, entry.removed_by) for entry in binned} <= {("pop3", login)}
    box.db.close()
    return sum_of(owners, before, there)


def cut(house: House, dice: random.Random) -> int:
    database = house.paths.database
    files = (database, database.with_name(database.name + "-wal"))
    return cut_power(read_calls(house.trace), files, dice)


def kill_visits(house: House, seed: int) -> Figures:
    dice = random.Random(seed)
    number = dice.randint(2, 30)
    print(f"seed {seed}: killed at a thread's sync {number}")
    with house.mail((*watch(FILE_CALLS), *kill_at(number))) as service:
        before = listings(service)
        owners, books = visit_all(service, seed)
        assert service.ended() == -9, service.log()
    if dice.random() < 0.6:
        print(f"the power was cut: {cut(house, dice)} octets were in doubt")
    return check(house, owners, books, before)


def fail_visits(house: House, seed: int, error: str) -> Figures:
    dice = random.Random(seed)
    first = dice.randint(2, 6)
    print(f"seed {seed}: {error} at a thread's sync {first} to {first + 8}")
    with house.mail((*watch(FILE_CALLS), *fail("fdatasync", error, first, first + 8))) as service:
        before = listings(service)
        owners, books = visit_all(service, seed)
        live = sum_of(owners, before, listings(service), refused_stays=True)
        books.check({"zoe": fetch(service, "zoe")}, refused_may_be_there=False)
        service.kill()
    print(f"the power was cut: {cut(house, dice)} octets were in doubt")
    check(house, owners, books, before)
    return live


@pytest.mark.parametrize("seed", [1, 2])
def test_a_quit_that_was_answered_stays_a_quit(house: House, tally: Tally, seed: int) -> None:
    tally.add("QUITs, killed at a sync", kill_visits(house, seed))


def test_a_quit_that_cannot_be_kept_is_refused_and_removes_nothing(
    model_house: House, tmp_path: Path, tally: Tally
) -> None:
    # The syncs that fail may all have been those of mail that came in beside: then once more.
    for seed in range(1, 9):
        house = model_house.copy(tmp_path / f"var{seed}")
        figures = fail_visits(house, seed, "EIO")
        tally.add("QUITs, EIO of fdatasync", figures)
        house.clear()
        if figures.refused and figures.acknowledged:
            return
    pytest.fail("in eight runs no failing sync was one of a QUIT")


def test_a_sync_of_the_wal_lies_between_every_quit_and_its_ok(house: House) -> None:
    calls = ("--seccomp-bpf", *watch("fdatasync,sendto,recvfrom", octets=3000))
    with house.mail(calls, by_tls=False) as service:
        owners, _ = visit_all(service, 0)
        assert service.terminate() == 0
    found = promises(read_calls(house.trace), r"QUIT\r\n", "+OK")
    assert len(found) == sum(len(owner.visits) for owner in owners) == 8 * VISITS
    for promise in found:
        assert promise.syncs >= 1, promise


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(400, 450))
def test_fifty_kills_of_quits(house: House, tally: Tally, seed: int) -> None:
    tally.add("QUITs, killed at a sync", kill_visits(house, seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(500, 505))
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_many_disks_that_fail_quits(house: House, tally: Tally, error: str, seed: int) -> None:
    tally.add(f"QUITs, {error} of fdatasync", fail_visits(house, seed, error))
