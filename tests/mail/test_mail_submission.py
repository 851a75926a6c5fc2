"""People's own mail over real sockets: STARTTLS, logins, as whom and where to they may send."""

import asyncio
import email
import poplib
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import ManualClock
from app.mail.smtp.envelope import Peer, Transaction
from app.mail.smtp.grammar import Address
from app.mail.smtp.policy import Rates
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.mail_box import MailBox

PASSWORD = "a long password"
TEXT = b"Subject: x\r\n\r\ntext\r\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@contextmanager
def served(directory: Path, keys: BoxKeys, **changes: Any) -> Iterator[MailBox]:
    """A box whose clients are all strangers; anna and bob have passwords."""
    with MailBox(directory, certificate=keys.files, **{"lan": (), **changes}) as box:
        _set_password(box, "anna")
        _set_password(box, "bob")
        yield box


def _set_password(box: MailBox, login: str) -> None:
    person = box.people.by_login(login)
    assert person is not None
    box.db.now(lambda tx: box.people.set_password(tx, person.id, PASSWORD))


def client(box: MailBox, keys: BoxKeys, login: str = "", password: str = PASSWORD) -> smtplib.SMTP:
    """A client on the submission port, under TLS, logged in if `login` is given."""
    smtp = smtplib.SMTP("localhost", box.ports.submission, timeout=30)
    smtp.starttls(context=keys.client())
    if login:
        smtp.login(login, password)
    return smtp


def test_a_person_sends_from_anywhere_to_anywhere(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box:
        with client(box, keys, "bob") as smtp:
            smtp.sendmail("bob@box.test", ["x@elsewhere.test", "anna@box.test"], TEXT)
        (row,) = box.rows()
        assert (row.recipient, row.sender) == ("x@elsewhere.test", "bob@public.test")
        (entry,) = box.inbox("anna")
        assert b"with ESMTPSA id" in entry.prefix and b"\r\nDate: " in entry.prefix


def test_tls_from_the_first_octet(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box:
        port, context = box.ports.submissions, keys.client()
        with smtplib.SMTP_SSL("localhost", port, timeout=30, context=context) as smtp:
            smtp.login("anna", PASSWORD)
            smtp.sendmail("anna@box.test", ["bob"], TEXT)
        assert len(box.inbox("bob")) == 1


def test_mail_of_the_world_comes_encrypted_too(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box:
        with smtplib.SMTP("localhost", box.ports.smtp, timeout=30) as smtp:
            smtp.starttls(context=keys.client())
            smtp.sendmail("x@y.test", ["anna@box.test"], TEXT)
            with pytest.raises(smtplib.SMTPNotSupportedError):
                smtp.login("anna", PASSWORD)
        assert b"with ESMTPS id" in box.inbox("anna")[0].prefix


def test_a_stranger_on_the_submission_port_sends_nothing(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box, client(box, keys) as smtp:
        smtp.ehlo()
        assert smtp.mail("anna@box.test") == (530, b"5.7.0 Log in first")


def test_a_device_of_the_lan_needs_no_login_there(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys, lan=("127.0.0.0/8",)) as box, client(box, keys) as smtp:
        smtp.sendmail("scanner@box.test", ["anna"], TEXT)
        assert "x" in [
            entry.subject for entry in box.inbox("anna")
        ]  # and it is told that it is full


OWN = [
    "anna@box.test",
    "ANNA@Box.Test",
    "anna",
    "201@box.test",
    "anna+shop@box.test",
    "team@box.test",
    "",
]
OTHERS = [
    "bob@box.test",
    "bob@public.test",
    "anna@elsewhere.test",
    "all@box.test",
    "voicemail@box.test",
]


def test_as_whom_somebody_may_send(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box:
        box.alias("team", "anna", "far@elsewhere.test")
        box.alias("all", "bob", "carl")
        with client(box, keys, "anna") as smtp:
            smtp.ehlo()
            told = {}
            for sender in OWN + OTHERS:
                told[sender] = smtp.docmd(f"MAIL FROM:<{sender}>")[0]
                smtp.rset()
            assert told == dict.fromkeys(OWN, 250) | dict.fromkeys(OTHERS, 553)


def test_a_wrong_password_costs_time(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box, client(box, keys) as smtp:
        smtp.ehlo()
        smtp.putcmd("AUTH", "PLAIN AGFubmEAd3Jvbmc=")
        box.in_loop(_held_back(box, 1))
        _advance(box, 1.0)
        assert smtp.getreply()[0] == 535


def test_what_was_guessed_by_smtp_counts_for_pop3(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box:
        guessers = [client(box, keys) for _ in range(5)]
        for guesser in guessers:
            guesser.ehlo()
            guesser.putcmd("AUTH", "PLAIN AGFubmEAd3Jvbmc=")
        box.in_loop(_held_back(box, 5))
        pop3 = poplib.POP3_SSL("localhost", box.ports.pop3s, timeout=30, context=keys.client())
        pop3.user("anna")
        with pytest.raises(poplib.error_proto, match="too many wrong passwords"):
            pop3.pass_(PASSWORD)
        pop3.close()
        for guesser in guessers:
            guesser.close()


async def _held_back(box: MailBox, count: int) -> None:
    """Wait until so many refusals wait for their time."""
    while sum(one._held_refusal is not None for one in box.service._smtp.sessions) < count:
        await asyncio.sleep(0.001)


def _advance(box: MailBox, seconds: float) -> None:
    assert isinstance(box.clock, ManualClock)
    box.clock.advance(seconds)
    box.tick()


FROM = {
    b"From: Anna <anna@box.test>\r\n": None,
    b"From: Anna <ANNA+x@box.test>, Carl <carl@far.test>\r\n": None,
    b"From: The boss <bob@public.test>\r\n": "<anna@box.test>",
    b"Sender: bob@public.test\r\nFrom: <bob@public.test>\r\n": "<anna@box.test>",
    b"From: Anna <anna@box.test>\r\nSender: team@box.test\r\n": "team@box.test",
    b"Subject: nobody\r\n": None,
}


def test_who_writes_in_anothers_name_is_named(tmp_path: Path, keys: BoxKeys) -> None:
    with served(tmp_path, keys) as box, client(box, keys, "anna") as smtp:
        for header in FROM:
            smtp.sendmail("anna@box.test", ["carl"], header + b"\r\nFrom: x@y.test\r\n")
        told = [email.message_from_bytes(box.octets(entry)) for entry in box.inbox("carl")]
        assert [message["Sender"] for message in told] == list(FROM.values())
        assert all(message.get_payload() == "From: x@y.test\r\n" for message in told)


@pytest.mark.parametrize("name", ["postmaster", "Postmaster@box.test", "abuse@box.test"])
def test_postmaster_and_abuse_are_written_to_even_if_the_inbox_is_full(
    tmp_path: Path, name: str
) -> None:
    with MailBox(tmp_path, lan=()) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.change(tx, anna.id, quota=1))
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            box.send(TEXT, "anna")
        box.send(TEXT, name)
        assert "x" in [
            entry.subject for entry in box.inbox("anna")
        ]  # and it is told that it is full


# ---- nobody relays, however it is spelt

SPELLINGS = [
    "x@elsewhere.test",
    "x%elsewhere.test@box.test",
    "elsewhere.test!x@box.test",
    "elsewhere.test!x",
    "x%elsewhere.test",
    '"x@elsewhere.test"@box.test',
    '"x@elsewhere.test"',
    '"x%elsewhere.test"@box.test',
    "@box.test:x@elsewhere.test",
    "@box.test,@elsewhere.test:x@box.test",
    "x@elsewhere.test.",
    "x@[192.0.2.55]",
    "x@[IPv6:2001:db8::55]",
    "x@elsewhere.test@box.test",
    '"x\\@elsewhere.test"@box.test',
    "x+anna@elsewhere.test",
    "x@box.test.elsewhere.test",
    "x@xbox.test",
]


def test_a_stranger_relays_in_no_spelling(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=()) as box, box.client() as smtp:
        smtp.ehlo()
        smtp.mail("anna@box.test")
        told = {to: smtp.docmd(f"RCPT TO:<{to}>")[0] for to in SPELLINGS}
        assert set(told.values()) == {501, 550}, told
        assert box.rows() == []


# ---- how much


def test_a_strangers_address_sends_so_many_mails_an_hour(tmp_path: Path) -> None:
    with MailBox(tmp_path, lan=(), rates=Rates(2, 0)) as box:
        box.send(TEXT, "anna")
        box.send(TEXT, "anna")
        with pytest.raises(smtplib.SMTPSenderRefused) as told:
            box.send(TEXT, "anna")
        assert told.value.smtp_code == 450 and b"4.7.1" in bytes(told.value.smtp_error)
        _advance(box, 1800.0)
        box.send(TEXT, "anna")


def test_a_stranger_with_many_addresses_of_one_network_is_one(tmp_path: Path) -> None:
    """Whoever has a /64 of IPv6 chooses the other 64 bits; the next /64 is somebody else."""
    with MailBox(tmp_path, lan=(), rates=Rates(2, 0)) as box:
        policy = box.service._smtp_service._policy

        def refused(host: str) -> bool:
            return policy.sender(Transaction(Peer(host), sender=Address("x", "y.test"))) is not None

        hosts = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:8000::3", "2001:db8:0:1::1"]
        assert list(map(refused, hosts)) == [False, False, True, False]


def test_a_person_sends_to_so_many_elsewhere_an_hour_and_a_device_too(
    tmp_path: Path, keys: BoxKeys
) -> None:
    far = [f"x{n}@elsewhere.test" for n in range(3)]
    with served(tmp_path, keys, rates=Rates(0, 2)) as box:
        with client(box, keys, "bob") as smtp:
            refused = smtp.sendmail("bob@box.test", [*far, "anna@box.test"], TEXT)
            assert {who: told[0] for who, told in refused.items()} == {far[2]: 450}
        with client(box, keys, "anna") as smtp:
            assert smtp.sendmail("anna@box.test", far[:2], TEXT) == {}


def test_a_device_of_the_lan_sends_to_so_many_elsewhere_an_hour(tmp_path: Path) -> None:
    far = [f"x{n}@elsewhere.test" for n in range(3)]
    with MailBox(tmp_path, rates=Rates(0, 2)) as box, box.client() as smtp:
        assert list(smtp.sendmail("scanner@box.test", far, TEXT)) == [far[2]]
        assert smtp.sendmail("scanner@box.test", ["anna", "bob"], TEXT) == {}
