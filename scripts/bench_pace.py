"""Whether the beat holds: 48 outside lines that record at real pace, everything on one core.

    python -m scripts.bench_pace            prints the figures as JSON

The virtual board and the phone service with its clerk are the processes of the appliance, but with
48 outside lines, and all of them are held on one core, with the priority that their run scripts
give them (only root may). The board's clock lets a period pass every
10 ms; a period for which the phone service was too late is lost, and counted.

Goal: none is lost.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from app.appliance import make_phone
from app.config.paths import PROJECT, Paths
from app.core.control import ask
from app.phone.config import PhoneConfig
from app.phone_plan import PhonePlan
from app.voicemail.config import RecordingLimits
from drivers.board import virtual_board
from drivers.errors import BusClosed
from drivers.models.bus_client import RemoteBox
from drivers.models.bus_server import serve
from drivers.models.remote_operator import RemoteOperator
from scripts.bench_phone import LINES, SPEECH, clerk_config

Figures = dict[str, float]

PRIORITY = -10  # as in the run scripts of the services phone and box
LOADING_S = 2.0
"""The board's own time for reading what the callers will say, which is not measured."""


def figures(seconds: float = 10.0, directory: str | None = None) -> Figures:
    """All figures; `seconds` is how long the lines record."""
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        paths = Paths(Path(folder))
        paths.make()
        with closing(OneCore(paths)) as core:
            core.all_record(seconds)
            return core.measure(seconds)


class OneCore:
    """Board and phone service, held on the machine's last core."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths
        self._processes = [self._start("box"), self._start("phone")]

    def _start(self, part: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "scripts.bench_pace", part, str(self._paths.var)]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the {part} of the bench does not start")
        return process

    def all_record(self, seconds: float) -> None:
        """Ring every line, let every caller talk, until every line has a recording."""
        with closing(RemoteOperator(self._paths.operator)) as operator:
            for number in range(LINES):
                operator.run(f"ring line{number + 1} from 5551234 BENCH")
            operator.run("wait-for line48 beep within 60s")
        for number in range(LINES):
            threading.Thread(
                target=self._talk, args=(number, LOADING_S + seconds), daemon=True
            ).start()

    def _talk(self, number: int, seconds: float) -> None:
        """The caller on one line: the same speech again and again."""
        last = time.monotonic() + seconds
        with closing(RemoteOperator(self._paths.operator)) as operator, suppress(BusClosed):
            while time.monotonic() < last:  # or until the board is ended in mid-sentence
                operator.run(f"say line{number + 1} {SPEECH}")

    def measure(self, seconds: float) -> Figures:
        """Let time pass; what was lost, and the share of the core that was used."""
        time.sleep(LOADING_S)
        scripts, before = self._status()
        if scripts != LINES:
            raise RuntimeError(f"{scripts} of {LINES} lines record")
        used = self._cpu()
        time.sleep(seconds)
        used = [after - before for after, before in zip(self._cpu(), used, strict=True)]
        lost = self._status()[1] - before
        box, phone, clerk = (round(100 * cpu / seconds, 1) for cpu in used)
        return {
            "pace_lost_periods": lost,
            "pace_seconds": seconds,
            "pace_box_core_percent": box,
            "pace_phone_core_percent": phone,
            "pace_clerk_core_percent": clerk,
        }

    def _status(self) -> tuple[int, int]:
        """(scripts that run, periods lost)."""
        status = ask(self._paths.phone_control, {"ask": "status"})
        return int(status["scripts"]), int(status["lost_periods"])

    def _cpu(self) -> list[float]:
        """CPU seconds of board, phone and clerk so far."""
        box, phone = (process.pid for process in self._processes)
        clerk = int(Path(f"/proc/{phone}/task/{phone}/children").read_text().split()[0])
        return [_cpu_seconds(pid) for pid in (box, phone, clerk)]

    def close(self) -> None:
        """End both, the phone service first."""
        for process in reversed(self._processes):
            process.terminate()
            process.wait()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# the two processes


def _ready() -> None:
    print("ready", flush=True)


def _box(paths: Paths) -> None:
    serve(virtual_board(2, LINES), paths.bus, paths.operator, _ready)


def _phone(paths: Paths) -> None:
    plan = PhonePlan(
        board=virtual_board(2, LINES),
        has_box=True,
        calls=PhoneConfig(ring_seconds=4, no_answer_seconds=4),
        clerk=clerk_config(paths.var),
        limits=RecordingLimits(longest_s=3600.0, silence_s=600.0),
    )

    async def hardware() -> RemoteBox:
        return RemoteBox(paths.bus)

    async def serve_lines() -> None:
        service = await make_phone(paths, plan, hardware(), _ready)
        signal.signal(signal.SIGTERM, lambda *_: service.stop())
        await service.run()

    asyncio.run(serve_lines())


def main(arguments: list[str]) -> None:
    """Run the bench, or be one of its processes."""
    if not arguments:
        print(json.dumps(figures(), indent=2))
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, PRIORITY)
    {"box": _box, "phone": _phone}[arguments[0]](Paths(Path(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
