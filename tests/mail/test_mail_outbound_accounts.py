"""People's own accounts for outgoing mail: what leaves by them, and what does not hold it up."""

import base64
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.inbox.account_passwords import BoxAccount
from app.inbox.fetch_accounts import Tls
from app.inbox.outgoing_accounts import OutgoingAccount, OutgoingAccounts
from app.mail.outbound.client_session import Tls as SmtpTls
from app.mail.outbound.runner import RetrySchedule
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.sink import Sink

TEXT = b"From: X <x@y.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"
SOON = RetrySchedule(first_s=300, longest_s=1000, give_up_s=4000)


def theirs() -> Sink:
    """The server of Bob's account."""
    return Sink(extensions=("8BITMIME", "AUTH PLAIN LOGIN"))


def box_of(directory: Path, **changes: Any) -> MailBox:
    """A box that has a key for passwords."""
    key = directory / "accounts.key"
    key.write_bytes(bytes(range(32)))
    return MailBox(directory, account_key=str(key), retry=SOON, **changes)


def by_account(box: MailBox, sink: Sink, password: str = "s\N{EURO SIGN}cret") -> OutgoingAccounts:
    """Bob's mail leaves by an account at the sink."""
    bob = box.people.by_login("bob")
    assert bob is not None
    accounts = OutgoingAccounts(box.db, box.service.passwords, box.clock)
    account = OutgoingAccount(bob.id, "127.0.0.1", sink.port, Tls.NONE, "bob@isp.test")
    box.db.now(lambda tx: accounts.set(tx, account, password))
    return accounts


def advance(box: MailBox, seconds: float) -> None:
    assert isinstance(box.clock, ManualClock)
    box.clock.advance(seconds)
    box.tick()
    box.settle()


def test_ones_own_account_goes_before_the_smarthost_with_its_login(tmp_path: Path) -> None:
    with Sink() as smarthost, theirs() as isp:
        with box_of(tmp_path, smarthost=("127.0.0.1", smarthost.port)) as box:
            by_account(box, isp)
            box.send(TEXT, "a@far.test", "b@near.test", sender="bob@box.test")
            box.send(TEXT, "c@far.test", sender="anna@box.test")
            (mail,) = isp.wait(1)
            assert mail.recipients == ("a@far.test", "b@near.test")
            assert mail.sender == "bob@public.test"
            (other,) = smarthost.wait(1)
            assert other.recipients == ("c@far.test",)
            box.settle()
            assert box.rows() == []
        said = next(line for line in isp.commands if line.startswith("AUTH PLAIN "))
        login = base64.b64decode(said.split()[2]).decode()
        assert login == "\0bob@isp.test\0s\N{EURO SIGN}cret"
        assert not any(line.startswith("AUTH") for line in smarthost.commands)


def test_what_ones_alias_sends_on_leaves_by_ones_account_and_address(tmp_path: Path) -> None:
    zone = DnsZone({})  # without a smarthost
    with theirs() as isp, zone, box_of(tmp_path, resolver=zone.resolver()) as box:
        by_account(box, isp)
        box.alias("bob", "bob@far.test")
        box.send(TEXT, "bob")
        (mail,) = isp.wait(1)
        assert (mail.sender, mail.recipients) == ("bob@public.test", ("bob@far.test",))


def test_neither_holds_the_other_up_when_it_is_down(tmp_path: Path) -> None:
    with Sink() as smarthost, theirs() as isp:
        smarthost.answers["CONNECT"] = "421 4.3.2 smarthost is busy"
        with box_of(tmp_path, smarthost=("127.0.0.1", smarthost.port)) as box:
            by_account(box, isp)
            box.send(TEXT, "c@far.test", sender="anna@box.test")
            box.settle()
            box.send(TEXT, "a@far.test", sender="bob@box.test")
            assert isp.wait(1)[0].recipients == ("a@far.test",)
            box.settle()
            (waits,) = box.rows()
            assert waits.recipient == "c@far.test"
            isp.answers["CONNECT"] = "421 4.3.2 isp is busy"
            box.send(TEXT, "b@far.test", sender="bob@box.test")
            box.settle()
            smarthost.answers.clear()
            advance(box, 301)
            assert smarthost.wait(1)[0].recipients == ("c@far.test",)
            (waits,) = box.rows()
            assert waits.recipient == "b@far.test" and "isp is busy" in waits.reply


def test_a_wrong_password_is_shown_and_a_new_one_is_tried_at_once(tmp_path: Path) -> None:
    with Sink() as smarthost, theirs() as isp:
        isp.answers["AUTH"] = "535 5.7.8 Wrong password"
        with box_of(tmp_path, smarthost=("127.0.0.1", smarthost.port)) as box:
            by_account(box, isp)
            box.send(TEXT, "a@far.test", sender="bob@box.test")
            box.settle()
            (row,) = box.rows()
            assert "535 5.7.8 Wrong password" in row.reply and box.inbox("bob") == []
            isp.answers.clear()
            by_account(box, isp, "the right one")
            box.tick()
            assert len(isp.wait(1)) == 1
            assert smarthost.connections == 0


def test_a_password_that_cannot_be_read_keeps_the_mail_and_says_what_to_do(tmp_path: Path) -> None:
    with theirs() as isp, box_of(tmp_path) as box:
        by_account(box, isp)
        (tmp_path / "accounts.key").write_bytes(bytes(32))
        box.send(TEXT, "a@far.test", sender="bob@box.test")
        box.settle()
        (row,) = box.rows()
        assert "enter it again" in row.reply and isp.connections == 0


def test_mail_that_waits_changes_over_when_the_account_is_removed(tmp_path: Path) -> None:
    with Sink() as smarthost, theirs() as isp:
        isp.answers["CONNECT"] = "421 4.3.2 busy"
        with box_of(tmp_path, smarthost=("127.0.0.1", smarthost.port)) as box:
            accounts = by_account(box, isp)
            for number in range(3):
                box.send(TEXT, f"a{number}@far.test", sender="bob@box.test")
            box.settle()
            assert len(box.rows()) == 3 and smarthost.connections == 0
            account = accounts.all()[0]
            box.db.now(lambda tx: accounts.remove(tx, account))
            for _ in range(3):
                advance(box, 301)
            assert len(smarthost.wait(3)) == 3 and box.rows() == []
            assert box.db.reader().execute("SELECT * FROM destination").fetchall() == []


@pytest.mark.parametrize("removed", [False, True])
def test_an_account_leaves_with_its_person(tmp_path: Path, removed: bool) -> None:
    with theirs() as isp, box_of(tmp_path) as box:
        accounts = by_account(box, isp)
        bob = box.people.by_login("bob")
        assert bob is not None
        if removed:
            box.db.now(lambda tx: box.people.remove(tx, bob.id))
        assert (accounts.of(bob.id) is None) is removed
        left = box.db.reader().execute("SELECT count(*) FROM account_password").fetchone()[0]
        assert left == (0 if removed else 1)


def test_the_smarthost_is_told_the_boxs_password_from_the_store(tmp_path: Path) -> None:
    account = BoxAccount("smarthost", "box@isp.test", "127.0.0.1")
    with theirs() as isp:
        own: dict[str, Any] = {"smarthost_account": account, "smarthost_tls": SmtpTls.NONE}
        with box_of(tmp_path, smarthost=("127.0.0.1", isp.port), **own) as box:
            box.send(TEXT, "a@far.test", sender="anna@box.test")
            box.settle()
            (row,) = box.rows()
            assert row.reply == (
                "451 4.7.0 there is no password for box@isp.test at 127.0.0.1: enter it"
            )
            assert isp.commands == []
            box.keep_password(account, "tin whistle")
            advance(box, 300)
            assert isp.wait(1) and box.rows() == []
        said = next(line for line in isp.commands if line.startswith("AUTH PLAIN "))
        assert base64.b64decode(said.split()[2]) == b"\0box@isp.test\0tin whistle"
