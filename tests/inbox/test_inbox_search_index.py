"""Search in inboxes: what is found, for whom, and that the index follows the store."""

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands import service_admin
from app.config.paths import Paths
from app.inbox.entries import INBOX, Entry, EntryState
from app.inbox.search_index import SLICE, SearchIndex, words_in
from app.store.errors import StoreFailed
from tests.kit.defaults import RETENTION
from tests.kit.store import StoreKit, open_store


def letter(
    text: str, subject: str = "Hello", sender: str = "Carl <carl@elsewhere.example>"
) -> bytes:
    head = f"From: {sender}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}\r\n{text}\r\n".encode()


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[StoreKit]:
    kit = open_store(tmp_path)
    yield kit
    kit.close()


@pytest.fixture
def index(kit: StoreKit) -> Iterator[SearchIndex]:
    index = SearchIndex(kit.db, kit.store)
    yield index
    index.close()


def follow(index: SearchIndex) -> int:
    """Until the index has caught up; in how many slices."""
    slices = 1
    while index.catch_up():
        slices += 1
    return slices


def found(kit: StoreKit, index: SearchIndex, login: str, question: str) -> list[int]:
    return [entry.id for entry in index.find(kit.person(login).id, question, INBOX, 50)]


def send(kit: StoreKit, *logins: str, text: str = "x", subject: str = "Hello") -> list[Entry]:
    delivered = kit.mail(
        *(f"{login}@example.org" for login in logins), octets=letter(text, subject)
    )
    return [kit.store.need(entry) for entry in delivered.entries]


def test_words_of_sender_subject_and_text_are_found_in_any_case_and_accent(
    kit: StoreKit, index: SearchIndex
) -> None:
    (entry,) = send(kit, "anna", text="Die Größe der Küche in 東京", subject="Plan für Café")
    send(kit, "anna", text="nothing of that")
    follow(index)
    for question in (
        "cafe PLAN",
        "KÜCHE",
        "grosse",
        "kuch",
        "京",
        "für",
    ):
        assert found(kit, index, "anna", question) == [entry.id], question
    assert len(found(kit, index, "anna", "carl elsewhere.example")) == 2
    for question in ("", "?!", "ku", "plan nothing", 'x" OR "plan', "caf* NOT", "uche"):
        assert found(kit, index, "anna", question) == [], question


def test_only_ones_own_entries_are_found_newest_first(kit: StoreKit, index: SearchIndex) -> None:
    both = send(kit, "anna", "bob", text="lunch")
    (mine,) = send(kit, "bob", text="lunch again")
    follow(index)
    assert found(kit, index, "bob", "lunch") == [mine.id, both[1].id]
    assert found(kit, index, "anna", "lunch") == [both[0].id]
    assert found(kit, index, "anna", "again") == []


def test_entries_of_other_states_do_not_fill_the_page(kit: StoreKit, index: SearchIndex) -> None:
    entries = [send(kit, "anna", text="lunch")[0].id for _ in range(12)]
    kit.db.now(lambda tx: kit.store.remove(tx, entries[3:], "web", "anna"))
    follow(index)
    anna = kit.person("anna").id
    assert [e.id for e in index.find(anna, "lunch", INBOX, 2)] == entries[2:0:-1]
    assert [e.id for e in index.find(anna, "lunch", INBOX, 2, before=entries[1])] == [entries[0]]
    assert len(index.find(anna, "lunch", (EntryState.BIN,), 50)) == 9


def test_what_is_purged_or_given_away_is_found_there_no_more(
    kit: StoreKit, index: SearchIndex
) -> None:
    gone, given = send(kit, "bob", text="lunch")[0], send(kit, "bob", text="lunch")[0]
    follow(index)
    kit.db.now(lambda tx: kit.store.remove(tx, [gone.id], "web", "bob"))
    kit.db.now(lambda tx: kit.store.empty_bin(tx, float("inf")))
    kit.db.now(
        lambda tx: kit.store.give_all(
            tx, kit.person("bob").id, kit.person("anna").id, "admin", "anna"
        )
    )
    follow(index)
    assert found(kit, index, "bob", "lunch") == []
    assert found(kit, index, "anna", "lunch") == [given.id]
    with sqlite3.connect(index.path) as file:
        assert file.execute("SELECT count(*) FROM said").fetchone() == (1,)
        assert file.execute("SELECT count(*) FROM word WHERE word MATCH 'lunch'").fetchone() == (
            1,
        ), "no list of a word names what is gone"
        file.execute("INSERT INTO word (word) VALUES ('integrity-check')")


def test_old_store_is_gone_through_in_slices(kit: StoreKit, index: SearchIndex) -> None:
    entries = [send(kit, "anna", text="lunch")[0].id for _ in range(2 * SLICE + 1)]
    assert index.progress() == 0.0
    assert index.catch_up()
    (new,) = send(kit, "anna", text="supper")
    assert 0.4 < index.progress() < 0.6
    assert follow(index) == 2
    assert index.progress() == 1.0
    assert found(kit, index, "anna", "supper") == [new.id]
    assert len(index.find(kit.person("anna").id, "lunch", INBOX, 500)) == len(entries)


def test_index_follows_the_change_log_across_a_restart(kit: StoreKit, index: SearchIndex) -> None:
    send(kit, "anna", text="lunch")
    follow(index)
    index.close()
    (entry,) = send(kit, "anna", text="supper")
    again = SearchIndex(kit.db, kit.store)
    assert again.progress() == 1.0
    assert follow(again) == 1
    assert found(kit, again, "anna", "supper") == [entry.id]
    again.close()


@pytest.mark.parametrize("seen", [True, False])
def test_index_that_missed_forgotten_changes_is_made_anew(
    kit: StoreKit, index: SearchIndex, seen: bool
) -> None:
    send(kit, "anna", text="lunch")
    follow(index)
    (entry,) = send(kit, "anna", text="supper")
    if seen:
        follow(index)
    send(kit, "anna", text="tea")
    last = kit.store.last_change()
    kit.db.now(lambda tx: kit.store.audit_log.trim(tx, 0, 0, last))
    follow(index)
    assert found(kit, index, "anna", "supper") == [entry.id]
    assert len(found(kit, index, "anna", "carl")) == 3


def test_index_of_another_store_is_made_anew(kit: StoreKit, index: SearchIndex) -> None:
    send(kit, "anna", text="lunch")
    follow(index)
    with sqlite3.connect(index.path) as file:
        file.execute("UPDATE followed SET change = 'other'")
    send(kit, "anna", text="supper")
    follow(index)
    assert len(found(kit, index, "anna", "carl")) == 2


@pytest.mark.parametrize("damage", [b"not a database at all" * 500, None])
def test_index_that_is_damaged_or_of_another_version_is_made_anew(
    kit: StoreKit, index: SearchIndex, damage: bytes | None
) -> None:
    (entry,) = send(kit, "anna", text="lunch")
    follow(index)
    index.close()
    if damage is not None:
        index.path.write_bytes(damage)
    else:
        with sqlite3.connect(index.path) as file:
            file.execute("PRAGMA user_version = 99")
    follow(index)
    assert found(kit, index, "anna", "lunch") == [entry.id]


def test_index_that_cannot_be_opened_is_told(kit: StoreKit, index: SearchIndex) -> None:
    index.path.mkdir()
    with pytest.raises(StoreFailed, match=r"search\.db cannot be used"):
        index.catch_up()


def test_entry_whose_text_is_lost_is_found_by_its_subject(
    kit: StoreKit, index: SearchIndex
) -> None:
    (entry,) = send(kit, "anna", text="lunch", subject="Table")
    kit.db.now(lambda tx: tx.execute("DELETE FROM chunk"))
    follow(index)
    assert found(kit, index, "anna", "table") == [entry.id]


def test_words_are_without_case_accents_and_signs() -> None:
    assert words_in("Ein_Wort, Größe: naïve ﬁve №5 東京タワー") == [
        *("ein", "wort", "grosse", "naive", "five", "no5"),
        *("東", "京", "タ", "ワ", "ー"),
    ]


def test_admin_service_has_the_index_follow_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = Paths(tmp_path / "var")
    paths.database.parent.mkdir(parents=True)
    kit = open_store(paths.database.parent)
    send(kit, "anna", text="lunch")
    monkeypatch.setattr(signal, "sigtimedwait", lambda *_: signal.SIGTERM)
    monkeypatch.setattr(signal, "pthread_sigmask", lambda *_: None)
    service_admin._serve_admin(paths, RETENTION, lambda: None)
    index = SearchIndex(kit.db, kit.store)
    assert (len(found(kit, index, "anna", "lunch")), index.progress()) == (1, 1.0)
    index.close()
    kit.close()
