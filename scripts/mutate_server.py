"""Runs tests for `make mutate`, each time in a fork of a process that has the libraries loaded.

Reads a JSON line {"tests": [...], "limit_s": ...} and answers it by a line: killed, timed out or
survived. Nothing of ours is imported before the fork, so each run sees the sources as they are.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
LIBRARIES = (
    *("asyncio", "argon2", "cffi", "click", "dns.resolver", "numpy", "pydantic"),
    *("rich.console", "rich.table", "sqlite3", "tomlkit", "email.message", "cryptography.x509"),
)
POLL_S = 0.01


def _child(tests: Sequence[str]) -> int:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    return pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])


def run(tests: Sequence[str], limit_s: float) -> str:
    """Run these tests in a child up to the first failure; the outcome."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = int(_child(tests))
        finally:
            os._exit(code)
    ends = time.monotonic() + limit_s
    done, status = 0, 0
    while not done and time.monotonic() < ends:
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            time.sleep(POLL_S)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # also what the tests have left running
    if done:
        return KILLED if status else SURVIVED
    os.waitpid(pid, 0)
    return TIMED_OUT


def main() -> None:
    """Answer until the input ends."""
    sys.path[0] = str(Path.cwd())
    for library in LIBRARIES:
        importlib.import_module(library)
    for line in sys.stdin:
        asked = json.loads(line)
        print(run(asked["tests"], asked["limit_s"]), flush=True)


if __name__ == "__main__":
    main()
