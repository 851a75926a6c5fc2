"""What work costs in SQLite, whatever the machine: steps, and the plans of its statements."""

import sqlite3
from collections.abc import Callable

from app.store.database import Tx
from tests.kit.store import StoreKit


class Counting:
    """Counts statements and steps of SQLite's machine on a store's connections."""

    def __init__(self, kit: StoreKit) -> None:
        self.kit = kit
        self.plans: list[str] = []

    def steps(self, work: Callable[[], object], connection: sqlite3.Connection) -> int:
        """Steps of the machine [SQLite, sqlite3_progress_handler], in tens."""
        count = 0
        statements: list[str] = []

        def progress() -> int:
            nonlocal count
            count += 1
            return 0

        connection.set_progress_handler(progress, 10)
        connection.set_trace_callback(statements.append)
        work()
        connection.set_trace_callback(None)
        connection.set_progress_handler(None, 10)
        plain = self.kit.db.reader()
        for statement in statements:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = plain.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
                self.plans += [row[3] for row in rows]
        return count

    def reading(self, work: Callable[[], object]) -> int:
        return self.steps(work, self.kit.db.reader())

    def writing(self, work: Callable[[Tx], object]) -> int:
        return self.kit.db.now(lambda tx: self.steps(lambda: work(tx), tx))
