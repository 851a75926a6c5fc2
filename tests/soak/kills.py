"""A box that is killed, loses its power, and has a disk that fails, thousands of times.

A round: start what has died, see that everything promised has been kept, load the box, harm it.
A power cut can come at any instant and leave the disk in many ways: some of them are tried on
copies, and the box goes on with one more. Rounds follow from a seed. Every EPOCH rounds the box is
replaced by a fresh one, when its mail has gone out and everything has been looked at once more. How
many rounds there have been, of which kind, and how much was acknowledged in them, is in a ledger; a
run that is ended by force goes on with the next epoch.

    python -m tests.soak.kills --harms 10000 --seed 1
"""

import argparse
import json
import math
import os
import random
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType

from app.appliance import Inbox
from app.config.paths import PROJECT
from app.device.certify import certify
from app.operations.errors import OperationError
from app.operations.queue import retry_queued
from tests.kit.actors import ADMIN
from tests.kit.invariants import check_locks, check_store, unheard
from tests.kit.kill_load import Crowd
from tests.kit.killing import House, MailProcess, fail, kill_at, watch
from tests.kit.running import until
from tests.kit.sink import Sink
from tests.kit.syscalls import FILE_CALLS, Disk, follow, read_calls
from tests.soak.clerk_link import ClerkLink
from tests.soak.instants import OCTETS, Instants
from tests.soak.load import PARTS, PEOPLE, Load
from tests.soak.promises import Place, Promises

BUILD = PROJECT / "build" / "soak"
EPOCH = 10
INSTANTS = 60
"""Instants within a round at which the power is cut, on copies, where every call was traced."""
ENDS = 12
"""Ways in which the disk may end after one power cut, tried on copies."""
OUTSIDE = """
[outbound]
smarthost = "127.0.0.1:{port}"
"""

KINDS = {
    "mail killed": 3,
    "clerk killed": 3,
    "both killed": 2,
    "killed at a sync": 5,
    "killed at a write": 3,
    "killed while watched": 4,
    "syncs fail": 2,
    "writes fail": 2,
}
"""With their weights. After all but the first three the power may be cut, too; within all that kill
a box whose every call is watched, it is cut at INSTANTS instants on copies."""


@dataclass
class Harm:
    """What happens in one round."""

    kind: str
    strace: tuple[str, ...]
    seconds: float
    """Of load, before the kill; where strace kills, at most."""
    victims: tuple[str, ...]
    cut: bool


def choose_harm(dice: random.Random) -> Harm:
    """By the weights of KINDS."""
    kind = dice.choices(list(KINDS), list(KINDS.values()))[0]
    seconds = dice.choice((0.05, 0.2, 0.4, 0.8))
    both, cut = ("mail", "clerk"), dice.random() < 0.7
    if kind in ("mail killed", "clerk killed"):
        return Harm(kind, (), seconds, (kind.split()[0],), False)
    if kind == "both killed":
        return Harm(kind, (), seconds, both, False)
    if kind == "killed at a sync":
        how = kill_at(dice.choice((1, 2, 3, 5, 8, 13, 20, 30)))
        return Harm(kind, (*watch(FILE_CALLS, OCTETS, times=True), *how), 10.0, both, cut)
    if kind == "killed at a write":
        how = kill_at(dice.randint(1, 400), "pwrite64")
        return Harm(kind, (*watch(FILE_CALLS, OCTETS, times=True), *how), 10.0, both, cut)
    if kind == "killed while watched":
        return Harm(kind, watch(FILE_CALLS, OCTETS, times=True), seconds + 0.4, both, cut)
    call = "fdatasync" if kind == "syncs fail" else "pwrite64"
    first = dice.randint(3, 12) * (1 if call == "fdatasync" else 20)
    how = fail(call, dice.choice(("EIO", "ENOSPC")), first, first + dice.choice((1, 5, 20)))
    return Harm(kind, (*watch(FILE_CALLS), *how), seconds + 0.5, both, True)


class Pair:
    """A mail service and a clerk over one store; `with` starts them and ends what is left."""

    def __init__(self, house: House, strace: tuple[str, ...] = ()) -> None:
        self._house, self._pids = house, house.var / "pids"
        self._pids.unlink(missing_ok=True)
        ours, theirs = socket.socketpair()
        module = ("tests.soak.pair", str(self._pids), str(theirs.fileno()))
        with theirs:
            self.mail = MailProcess(
                house.paths, house.log, strace, house.trace, module, (theirs.fileno(),)
            )
        self.clerk = ClerkLink(ours, house)

    def __enter__(self) -> "Pair":
        self.mail.__enter__()
        until(self._pids.exists)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill("mail", "clerk")
        self.clerk.close()
        self.mail.ended()

    def kill(self, *names: str) -> None:
        """Kill these, if they live; both are our children's children, so no other has their id."""
        for name, pid in json.loads(self._pids.read_text()).items():
            if name in names and _lives(pid):
                os.kill(pid, signal.SIGKILL)

    def alive(self) -> set[str]:
        """Which of the two live."""
        return {name for name, pid in json.loads(self._pids.read_text()).items() if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state not in "ZX"


@dataclass
class Soak:
    """One box and all its rounds."""

    house: House
    sink: Sink
    seed: str
    promises: Promises = field(default_factory=Promises)
    caught: Counter[str] = field(default_factory=Counter)
    """Letters that the world outside has got, by number."""
    again: int = 0
    """Letters that it got more than once, because the box died before it could note the answer."""
    tried_ends: int = ENDS
    """After each cut."""
    tried_instants: int = INSTANTS
    """In each round whose calls were all traced with their octets."""
    instants: int = 0
    """Disks of such instants that were looked at."""
    ends: int = 0
    """Disks after power cuts that were looked at, besides those that the box went on with."""

    def furnish(self) -> None:
        """A fresh box."""
        self.house.furnish((*PEOPLE, "dora"), OUTSIDE.format(port=self.sink.port))
        box = self.house.inbox()
        box.db.now(lambda tx: box.aliases.set(tx, "dora", ["dora@far.test"]))
        box.db.close()
        certify(self.house.paths, self.house.paths.settings())

    def round(self, number: int) -> str:
        """One round; what kind it was."""
        dice = random.Random(f"{self.seed} {number}")
        harm = choose_harm(dice)
        print(f"round {self.seed}/{number}: {harm}", flush=True)
        whole_trace = harm.kind.startswith("killed ") and not self._spooled()
        instants = Instants(self.house) if whole_trace else None
        began = math.inf
        with Pair(self.house, harm.strace) as pair:
            if pair.mail.ready and len(pair.alive()) == 2:
                if not harm.strace:
                    self.come_to_rest(pair)
                with self._box() as box:
                    self.promises.settle(box)
                self.promises.note_times()
                began = time.time()
                self.load(pair, harm, f"{number:04}")
            pair.kill("mail", "clerk")
        if instants is not None and not self._spooled():
            calls = read_calls(self.house.trace)
            self.instants += instants.cut(calls, self.promises, began, self.tried_instants, dice)
        if harm.cut:
            shutil.rmtree(self.house.paths.spool_memory, ignore_errors=True)
            if "fail" in harm.kind:
                self.promises.doubt("samples in doubt")
            self._cut(dice)
        check_locks(self.house.paths.database)
        self._count_caught()
        return harm.kind + (", power cut" if harm.cut else "")

    def _tls(self) -> ssl.SSLContext:
        """What clients know: the box's authority, but not by which address they reach it."""
        context = ssl.create_default_context(cafile=self.house.paths.keys / "ca.crt")
        context.check_hostname = False
        return context

    def load(self, pair: Pair, harm: Harm, name: str) -> None:
        """Everything at once until the harm is done; whoever is left goes on for a moment."""
        stop, crowd = threading.Event(), Crowd()
        load = Load(self.promises, pair.mail, pair.clerk, stop, self._tls(), name)
        for part, work in PARTS.items():
            crowd.add(partial(work, load, part))
        end = time.monotonic() + harm.seconds
        while time.monotonic() < end and len(pair.alive()) == 2:
            time.sleep(0.01)
        if not any(word.startswith("inject=") for word in harm.strace):
            pair.kill(*harm.victims)
            time.sleep(0.1)
        stop.set()
        if "fail" not in harm.kind:
            pair.kill("mail", "clerk")
        crowd.join()

    def come_to_rest(self, pair: Pair) -> None:
        """Wait until what was under way is finished; then all invariants hold, lamps included."""

        def rests() -> bool:
            try:
                with self._box() as box:
                    assert box.store.recordings.all() == []
                assert not self._spooled(), "recordings stay in the spool"
                check_store(self.house.paths.database, locks=False)
                pair.clerk.ask("directory")
                told = pair.clerk.waiting
                shown = {k: n for k, n in (told.unheard if told else {}).items() if n}
                assert shown == unheard(self.house.paths.database), f"lamps: {shown}"
            except AssertionError as problem:
                self._problem = problem
                return False
            return True

        try:
            until(rests, 20)
        except AssertionError as late:
            raise self._problem from late

    def last_look(self) -> None:
        """The end of an epoch: mail goes out, everything is looked at once more."""
        with Pair(self.house) as pair:
            assert pair.mail.ready, pair.mail.log()
            self.come_to_rest(pair)
            with self._box() as box:
                for row in box.queue.waiting_ids():
                    with suppress(OperationError):  # it has gone out meanwhile
                        retry_queued(box, ADMIN, row)
                until(lambda: not box.queue.page(), 60)
                self.promises.settle(box)
            self.come_to_rest(pair)
        self._count_caught()
        for (login, number), item in self.promises.items.items():
            if login == "dora" and item.place is not Place.NOWHERE:
                assert item.place is Place.BIN, f"{number} has not been sent on"
                assert self.caught[number] >= 1, f"{number} was sent on, and nobody has got it"

    def _count_caught(self) -> None:
        """Nobody gets a letter twice but where a death came between the answer and its note."""
        mails = [mail.octets for mail in self.sink.caught]
        self.sink.caught.clear()
        for octets in mails:
            number = octets.partition(b"Subject: letter ")[2].partition(b"\r\n")[0].decode()
            assert ("dora", number) in self.promises.items, f"nobody has sent {number!r}"
            self.caught[number] += 1
            if self.caught[number] > 1:
                self.again += 1
                item = self.promises.items["dora", number]
                assert octets.endswith(item.octets)

    @contextmanager
    def _box(self) -> Iterator[Inbox]:
        box = self.house.inbox()
        try:
            yield box
        finally:
            box.db.close()

    def _spooled(self) -> bool:
        """Whether recordings lie outside the store."""
        folders = (self.house.paths.spool, self.house.paths.spool_memory)
        return any(path for folder in folders for path in folder.glob("*.voice"))

    def _cut(self, dice: random.Random) -> None:
        """Try some of the disks that the cut can leave, and go on with one more."""
        database = self.house.paths.database
        files = (database, database.with_name(database.name + "-wal"))
        disks = follow(read_calls(self.house.trace), files)
        if any(disk.doubtful for disk in disks.values()):
            for _ in range(self.tried_ends):
                self._look_at_copy(disks, dice)
        for file, disk in disks.items():
            if file.exists():
                disk.tear(file, dice)

    def _look_at_copy(self, disks: Mapping[Path, Disk], dice: random.Random) -> None:
        left = shutil.ignore_patterns("trace", "*.log", "inbox.db-shm", "notices", "run", "logs")
        var = self.house.var.with_name(self.house.var.name + "-copy")
        shutil.rmtree(var, ignore_errors=True)
        shutil.copytree(self.house.var, var, ignore=left)
        copy = House(var)
        for file, disk in disks.items():
            if file.exists():
                disk.tear(copy.paths.database.with_name(file.name), dice)
        box = copy.restarted()
        try:
            assert box.db.pragma("integrity_check") == "ok"
            self.promises.copy().settle(box)
        finally:
            box.db.close()
        self.ends += 1


@dataclass
class Sums:
    """What there has been so far."""

    seed: int
    epochs: int = 0
    rounds: int = 0
    ends: int = 0
    instants: int = 0
    sent_on_twice: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    @property
    def harms(self) -> int:
        """Rounds, and power cuts on copies."""
        return self.rounds + self.ends + self.instants


class Ledger:
    """How many rounds there have been; one file, replaced whole."""

    def __init__(self, path: Path, seed: int) -> None:
        self._path = path
        self.sums = Sums(**json.loads(path.read_text())) if path.exists() else Sums(seed)

    def add(self, soak: Soak, kinds: Counter[str]) -> None:
        """Count a whole epoch."""
        self.sums.epochs += 1
        self.sums.rounds += kinds.total()
        self.sums.ends += soak.ends
        self.sums.instants += soak.instants
        self.sums.sent_on_twice += soak.again
        _add(self.sums.kinds, kinds)
        _add(self.sums.acknowledged, soak.promises.acknowledged.sums)
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(vars(self.sums), indent=1) + "\n")
        new.replace(self._path)


def _add(sums: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        sums[name] = sums.get(name, 0) + count


def run_epoch(
    folder: Path, seed: str, rounds: int, ends: int = ENDS, instants: int = INSTANTS
) -> tuple[Soak, Counter[str]]:
    """A fresh box for so many rounds; AssertionError if it broke a promise."""
    kinds: Counter[str] = Counter()
    with Sink() as sink:
        soak = Soak(House(folder), sink, seed, tried_ends=ends, tried_instants=instants)
        soak.furnish()
        for number in range(rounds):
            kinds[soak.round(number)] += 1
        soak.last_look()
    return soak, kinds


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.kills")
    parser.add_argument(
        "--harms",
        type=int,
        default=10_000,
        help="kills, power cuts and failing disks in all, with those of before",
    )
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(BUILD / f"kills-{given.seed}.json", given.seed)
    while ledger.sums.harms < given.harms:
        folder = BUILD / f"box-{given.seed}"
        shutil.rmtree(folder, ignore_errors=True)
        seed = f"{given.seed}.{ledger.sums.epochs}"
        soak, kinds = run_epoch(folder, seed, EPOCH)
        ledger.add(soak, kinds)
        print(f"{ledger.sums}; none lost, none doubled", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
