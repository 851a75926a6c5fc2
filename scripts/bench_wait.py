"""How long the telephone side waits for its commits while mail comes in as fast as it can.

    python -m scripts.bench_wait [directory]        prints the figures as JSON

A mail service and its clients in processes of their own (scripts/bench_smtp.py), and beside them
the phone's clerk, also a process: it is given a second of sound 24 times a second, as 24 lines that
record do, and its answer comes when that is on the disk. A wait is the time from order to answer,
seen from the phone. Beside it, in the same run: the same without any mail, and the bare disk, the
same octets appended to a file and synced at the same pace.

Goal on a 2-core machine: no wait over 50 ms.
"""

import json
import os
import select
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.appliance import default_limits
from app.clerk.client import ProcessClerk
from app.clerk.config import ClerkConfig
from app.config.settings import Settings
from app.core.clock import SystemClock
from app.phone.calls.caller import Caller
from app.phone.calls.scripting import Wait
from scripts import bench_smtp

Figures = dict[str, float]

LINES = 24
SECOND = bytes(16_000)  # S16LE at 8 kHz
MAILBOX = "200"  # bench_smtp's first person


def figures(seconds: float = 10.0, directory: str | None = None) -> Figures:
    """All figures; `seconds` is the time for each load, `directory` lies on the disk."""
    found = _named("bare_disk", _bare(directory, seconds))
    for name, size in (("no_mail", 0), ("2k", 2_000), ("300k", 300_000)):
        with tempfile.TemporaryDirectory(dir=directory) as place:
            found |= _named(name, under_load(Path(place), size, seconds))
    return found


def _named(name: str, waits: list[float]) -> Figures:
    """Three figures of some waits in seconds."""
    waits = sorted(waits)
    places = {"p50": len(waits) // 2, "p99": len(waits) * 99 // 100, "max": len(waits) - 1}
    return {f"wait_{name}_{k}_ms": round(waits[at] * 1000, 1) for k, at in places.items()}


def under_load(directory: Path, size: int, seconds: float) -> list[float]:
    """Waits in seconds while mails of this size come in; 0 is none."""
    with bench_smtp.Serving(directory) as server:
        clerk = ProcessClerk(_clerk_config(directory), lambda _: None, SystemClock())
        with closing(clerk):
            recordings = [_begin(clerk, line) for line in range(LINES)]
            clients = bench_smtp.clients(server.port, size, seconds + 1, 8) if size else None
            waits = _waits(clerk, recordings, seconds)
            if clients is not None:
                clients.done()
    return waits


def _clerk_config(directory: Path) -> ClerkConfig:
    return ClerkConfig(
        store=str(bench_smtp.store_in(directory)),
        packs="",
        cache=str(directory / "spoken"),
        spool=str(directory / "spool"),
        spool_memory=str(directory / "memory"),
        greetings=str(directory / "greetings"),
        hostname="box.test",
        domains=("box.test",),
        free_floor=0,
        voice_reserve=0,
        limits=default_limits(Settings()),
        callers_percent=10,
        full_is_permanent=False,
    )


def _begin(clerk: ProcessClerk, line: int) -> int:
    wait = clerk.begin_recording(MAILBOX, f"line{line}", Caller())
    _answered(clerk, wait)
    recording = wait.result().recording
    assert recording is not None
    return recording


def _answered(clerk: ProcessClerk, wait: Wait[Any]) -> None:
    while not wait.done:
        select.select([clerk.fileno()], [], [])
        clerk.dispatch()


def _waits(clerk: ProcessClerk, recordings: list[int], seconds: float) -> list[float]:
    """One piece after the other to the recordings in turn."""

    def one(number: int) -> None:
        line, piece = number % LINES, number // LINES
        wait = clerk.samples(recordings[line], piece, SECOND)
        _answered(clerk, wait)

    return _paced(one, seconds)


def _bare(directory: str | None, seconds: float) -> list[float]:
    """What the disk alone takes."""
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:

        def one(_: int) -> None:
            file.write(SECOND)
            os.fdatasync(file.fileno())

        return _paced(one, seconds)


def _paced(one: Callable[[int], None], seconds: float) -> list[float]:
    """How long each took, begun every 1/24 s unless the last one took longer."""
    took = []
    begun = time.perf_counter()
    for number in range(round(seconds * LINES)):
        time.sleep(max(0.0, begun + number / LINES - time.perf_counter()))
        ordered = time.perf_counter()
        one(number)
        took.append(time.perf_counter() - ordered)
    return took


if __name__ == "__main__":
    print(json.dumps(figures(directory=sys.argv[1] if sys.argv[1:] else None), indent=2))
