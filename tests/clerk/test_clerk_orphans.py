"""A clerk that is killed leaves nothing behind that goes on working."""

import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

from app.config.paths import PROJECT

WITHIN_S = 5.0  # of the 20 s that the synthesizer is given
CLERK = """
import select, sys
from pathlib import Path
from app.clerk.media import MediaWorkers
from app.clerk.speech import Speaker
from app.core.clock import SystemClock
media, speaker = MediaWorkers(SystemClock()), Speaker(Path(sys.argv[1]), sys.argv[2])
media.convert(lambda source: speaker.conversion("hello", "en", source))
while True:
    media.serve(*select.select(media.readers(), media.writers(), [])[:2])
"""


def test_worker_and_synthesizer_of_a_killed_clerk_end_with_it(tmp_path: Path) -> None:
    pids, program = tmp_path / "pids", tmp_path / "synthesizer"
    os.mkfifo(pids)
    program.write_text(f"#!/bin/sh\necho $PPID $$ > {pids}\nexec sleep 20\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    clerk = subprocess.Popen(
        [sys.executable, "-c", CLERK, str(tmp_path / "cache"), str(program)], cwd=PROJECT
    )
    worker, synthesizer = (os.pidfd_open(int(pid)) for pid in pids.read_text().split())
    clerk.send_signal(signal.SIGKILL)
    clerk.wait()
    try:
        for name, fd in {"worker": worker, "synthesizer": synthesizer}.items():
            ended, _, _ = select.select([fd], [], [], WITHIN_S)
            assert ended, f"the {name} lives on {WITHIN_S:g} s after its clerk"
    finally:
        for fd in (worker, synthesizer):
            if not select.select([fd], [], [], 0)[0]:
                signal.pidfd_send_signal(fd, signal.SIGKILL)
            os.close(fd)
