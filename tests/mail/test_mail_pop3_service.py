"""POP3 over the store: what may be seen, who holds the maildrop, and what only QUIT does."""

import math
import poplib
import select
import socket
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.mail.pop3.locks import MaildropLocks
from app.store.connection import Tx, WriteConnection
from tests.kit.pop3_house import EntryState, Kind, Pop3House, Transfer, pop3_house

MAIL = b"From: x\r\nSubject: mail\r\n\r\nhello\r\n"
VOICE = b"From: y\r\nMessage-Context: voice-message\r\n\r\nUklGRg==\r\n"
PREFIX = b"Return-Path: <x@example.com>\r\nDelivered-To: anna@box\r\n"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path) as running:
        yield running


@pytest.fixture
def anna(house: Pop3House) -> int:
    """A person with a mail (entry prefix and all) and a voicemail."""
    person = house.add("anna", "201")
    house.deliver(person, MAIL, prefix=PREFIX)
    house.deliver(person, VOICE, Kind.VOICEMAIL)
    return person


def test_the_prefix_is_part_of_the_message(house: Pop3House, anna: int) -> None:
    client = house.logged_in()
    entries = house.inbox(anna)
    assert client.stat() == (2, len(PREFIX + MAIL + VOICE))
    assert client.uidl()[1] == [b"%d %s" % (i + 1, e.uidl.encode()) for i, e in enumerate(entries)]
    assert b"\r\n".join(client.retr(1)[1]) + b"\r\n" == PREFIX + MAIL
    assert client.top(1, 0)[1] == (PREFIX + b"From: x\r\nSubject: mail\r\n").split(b"\r\n")


@pytest.mark.parametrize(
    ("transfer", "sizes"),
    [
        (Transfer.ALL, [len(PREFIX + MAIL), len(VOICE)]),
        (Transfer.EMAIL, [len(PREFIX + MAIL)]),
        (Transfer.NONE, []),
    ],
)
def test_the_transfer_setting(
    house: Pop3House, anna: int, transfer: Transfer, sizes: list[int]
) -> None:
    house.change(anna, transfer=transfer)
    listed = house.logged_in().list()[1]
    assert [int(line.split()[1]) for line in listed] == sizes
    assert len(house.inbox(anna)) == 2


def test_deletions_happen_at_quit_in_one_transaction(house: Pop3House, anna: int) -> None:
    client = house.logged_in()
    first, second = house.inbox(anna)
    client.dele(1)
    client.dele(2)
    before = house.store.last_change()
    assert len(house.inbox(anna)) == 2
    assert client.quit() == b"+OK bye, 2 messages removed"
    assert house.inbox(anna) == []
    changes = house.store.changes(before)
    assert [(change.entry, change.verb) for change in changes] == [
        (first.id, "removed"),
        (second.id, "removed"),
    ]
    gone = house.store.need(second.id)
    assert (gone.state, gone.removed_door, gone.removed_by) == (EntryState.BIN, "pop3", "anna")
    row = house.store.history(entry=second.id)[-1]
    assert (row.verb, row.door, row.by, row.detail) == (
        "removed",
        "pop3",
        "anna",
        "from 127.0.0.1",
    )


def test_the_log_of_a_session_ends_with_its_counters(
    house: Pop3House, anna: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        client = house.logged_in()
        client.retr(1)
        client.dele(1)
        client.quit()
        house.await_connections(0)
    assert [text.partition(" ")[0] for text in caplog.messages] == ["POP3", "POP3"]
    assert "refused" not in caplog.text, "an ordinary end is nothing to be told"
    (line,) = [text for text in caplog.messages if " is over: " in text]
    assert line.startswith(
        "POP3 session of anna from 127.0.0.1 is over: retr=1 top=0 dele=1 octets="
    )


def test_a_lost_connection_deletes_nothing_and_frees_the_maildrop(
    house: Pop3House, anna: int
) -> None:
    client = house.logged_in()
    client.dele(1)
    client.close()
    house.await_connections(0)
    assert house.logged_in().stat()[0] == 2


def test_a_drop_in_the_midst_of_a_message(house: Pop3House, anna: int) -> None:
    house.deliver(anna, (b"x" * 76 + b"\r\n") * 100_000)
    with socket.create_connection(("127.0.0.1", house.port)) as raw:
        raw.sendall(b"USER anna\r\nPASS a pass word\r\nDELE 1\r\nRETR 3\r\n")
        assert raw.recv(10)
    house.await_connections(0)
    assert len(house.inbox(anna)) == 3
    assert house.logged_in().stat()[0] == 3


def test_mail_that_was_fetched_is_read_and_voicemail_stays_unheard(
    house: Pop3House, anna: int
) -> None:
    client = house.logged_in()
    client.retr(1)
    client.retr(2)
    assert house.store.unheard(anna) == (1, 1)
    client.quit()
    assert house.store.unheard(anna) == (1, 0)


def test_fetched_counts_as_heard_where_the_owner_wants_it(house: Pop3House, anna: int) -> None:
    house.change(anna, fetched_is_heard=True)
    lost = house.logged_in()
    lost.retr(2)
    lost.close()
    house.await_connections(0)
    assert house.store.unheard(anna) == (1, 1)
    client = house.logged_in()
    client.top(1, 0)
    client.retr(2)
    client.quit()
    assert house.store.unheard(anna) == (0, 1)


@pytest.mark.parametrize("text", [VOICE, MAIL + b".dot\r\n" * 3, MAIL * 9_000])
def test_a_message_read_whole_by_top_counts_as_fetched(house: Pop3House, text: bytes) -> None:
    """As fetchmail reads that leaves mail on the server; a look at some lines is none."""
    anna = house.add("anna", "201", fetched_is_heard=True)
    house.deliver(anna, text, prefix=PREFIX)
    for lines, unheard in ((0, 1), (1, int(text != VOICE)), (99_999_999, 0)):
        client = house.logged_in()
        client.top(1, lines)
        client.quit()
        assert house.store.unheard(anna)[1] == unheard, f"after TOP 1 {lines}"


def test_one_session_holds_the_maildrop(house: Pop3House, anna: int) -> None:
    house.add("bob", "202")
    client = house.logged_in()
    house.tick()
    house.tick(59)
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        house.logged_in()
    house.logged_in("bob").quit()
    assert client.quit().startswith(b"+OK")
    house.logged_in("ANNA").quit()


def test_a_program_that_does_not_wait_for_the_answer_to_quit_may_come_back_at_once(
    house: Pop3House, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = threading.Event()
    wait = MaildropLocks.wait

    async def wait_for_disk(locks: MaildropLocks, person: int) -> None:
        disk.set()
        await wait(locks, person)

    monkeypatch.setattr(MaildropLocks, "wait", wait_for_disk)
    client = house.logged_in()
    client.dele(1)
    house.db.submit(lambda _: disk.wait(20))
    client.sock.sendall(b"QUIT\r\n")
    client.close()
    client = house.logged_in()
    assert client.stat()[0] == 1
    client.quit()


def test_an_idle_session_is_taken_over_without_update(house: Pop3House, anna: int) -> None:
    old = house.logged_in()
    old.dele(1)
    house.tick()
    house.tick(60)
    new = house.logged_in()
    assert new.stat()[0] == 2
    with pytest.raises(poplib.error_proto, match=r"SYS/TEMP.*nothing was removed"):
        old.noop()
    house.await_connections(1)
    with pytest.raises(poplib.error_proto, match=r"\[IN-USE\]"):
        house.logged_in()
    new.dele(2)
    new.quit()
    assert [entry.kind for entry in house.inbox(anna)] == [Kind.EMAIL]


def test_a_snapshot_outlives_what_other_doors_do(house: Pop3House, anna: int) -> None:
    client = house.logged_in()
    first, second = house.inbox(anna)
    house.db.now(lambda tx: house.store.remove(tx, [second.id], "phone", "anna"))
    house.deliver(anna, MAIL)
    assert client.stat()[0] == 2
    assert b"\r\n".join(client.retr(2)[1]) + b"\r\n" == VOICE
    assert client.dele(2).startswith(b"+OK")
    assert client.quit().startswith(b"+OK")
    assert house.store.need(second.id).removed_door == "phone"
    assert house.inbox(anna)[0].id == first.id
    assert house.logged_in().stat()[0] == 2


def test_a_message_whose_bin_was_emptied_is_refused(house: Pop3House, anna: int) -> None:
    client = house.logged_in()
    (_, second) = house.inbox(anna)
    house.db.now(lambda tx: house.store.remove(tx, [second.id], "phone", "anna"))
    house.db.now(lambda tx: house.store.empty_bin(tx, math.inf))
    with pytest.raises(poplib.error_proto, match=r"\[SYS/PERM\]"):
        client.retr(2)
    assert client.retr(1)
    client.dele(2)
    client.quit()
    assert len(house.inbox(anna)) == 1


def test_what_is_on_its_way_out_is_not_shown(house: Pop3House, anna: int) -> None:
    house.deliver(anna, MAIL, state=EntryState.LEAVING)
    assert house.logged_in().stat()[0] == 2


@pytest.mark.parametrize("login", ["anna", "nobody"])
def test_a_wrong_password_waits_longer_each_time(house: Pop3House, anna: int, login: str) -> None:
    for wait in (1, 2, 4):
        with socket.create_connection(("127.0.0.1", house.port), timeout=20) as raw:
            raw.sendall(b"USER %s\r\nPASS wrong\r\n" % login.encode())
            answers = raw.makefile("rb")
            assert [answers.readline()[:3] for _ in range(2)] == [b"+OK", b"+OK"]
            house.await_refusal()
            house.tick(wait - 0.5)
            assert select.select([raw], [], [], 0)[0] == []
            house.tick(0.5)
            assert answers.readline() == b"-ERR [AUTH] name or password wrong\r\n"
    house.logged_in().quit()


def count_calls(monkeypatch: pytest.MonkeyPatch, of: object, name: str) -> list[None]:
    """One item for each call of a method from now on, once it has done its work."""
    calls: list[None] = []
    method = getattr(of, name)

    def counted(*arguments: object) -> object:
        done = method(*arguments)
        calls.append(None)
        return done

    monkeypatch.setattr(of, name, counted)
    return calls


def is_long(calls: list[None], count: int) -> bool:
    """Whether there were so many calls."""
    return len(calls) == count


def test_hanging_up_instead_of_waiting_gains_no_guess(
    house: Pop3House, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = count_calls(monkeypatch, house.people, "check_password")
    answered = count_calls(monkeypatch, house.service, "_refuse")
    for count in range(1, 41):
        with socket.create_connection(("127.0.0.1", house.port), timeout=20) as raw:
            raw.sendall(b"USER anna\r\nPASS wrong\r\n")
            house.await_that(partial(is_long, answered, count))
        house.tick(1.0)
    assert len(looked_at) <= 8, f"{len(looked_at)} guesses in 40 s from one address"
    client = house.client()
    client.user("anna")
    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] too many wrong passwords"):
        client.pass_("a pass word")
    house.tick(16.0)
    house.logged_in().quit()
    house.logged_in().quit()  # a right one forgets what came before it


def test_right_passwords_are_never_too_many(house: Pop3House, anna: int) -> None:
    for _ in range(50):
        house.logged_in().quit()


def test_plain_login_only_from_the_networks_of_the_settings(tmp_path: Path) -> None:
    with pop3_house(tmp_path, plain=("10.0.0.0/8",)) as house:
        house.add("anna", "201")
        client = house.client()
        assert "USER" not in client.capa()
        with pytest.raises(poplib.error_proto, match=r"\[AUTH\] a password may not cross"):
            client.user("anna")


def test_a_commit_that_fails_removes_nothing(
    house: Pop3House, anna: int, caplog: pytest.LogCaptureFixture
) -> None:
    client = house.logged_in()
    client.dele(1)
    house.db.now(
        lambda tx: tx.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF state ON entry"
            " BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    )
    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] nothing was removed"):
        client.quit()
    assert len(house.inbox(anna)) == 2
    assert "no room" in caplog.text
    house.logged_in()


def test_a_stop_removes_nothing(tmp_path: Path) -> None:
    with pop3_house(tmp_path) as house:
        anna = house.add("anna", "201")
        house.deliver(anna, MAIL)
        client = house.logged_in()
        client.dele(1)
    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] the server is stopping"):
        client.noop()
    with pop3_house(tmp_path) as house:
        assert house.logged_in().stat()[0] == 1


def test_a_peer_that_leaves_during_its_login_holds_nothing(house: Pop3House, anna: int) -> None:
    with socket.create_connection(("127.0.0.1", house.port)) as raw:
        raw.sendall(b"USER anna\r\nPASS a pass word\r\n")
    house.await_connections(0)
    house.logged_in().quit()


def test_quit_whose_transaction_cannot_begin_is_answered_and_frees_the_maildrop(
    house: Pop3House, anna: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_connection: WriteConnection) -> Tx:
        raise sqlite3.OperationalError("database or disk is full")

    client = house.logged_in()
    client.dele(1)
    with monkeypatch.context() as patched:
        patched.setattr(WriteConnection, "_begin", full)
        with pytest.raises(poplib.error_proto, match=r"-ERR \[SYS/TEMP\] nothing was removed"):
            client.quit()
        assert house.logged_in().stat()[0] == 2, "the maildrop is free again"
    house.await_connections(0)
    again = house.logged_in()
    again.dele(1)
    again.quit()
    assert len(house.inbox(anna)) == 1
