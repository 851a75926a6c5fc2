"""What breaks by itself while strangers attack: a full disk, a bad page, the clock, dead processes.

One after another, a few seconds each, for as long as the attacks go on. Everything is put back at
the end but the bad page, which stays until somebody repairs the store.
"""

import itertools
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from app.inbox.entries import EntryState, Facts, Kind
from app.store.database import Tx
from tests.kit.killing import House
from tests.kit.running import Running
from tests.kit.store_damage import spoil_content

LEFT_FREE = 24 << 20
"""Octets that somebody else's file leaves: mail is refused then, what callers say is taken."""
EACH_S = 4.0
DAY_S = 86_400
STEPS_S = (30 * DAY_S, -30 * DAY_S, 3650 * DAY_S, 0)
"""Of the wall clock, from the true time."""

SHIM = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const long *step;

__attribute__((constructor)) static void open_step(void) {
    const char *path = getenv("WALL_CLOCK_STEP");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof *step, PROT_READ, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) step = map;
    if (fd >= 0) close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *found) {
    int failed = syscall(SYS_clock_gettime, clock, found);
    if (!failed && clock == CLOCK_REALTIME && step) found->tv_sec += *step;
    return failed;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return failed;
}
"""
"""A library that adds the seconds in a file to the wall clock of whoever is started with it."""


class WallClock:
    """The date of the processes that are started in its environment; no other clock is changed."""

    def __init__(self, folder: Path) -> None:
        """Compiles the library in `folder`."""
        self._file, library = folder / "step", folder / "wall_clock.so"
        (folder / "wall_clock.c").write_text(SHIM)
        command: list[str | Path] = [
            "cc",
            "-O1",
            "-shared",
            "-fPIC",
            "-o",
            library,
            folder / "wall_clock.c",
        ]
        subprocess.run(command, check=True)
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_STEP": str(self._file)}

    def set(self, step_s: int) -> None:
        """Set it so many seconds from the true time."""
        with self._file.open("r+b" if self._file.exists() else "xb") as file:
            file.write(step_s.to_bytes(8, "little", signed=True))


class Faults:
    """Faults of one box on a disk of its own; `start`, then `end`."""

    def __init__(self, box: Running, clock: WallClock, spoilt: int) -> None:
        """`spoilt` is the content of a message that nobody removes: one of its pages goes bad."""
        self._box, self._clock, self._spoilt = box, clock, spoilt
        self._hog = box.house.var.with_name("hog")
        self._steps = itertools.cycle(STEPS_S)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.sums: Counter[str] = Counter()
        """How often each was done."""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Put everything back. Raises what a fault itself has met."""
        self._stop.set()
        self._thread.join()
        self._release()
        self._clock.set(0)
        assert len(self.sums) == len(self._all()), f"not every fault was done: {self.sums}"

    def _all(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return (
            ("page spoilt", self._spoil),
            ("mail killed", lambda: self._kill(self._box.pid("mail"))),
            ("clock set", self._set_clock),
            ("clerk killed", lambda: self._kill(self._box.clerk())),
            ("disk filled", self._fill),
            ("admin killed", lambda: self._kill(self._box.pid("admin"))),
        )

    def _work(self) -> None:
        for name, fault in itertools.cycle(self._all()):
            if self._stop.wait(EACH_S):
                return
            self._release()
            fault()
            self.sums[name] += 1

    def _spoil(self) -> None:
        if not self.sums["page spoilt"]:
            spoil_content(self._box.house.paths.database, self._spoilt)

    def _set_clock(self) -> None:
        self._clock.set(next(self._steps))

    def _fill(self) -> None:
        found = os.statvfs(self._hog.parent)
        octets = found.f_bavail * found.f_frsize - LEFT_FREE
        if octets > 0:
            with self._hog.open("wb") as hog:
                os.posix_fallocate(hog.fileno(), 0, octets)

    def _release(self) -> None:
        self._hog.unlink(missing_ok=True)

    @staticmethod
    def _kill(pid: int) -> None:
        if pid:
            os.kill(pid, signal.SIGKILL)


def put_victim(house: House) -> int:
    """A message of anna's that is to go bad, brought from the WAL into the file; its content."""
    octets = b"Subject: it goes bad\r\n\r\n" + (b"x" * 62 + b"\r\n") * 1024
    box = house.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    facts = Facts(box.db.clock.now(), "", "it goes bad")

    def put(tx: Tx) -> int:
        content = box.store.contents.write(tx, (octets,))
        box.store.add_entry(tx, anna.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)
        return content

    content = box.db.now(put)
    box.db.checkpoint()
    box.db.close()
    return content
