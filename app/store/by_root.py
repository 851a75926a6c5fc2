"""The store, opened by root: its files belong to the services, so each is opened as one of them.

SQLite opens, makes and removes files beside the store by their names, and whoever may write there
could have laid a link under one of them.
"""

import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from app.core.clock import Clock
from app.core.privileges import as_service
from app.store.connection import WriteConnection
from app.store.database import Database, Reader, Tx

T = TypeVar("T")


class RootsDatabase(Database):
    """A store for a command of root's, in one thread; see Database for what it does."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        with as_service():
            super().__init__(path, clock)

    def now(self, work: Callable[[Tx], T]) -> T:
        """See Database."""
        with as_service():
            return super().now(work)

    def submit(self, work: Callable[[Tx], T]) -> "Future[T]":
        """See Database; done before this returns."""
        future: Future[T] = Future()
        try:
            future.set_result(self.now(work))
        except Exception as problem:
            future.set_exception(problem)
        return future

    def checkpoint(self) -> None:
        """See Database."""
        with as_service():
            super().checkpoint()

    def close(self) -> None:
        """See Database."""
        with as_service():
            super().close()

    def _open_reader(self) -> Reader:
        with as_service():
            reader = super()._open_reader()
            reader.execute("SELECT count(*) FROM sqlite_master").fetchall()  # opens WAL and index
            return reader

    def _new_write_connection(self) -> WriteConnection:
        with as_service():
            return super()._new_write_connection()


def open_read_only(store: Path) -> sqlite3.Connection:
    """The store to read from, all its files opened as a service. Raises sqlite3.Error."""
    with as_service():
        connection = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except sqlite3.Error:
            connection.close()
            raise
        return connection
