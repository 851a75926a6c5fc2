"""Programs that want a terminal: what they show is awaited, keys are typed."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

WITHIN_S = 20.0
"""Seconds for one thing to happen; a busy machine is not what we test."""

_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78DM])")


class Terminal:
    """`with Terminal("mutt", ...) as screen:` and the program is ended at the end."""

    def __init__(self, *command: str, cwd: Path, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={"TERM": "linux", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown = ""
        """All that was shown, without the moves of the cursor."""
        self._seen = 0

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(WITHIN_S)
        os.close(self._ours)

    def await_text(self, pattern: str) -> None:
        """Wait until something is shown that was not awaited before; AssertionError if it is not.

        A blank in the pattern stands for blanks and moves of the cursor.
        """
        wanted = re.compile(pattern.replace(" ", r"\s*"), re.DOTALL)
        deadline = time.monotonic() + WITHIN_S
        while not (found := wanted.search(self.shown, self._seen)):
            assert self._read(deadline), f"{pattern!r} is not shown: {self.shown[-2000:]!r}"
        self._seen = found.end()

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def await_end(self) -> int:
        """Wait until the program ends; its exit code."""
        deadline = time.monotonic() + WITHIN_S
        while self._read(deadline):
            pass
        return self._process.wait(WITHIN_S)

    def _read(self, deadline: float) -> bool:
        """Take what is shown next; False when nothing more comes."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self._ours], [], [], left)[0]:
            return False
        try:
            octets = os.read(self._ours, 65_536)
        except OSError:  # EIO: the program has ended
            return False
        self.shown += _ESCAPES.sub(" ", octets.decode(errors="replace"))
        return bool(octets)
