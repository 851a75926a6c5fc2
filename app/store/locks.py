"""Who writes next: file locks that are fair between processes and freed by the kernel on a crash.

SQLite's own waiting is a poll with growing sleeps: a busy writer can starve a quiet one for over a
second. Here a writer first takes `next`, then `write`, then lets `next` go: at any time one writer
works and at most one stands at the door, so whoever has just finished must queue behind it.
flock belongs to an open file, so each thread that writes opens its own.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FileLock:
    """One exclusive flock on a file beside the store."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)

    def take(self) -> None:
        """Wait until the lock is ours."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def try_take(self) -> bool:
        """Take the lock if nobody has it; False otherwise."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Hold the lock together with others; waits while somebody has it alone."""
        fcntl.flock(self._fd, fcntl.LOCK_SH)

    def drop(self) -> None:
        """Let the lock go."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def __del__(self) -> None:
        self.close()  # a thread that ends takes its locks with it

    def close(self) -> None:
        """Close the file, which also lets the lock go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class Turnstile:
    """The right to write to the store at `path`."""

    def __init__(self, path: Path) -> None:
        self._next = FileLock(path.with_name(path.name + ".next"))
        self._write = FileLock(path.with_name(path.name + ".write"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Our turn to write, for the length of a `with` block."""
        self._next.take()
        try:
            self._write.take()
        finally:
            self._next.drop()
        try:
            yield
        finally:
            self._write.drop()

    def close(self) -> None:
        """Close both files."""
        self._next.close()
        self._write.close()
