"""The store's write lock: fair between processes, and freed by the kernel on a crash [flock(2)].

SQLite's own waiting is a poll with growing sleeps [SQLite, sqlite3_busy_timeout]: a busy writer can
starve a quiet one for over a second. Here a writer acquires `next`, then `write`, and then releases
`next`: one writer works, at most one other waits for `write`, and whoever has just finished must
queue behind it. Measured beside mail load: a commit of the phone service waited up to 1.3 s with
SQLite's polling, 12 ms with this. flock belongs to an open file description, so each thread that
writes opens the files itself.
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

    def acquire(self) -> None:
        """Wait for the lock, without limit."""
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def try_acquire(self) -> bool:
        """Acquire the lock if nobody has it; False otherwise."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def acquire_shared(self) -> None:
        """Hold the lock together with others; waits while somebody has it exclusively."""
        fcntl.flock(self._fd, fcntl.LOCK_SH)

    def release(self) -> None:
        """Release the lock."""
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def __del__(self) -> None:
        self.close()  # a thread that ends must not keep its locks

    def close(self) -> None:
        """Close the file, which also releases the lock."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class FairLock:
    """The fair write lock of the store at `path`."""

    def __init__(self, path: Path) -> None:
        self._next = FileLock(path.with_name(path.name + ".next"))
        self._write = FileLock(path.with_name(path.name + ".write"))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of a `with` block; waits for it without limit."""
        self._next.acquire()
        try:
            self._write.acquire()
        finally:
            self._next.release()
        try:
            yield
        finally:
            self._write.release()

    def close(self) -> None:
        """Close both files."""
        self._next.close()
        self._write.close()
