"""The whole appliance on the virtual board: start, memory, and how fast a lamp goes out.

    python -m scripts.bench_appliance       prints the figures as JSON

`python -m app run` is started in a folder of its own, with ports chosen by the system; everything
measured goes through its real processes.

Memory is counted in two ways. PSS is what the kernel says: a page used by n processes counts 1/n
for each, also when some of them are not ours. "Pages" are the distinct pages of all our processes
together (needs root, from /proc/PID/pagemap); it does not depend on what else runs.

Goals: ready in 1.5 s at the second start; PSS of all processes 115 MB or less, web pages included;
a voicemail removed by POP3 QUIT stops the stutter within 1 s.
"""

import json
import os
import poplib
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from app.config.paths import PROJECT, Paths
from app.config.ports import PORTS
from app.core.control import NotRunning, ask
from app.inbox.people import People
from app.inbox.store import EntryState, Facts, Kind, Store
from app.store.database import Database

Figures = dict[str, float]

SETTINGS = (
    "[mail]\n"
    + "".join(f"{name}_port = 0\n" for name in PORTS)
    + "[web]\nhttp_port = 0\nhttps_port = 0\n"
)
PASSWORD = "bench-password"
IDLE_S = 5.0
PAGE_KB = 4
PRESENT, FRAME = 1 << 63, (1 << 55) - 1  # bits of /proc/PID/pagemap [proc(5)]
PROGRAMS = {"app.clerk.server": "clerk", "app.commands.attend": "run"}
"""Whose process runs a module that is not named after it."""
KERNEL_HALF = 1 << 47
MESSAGE = b"From: bench@bench.test\r\nSubject: bench\r\n\r\nWords.\r\n"


def figures(rounds: int = 20, directory: str | None = None) -> Figures:
    """All figures; `rounds` voicemails are removed one after the other."""
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        paths = Paths(Path(folder))
        paths.settings_file.write_text(SETTINGS)
        with closing(Running(paths)) as first:
            found: Figures = {"appliance_first_start_s": round(first.took, 2)}
        with closing(Running(paths)) as second:
            found["appliance_second_start_s"] = round(second.took, 2)
            found["appliance_second_mail_s"] = round(second.there(paths.mail_ports), 2)
            time.sleep(IDLE_S)
            found |= second.memory()
            found |= lamp(paths, rounds)
    return found


class Running:
    """`python -m app run` in this paths, from its start until close()."""

    def __init__(self, paths: Paths) -> None:
        environment = {
            **os.environ,
            "SWITCHHOOK_VAR": str(paths.var),
            "XDG_STATE_HOME": str(paths.var.with_name("state")),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles all at each start
        self._begun_at = time.time()
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", "run"],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        seen = ""
        while "Ctrl-C" not in seen:
            line = self._process.stdout.readline()
            if not line:
                raise RuntimeError(f"the appliance does not start: {seen}")
            seen += line
        self.took = time.perf_counter() - begun

    def there(self, path: Path) -> float:
        """Seconds from the start to when this file was written."""
        return path.stat().st_mtime - self._begun_at

    def close(self) -> None:
        """End it as Ctrl-C does."""
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=30)

    def memory(self) -> Figures:
        """PSS by service and of all together, and distinct pages, in MB (10^6 octets)."""
        pss = {pid: _pss_kb(pid) for pid in _family(self._process.pid)}
        names = {pid: _service(pid) for pid in pss}
        shares = {
            f"memory_{name}_pss_mb": _mb(sum(kb for pid, kb in pss.items() if names[pid] == name))
            for name in sorted(set(names.values()))
        }
        total: Figures = {"memory_pss_mb": _mb(sum(pss.values()))}
        if os.geteuid() == 0:
            pages = {frame for pid in pss for frame in _frames(pid)}
            total["memory_pages_mb"] = _mb(len(pages) * PAGE_KB)
        return total | shares


def _mb(kb: int) -> float:
    return round(kb * 1024 / 1e6, 1)


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _family(int(child)))]


def _service(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if words[1:2] != ["-m"]:
        return "s6"
    return PROGRAMS.get(words[2], words[3])


def _pss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1])


def _frames(pid: int) -> Iterator[int]:
    """The page frames that a process has in memory."""
    with open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            first, last = (int(bound, 16) for bound in line.split()[0].split("-"))
            if first >= KERNEL_HALF:
                continue
            pagemap.seek(first // 4096 * 8)
            for (entry,) in struct.iter_unpack("<Q", pagemap.read((last - first) // 4096 * 8)):
                if entry & PRESENT:
                    yield entry & FRAME


# the lamp


def lamp(paths: Paths, rounds: int) -> Figures:
    """A voicemail comes and is removed by POP3, `rounds` times: wall time until the lamp shows."""
    with closing(Database(paths.database)) as db:
        people, store = People(db), Store(db)
        anna = people.by_login("anna")
        assert anna is not None
        db.now(lambda tx: people.set_password(tx, anna.id, PASSWORD))
        on, off = [], []
        for _ in range(rounds):
            begun = time.perf_counter()
            _voicemail(db, store, anna.id)
            on.append(_until(lambda: _waiting(paths)) - begun)
            off.append(_removed(paths))
    return {
        "lamp_on_ms": round(median(on) * 1000, 1),
        "lamp_off_ms": round(median(off) * 1000, 1),
        "lamp_off_ms_max": round(max(off) * 1000, 1),
    }


def _voicemail(db: Database, store: Store, person: int) -> None:
    facts = Facts(received_at=time.time(), sender="bench", subject="bench", duration_s=3)
    db.now(
        lambda tx: store.add_entry(
            tx,
            person,
            store.contents.write(tx, [MESSAGE]),
            b"",
            Kind.VOICEMAIL,
            EntryState.NEW,
            facts,
        )
    )


def _removed(paths: Paths) -> float:
    """Delete everything by POP3: seconds from before QUIT until the phone has seen it."""
    ports = json.loads(paths.mail_ports.read_text())
    door = poplib.POP3("127.0.0.1", ports["pop3"])
    door.user("anna")
    door.pass_(PASSWORD)
    for number in range(door.stat()[0]):
        door.dele(number + 1)
    begun = time.perf_counter()
    door.quit()
    return _until(lambda: not _waiting(paths)) - begun


def _waiting(paths: Paths) -> bool:
    """Whether anna's handset has stutter dial tone, as the phone service says."""
    status = ask(paths.phone_control, {"ask": "status"})
    return bool(status["lines"]["101"]["message_waiting"])


def _until(happened: Callable[[], bool], within_s: float = 10.0) -> float:
    """When it happened; looks every millisecond or as fast as the service answers."""
    last = time.perf_counter() + within_s
    while not happened():
        if time.perf_counter() > last:
            raise NotRunning(f"the phone service has not seen it within {within_s} s")
        time.sleep(0.001)
    return time.perf_counter()


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
