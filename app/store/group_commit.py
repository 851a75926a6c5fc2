"""Group commit: one thread that writes for a whole process, many units of work to a commit.

Whatever is queued when the thread is free goes into one transaction, each unit of work under its
own savepoint; the futures resolve after COMMIT has returned, so what they promise is durable.
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

from app.core.clock import Clock
from app.store.connection import Outcome, Tx, Work, WriteConnection
from app.store.errors import StoreFailed

log = logging.getLogger(__name__)

GROUP_WORKS = 64
"""Units of work in one transaction at most."""
GROUP_S = 0.010
"""Running time of a transaction at most, before COMMIT: another process may wait for the lock."""

Job = tuple[Work, "Future[Any]"]


class GroupCommitter:
    """The writing thread of one process."""

    def __init__(self, make_connection: Callable[[], WriteConnection], clock: Clock) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._make_connection = make_connection
        self._connection: WriteConnection | None = None
        self._clock = clock
        self._closing = threading.Lock()  # nothing is queued behind the end
        self._closed = False
        self._ended = False
        self._thread = threading.Thread(target=self._main, name="inbox-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Tx], Any]) -> "Future[Any]":
        """Queue a unit of work; the future gets its value after the commit, or the error.

        The error is the work's own, or StoreFailed. Raises RuntimeError once it is closed.
        """
        future: Future[Any] = Future()
        with self._closing:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put((work, future))
        return future

    def close(self) -> None:
        """Commit what is queued and end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _main(self) -> None:
        while not self._ended:
            job = self._jobs.get()
            if job is None:
                break
            work, future = job
            if future.set_running_or_notify_cancel():
                self._group(work, future)
        if self._connection is not None:
            self._connection.close()

    def _group(self, work: Work, future: "Future[Any]") -> None:
        """Commit a unit of work, and what is queued behind it; every future drawn is resolved.

        The first is drawn before anything can fail: a lock or a BEGIN that fails draws none.
        """
        futures = [future]
        try:
            if self._connection is None:
                self._connection = self._make_connection()
            outcomes = self._connection.write(self._gather(work, futures))
        except BaseException as problem:
            self._fail(futures, problem)
        else:
            for done, outcome in zip(futures, outcomes, strict=True):
                _resolve(done, outcome)
        if self._connection is not None:
            self._connection.finish()

    def _gather(self, first: Work, futures: "list[Future[Any]]") -> Iterator[Work]:
        """The work of one transaction, drawn while it runs, so that what comes late is in it."""
        started = self._clock.monotonic()
        yield first
        while len(futures) < GROUP_WORKS and self._clock.monotonic() - started <= GROUP_S:
            job = self._another()
            if job is None:
                return
            work, future = job
            if future.set_running_or_notify_cancel():
                futures.append(future)
                yield work

    def _another(self) -> Job | None:
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return None
        self._ended = job is None
        return job

    def _fail(self, futures: "list[Future[Any]]", problem: BaseException) -> None:
        log.error("a group of %d units of work was not committed: %s", len(futures), problem)
        error = problem if isinstance(problem, StoreFailed) else StoreFailed(str(problem))
        error.__cause__ = problem.__cause__ or problem if error is not problem else error.__cause__
        for future in futures:
            future.set_exception(error)


def _resolve(future: "Future[Any]", outcome: Outcome) -> None:
    if outcome.error is not None:
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome.value)
