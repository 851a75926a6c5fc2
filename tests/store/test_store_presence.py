"""No empty store takes the place of one that has gone."""

import sqlite3
from pathlib import Path

import pytest

from app.store.database import Database
from app.store.errors import StoreFailed
from app.store.presence import StoreMissing, marker_of, must_exist, must_not_have_been, note


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "var" / "store" / "inbox.db"


def made(store: Path) -> Path:
    """A store with its marker, which is returned."""
    Database(store).close()
    note(store, marker_of(store))
    return marker_of(store)


def test_store_that_has_never_been_may_be_made(store: Path) -> None:
    must_not_have_been(store, marker_of(store))
    with pytest.raises(StoreMissing, match="a new box gets its store at its first start"):
        must_exist(store)


def test_store_that_is_there_is_found(store: Path) -> None:
    marker = made(store)
    must_exist(store)
    must_not_have_been(store, marker)


@pytest.mark.parametrize("how", ["file", "folder", "emptied"])
def test_store_that_is_gone_is_said_with_what_to_do(store: Path, how: str) -> None:
    marker = made(store)
    if how == "file":
        store.unlink()
    elif how == "folder":
        store.parent.rename(store.parent.with_name("elsewhere"))
    else:
        store.write_bytes(b"")
    with pytest.raises(StoreMissing, match=f"is gone.*put it back.*remove {marker}"):
        must_not_have_been(store, marker)
    marker.unlink()  # which is what the text says
    must_not_have_been(store, marker)


def test_marker_says_in_words_what_it_is_for(store: Path) -> None:
    text = made(store).read_text()
    assert str(store) in text and "Remove this file" in text


def test_folder_that_takes_no_marker_is_no_error(store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    note(store, tmp_path / "file" / "marker")


def test_process_that_has_a_store_open_makes_none_where_it_was(store: Path) -> None:
    db = Database(store)
    assert db.in_place
    store.rename(store.with_name("moved"))
    assert not db.in_place
    with pytest.raises((StoreFailed, sqlite3.Error)):  # a thread that reads for the first time
        db.reader().execute("SELECT 1 FROM person")
    with pytest.raises((StoreFailed, sqlite3.Error)):
        db.now(lambda tx: tx.execute("SELECT 1 FROM person"))
    assert not store.exists()
    db.close()


def test_all_that_tells_of_a_store_is_named_at_once(store: Path) -> None:
    marker, known = made(store), store.with_name("known.json")
    known.write_text("{}")
    store.unlink()
    with pytest.raises(StoreMissing, match=f"remove {marker} and {known}"):
        must_not_have_been(store, marker, store.with_name("never"), known)
