"""Mail fetched from a server elsewhere: each message once, whatever that server does."""

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.inbox.account_passwords import AccountPasswords
from app.inbox.entries import EntryState, Kind
from app.inbox.fetch_accounts import DAY, FetchAccount, FetchAccounts
from app.mail.fetch.session import SESSION_S, SILENCE_S
from tests.kit.mail_box import MailBox
from tests.kit.pop3_elsewhere import PASSWORD, USER, Pop3Elsewhere

POLL_S = 300.0


def letter(name: str, body: bytes = b"hello\r\n", more: bytes = b"") -> bytes:
    head = b"From: x@y.test\r\nSubject: %b\r\nMessage-ID: <%b@y.test>\r\n" % ((name.encode(),) * 2)
    return head + more + b"\r\n" + body


def three() -> dict[str, bytes]:
    return {name: letter(name) for name in ("one", "two", "three")}


class Fetching:
    """A box whose Anna has an account on `old`, some POP3 server; time is the test's."""

    def __init__(self, box: MailBox, old: Any, fields: dict[str, Any]) -> None:
        self.box, self.old = box, old
        passwords = AccountPasswords(box.db, Path(box.config.account_key).read_bytes)
        self.accounts = FetchAccounts(box.db, passwords, box.clock)
        anna = box.people.by_login("anna")
        assert anna is not None
        known = self.accounts.of(anna.id)
        wanted: dict[str, Any] = {
            "server": "127.0.0.1", "port": fields.get("port") or old.port, "tls": "none",
            "user": USER, "poll_s": POLL_S, "keep_days": None,
        } | fields  # fmt: skip
        password = wanted.pop("password", PASSWORD)
        if not known:
            box.db.now(lambda tx: self.accounts.add(tx, anna.id, wanted, password))
        self.box.settle()

    @property
    def account(self) -> FetchAccount:
        (account,) = self.accounts.all()
        return account

    def again(self, after_s: float = POLL_S) -> None:
        """The next visit, when it is due."""
        self.box.clock.advance(after_s)  # type: ignore[attr-defined]  # a ManualClock
        self.box.tick()
        self.box.settle()

    def empty(self) -> None:
        """Anna removes all she has."""
        gone = [entry.id for entry in self.box.inbox("anna")]
        self.box.db.now(lambda tx: self.box.store.remove(tx, gone, "pop3", "anna"))

    def subjects(self) -> list[str]:
        return sorted(entry.subject for entry in self.box.inbox("anna"))


@contextmanager
def fetching(
    path: Path, old: Any, config: dict[str, Any] | None = None, **fields: Any
) -> Iterator[Fetching]:
    key = path / "accounts.key"
    if not key.exists():
        key.write_bytes(os.urandom(32))
    with MailBox(path, account_key=str(key), **(config or {})) as box:
        yield Fetching(box, old, fields)


def test_what_is_there_is_fetched_once_and_stays_there(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old) as anna:
        assert anna.subjects() == ["one", "three", "two"]
        anna.again()
        assert anna.subjects() == ["one", "three", "two"]
        assert old.count("RETR") == 3 and old.count("DELE") == 0 and old.connections == 2
        assert (anna.account.error, anna.account.failures) == ("", 0)
        assert anna.account.ok_at is not None


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_mail_is_fetched_by_ipv6(tmp_path: Path) -> None:
    with Pop3Elsewhere(three(), host="::1") as old, fetching(tmp_path, old, server="::1") as house:
        assert house.subjects() == ["one", "three", "two"] and house.account.error == ""
        (entry, *_) = house.box.inbox("anna")
        assert b"Received: from [IPv6:::1]\r\n" in house.box.octets(entry)


def test_the_octets_are_those_of_the_old_box_behind_our_own_lines(tmp_path: Path) -> None:
    body = b".dot\r\n..two\r\n\r\n" + bytes(range(32, 127)) + b"\r\nGr\xfc\xdfe"
    mail = letter("one", body, b"Return-Path: <carl@far.test>\r\nDelivered-To: anna@box.test\r\n")
    with Pop3Elsewhere({"1": mail}) as old, fetching(tmp_path, old) as anna:
        (entry,) = anna.box.inbox("anna")
        octets = anna.box.octets(entry)
        head = re.sub("Switchhook-Sent-On: [0-9a-f]{32}\r\n", "", octets[: -len(mail) - 2].decode())
        assert octets.endswith(mail + b"\r\n"), "with the line end that POP3 adds"
        assert head.startswith("Return-Path: <carl@far.test>\r\nDelivered-To: anna@box.test\r\n")
        assert "Received: from [127.0.0.1]\r\n\tby box.test with POP3 id " in head
        assert entry.size == len(octets)
        history = anna.box.store.history(entry.person, entry.id)
        assert [(row.verb, row.door, row.by) for row in history] == [
            ("delivered", "fetch", "127.0.0.1")
        ]


@pytest.mark.parametrize("body", [b"hello\r\n", b""])
def test_what_a_fetched_mail_says_in_the_name_of_the_box_is_taken_out(
    tmp_path: Path, body: bytes
) -> None:
    forged = b"Authentication-Results: box.test;\r\n\tspf=pass smtp.mailfrom=bank.net\r\n"
    other = b"Authentication-Results: old.test; spf=fail smtp.mailfrom=carl@bank.net\r\n"
    mails = {"1": letter("one", body, forged + other + forged), "2": forged[:-2]}
    with Pop3Elsewhere(mails) as old, fetching(tmp_path, old) as anna:
        entries = {entry.subject: entry for entry in anna.box.inbox("anna")}
        octets = anna.box.octets(entries["one"])
        assert octets.endswith(letter("one", body, other))
        assert entries["one"].size == len(octets)
        assert b"bank.net" not in anna.box.octets(entries[""])
        anna.again()
        assert len(anna.subjects()) == 2 and old.count("RETR") == 2


def test_fetched_mail_is_not_sent_on(tmp_path: Path) -> None:
    with Pop3Elsewhere() as old, fetching(tmp_path, old) as anna:
        anna.box.alias("anna", "anna@far.test")
        old.messages = three()
        anna.again()
        assert len(anna.subjects()) == 3 and anna.box.rows() == []


def test_a_message_goes_from_the_server_when_it_is_old_enough(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old, keep_days=7) as anna:
        anna.again(6.9 * DAY)
        assert len(old.messages) == 3
        old.messages["four"] = letter("four")
        anna.again(0.2 * DAY)
        assert list(old.messages) == ["four"]
        anna.again()
        assert len(anna.subjects()) == 4 and old.count("RETR") == 4


def test_a_message_that_is_to_go_at_once_goes_with_the_visit_that_fetched_it(
    tmp_path: Path,
) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old, keep_days=0) as anna:
        assert old.messages == {} and old.connections == 1
        assert len(anna.subjects()) == 3


def test_a_session_that_breaks_before_its_quit_doubles_nothing(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old:
        old.odd["DELE 2"] = None
        with fetching(tmp_path, old, keep_days=0) as anna:
            assert "closed by the server" in anna.account.error
            assert len(old.messages) == 3, "only QUIT deletes"
            old.odd.clear()
            anna.again()
            assert anna.subjects() == ["one", "three", "two"] and old.messages == {}
            assert old.count("RETR") == 3


def test_a_box_that_starts_again_goes_on_where_it_was(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old:
        old.odd["RETR 2"] = b"hold"
        key = tmp_path / "accounts.key"
        key.write_bytes(os.urandom(32))
        with MailBox(tmp_path, account_key=str(key)) as box:
            passwords = AccountPasswords(box.db, key.read_bytes)
            accounts = FetchAccounts(box.db, passwords, box.clock)
            anna = box.people.by_login("anna")
            assert anna is not None
            fields = {
                "server": "127.0.0.1", "port": old.port, "tls": "none", "user": USER,
                "poll_s": POLL_S, "keep_days": 0,
            }  # fmt: skip
            box.db.now(lambda tx: accounts.add(tx, anna.id, fields, PASSWORD))
            wait_for(lambda: "RETR 2" in old.commands)
        old.odd.clear()
        with fetching(tmp_path, old) as again:
            assert again.subjects() == ["one", "three", "two"] and old.messages == {}
            assert old.commands.count("RETR 1") == 1


def wait_for(happened: Callable[[], bool]) -> None:
    for _ in range(2000):
        if happened():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it does not happen")


def test_a_server_that_gives_all_messages_new_names_gets_none_fetched_twice(
    tmp_path: Path,
) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old, keep_days=30) as anna:
        old.messages = {f"moved-{name}": mail for name, mail in old.messages.items()}
        old.messages["new"] = letter("new")
        anna.again()
        assert anna.subjects() == ["new", "one", "three", "two"]
        assert old.count("RETR") == 4
        anna.again(30 * DAY)
        assert old.messages == {}, "their age goes on under the new names"


def test_a_list_that_was_empty_for_once_is_not_forgotten(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old) as anna:
        held, old.messages = old.messages, {}
        anna.again()
        old.messages = held
        anna.again()
        anna.again()
        assert len(anna.subjects()) == 3 and old.count("RETR") == 3 and old.count("TOP") == 0


def test_what_the_server_has_no_more_is_forgotten_with_time(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old) as anna:
        old.messages.clear()
        count = "SELECT count(*) FROM fetch_seen"
        anna.again()
        assert anna.box.db.reader().execute(count).fetchone() == (3,)
        old.messages["four"] = letter("four")
        anna.again(31 * DAY)
        del old.messages["four"]
        anna.again()
        assert anna.box.db.reader().execute(count).fetchone() == (1,)


def test_a_server_without_names_is_known_by_headers(tmp_path: Path) -> None:
    with Pop3Elsewhere(three(), names=False) as old, fetching(tmp_path, old) as anna:
        old.messages = {"x": letter("one", more=b"Status: RO\r\n"), "y": letter("new")}
        anna.again()
        assert anna.subjects() == ["new", "one", "three", "two"]
        assert old.count("RETR") == 4
        anna.again()
        assert old.count("RETR") == 4


def test_two_messages_without_names_that_look_alike_are_two(tmp_path: Path) -> None:
    alike = {"1": b"Subject: backup\r\n\r\nfine\r\n", "2": b"Subject: backup\r\n\r\nbroken\r\n"}
    with Pop3Elsewhere(alike, names=False) as old, fetching(tmp_path, old, keep_days=0) as anna:
        assert anna.subjects() == ["backup", "backup"] and old.messages == {}
        old.messages["3"] = b"Subject: backup\r\n\r\nfine again\r\n"
        anna.again()
        anna.again()
        assert anna.subjects() == ["backup"] * 2, "told apart only when the first has gone"
        old.messages["3"] = b"Subject: backup\r\n\r\nfine again\r\n"
        anna.again()
        assert len(anna.subjects()) == 3


def test_a_server_that_can_neither_name_nor_show_is_left_alone(tmp_path: Path) -> None:
    with Pop3Elsewhere(three(), names=False, top=False) as old, fetching(tmp_path, old) as anna:
        assert anna.subjects() == []
        assert "UIDL" in anna.account.error and "TOP" in anna.account.error


def test_one_bad_message_does_not_stop_the_others(tmp_path: Path) -> None:
    odd = {
        "nul": letter("nul", b"a\0b\r\n"),
        "bare": letter("bare", b"a\rb\nc\r\n"),
        "long": letter("long", b"x" * 100_000 + b"\r\n"),
        "headless": b"no header at all",
        "words": b"Subject: =?utf-8?b?A?=\r\n\r\n",
        "eight": b"Subject: \xff\xfe\r\nFrom: \x80\r\n\r\n\xff\r\n",
        "refused": letter("refused"),
        "last": letter("last"),
    }
    with Pop3Elsewhere(odd) as old:
        old.odd["RETR 7"] = b"-ERR this one is damaged\r\n"
        with fetching(tmp_path, old, keep_days=0) as anna:
            assert len(anna.box.inbox("anna")) == 7
            assert list(old.messages) == ["refused"]
            assert anna.account.error.endswith("could not be fetched: -ERR this one is damaged")
            assert anna.account.failures == 0
            for entry in anna.box.inbox("anna"):
                octets = anna.box.octets(entry)
                assert len(octets) == entry.size and b"\0" not in octets
                assert octets.count(b"\r") == octets.count(b"\n") == octets.count(b"\r\n")
            old.odd.clear()
            anna.again()
            assert len(anna.box.inbox("anna")) == 8 and old.messages == {}


def test_a_message_that_is_too_large_stays_there_and_is_told_once(tmp_path: Path) -> None:
    mails = {"big": letter("big", b"x" * 3_000_000), "small": letter("small")}
    config = {"largest": 2_000_000}
    with Pop3Elsewhere(mails) as old, fetching(tmp_path, old, config, keep_days=0) as anna:
        anna.again()
        assert anna.subjects() == ["A message of 3 MB waits elsewhere", "small"]
        assert list(old.messages) == ["big"] and "RETR 1" not in old.commands


def test_a_full_mailbox_is_told_once_and_what_waits_comes_when_there_is_room(
    tmp_path: Path,
) -> None:
    mails = {"big": letter("big", b"x" * 4000), "small": letter("small")}
    with Pop3Elsewhere(mails) as old, fetching(tmp_path, old, keep_days=0) as anna:
        person = anna.box.people.by_login("anna")
        assert person is not None
        anna.box.db.now(lambda tx: anna.box.people.change(tx, person.id, quota=6000))
        old.messages = {name: letter(name, b"x" * 4000) for name in ("big2", "big3")}
        anna.again()
        anna.again()
        notice = "Your mailbox is full, and mail waits elsewhere"
        assert anna.subjects() == [notice, "big", "small"]
        assert list(old.messages) == ["big2", "big3"]
        assert "mailbox of anna is full" in anna.account.error
        anna.empty()
        anna.again()
        assert anna.subjects() == ["big2"], "the next one has no room, and that is known"
        anna.empty()
        anna.again()
        assert anna.subjects() == ["big3"] and old.messages == {}
        old.messages = {"big4": letter("big4", b"x" * 4000)}
        anna.again()
        assert anna.subjects() == [notice, "big3"], "there was room for all meanwhile"


def test_a_voicemail_of_another_box_is_a_voicemail(tmp_path: Path) -> None:
    more = b"Message-Context: voice-message\r\nContent-Duration: 7\r\n"
    mails = {"1": letter("call", more=more)}
    with Pop3Elsewhere(mails) as old, fetching(tmp_path, old) as anna:
        (entry,) = anna.box.inbox("anna", EntryState.NEW)
        assert (entry.kind, entry.duration_s) == (Kind.VOICEMAIL, 7)


def test_many_messages_are_fetched_in_several_visits_without_a_pause(tmp_path: Path) -> None:
    mails = {f"n{number}": letter(f"n{number}") for number in range(450)}
    with Pop3Elsewhere(mails) as old, fetching(tmp_path, old, keep_days=0) as anna:
        assert len(anna.subjects()) == 450 and old.messages == {}
        assert old.connections == 3


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ({"PASS pass word": b"-ERR [AUTH] go away\r\n"}, "-ERR [AUTH] go away"),
        ({"CONNECT": b"-ERR too many connections\r\n"}, "-ERR too many connections"),
        ({"CONNECT": b"220 smtp.y.test ESMTP\r\n"}, "no answer of POP3: 220 smtp.y.test ESMTP"),
        ({"CONNECT": b"x" * 5000}, "too long"),
        ({"CONNECT": None}, "closed by the server"),
        ({"UIDL": b"+OK\r\n1\r\n.\r\n"}, "no line of a list: 1"),
        ({"UIDL": b"+OK\r\n1 %b\r\n.\r\n" % (b"y" * 300)}, "no line of a list"),
        ({"LIST": b"+OK\r\n1 many\r\n.\r\n"}, "no line of a list: 1 many"),
        ({"LIST": b"+OK\r\n99999999999 1\r\n.\r\n"}, "no line of a list"),
        ({"LIST": b"-ERR no\r\n"}, "sizes refused: -ERR no"),
        ({"UIDL": b"+OK\r\n" + b"1 u\r\n" * 50_001 + b".\r\n"}, "more than 50000 lines"),
        ({"CAPA": b"+OK\r\n" + b"X\r\n" * 101 + b".\r\n"}, "more than 100 lines"),
        ({"RETR 1": b"+OK\r\n" + b"x" * 3_000_000}, "larger than 2 MB, or does not end"),
        ({"RETR 1": None}, "closed by the server"),
        ({"QUIT": b"-ERR some messages were not removed\r\n"}, "-ERR some messages were not"),
    ],
)
def test_a_visit_that_fails_is_told_in_the_servers_words(
    tmp_path: Path, odd: dict[str, bytes | None], told: str
) -> None:
    with Pop3Elsewhere({"one": letter("one")}) as old:
        old.odd = odd
        with fetching(tmp_path, old, {"largest": 2_000_000}) as anna:
            assert told in anna.account.error
            assert anna.account.failures == 1 and anna.account.error_at is not None
            read = anna.box.db.reader().execute
            assert read("SELECT count(*) FROM content").fetchone() == (len(anna.subjects()),)
            old.odd = {}
            anna.again()
            assert anna.subjects() == ["one"] and anna.account.error == ""


def test_failures_come_less_and_less_often_and_refused_logins_even_less(tmp_path: Path) -> None:
    with Pop3Elsewhere() as old, fetching(tmp_path, old, password="wrong") as anna:
        waits = []
        for _ in range(10):
            waits.append(anna.account.next_box_s - anna.box.db.box_time.now())
            anna.again(waits[-1])
        assert waits[:4] == pytest.approx([300, 600, 1200, 2400])
        assert waits[-1] == pytest.approx(6 * 3600)
        assert PASSWORD not in anna.account.error


def test_a_server_that_names_a_login_delay_is_asked_no_sooner(tmp_path: Path) -> None:
    capa = b"USER\r\nUIDL\r\nLOGIN-DELAY 900\r\n"
    with Pop3Elsewhere(capa=capa) as old, fetching(tmp_path, old) as anna:
        assert anna.account.next_box_s - anna.box.db.box_time.now() == pytest.approx(900)


@pytest.mark.parametrize("at", ["CONNECT", "CAPA", "PASS pass word", "UIDL", "RETR 1", "QUIT"])
def test_a_silent_server_is_left_and_holds_nobody_up(tmp_path: Path, at: str) -> None:
    place = "RETR 2" if at == "RETR 1" else at
    with Pop3Elsewhere({"one": letter("one")}) as old, fetching(tmp_path, old) as anna:
        old.messages["two"] = letter("two")
        old.odd[place] = b"hold"
        before = old.waiting
        anna.box.clock.advance(POLL_S)  # type: ignore[attr-defined]  # a ManualClock
        anna.box.tick()
        wait_for(lambda: old.waiting > before)
        anna.box.send(b"Subject: meanwhile\r\n\r\n", "bob")
        assert len(anna.box.inbox("bob")) == 1
        anna.box.tick()
        anna.again(SILENCE_S)
        assert anna.account.error == f"silent for {SILENCE_S:.0f} s"
    assert SESSION_S > SILENCE_S


def test_our_own_pop3_server_is_fetched_from(tmp_path: Path) -> None:
    with Pop3Elsewhere() as nobody, fetching(tmp_path, nobody) as anna:
        box = anna.box
        bob = box.people.by_login("bob")
        assert bob is not None
        box.db.now(lambda tx: box.people.set_password(tx, bob.id, "bobs pass word"))
        for number in range(3):
            box.send(letter(f"for bob {number}", b".dots\r\n"), "bob")
        fields = {
            "server": "127.0.0.1", "port": box.ports.pop3, "tls": "none", "user": "bob",
            "keep_days": 0,
        }  # fmt: skip
        number = anna.account.id
        box.db.now(lambda tx: anna.accounts.change(tx, number, fields, "bobs pass word"))
        box.settle()
        assert anna.subjects() == [f"for bob {number}" for number in range(3)]
        assert box.inbox("bob") == []


def test_an_account_that_leads_back_into_its_own_inbox_fetches_each_message_once(
    tmp_path: Path,
) -> None:
    with Pop3Elsewhere() as nobody, fetching(tmp_path, nobody) as anna:
        box = anna.box
        person = box.people.by_login("anna")
        assert person is not None
        box.db.now(lambda tx: box.people.set_password(tx, person.id, "annas pass word"))
        box.send(letter("one"), "anna")
        fields = {
            "server": "127.0.0.1", "port": box.ports.pop3, "tls": "none", "user": "anna",
            "keep_days": None,
        }  # fmt: skip
        number = anna.account.id
        box.db.now(lambda tx: anna.accounts.change(tx, number, fields, "annas pass word"))
        for _ in range(4):
            anna.again()
        assert anna.subjects() == ["one", "one"]
        anna.again()
        assert len(anna.subjects()) == 2


def test_new_names_at_a_server_that_shows_no_headers_are_seen_through_as_well(
    tmp_path: Path,
) -> None:
    capa = b"USER\r\nUIDL\r\n"
    with (
        Pop3Elsewhere(three(), capa=capa, top=False) as old,
        fetching(tmp_path, old, keep_days=30) as anna,
    ):
        old.messages = {f"moved-{name}": mail for name, mail in old.messages.items()}
        anna.again()
        anna.again()
        assert anna.subjects() == ["one", "three", "two"]
        assert old.count("RETR") == 6 and old.count("TOP") == 0
        anna.again(30 * DAY)
        assert old.messages == {}


def test_a_person_who_leaves_takes_the_account_along(tmp_path: Path) -> None:
    with Pop3Elsewhere(three()) as old, fetching(tmp_path, old) as anna:
        person = anna.box.people.by_login("anna")
        assert person is not None
        anna.box.db.now(lambda tx: anna.box.people.remove(tx, person.id))
        read = anna.box.db.reader().execute
        for table in ("fetch_account", "fetch_seen", "account_password"):
            assert read(f"SELECT count(*) FROM {table}").fetchone() == (0,)
