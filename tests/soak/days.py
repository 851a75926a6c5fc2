"""A week of a large box at free pace: is there anything that only grows?

48 lines, a mail service and a clerk in one process, on one clock (tests/kit/world.py). Each hour
has its calls, its mail and its visitors; people are added and removed, the wall clock is set on and
back, the disk fills up and has room again, all services are started anew, and the store is copied
as a trial of an update copies it. After each hour the whole is measured; the rest of the hour
nobody does anything, and only the clock is turned.

    python -m tests.soak.days --days 7 --seed 1
"""

import argparse
import ctypes
import gc
import os
import random
import resource
import shutil
import smtplib
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from app.appliance import retention
from app.inbox.entries import EntryState
from app.inbox.retention import clean_up
from app.store.snapshot import copy_store
from tests.kit.defaults import add_person
from tests.kit.invariants import check_store
from tests.kit.killing import PASSWORD
from tests.kit.letters import letter
from tests.kit.sink import Sink
from tests.kit.small_disk import MB, SmallDisk
from tests.kit.world import PASSWORDS, World
from tests.soak.words import noise_file

HOUR_S = 3600.0
M_ARENA_MAX = -8  # mallopt(3)
DISK = 1000 * MB
FLOOR = 12, 10
"""MB, so that the reserve holds what an hour of calls brings."""
SETTINGS = "grace_days = 0.25\n"
CALLS = 8
"""Outside lines that ring at once each hour."""
MAILS = 30
STEPS_S = (-7200.0, 86_400.0 * 365, -86_400.0 * 365, 3600.0, -3600.0, 7200.0)
"""By which the wall clock is set, one every four hours."""


@dataclass(frozen=True)
class Measured:
    """What one hour has left behind."""

    hour: int
    resident: int
    """Octets of the process in memory."""
    descriptors: int
    objects: int
    """Python objects that can be in a cycle."""
    wal: int
    file: int
    live: int
    """Octets of messages in inboxes and bins."""
    events: int
    """Rows of the history, which is kept for 400 days."""

    def __str__(self) -> str:
        return (
            f"hour {self.hour}: resident {self.resident / MB:.1f} MB, {self.descriptors}"
            f" descriptors, {self.objects} objects, WAL {self.wal / MB:.2f} MB, file"
            f" {self.file / MB:.1f} MB with {self.live / MB:.1f} MB of messages,"
            f" {self.events} events"
        )


@dataclass(frozen=True)
class Bounds:
    """What must not be exceeded, from the hour on at which everything has happened once."""

    resident: int = 24 * MB
    """Growth."""
    descriptors: int = 4
    """Growth."""
    objects: int = 20_000
    """Growth."""
    wal: int = 10 * MB
    """Size: what it is truncated at, and a transaction of two processes."""
    spare: int = 24 * MB
    """Size of the file beyond its messages: free pages that are kept, and indexes."""
    event: int = 400
    """Octets of the file for each row of the history."""

    def check(self, first: Measured, now: Measured, live: int) -> None:
        """AssertionError names what has grown; `live` is the most there was in the last hours."""
        told = f"{first} -> {now}"
        assert now.resident - first.resident <= self.resident, f"memory grows: {told}"
        assert now.descriptors - first.descriptors <= self.descriptors, f"descriptors: {told}"
        assert now.objects - first.objects <= self.objects, f"objects: {told}"
        assert now.wal <= self.wal, f"the WAL grows: {told}"
        allowed = live * 1.1 + self.spare + now.events * self.event
        assert now.file <= allowed, f"the file grows: {told}"


@dataclass
class Week:
    """The box, its people and what they do each hour."""

    world: World
    sink: Sink
    disk: SmallDisk
    folder: Path
    dice: random.Random
    sent: int = 0
    refused: int = 0
    calls: int = 0
    hours: list[Measured] = field(default_factory=list)
    _words: list[Path] = field(default_factory=list)

    def furnish(self) -> None:
        """People beside Anna and Ben, an alias that leads outside, and words to say."""
        self._add("carla", "203")
        self.world.alias("far", "carl@far.test")
        self._words = [noise_file(self.folder / f"words{n}.wav", 3 + n, n) for n in range(3)]

    def hour(self, number: int) -> Measured:
        """One hour; AssertionError if something does not work."""
        start = self.world.clock.monotonic()
        self.mail()
        self.call()
        self.visit()
        if number % 4 == 1:
            self.world.clock.step(STEPS_S[number // 4 % len(STEPS_S)])
        if number % 4 == 2:
            self.people(number)
        if number % 12 == 5:
            self.fill_and_empty()
        if number % 12 == 9:
            self.update()
        self.clean()
        while (left := start + HOUR_S - self.world.clock.monotonic()) > 0:
            self.world.later(min(300.0, left))
        self.hours.append(self.measure(number))
        return self.hours[-1]

    def mail(self) -> None:
        """Mail to people here and, by an alias, to somebody elsewhere."""
        with self.world.smtp() as client:
            for _ in range(MAILS):
                to = self.dice.choice(("anna", "ben", "ben", "carla", "far"))
                octets = letter(self.dice.choice((1_000, 3_000, 60_000)))
                client.sendmail("carl@far.test", [f"{to}@box.test"], octets)
                self.sent += 1
        self.world.settle()
        self.sink.caught.clear()
        self.sink.commands.clear()

    def call(self, count: int = CALLS) -> None:
        """Calls on several lines at once; some callers speak, two give up while it rings."""
        lines = [f"line{n}" for n in self.dice.sample(range(1, 25), count)]
        for number, line in enumerate(lines):
            self.world.board(f"ring {line} from 555{number:04}")
        silent, spoken = lines[:2], lines[2:]
        self.world.board("time 4s", *(f"hangup {line}" for line in silent))
        self.world.board(f"wait-for {spoken[-1]} beep")
        self.world.board(f"say {spoken[-1]} {self.dice.choice(self._words)}")
        self.world.board(*(f"hangup {line}" for line in spoken), "time 3s")
        self.world.board("lift 101", "lift 102", "time 1s", "hangup 101", "hangup 102", "time 1s")
        self.calls += len(lines)

    def visit(self) -> None:
        """Everybody fetches everything and deletes most; a few come back from the bin."""
        for login in ("anna", "ben", "carla"):
            client = self.world.pop3(login)
            count, _ = client.stat()
            for number in range(1, count + 1):
                client.retr(number)
                if self.dice.random() < 0.95:
                    client.dele(number)
            client.quit()
        binned = self.world.entries("ben", EntryState.BIN)
        some = [entry.id for entry in self.dice.sample(binned, min(3, len(binned)))]
        self.world.inbox.db.now(lambda tx: self.world.store.restore(tx, some, "admin", "ben"))
        self.world.settle()

    def people(self, number: int) -> None:
        """Somebody comes, gets a mail, and is removed; the bin has what they had."""
        login = f"guest{number}"
        self._add(login, "250")
        self.world.send(f"{login}@box.test", letter(2_000))
        person = self.world.person(login).id
        self.world.inbox.db.now(lambda tx: self.world.inbox.people.remove(tx, person))
        self.world.settle()

    def _add(self, login: str, mailbox: str) -> None:
        people = self.world.inbox.people
        PASSWORDS[login] = PASSWORD

        def work(tx: object) -> None:
            added = add_person(people, tx, login, login.title(), mailbox)  # type: ignore[arg-type]
            people.set_password(tx, added, PASSWORD)  # type: ignore[arg-type]

        self.world.inbox.db.now(work)

    def fill_and_empty(self) -> None:
        """Mail until the disk is full: put off then, voicemail goes on; room again, mail too."""
        self.disk.others = max(0, self.disk.free(self.world.paths.var) - 40 * MB)
        before = self.refused
        for _ in range(400):
            try:
                self.world.send("carla@box.test", letter(500_000))
            except smtplib.SMTPException:
                self.refused += 1
                break
        assert self.refused > before, "a disk that is full takes mail without end"
        voicemails = len(self.world.voicemails("anna"))
        self.call(3)  # the reserve is small
        assert len(self.world.voicemails("anna")) > voicemails, "a full disk takes no voicemail"
        self.disk.others = 0
        self.world.send("carla@box.test", letter(2_000))

    def update(self) -> None:
        """As in a trial of an update: a copy of the store works by itself; then all starts anew."""
        copy = self.folder / "copy" / "inbox.db"
        copy.parent.mkdir()
        copy_store(self.world.paths.database, copy)
        check_store(copy, locks=False)
        shutil.rmtree(copy.parent)
        self.world.restart()

    def clean(self) -> None:
        """As the housekeeping service does each hour."""
        keeping = retention(self.world.settings)
        clean_up(self.world.inbox.db, self.world.store, keeping, lambda: DISK)
        self.world.settle()
        check_store(self.world.paths.database, locks=False)

    def measure(self, number: int) -> Measured:
        """Now, with garbage collected, and what the allocator keeps for later given back."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        database = self.world.paths.database
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        reader = self.world.inbox.db.reader()
        (live,) = reader.execute("SELECT coalesce(sum(size), 0) FROM content").fetchone()
        (events,) = reader.execute(
            "SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM missed_call)"
        ).fetchone()
        return Measured(
            hour=number,
            resident=pages * resource.getpagesize(),
            descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208
            objects=len(gc.get_objects()),
            wal=database.with_name(database.name + "-wal").stat().st_size,
            file=database.stat().st_size,
            live=live,
            events=events,
        )


def run(folder: Path, hours: Iterable[int], seed: int, lines: tuple[int, int] = (24, 24)) -> Week:
    """These hours of a fresh box; the number of an hour says what is done in it."""
    # Services that start anew are new threads here, and each might keep what another has freed.
    ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
    with pytest.MonkeyPatch.context() as patched, Sink() as sink:
        disk = SmallDisk(patched, DISK)
        with World(folder, sink.port, SETTINGS, lines=lines, floor=FLOOR) as world:
            week = Week(world, sink, disk, folder, random.Random(seed))
            week.furnish()
            for number in hours:
                print(week.hour(number), flush=True)
            return week


def check(week: Week, settled_at: int, bounds: Bounds | None = None) -> None:
    """From hour `settled_at` on nothing grows. AssertionError names what does."""
    first = week.hours[settled_at]
    for at in range(settled_at + 1, len(week.hours)):
        # housekeeping cuts the file an hour after what was purged
        live = max(hour.live for hour in week.hours[max(0, at - 2) : at + 1])
        (bounds or Bounds()).check(first, week.hours[at], live)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.days")
    parser.add_argument("--days", type=float, default=7)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="days") as folder:
        week = run(Path(folder), range(round(given.days * 24)), given.seed)
    check(week, min(24, len(week.hours) // 2))
    print(f"{len(week.hours)} hours, {week.calls} calls, {week.sent} mails: nothing grows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
