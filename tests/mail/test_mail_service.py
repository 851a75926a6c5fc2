"""SMTP over a real store and real sockets: what is promised, what is refused, what is left."""

import poplib
import smtplib
import socket
import sqlite3
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.store import CHUNK
from app.net.listener import ListenError
from app.store.connection import Tx, WriteConnection
from tests.kit.mail_box import CONFIG, MailBox

TEXT = b"From: X <x@y.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"


def test_a_mail_is_in_the_inbox_when_250_is_said(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.send(TEXT, "anna@box.test")
        (entry,) = box.inbox("anna")
        octets = box.octets(entry)
        assert octets.endswith(TEXT) and entry.size == len(octets)
        head = octets[: -len(TEXT)].decode()
        assert head.startswith(
            "Return-Path: <x@y.test>\r\nDelivered-To: anna@box.test\r\nReceived:"
        )
        assert "from client.test ([127.0.0.1])\r\n\tby box.test with ESMTP id " in head
        assert "\r\n\tfor <anna@box.test>; " in head
        assert (entry.sender, entry.subject) == ("X <x@y.test>", "hello")


@pytest.mark.parametrize(
    "address", ["anna", "anna@BOX.test", "anna@[192.0.2.99]", "postmaster", "postmaster@box.test"]
)
def test_every_name_of_a_person(tmp_path: Path, address: str) -> None:
    with MailBox(tmp_path) as box:
        box.send(TEXT, address)
        assert len(box.inbox("anna")) == 1


def test_a_public_address_is_local(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box:
        box.send(TEXT, "bob@public.test")
        assert len(box.inbox("bob")) == 1


def test_one_mail_to_several_is_stored_once(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.send(TEXT, "anna", "bob", "bob@box.test")
        (for_anna,), (for_bob,) = box.inbox("anna"), box.inbox("bob")
        assert for_anna.content == for_bob.content
        assert b"for <" not in box.octets(for_anna)


def refusal(box: MailBox, recipient: str, options: tuple[str, ...] = ()) -> bytes:
    with box.client() as client:
        client.ehlo()
        client.mail("x@y.test", list(options))
        code, text = client.rcpt(recipient)
        return b"%d %s" % (code, text)


def test_refusals(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box:
        assert refusal(box, "nobody@box.test").startswith(b"550 5.1.1")
        assert refusal(box, "x@elsewhere.test").startswith(b"550 5.7.1")
        assert refusal(box, "carl@box.test", ("SIZE=6000",)).startswith(b"452 4.2.2")
        assert refusal(box, "carl@box.test", ("SIZE=4000",)).startswith(b"250")


def test_a_lan_client_may_relay_and_outside_ones_not(tmp_path: Path) -> None:
    with MailBox(tmp_path, smarthost=("127.0.0.1", 1)) as box:
        assert refusal(box, "x@elsewhere.test").startswith(b"250")
        assert refusal(box, '"a b"@elsewhere.test').startswith(b"501")


@pytest.mark.parametrize(
    ("for_good", "reply"),
    [(False, (452, b"4.2.2 Mailbox is full")), (True, (552, b"5.2.2 Mailbox is full"))],
)
def test_full_mailbox_puts_off_or_refuses_for_good_as_the_settings_say(
    tmp_path: Path, for_good: bool, reply: tuple[int, bytes]
) -> None:
    delivery = replace(CONFIG.delivery, full_is_permanent=for_good)
    with MailBox(tmp_path, lan=(), delivery=delivery) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test", ["SIZE=6000"])
        assert client.rcpt("carl") == reply
        assert client.rcpt("anna")[0] == 250


def test_reserved_room_comes_back_when_the_mail_does_not(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box, box.client() as client:
        client.ehlo()
        for end in (client.rset, client.ehlo, client.rset):
            client.mail("x@y.test", ["SIZE=4000"])
            assert client.rcpt("carl")[0] == 250
            assert refusal(box, "carl", ("SIZE=4000",)).startswith(b"452"), "reserved"
            end()
        assert refusal(box, "carl", ("SIZE=4000",)).startswith(b"250")
        raw = socket.create_connection(("127.0.0.1", box.ports.smtp))
        raw.sendall(b"EHLO c\r\nMAIL FROM:<> SIZE=4000\r\nRCPT TO:<carl>\r\nNOOP\r\n")
        while b"2.0.0" not in raw.recv(1000):
            continue
        raw.close()
        box.send(TEXT, "anna")  # the loop has seen the lost connection before this is done
        assert refusal(box, "carl", ("SIZE=4000",)).startswith(b"250")


def test_a_full_mailbox_may_be_overdrawn_by_one_mail_of_unknown_size(tmp_path: Path) -> None:
    big = TEXT + b"x" * 70 + b"\r\n" * 4000
    with MailBox(tmp_path, lan=()) as box:
        with box.client() as client:
            client.ehlo()
            client.mail("x@y.test")
            assert client.rcpt("carl")[0] == 250
            assert client.data(big)[0] == 250
        assert [entry.subject for entry in box.inbox("carl")] == ["hello", "Your inbox is full"]
        assert refusal(box, "carl").startswith(b"452 4.2.2")


def test_no_space_on_the_disk(tmp_path: Path) -> None:
    delivery = replace(CONFIG.delivery, free_floor=1 << 60)
    with MailBox(tmp_path, delivery=delivery) as box:
        assert refusal(box, "anna").startswith(b"452 4.3.1")


def test_date_and_message_id_are_added_for_the_lan_only(tmp_path: Path) -> None:
    bare = b"Subject: scan\r\n\r\nhi\r\n"
    with MailBox(tmp_path) as box:
        box.send(bare, "anna")
        octets = box.octets(box.inbox("anna")[0])
        assert b"\r\nDate: " in octets and b"\r\nMessage-ID: <" in octets
        box.send(TEXT, "bob")
        assert box.octets(box.inbox("bob")[0]).count(b"\r\nDate: ") == 1
    (tmp_path / "two").mkdir()
    with MailBox(tmp_path / "two", lan=()) as box:
        box.send(bare, "anna")
        assert b"\r\nDate: " not in box.octets(box.inbox("anna")[0])


def test_text_without_a_head_stays_text(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.send(b"Hello there,\r\nno header here.\r\n", "anna")
        octets = box.octets(box.inbox("anna")[0])
        head, _, body = octets.partition(b"\r\n\r\n")
        assert body == b"Hello there,\r\nno header here.\r\n"
        assert b"Date: " in head


def test_a_drop_in_the_middle_of_a_message_leaves_nothing(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        for size in (10, 3 * CHUNK):
            raw = socket.create_connection(("127.0.0.1", box.ports.smtp))
            raw.sendall(b"EHLO c\r\nMAIL FROM:<x@y>\r\nRCPT TO:<anna>\r\nDATA\r\n" + b"x" * size)
            while b"354" not in raw.recv(10_000):
                continue
            raw.close()
        box.send(TEXT, "bob")
        box.db.submit(lambda tx: None).result(10)
        assert box.inbox("anna") == []
        counts = (
            box.db.reader()
            .execute("SELECT (SELECT count(*) FROM content), (SELECT count(*) FROM chunk)")
            .fetchone()
        )
        assert counts == (1, 1)


def test_what_a_crash_left_half_way_is_swept_at_the_start(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.db.now(
            lambda tx: box.store.contents.add_chunk(tx, box.store.contents.begin(tx), 0, b"half")
        )
        box.clock.advance(1)  # type: ignore[attr-defined]
    with MailBox(tmp_path, clock=box.clock) as box:
        assert box.db.reader().execute("SELECT count(*) FROM chunk").fetchone() == (0,)


def test_a_25_mb_mail_comes_through_whole(tmp_path: Path) -> None:
    line = b"0123456789abcdef" * 4 + b"\r\n"
    text = TEXT + line * (25_000_000 // len(line))
    with MailBox(tmp_path) as box:
        box.send(text, "anna")
        (entry,) = box.inbox("anna")
        assert entry.chunks == -(-len(text) // CHUNK)
        assert box.octets(entry).endswith(text)


def test_a_25_mb_mail_never_sits_whole_in_memory(tmp_path: Path) -> None:
    block = (b"0123456789abcdef" * 4 + b"\r\n") * 1000
    with MailBox(tmp_path) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test")
        client.rcpt("anna")
        client.docmd("DATA")
        tracemalloc.start()
        for _ in range(25_000_000 // len(block)):
            client.send(block)
        client.send(b".\r\n")
        code, _ = client.getreply()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert code == 250
        assert box.inbox("anna")[0].size > 24_000_000
        assert peak < 8_000_000, f"{peak} octets"


def test_a_mail_over_the_limit_is_refused_and_gone(tmp_path: Path) -> None:
    with MailBox(tmp_path, largest=1_000_000) as box:
        with pytest.raises(smtplib.SMTPResponseException) as told:
            box.send(TEXT + b"x" * 2_000_000, "anna")
        assert told.value.smtp_code == 552
        with box.client() as client:
            client.helo()  # without SIZE the limit is met on the way
            client.mail("x@y.test")
            client.rcpt("anna")
            assert client.data(TEXT + b"x" * 2_000_000)[0] == 552
        box.db.submit(lambda tx: None).result(10)
        assert box.db.reader().execute("SELECT count(*) FROM chunk").fetchone() == (0,)


def test_a_store_that_fails_means_451_and_nothing_visible(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test")
        client.rcpt("anna")
        client.docmd("DATA")
        client.send(TEXT + b"x" * (2 * CHUNK + 1000))
        while not box.db.now(lambda tx: tx.execute("DELETE FROM chunk").rowcount):
            continue  # as if the disk had lost them
        client.send(b"\r\n.\r\n")
        code, text = client.getreply()
        assert (code, text) == (451, b"4.3.0 Could not be stored, try again later")
        box.db.submit(lambda tx: None).result(10)
        assert box.inbox("anna") == []
        assert box.db.reader().execute("SELECT count(*) FROM content").fetchone() == (0,)
        client.sendmail("x@y.test", ["anna"], TEXT)
        assert len(box.inbox("anna")) == 1


def test_a_transaction_that_cannot_begin_means_451_and_the_next_mail_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_connection: WriteConnection) -> Tx:
        raise sqlite3.OperationalError("disk I/O error")

    with MailBox(tmp_path) as box, box.client() as client:
        with monkeypatch.context() as patched:
            patched.setattr(WriteConnection, "_begin", broken)
            for octets in (TEXT, TEXT + b"x" * (2 * CHUNK)):
                with pytest.raises(smtplib.SMTPDataError) as told:
                    client.sendmail("x@y.test", ["anna"], octets)
                assert told.value.smtp_code == 451
        client.sendmail("x@y.test", ["anna"], TEXT)
        assert len(box.inbox("anna")) == 1


def test_a_person_who_is_removed_meanwhile_is_refused_at_the_end(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box, box.client() as client:
        client.ehlo()
        client.mail("x@y.test")
        client.rcpt("bob")
        bob = box.people.by_login("bob")
        assert bob is not None
        box.db.now(lambda tx: box.people.remove(tx, bob.id))
        assert client.data(TEXT) == (550, b"5.1.1 No such person here")


def test_a_mail_that_has_been_here_is_a_loop(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.alias("anna", "a@far.test")
        mark = box.store.loop_marks.field("anna")
        with pytest.raises(smtplib.SMTPDataError) as told:
            box.send(mark + TEXT, "anna")
        assert told.value.smtp_code == 554 and b"5.4.6" in told.value.smtp_error
        with pytest.raises(smtplib.SMTPDataError) as told:
            box.send(b"Received: from a by b\r\n" * 101 + TEXT, "bob")
        assert told.value.smtp_code == 554


def test_what_smtp_takes_pop3_gives(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.set_password(tx, anna.id, "a long password"))
        box.send(TEXT + b".dot\r\n..two\r\n", "anna")
        client = poplib.POP3("127.0.0.1", box.ports.pop3, timeout=30)
        client.user("anna")
        client.pass_("a long password")
        count, size = client.stat()
        _, lines, _ = client.retr(1)
        client.quit()
        assert count == 1
        octets = b"".join(line + b"\r\n" for line in lines)
        assert len(octets) == size and octets.endswith(TEXT + b".dot\r\n..two\r\n")


@pytest.mark.parametrize("setting", ["pop3_port", "pop3s_port", "smtp_port"])
def test_a_port_in_use_is_named(tmp_path: Path, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        box = MailBox(tmp_path, **{setting: port})
        box._thread.start()
        with pytest.raises(ListenError) as told:
            box.in_loop(box.service.start())
        assert str(port) in str(told.value) and f"mail.{setting}" in str(told.value)
        box._loop.call_soon_threadsafe(box._loop.stop)
        box._thread.join()
        box._loop.close()
        box.db.close()


@pytest.mark.parametrize(
    "subject", [b"=?utf-8?B?A?=", b"=?utf\xe98?Q?hello?=", b"=?utf-7?Q?+2AA-?="]
)
def test_a_subject_that_makes_no_sense_is_taken_and_shown_as_it_came(
    tmp_path: Path, subject: bytes
) -> None:
    with MailBox(tmp_path) as box:
        box.send(TEXT.replace(b"hello", subject), "anna")
        (entry,) = box.inbox("anna")
        assert entry.subject == subject.decode("utf-8", "replace")
        assert subject in box.octets(entry)
