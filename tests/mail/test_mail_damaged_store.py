"""What mail programs and other servers hear of a damaged store, and what goes on all the same."""

import poplib
import smtplib
from pathlib import Path

import pytest

from tests.kit.mail_box import MailBox
from tests.kit.pop3_house import Pop3House, pop3_house
from tests.kit.store_damage import pages, settle, spoil, spoil_content

BIG = b"Subject: big\r\n\r\n" + (b"x" * 62 + b"\r\n") * 1000
LONG = b"Subject: long\r\n\r\n" + (b"y" * 62 + b"\r\n") * 10_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store: anna has three mails of 64 kB and a longer one between them."""
    with pop3_house(tmp_path) as house:
        anna = house.add("anna", "201")
        for octets in (BIG, BIG, LONG, BIG):
            house.deliver(anna, octets)
    settle(tmp_path / "inbox.db")
    return tmp_path / "inbox.db"


def error_of(client: poplib.POP3, command: str) -> bytes:
    with pytest.raises(poplib.error_proto) as refused:
        client._shortcmd(command)  # type: ignore[attr-defined]
    return bytes(refused.value.args[0])


def retrieved(house: Pop3House, number: int) -> bytes:
    return b"\r\n".join(house.logged_in().retr(number)[1]) + b"\r\n"


def test_message_that_cannot_be_read_is_refused_and_the_session_goes_on(path: Path) -> None:
    spoil_content(path, 2)
    with pop3_house(path.parent) as house:
        client = house.logged_in()
        listed = client.list()[1], client.uidl()[1]
        assert error_of(client, "RETR 2").startswith(b"-ERR [SYS/PERM] ")
        assert error_of(client, "TOP 2 0").startswith(b"-ERR [SYS/PERM] ")
        for number, octets in ((1, BIG), (3, LONG), (4, BIG)):
            assert b"\r\n".join(client.retr(number)[1]) + b"\r\n" == octets
        assert (client.list()[1], client.uidl()[1]) == listed
        client.dele(1)
        assert client.quit() == b"+OK bye, 1 message removed"


def test_message_with_a_bad_page_in_its_midst_is_passed_by_the_next_session(path: Path) -> None:
    spoil_content(path, 3, chunk=1)
    with pop3_house(path.parent) as house:
        with pytest.raises((poplib.error_proto, OSError)):
            house.logged_in().retr(3)  # nobody knew: the connection ends in the midst of it
        client = house.logged_in()
        uidls = [entry.uidl.encode() for entry in house.inbox(1)]
        del uidls[2]  # some programs stop at a refusal and would never get to the last one
        assert [line.split()[1] for line in client.uidl()[1]] == uidls
        assert b"\r\n".join(client.retr(3)[1]) + b"\r\n" == BIG


def test_login_over_a_bad_page_is_refused_in_words(path: Path) -> None:
    spoil(path, *pages(path, "entry"))
    with pop3_house(path.parent) as house:
        with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] the store .* is damaged"):
            house.logged_in()
        with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] the store .* is damaged"):
            house.logged_in()


def test_quit_that_cannot_remove_says_why(path: Path) -> None:
    with pop3_house(path.parent) as house:
        client = house.logged_in()
        client.dele(1)
        house.db.condition.note("a page is gone")
        assert error_of(client, "QUIT").startswith(b"-ERR [SYS/TEMP] nothing was removed; the st")
        client.close()


def test_mail_is_put_off_while_nothing_may_be_written(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.db.condition.note("a page is gone")
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            box.send(BIG, "anna@box.test")
        assert (refused.value.smtp_code, refused.value.smtp_error[:5]) == (451, b"4.3.0")
        box.db.condition.clear()
        box.send(BIG, "anna@box.test")
        assert len(box.inbox("anna")) == 1


def test_damage_met_by_rcpt_puts_the_mail_off(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.db.checkpoint()
        spoil(box.db.path, *pages(box.db.path, "person_login"))
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            box.send(BIG, "anna@box.test")
        code, text = refused.value.recipients["anna@box.test"]
        assert (code, text[:5]) == (451, b"4.3.0")


def test_service_starts_over_a_damaged_store_and_deletes_nothing_of_it(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.db.now(lambda tx: tx.execute("INSERT INTO content (begun_at) VALUES (0)"))
        box.db.condition.note("a page is gone")
    with MailBox(tmp_path) as box:
        assert box.db.reader().execute("SELECT count(*) FROM content").fetchone() == (1,)


def test_nothing_is_sent_while_it_could_not_be_noted_as_sent(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        box.alias("out", "x@elsewhere.test")
        looked: list[int] = []
        box.service._outbound.send_due = lambda: looked.append(1)  # type: ignore[method-assign]
        box.tick()
        assert looked
        box.db.condition.note("a page is gone")
        looked.clear()
        box.tick()
        assert not looked


def test_small_messages_read_ahead_of_a_client_do_not_suffer_from_one_among_them(
    tmp_path: Path,
) -> None:
    small = [b"Subject: %d\r\n\r\n" % n + (b"z" * 58 + b"\r\n") * 50 for n in range(8)]
    with pop3_house(tmp_path) as house:
        anna = house.add("anna", "201")
        for octets in small:
            house.deliver(anna, octets)
    settle(tmp_path / "inbox.db")
    leaves = pages(tmp_path / "inbox.db", "chunk")  # one message on each
    spoil(tmp_path / "inbox.db", leaves[4])
    with pop3_house(tmp_path) as house:
        client = house.logged_in()
        for number, octets in enumerate(small, 1):
            if number == 5:
                assert error_of(client, "RETR 5").startswith(b"-ERR [SYS/PERM] ")
            else:
                assert b"\r\n".join(client.retr(number)[1]) + b"\r\n" == octets
        client.dele(1)
        assert client.quit() == b"+OK bye, 1 message removed", "the rest may be written"
