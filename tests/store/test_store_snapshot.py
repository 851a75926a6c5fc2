"""A copy of the store: made over whatever lies there, checked whole, and what it says of itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.inbox.store import CHUNK
from app.store.errors import StoreFailed
from app.store.schema import version_of
from app.store.snapshot import COPIED_AT_ONCE, copy_store, examine, newest_schema
from tests.kit.store import open_store


def test_copy_over_a_file_that_is_no_store_replaces_it(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    kit.put("anna")
    to = tmp_path / "copy.db"
    to.write_bytes(b"an earlier copy that the power cut in two" * 100)
    copy_store(kit.path, to)
    kit.close()
    facts = examine(to)
    assert (facts.entries, facts.people) == (1, 3)


def test_copy_says_the_schema_of_this_program(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    to = tmp_path / "copy.db"
    copy_store(kit.path, to)
    kit.close()
    connection = sqlite3.connect(to)
    assert examine(to).version == newest_schema() == version_of(connection)[0]
    connection.close()


def test_copy_with_a_damaged_page_is_refused(tmp_path: Path) -> None:
    kit = open_store(tmp_path)
    for _ in range(20):
        kit.put("anna")
    to = tmp_path / "copy.db"
    copy_store(kit.path, to)
    kit.close()
    octets = bytearray(to.read_bytes())
    octets[4096 * 3 : 4096 * 4] = b"\xa5" * 4096
    to.write_bytes(octets)
    with pytest.raises(StoreFailed):
        examine(to)


def test_copy_is_of_one_moment_while_mails_of_25_mb_come_in_and_holds_none_of_them_up(
    tmp_path: Path,
) -> None:
    kit = open_store(tmp_path)
    before = [kit.put("anna", bytes(25_000_000)).id for _ in range(2)]
    piece, coming = bytes(CHUNK), [kit.db.now(kit.store.contents.begin)]
    pieces = 0

    def mail_comes_in() -> None:
        """A commit that has to wait for the copy would fail, as this is the copy's own thread."""
        nonlocal pieces
        assert pieces < 1000, "each commit begins the copy anew"
        content, sequence = coming[-1], pieces % 96
        kit.db.now(lambda tx: kit.store.contents.add_chunk(tx, content, sequence, piece))
        pieces += 1
        if sequence == 95:
            coming.append(kit.db.now(kit.store.contents.begin))
        kit.db.now(lambda tx: kit.store.remove(tx, before, "pop3", "anna"))
        kit.put("anna")

    to = tmp_path / "copy.db"
    copy_store(kit.path, to, mail_comes_in)
    size = to.stat().st_size
    assert pieces == -(-size // (COPIED_AT_ONCE * 4096)) >= 12, "it was not begun anew"
    assert examine(to).entries == 2
    with closing(sqlite3.connect(to)) as copy:
        states = copy.execute("SELECT id, state, size FROM entry").fetchall()
        assert states == [(entry, "new", 25_000_000) for entry in before]
        counts = "SELECT count(*), total(length(octets)) FROM chunk WHERE place >> 20 >= ?"
        assert copy.execute(counts, (coming[0],)).fetchone() == (0, 0)
    assert len(kit.inbox("anna")) == pieces
    kit.db.checkpoint()
    assert kit.db.pragma("integrity_check") == "ok"
    kit.close()
