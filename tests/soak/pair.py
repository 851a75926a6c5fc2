"""Starts the two processes that write the store, the mail service and a clerk, under one parent.

    python -m tests.soak.pair PIDS CLERK_FD --ready-fd FD

strace follows both from here, so that one trace has every write of the store in its order. Their
process ids are written to the file PIDS. Ends when both have ended.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from app.config.paths import PROJECT

SMALL_PARTS = (
    "import runpy; from app.inbox import removals; removals.AT_ONCE = 2;"
    " runpy.run_module('app', run_name='__main__', alter_sys=True)"
)
"""The mail service, where a QUIT of three removals is done in parts already."""


def main() -> None:
    """See the module's head."""
    pids, clerk_fd, _, ready_fd = sys.argv[1:]
    readable, writable = os.pipe()
    processes = {}
    for name, words, descriptor in (
        ("mail", ["-c", SMALL_PARTS, "mail", "--ready-fd", str(writable)], writable),
        ("clerk", ["-m", "app.clerk.server", clerk_fd], int(clerk_fd)),
    ):
        processes[name] = subprocess.Popen(
            [sys.executable, *words], pass_fds=[descriptor], cwd=PROJECT
        )
        os.close(descriptor)
    new = Path(pids).with_suffix(".new")
    new.write_text(json.dumps({name: process.pid for name, process in processes.items()}))
    new.replace(pids)
    if ready := os.read(readable, 1):
        os.write(int(ready_fd), ready)
    else:  # mail has died while it started; strace keeps the descriptor open until both have
        processes["clerk"].kill()
    os.close(int(ready_fd))
    for process in processes.values():
        process.wait()


if __name__ == "__main__":
    main()
