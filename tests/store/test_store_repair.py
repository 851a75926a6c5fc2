"""A repaired store holds all that could be read, under the same UIDLs, and says what it lost."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.inbox.entries import EntryState
from app.store.change_over import change_over, kept, repaired, salvaged
from app.store.condition import State, StoreCondition
from app.store.errors import StoreFailed
from app.store.mending import FIELD, Mending, filler
from app.store.repair import RepairReport, salvage
from tests.kit.invariants import check_store
from tests.kit.store import StoreKit, open_store
from tests.kit.store_damage import NOISE, PAGE, pages, settle, spoil, spoil_content

LINE = b"x" * 62 + b"\r\n"
NOW = 1_790_000_000.0
PEOPLE = ("anna", "bob", "cleo")


def mail(lines: int) -> bytes:
    return b"From: carl <carl@x.example>\r\nSubject: %d lines\r\n\r\n" % lines + LINE * lines


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store with people, 81 mails of up to 1.3 MB, an alias, the bin and the queue."""
    kit = open_store(tmp_path_factory.mktemp("sound"))
    for number in range(40):
        for login in ("anna", "bob"):
            kit.put(login, mail(1 + number * 37))
    kit.put("cleo", mail(20_000))
    kit.alias("all", "anna", "bob", owner="anna")
    kit.mail("all@example.org", relay=["dora@elsewhere.example"])
    gone = kit.inbox("bob")[:3]
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id for entry in gone], "test", "bob"))
    kit.db.now(lambda tx: kit.people.set_password(tx, kit.person("anna").id, "a pass word"))
    kit.close()
    settle(kit.path)
    return kit.path


@pytest.fixture
def path(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "inbox.db"))


Boxes = dict[str, list[tuple[int, str, EntryState, int]]]


def boxes(path: Path) -> Boxes:
    """What everybody has, the bin included: number, UIDL, state and size."""
    kit = StoreKit(path)
    found = {
        login: [
            (e.id, e.uidl, e.state, e.size)
            for e in kit.store.entries(kit.person(login).id, states=EntryState)
        ]
        for login in PEOPLE
    }
    kit.close()
    return found


def repaired_store(path: Path) -> RepairReport:
    """Repair it, put the new store in its place, and have others judge it."""
    report = salvage(path, ManualClock(NOW))
    assert change_over(path)
    judged = subprocess.run(
        ["sqlite3", str(path), "PRAGMA integrity_check", "PRAGMA foreign_key_check"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert judged.stdout == "ok\n"
    check_store(path)
    kit = StoreKit(path)
    for login in PEOPLE:
        entries = kit.inbox(login)
        assert kit.store.used(kit.person(login).id) == sum(entry.size for entry in entries)
        assert all(len(kit.text(entry)) == entry.size for entry in entries), login
    kit.close()
    return report


def test_sound_store_comes_out_as_it_was(path: Path) -> None:
    before = boxes(path)
    report = repaired_store(path)
    assert (report.people, report.losses) == (3, ())
    assert boxes(path) == before
    kit = StoreKit(path)
    assert kit.people.check_password("anna", "a pass word") is not None
    assert [row.recipient for row in kit.queue.page()] == ["dora@elsewhere.example"]
    assert kit.queue.waiting() == 1
    destinations = kit.db.reader().execute("SELECT name, waiting FROM destination").fetchall()
    assert destinations == [("elsewhere.example", 1)]
    assert [row.verb for row in kit.store.history(kit.person("bob").id)][-1] == "removed"
    kit.close()


@pytest.mark.parametrize("octets", [NOISE, bytes(PAGE)], ids=["noise", "zeros"])
@pytest.mark.parametrize("tree", ["entry", "chunk"])
def test_bad_inner_page_costs_nothing(path: Path, tree: str, octets: bytes) -> None:
    bad = pages(path, tree, "internal")
    assert bad, f"{tree} is one page here"
    before = boxes(path)
    spoil(path, *bad, octets=octets)
    assert repaired_store(path).losses == ()
    assert boxes(path) == before


def test_bad_first_page_costs_nothing(path: Path) -> None:
    before = boxes(path)
    spoil(path, 1)
    assert repaired_store(path).losses == ()
    assert boxes(path) == before


def test_bad_page_of_the_pointer_map_costs_nothing(path: Path) -> None:
    before = boxes(path)
    spoil(path, 2)
    assert repaired_store(path).losses == ()
    assert boxes(path) == before


def test_bad_page_of_an_index_costs_nothing(path: Path) -> None:
    before = boxes(path)
    for index in ("entry_person", "entry_content", "person_login", "audit_entry"):
        spoil(path, *pages(path, index))
    assert repaired_store(path).losses == ()
    assert boxes(path) == before


@pytest.mark.parametrize("octets", [NOISE, bytes(PAGE)], ids=["noise", "zeros"])
def test_bad_page_in_a_message_costs_its_octets_and_is_stated(path: Path, octets: bytes) -> None:
    kit = StoreKit(path)
    entry = kit.inbox("cleo")[0]
    kit.close()
    before = boxes(path)
    spoil(path, spoil_content(path, entry.content, chunk=2, page=5), octets=octets)
    report = repaired_store(path)
    [loss] = report.losses
    assert (loss.login, f"message {entry.id}: {PAGE - 4} octets" in loss.what) == ("cleo", True)
    kit = StoreKit(path)
    [mended] = kit.inbox("cleo")
    text = kit.text(mended)
    assert mended.uidl == entry.uidl
    assert f"{FIELD}: {PAGE - 4} octets of".encode() in kit.store.header(mended)
    assert b"[%d octets of this message were lost" % (PAGE - 4) in text
    assert text.count(LINE) > 20_000 - 70
    assert kit.store.history(entry=entry.id)[-1].verb == "damaged"
    kit.close()
    others = boxes(path)
    assert (others["anna"], others["bob"]) == (before["anna"], before["bob"])


def test_last_page_of_zeros_of_a_message_is_noticed(path: Path) -> None:
    bad = pages(path, "chunk", "overflow")[-1]
    spoil(path, bad, octets=bytes(PAGE))
    assert len(repaired_store(path).losses) == 1


def test_messages_whose_chunks_are_lost_tell_what_they_were(path: Path) -> None:
    before = boxes(path)
    spoil(path, pages(path, "chunk")[3])
    report = repaired_store(path)
    assert report.losses
    assert all("the whole message" in loss.what for loss in report.losses)
    after = boxes(path)
    for login in PEOPLE:
        assert [row[:3] for row in after[login]] == [row[:3] for row in before[login]]
    kit = StoreKit(path)
    texts = [kit.text(entry) for login in PEOPLE for entry in kit.inbox(login)]
    assert sum(b"a message of" in text and b"was lost" in text for text in texts) == sum(
        loss.login != "" for loss in report.losses
    )
    kit.close()


@pytest.mark.parametrize("history_too", [False, True])
def test_lost_rows_of_entries_are_rebuilt_from_index_history_and_message(
    path: Path, history_too: bool
) -> None:
    if history_too:  # as in a store from before the history knew UIDLs
        kit = StoreKit(path)
        kit.db.now(lambda tx: tx.execute("UPDATE audit SET uidl = NULL"))
        kit.close()
        settle(path)
    before = boxes(path)
    spoil(path, pages(path, "entry")[0])
    report = repaired_store(path)
    after = boxes(path)
    for login in PEOPLE:
        assert [row[0] for row in after[login]] == [row[0] for row in before[login]]
        assert [row[2] for row in after[login]] == [row[2] for row in before[login]]
    known = {row[1] for login in PEOPLE for row in before[login]}
    fresh = [row for login in PEOPLE for row in after[login] if row[1] not in known]
    assert len(report.losses) > 0
    assert len(fresh) == (len(report.losses) if history_too else 0)
    kit = StoreKit(path)
    assert kit.inbox("anna")[0].subject == "1 lines"
    kit.close()


def test_lost_rows_of_people_are_rebuilt_from_their_indexes(path: Path) -> None:
    before = boxes(path)
    spoil(path, *pages(path, "person"))
    report = repaired_store(path)
    assert boxes(path) == before
    assert [loss.login for loss in report.losses] == list(PEOPLE)
    assert "`people password`" in report.text
    kit = StoreKit(path)
    assert (kit.person("anna").mailbox, kit.person("anna").handset) == ("201", "101")
    assert kit.people.check_password("anna", "a pass word") is None
    kit.close()


def test_people_of_whom_nothing_is_left_become_former_ones(path: Path) -> None:
    indexes = [f"person_{column}" for column in ("login", "mailbox", "handset", "address")]
    spoil(path, *(page for tree in ("person", *indexes) for page in pages(path, tree)))
    salvage(path, ManualClock(NOW))
    change_over(path)
    kit = StoreKit(path)
    former = kit.people.former("lost-1")
    assert former is not None
    assert len(kit.store.entries(former.id)) == 41
    kit.close()


@pytest.mark.parametrize(("place", "said"), [(0, "the oldest"), (-1, "up to")])
def test_lost_history_is_stated(path: Path, place: int, said: str) -> None:
    spoil(path, pages(path, "audit")[place])
    [loss] = repaired_store(path).losses
    assert loss.what.startswith(said)
    assert "lines of the history" in loss.what


def test_what_the_wal_holds_is_kept(path: Path) -> None:
    kit = StoreKit(path)
    entry = kit.put("anna", mail(3000))
    aside = path.with_name("cut")
    aside.mkdir()
    for name in ("inbox.db", "inbox.db-wal"):  # as a power cut leaves them
        shutil.copy(path.with_name(name), aside / name)
    kit.close()
    spoil(aside / "inbox.db", 1)
    assert repaired_store(aside / "inbox.db").losses == ()
    kit = StoreKit(aside / "inbox.db")
    assert kit.inbox("anna")[-1].uidl == entry.uidl
    kit.close()


def test_numbers_are_not_used_a_second_time(path: Path) -> None:
    kit = StoreKit(path)
    last = kit.put("anna")
    kit.db.now(lambda tx: tx.execute("DELETE FROM entry WHERE id = ?", (last.id,)))
    kit.db.now(lambda tx: kit.store.contents.drop_unused(tx, [last.content]))
    kit.close()
    settle(path)
    repaired_store(path)
    kit = StoreKit(path)
    assert kit.put("anna").id > last.id
    kit.close()


def _count(store: Path, table: str) -> int:
    looking = sqlite3.connect(store)
    try:
        return int(looking.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:  # no such table: it has not come so far
        return 0
    finally:
        looking.close()


@pytest.mark.parametrize("command", [".dump", ".recover"])
def test_more_is_kept_than_by_the_tools_of_sqlite(path: Path, sound: Path, command: str) -> None:
    def rescued(store: Path) -> Path:
        said = subprocess.run(["sqlite3", str(store), command], check=False, capture_output=True)
        theirs = path.with_name("theirs.db")
        script = said.stdout.replace(b"ROLLBACK; -- due to errors", b"COMMIT;")
        subprocess.run(["sqlite3", str(theirs)], input=script, check=False, capture_output=True)
        return theirs

    theirs = rescued(Path(shutil.copy(sound, path.with_name("sound.db"))))
    if not _count(theirs, "entry"):
        pytest.skip(f"this sqlite3 has no {command} that works")
    theirs.unlink()
    spoil(path, *pages(path, "chunk", "internal"), *pages(path, "chunk", "overflow")[50:400:50])
    spoil(path, pages(path, "entry")[0])
    theirs = rescued(path)
    repaired_store(path)
    tables = ("entry", "content", "chunk", "person", "audit")
    ours, others = ([_count(store, table) for table in tables] for store in (path, theirs))
    assert all(mine >= other for mine, other in zip(ours, others, strict=True)), (ours, others)
    assert ours[0] == 83
    assert ours[0] > others[0]


# ---- how it is done


def test_damaged_store_is_kept_and_the_condition_is_well_again(path: Path) -> None:
    spoil(path, 1)
    damaged = path.read_bytes()
    salvage(path, ManualClock(NOW))
    old = kept(path)
    assert not StoreCondition(path).damage().writable, "nothing is written until the change-over"
    assert change_over(path)
    assert old.read_bytes() == damaged
    assert StoreCondition(path).read().state is State.WELL
    assert not change_over(path)


def test_repair_that_is_cut_off_leaves_the_store_and_begins_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(path, pages(path, "entry", "internal")[0])
    damaged = path.read_bytes()

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Mending, "mend", cut)
        with pytest.raises(KeyboardInterrupt):
            salvage(path, ManualClock(NOW))
    assert path.read_bytes() == damaged
    assert salvaged(path).exists()
    assert not repaired(path).exists()
    assert repaired_store(path).losses == ()


@pytest.mark.parametrize("step", range(12))
def test_power_cut_at_any_step_of_the_change_over_only_delays_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    kit = StoreKit(path)
    aside = path.with_name("cut")
    aside.mkdir()
    for name in ("inbox.db", "inbox.db-wal"):
        shutil.copy(path.with_name(name), aside / name)
    kit.close()
    store = aside / "inbox.db"
    before = boxes(path)
    salvage(store, ManualClock(NOW))
    left = [step]

    def counted(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*arguments: object, **options: object) -> object:
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1
            return call(*arguments, **options)

        return wrapper

    with monkeypatch.context() as patched:
        for name in ("replace", "link", "unlink", "fsync"):
            patched.setattr(os, name, counted(getattr(os, name)))
        try:
            change_over(store)
        except KeyboardInterrupt:
            assert store.exists()
    assert boxes(store) == before, "whoever opens the store does the rest"
    assert not repaired(store).exists()
    assert StoreCondition(store).read().state is State.WELL


def test_store_in_use_is_not_changed_over(path: Path) -> None:
    kit = StoreKit(path)
    salvage(path, ManualClock(NOW))
    other = StoreKit(path)
    assert repaired(path).exists()
    other.close()
    kit.close()
    StoreKit(path).close()
    assert not repaired(path).exists()


def test_repair_without_room_says_how_much_it_needs(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(path.parent)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StoreFailed, match=r"needs .* MB .* 1 MB are free"):
        salvage(path, ManualClock(NOW))
    assert StoreCondition(path).read().state is State.WELL


def test_filler_among_base64_keeps_what_follows_decodable() -> None:
    line = b"QUJD" * 19 + b"\r\n"
    before = line * 3 + line[:10]
    filled = filler(before, 1000)
    whole = before + filled + (line * 2)[(len(before) + 1000) % 78 :]
    assert len(filled) == 1000
    assert all(len(part) in (0, 76) for part in whole.split(b"\r\n"))


def test_filler_never_begins_a_line_at_its_end() -> None:
    for length in range(1, 400):
        filled = filler(b"some text", length)
        assert len(filled) == length
        assert not filled.endswith((b"\n", b"\r"))
