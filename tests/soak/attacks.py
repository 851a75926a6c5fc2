"""Lines first: eight calls go on while strangers do everything at once to the mail service.

Real processes at real pace on a virtual board of 8 + 8 lines, each service with a limit of its
memory. Eight callers leave messages, again and again; a handset is lifted now and then; a mail
program in the LAN fetches. With `--faults` a disk of its own gets full, a page goes bad, the clock
is set and services are killed meanwhile (faults.py). What it prints is measured, and what must hold
is checked.

    python -m tests.soak.attacks --seconds 60 --faults
"""

import argparse
import os
import poplib
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from app.config.paths import PROJECT
from app.core.control import ask
from app.operations.repair import repair_store
from drivers.board import virtual_board
from drivers.models.remote_operator import RemoteOperator
from tests.kit.actors import ADMIN
from tests.kit.hearing import read_wav
from tests.kit.killing import PASSWORD, House
from tests.kit.running import Running, processes_of, until
from tests.kit.small_disk import on_small_disk
from tests.soak.faults import Faults, WallClock, put_victim
from tests.soak.words import noise_file

T = TypeVar("T")

CALLS = 8
SPOKEN_S = 6.0
DIAL_TONE_MS = 100
ANSWER_MS = 200
MEMORY_MB = {"mail": 320, "phone": 256, "clerk": 320, "admin": 160}
"""Octets of data [setrlimit(2), RLIMIT_DATA] that each may have, in MB; set while it runs."""
SETTINGS = """
[outbound]
smarthost = "127.0.0.1:9"
[phone]
board = "{board}"
ring_seconds = 4
[phone.incoming]
"""
PLACE = "SMALL_DISK"
"""In the environment: where the disk that gets full is mounted."""
DISK = 512 << 20
"""Octets of the disk that gets full."""
KEEPING = "free_floor_mb = 32\nvoice_reserve_mb = 24\n"


@dataclass
class Seen:
    """What was measured."""

    answers_ms: list[float] = field(default_factory=list)
    """Of the mail program in the LAN, command by command."""
    failed: list[str] = field(default_factory=list)
    """Of its sessions."""
    dial_tone_ms: list[float] = field(default_factory=list)
    lost: int = 0
    """Periods of the lines."""
    spoken: int = 0
    """Messages that callers left."""
    delivered: int = 0
    peak_mb: dict[str, float] = field(default_factory=dict)

    @property
    def p99_ms(self) -> float:
        """Of the answers."""
        return float(np.percentile(self.answers_ms, 99)) if self.answers_ms else float("inf")

    def __str__(self) -> str:
        tones = max(self.dial_tone_ms, default=float("nan"))
        return (
            f"{self.lost} periods lost; dial tone after {tones:.0f} ms at most of"
            f" {len(self.dial_tone_ms)}; {self.delivered} of {self.spoken} voicemails;"
            f" {len(self.answers_ms)} answers, p99 {self.p99_ms:.0f} ms;"
            f" {len(self.failed)} sessions failed {self.failed[:2]};"
            f" data of services at most {self.peak_mb} MB"
        )

    def check(self, faults: bool) -> None:
        """AssertionError names what does not hold. With `faults` sessions may fail: mail dies."""
        assert self.lost == 0, str(self)
        assert max(self.dial_tone_ms) <= DIAL_TONE_MS, str(self)
        assert self.delivered == self.spoken > 0, str(self)
        assert self.p99_ms <= ANSWER_MS and (faults or not self.failed), str(self)


@contextmanager
def large_board(stations: int, trunks: int) -> Iterator[str]:
    """The name of a virtual board with so many lines, which is in board/ meanwhile."""
    folder = PROJECT / "board" / f"soak-{os.getpid()}"
    try:
        _write_board(folder, stations, trunks)
        yield folder.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_board(folder: Path, stations: int, trunks: int) -> None:
    shutil.copytree(PROJECT / "board" / "virtual" / "services", folder / "services")
    spec = virtual_board(stations, trunks)
    rows = [
        f'title = "Large"\ncountry = "us"\n[pcm]\nclock_hz = {spec.pclk_hz}\nslots = {spec.slots}\n'
    ]
    for line in spec.lines:
        chip = "si3210" if line.kind == "station" else "si3050"
        rows.append(
            f'[[line]]\nname = "{line.name}"\nkind = "{line.kind}"\nchip = "{chip}"\n'
            f"bus = {line.bus}\nchip_select = {line.chip_select}\nreset = {line.reset}\n"
            f"interrupt = {line.interrupt}\nslot = {line.slot}\n"
        )
    (folder / "board.toml").write_text("".join(rows))


def furnish(folder: Path, board: str) -> House:
    """Eight people, each with a handset and an outside line."""
    house = House(folder / "var")
    lines = "".join(
        f'line{n} = {{ handsets = ["{100 + n}"], mailbox = "{200 + n}" }}\n'
        for n in range(1, CALLS + 1)
    )
    logins = ("anna", *(f"p{n}" for n in range(2, CALLS + 1)))
    house.furnish(logins, SETTINGS.format(board=board) + lines)
    settings = house.paths.settings_file
    lan = '[mail]\nlan = ["127.0.0.1/32"]\n'  # the attackers' addresses are none of it
    keeping = "free_floor_mb = 1\nvoice_reserve_mb = 1\n"
    text = settings.read_text().replace("[mail]\n", lan).replace(keeping, KEEPING)
    settings.write_text(text)
    return house


class Attacked:
    """A box, its callers and its mail program, while strangers attack."""

    def __init__(self, box: Running, folder: Path) -> None:
        self.box, self.folder, self.seen = box, folder, Seen()
        self._words = noise_file(folder / "words.wav", SPOKEN_S, 1)
        self._stop = threading.Event()

    def run(self, seconds: int, strangers: bool = True, faults: Faults | None = None) -> Seen:
        """All of it for so long; without `strangers` to see what the machine itself can do."""
        lost = self._lost()
        ports = self.box.ports()
        attack = ["tests.soak.strangers", str(ports["pop3"]), str(ports["smtp"]), str(seconds)]
        attackers = subprocess.Popen(
            ["nice", "-n", "10", sys.executable, "-m", *attack] if strangers else ["true"],
            cwd=PROJECT,
        )
        works = (self._fetch, self._lift, *(lambda n=n: self._call(n) for n in range(1, CALLS + 1)))
        threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in threads:
            thread.start()
        if faults:
            faults.start()
        self._watch(seconds)
        self._stop.set()
        for thread in threads:
            thread.join()
        attackers.wait()
        if faults:
            faults.end()
        self.seen.lost = self._lost() - lost
        until(self._is_composed, 60)
        self._count_voicemails()
        return self.seen

    def _is_composed(self) -> bool:
        """Nothing that callers said waits to become a message."""
        inbox = self.box.house.inbox()
        waiting = inbox.store.recordings.all()
        inbox.db.close()
        return not waiting and not self.box.house.paths.spooled()

    def _pids(self) -> dict[int, str]:
        """Services by process."""
        found = {self.box.pid(name): name for name in ("mail", "phone", "admin")}
        return {pid: name for pid, name in {**found, self.box.clerk(): "clerk"}.items() if pid}

    def _watch(self, seconds: int) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for pid, name in self._pids().items():
                with suppress(ProcessLookupError, FileNotFoundError):  # it was killed
                    self._measure(pid, name)
            time.sleep(0.5)

    def _measure(self, pid: int, name: str) -> None:
        _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
        resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY_MB[name] << 20, hard))
        data = int(Path(f"/proc/{pid}/statm").read_text().split()[5])
        megabytes = round(data * resource.getpagesize() / (1 << 20), 1)
        self.seen.peak_mb[name] = max(megabytes, self.seen.peak_mb.get(name, 0.0))

    def _lost(self) -> int:
        return int(ask(self.box.house.paths.phone_control, {"ask": "status"})["lost_periods"])

    def _fetch(self) -> None:
        """A mail program in the LAN: each command's answer is timed."""
        while not self._stop.is_set():
            try:
                self._session()
            except (OSError, poplib.error_proto) as problem:
                self.seen.failed.append(repr(problem))
            time.sleep(0.05)

    def _session(self) -> None:
        def timed(work: Callable[..., T], *words: object) -> T:
            begun = time.perf_counter()
            answer = work(*words)
            self.seen.answers_ms.append((time.perf_counter() - begun) * 1000)
            return answer

        client = poplib.POP3("127.0.0.1", self.box.ports()["pop3"], 30)
        client.user("p2")
        client.pass_(PASSWORD)
        count, _ = timed(client.stat)
        timed(client.uidl)
        for number in range(1, min(count, 3) + 1):
            timed(client.top, number, 0)
        for _ in range(5):
            timed(client.noop)
        timed(client.quit)

    def _call(self, number: int) -> None:
        """Somebody who calls on one line, speaks, and calls again."""
        line = f"line{number}"
        with self._operator() as board:
            while not self._stop.is_set():
                board(f"ring {line} from 555{number:04}")
                board(f"wait-for {line} beep")
                board(f"say {line} {self._words}")
                board(f"hangup {line}")
                self.seen.spoken += 1
                time.sleep(1)

    def _lift(self) -> None:
        """A handset that is lifted now and then: how long until it hears something."""
        heard, handset = self.folder / "heard.wav", 100 + CALLS
        with self._operator() as board:
            while not self._stop.is_set():
                board(f"hear {handset} {heard}")
                board(f"lift {handset}")
                time.sleep(1.5)
                board(f"hangup {handset}")
                self._note_dial_tone(heard)
                time.sleep(0.5)

    def _note_dial_tone(self, heard: Path) -> None:
        sound = np.flatnonzero(np.abs(read_wav(heard)) > 200)
        if len(sound):
            self.seen.dial_tone_ms.append(sound[0] / 8.0)

    @contextmanager
    def _operator(self) -> Iterator[Callable[[str], None]]:
        """A connection of its own: others may wait for something meanwhile."""
        operator = RemoteOperator(self.box.house.paths.operator)

        def board(line: str) -> None:
            done, text = operator.run(line)
            assert done, f"{line}: {text}"

        try:
            yield board
        finally:
            operator.close()

    def _count_voicemails(self) -> None:
        inbox = self.box.house.inbox()
        people = inbox.people.all()
        rows = [entry for person in people for entry in inbox.store.entries(person.id)]
        self.seen.delivered = sum(entry.kind == "voicemail" for entry in rows if entry.duration_s)
        inbox.db.close()


def attack(seconds: int, strangers: bool, faulty: bool) -> Seen:
    """Furnish a box, let it be attacked, and look at its store afterwards."""
    with tempfile.TemporaryDirectory(prefix="attacks") as name, large_board(CALLS, CALLS) as board:
        folder = Path(name)
        house = furnish(Path(os.environ.get(PLACE, folder)), board)
        spoilt = put_victim(house) if faulty else 0
        clock = WallClock(folder) if faulty else None
        os.environ.update(clock.environment if clock else {})
        with Running(house) as box:
            faults = Faults(box, clock, spoilt) if clock else None
            seen = Attacked(box, folder).run(seconds, strangers, faults)
            print(seen, faults.sums if faults else "", flush=True)
            assert processes_of(house.var), "the box has ended"
        if faulty:
            assert repair_store(ADMIN, house.paths, print, time.sleep), (
                "nobody has noticed the bad page"
            )
        house.check_store()
    return seen


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.attacks")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--alone", action="store_true", help="without strangers")
    parser.add_argument("--faults", action="store_true", help="disk, page, clock and kills, too")
    given = parser.parse_args()
    if given.faults and PLACE not in os.environ:
        with tempfile.TemporaryDirectory(prefix="small-disk") as disk:
            again = [sys.executable, "-m", "tests.soak.attacks", *sys.argv[1:]]
            command = on_small_disk(Path(disk), DISK, *again)
            return subprocess.run(command, env={**os.environ, PLACE: disk}, cwd=PROJECT).returncode
    attack(given.seconds, not given.alone, given.faults).check(given.faults)
    return 0


if __name__ == "__main__":
    sys.exit(main())
