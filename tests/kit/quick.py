"""What costs most in thousands of tests and is the subject of few: made once, or made cheap.

`install` is for tests/conftest.py. It holds for this process only: programs that a test starts make
their stores, hashes and sounds as a box does, and so do the tests of these things.

- A fresh store takes its tables from one that the same steps have made before, with a loop key of
  its own. tests/store/test_store_database.py has the steps.
- Passwords and PINs are hashed with argon2's least cost. tests/inbox/test_inbox_people.py has the
  cost of a box.
- A sound of the synthesizer and a levelled prompt are remembered, for as long as they are of the
  same octets.
"""

import os
import sqlite3
import sys
import tempfile
from functools import cache, lru_cache
from pathlib import Path

from argon2 import PasswordHasher

from app.clerk import levels, prompt_store, speech
from app.inbox import credentials
from app.store import database, schema
from app.store.connection import connect_writer

ROOM = 4 << 30
"""Octets that must be free in memory for the files of tests to lie there."""
SHM = Path("/dev/shm")

own_hasher = credentials._hasher
"""The product's, for tests of what it costs."""


def install() -> None:
    """Let stores, hashes and sounds be cheap in this process, and files of tests lie in memory.

    Programs that a test starts would each compile themselves if that were forbidden to keep.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    vars(database).update(migrate=_migrate)
    credentials._hasher = cache(lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    vars(prompt_store).update(levelled=lru_cache(maxsize=500)(levels.levelled))
    speech.Speaker._run = _run  # type: ignore[method-assign]
    if _takes_files(SHM):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(SHM))


def _takes_files(folder: Path) -> bool:
    """Whether there is room, and programs may be run there; a sync costs nothing in memory."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC


# ------------------------------------------------------------------ stores


def _migrate(
    connection: sqlite3.Connection, path: Path, steps: tuple[schema.Step, ...] = schema.STEPS
) -> None:
    """As schema.migrate."""
    if schema.version_of(connection) == (0, 0):
        _made().backup(connection)
        connection.execute("UPDATE loop_key SET key = randomblob(32)")
    schema.migrate(connection, path, steps)


@cache
def _made() -> sqlite3.Connection:
    """A store without anybody, in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inbox.db"
        made = connect_writer(path, make=True)
        schema.prepare(made)
        schema.migrate(made, path)
        kept = sqlite3.connect(":memory:", check_same_thread=False)
        made.backup(kept)
        made.close()
    return kept


# ------------------------------------------------------------------ sounds

_speak = speech.Speaker._run


def _run(self: speech.Speaker, text: str, language: str) -> bytes:
    return _spoken(self._program, os.environ.get("PATH"), text, language)


@lru_cache(maxsize=1000)
def _spoken(program: str, _path: str | None, text: str, language: str) -> bytes:
    return _speak(speech.Speaker(Path(os.devnull), program), text, language)
