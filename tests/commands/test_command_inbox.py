"""`inbox`, `queue`, `status` and `settings`: what an administrator looks at."""

import re
from pathlib import Path

import pytest

from app.inbox.mirror import Mirror
from app.inbox.store import EntryState, Facts, Kind
from tests.kit.commands import Shell

MAIL = b"From: eva@example.org\r\nSubject: hello\r\n\r\nbody\r\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "var", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201 --admin")
    return shell


@pytest.fixture
def entry(shell: Shell) -> int:
    box = shell.inbox()
    person = box.people.by_login("anna")
    assert person is not None
    facts = Facts(1_790_000_000.0, "eva@example.org", "hello")

    def work(tx):  # type: ignore[no-untyped-def]  # the Tx of the inbox
        content = box.store.contents.write(tx, (MAIL,))
        return box.store.add_entry(
            tx, person.id, content, b"Return-Path: <>\r\n", Kind.EMAIL, EntryState.NEW, facts
        )

    return int(box.db.now(work))


def test_an_entry_is_listed_shown_and_exported(shell: Shell, entry: int) -> None:
    assert re.search(rf"{entry} +email +new .*eva@example.org +hello", shell.ok("inbox list anna"))
    assert shell.ok(f"inbox show {entry}").startswith("Return-Path: <>\nFrom: eva@example.org\n")
    assert shell.run(f"inbox export {entry}").octets == b"Return-Path: <>\r\n" + MAIL


def test_list_says_so_while_the_mail_system_is_away(shell: Shell, entry: int) -> None:
    box = shell.inbox()
    mirror, anna = Mirror(box.db), box.people.by_login("anna")
    assert anna is not None and "mail system" not in shell.ok("inbox list anna")
    box.db.now(lambda tx: mirror.switch(tx, True))
    box.db.now(lambda tx: mirror.failed(tx, anna.id, "no route"))
    said = shell.ok("inbox list anna")
    assert re.search(rf"{entry} +email", said) and "The mail system is out of reach" in said


def numbers(said: str) -> list[str]:
    return re.findall(r"^ *(\d+) +email", said, re.M)


def test_inbox_and_history_are_listed_page_by_page(shell: Shell) -> None:
    box = shell.inbox()
    person, facts = box.people.by_login("anna"), Facts(1_790_000_000.0, "eva@example.org", "hello")
    assert person is not None

    def work(tx):  # type: ignore[no-untyped-def]  # the Tx of the inbox
        content = box.store.contents.write(tx, (MAIL,))
        new = (Kind.EMAIL, EntryState.NEW, facts)
        return [str(box.store.add_entry(tx, person.id, content, b"", *new)) for _ in range(5)]

    ids = box.db.now(work)
    last = shell.ok("inbox list anna --limit 2")
    assert numbers(last) == ids[3:]
    assert f"older ones: `inbox list anna --before {ids[3]}`" in last
    assert numbers(shell.ok(f"inbox list anna --limit 2 --before {ids[3]}")) == ids[1:3]
    first = shell.ok(f"inbox list anna --before {ids[1]}")
    assert numbers(first) == ids[:1] and "older" not in first
    shell.ok(f"inbox remove {' '.join(ids)}")
    gone = shell.ok("inbox list anna --bin --limit 1")
    assert numbers(gone) == ids[4:] and f"`inbox list anna --bin --before {ids[4]}`" in gone

    said = shell.ok("inbox history anna --limit 3")
    assert said.count("removed") == 3 and "older rows: `inbox history anna --before" in said
    before = re.search(r"--before (\d+)", said)
    assert before is not None
    older = shell.ok(f"inbox history anna --before {before[1]}")
    assert (older.count("removed"), older.count("delivered")) == (2, 5) and "older" not in older
    said = shell.ok(f"inbox history anna --entry {ids[0]} --limit 1")
    assert "removed" in said and f"anna --entry {ids[0]} --before" in said


def test_removing_and_restoring_leaves_a_history_of_who_and_how(shell: Shell, entry: int) -> None:
    uidl = shell.inbox().store.need(entry).uidl
    assert "removed: 1 of 1" in shell.ok(f"inbox remove {entry}")
    assert str(entry) not in shell.ok("inbox list anna").split()
    assert "through admin" in shell.ok("inbox list anna --bin")
    assert "restored: 1 of 1" in shell.ok(f"inbox restore {entry}")
    found = shell.inbox().store.need(entry)
    assert (found.state, found.uidl) == (EntryState.NEW, uidl)
    history = shell.ok(f"inbox history anna --entry {entry}")
    verbs = [line.split()[2] for line in history.splitlines()[1:]]
    assert verbs == ["delivered", "removed", "restored"]


def test_an_entry_that_is_not_there_is_said_so(shell: Shell) -> None:
    assert "there is no entry 99" in shell.refused("inbox show 99")
    assert "removed: 0 of 1" in shell.ok("inbox remove 99")


def test_the_queue_is_listed_shown_retried_and_given_up(shell: Shell) -> None:
    shell.ok("alias set anna anna@outside.example")
    box = shell.inbox()
    route = box.delivery.route("anna")
    from app.inbox.delivery import Envelope

    facts = Facts(1_790_000_000.0, "eva@example.org", "hello")
    envelope = Envelope("eva@example.org", (route,), Kind.EMAIL, facts)
    done = box.db.now(
        lambda tx: box.delivery.deliver(tx, envelope, box.store.contents.write(tx, (MAIL,)))
    )
    (row,) = done.queued
    assert "anna@outside.example" in shell.ok("queue list")
    assert "anna@outside.example" not in shell.ok(f"queue list --after {row}")
    later = box.db.box_time.now() + 300
    box.db.now(
        lambda tx: box.queue.destinations.failed(tx, "outside.example", 0, "451 4.4.1 no", later)
    )
    told = "outside.example cannot be reached (451 4.4.1 no); 1 to send there, tried again"
    for command in ("queue list", "status"):
        assert told in " ".join(shell.ok(command).split())
    shown = shell.ok(f"queue show {row}")
    assert re.search(r"who gets it back +anna", shown) and "custody" in shown
    assert "it is due now" in shell.ok(f"queue retry {row}")
    said = shell.ok(f"queue remove {row}")
    assert f"entry {done.entries[0]} is back in the inbox" in said
    assert box.store.need(done.entries[0]).state is EntryState.NEW
    assert f"nothing in the queue has the number {row}" in shell.refused(f"queue show {row}")


def test_status_answers_also_when_nothing_runs(shell: Shell, entry: int) -> None:
    said = shell.ok("status")
    assert re.search(r"mail +not supervised here", said)
    assert "is the appliance running?" in said
    assert re.search(r"store +\d+ B in 1 inboxes", said)


def test_the_board_needs_a_running_box(shell: Shell) -> None:
    said = shell.refused("board lamps")
    assert "box" in said and "Traceback" not in said


def test_every_command_is_documented(shell: Shell) -> None:
    helped = shell.ok("--help")
    for name in ("run", "phone", "mail", "admin", "box", "board", "people", "alias", "inbox"):
        assert re.search(rf"^  {name} +\S", helped, flags=re.MULTILINE), name
