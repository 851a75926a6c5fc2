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


def main() -> None:
    """See the module's head."""
    pids, clerk_fd, _, ready_fd = sys.argv[1:]
    readable, writable = os.pipe()
    processes = {}
    for name, module, words, descriptor in (
        ("mail", "app", ["mail", "--ready-fd", str(writable)], writable),
        ("clerk", "app.clerk.server", [clerk_fd], int(clerk_fd)),
    ):
        processes[name] = subprocess.Popen(
            [sys.executable, "-m", module, *words], pass_fds=[descriptor], cwd=PROJECT
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
