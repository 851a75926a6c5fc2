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
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.store.errors import StoreFailed


class FileLock:
    """One exclusive flock on a file beside the store."""

    def __init__(self, path: Path) -> None:
        self._fd = -1  # closing does no harm if it cannot be opened
        self._path = path
        self._fd = self._opened()

    def _opened(self) -> int:
        how = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        return os.open(self._path, how, 0o660)

    def acquire(self, within_s: float | None = None) -> None:
        """Wait for the lock; None: without limit. Raises StoreFailed when it takes longer."""
        if within_s is None:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        elif not self.try_acquire() and not _Waiting(self._fd).over(within_s):
            self._fd = self._opened()  # the other is closed by the thread that still waits
            raise StoreFailed(f"{self._path} is held by another process for {within_s:g} s")

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


class _Waiting:
    """A thread's wait for a lock, in the kernel's queue; it can be left, unlike flock(2) itself."""

    def __init__(self, fd: int) -> None:
        self._fd, self._left = fd, False
        self._mutex, self._acquired = threading.Lock(), threading.Event()
        threading.Thread(target=self._wait, name="lock", daemon=True).start()

    def over(self, within_s: float) -> bool:
        """Whether the lock was acquired in this time; if not, its file is closed in the end."""
        self._acquired.wait(within_s)
        with self._mutex:
            self._left = not self._acquired.is_set()
        return not self._left

    def _wait(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        with self._mutex:
            if self._left:
                os.close(self._fd)
            self._acquired.set()


class FairLock:
    """The fair write lock of the store at `path`; `within_s` is how long anybody waits for it.

    None: without limit.
    """

    def __init__(self, path: Path, within_s: float | None = None) -> None:
        self._within_s = within_s
        self._next = FileLock(path.with_name(path.name + ".next"))
        self._write = FileLock(path.with_name(path.name + ".write"))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of a `with` block. Raises StoreFailed if it has a limit."""
        self._next.acquire(self._within_s)
        try:
            self._write.acquire(self._within_s)
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
