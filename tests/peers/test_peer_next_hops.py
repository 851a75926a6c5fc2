"""Mail servers we did not write as next hops: Debian's Postfix, Exim and OpenSMTPD.

What arrives is read from the mailbox of a user of that system.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox.account_passwords import BoxAccount
from app.mail.outbound import smtp_client
from app.mail.outbound.client_session import Tls
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.mail_servers import (
    EXIM,
    OPENSMTPD,
    PASSWORD,
    POSTFIX,
    USER,
    Kind,
    MailServer,
)

HEAD = b"From: Bob <bob@public.test>\r\nTo: anna@far.test\r\nSubject: Gr\xc3\xbc\xc3\x9fe\r\n"
HEAD += b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@public.test>\r\n"
HEAD += b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
BODIES = {
    "dots": b".\r\n..\r\n.hidden\r\nFrom here\r\nlast\r\n",
    "8 bit": "Grüße, € 9\r\n".encode() * 100,
    "no line end": b"the end",
    "3 MB": b"0123456789" * 7 + b"\r\n" + b".123456789\r\n" * 250_000,
}
KINDS = [POSTFIX, EXIM, OPENSMTPD]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, keys: BoxKeys) -> Iterator[MailServer]:
    """A server with a certificate; Exim's people may log in."""
    needs(request.param)
    with MailServer(request.param, keys, auth=request.param is EXIM) as running:
        yield running


def needs(kind: Kind) -> None:
    if why := kind.missing():
        pytest.skip(why)


def direct(directory: Path, server: MailServer, zone: DnsZone, **changes: Any) -> MailBox:
    """A box that finds the server by its MX."""
    return MailBox(directory, resolver=zone.resolver(), mx_port=server.port, **changes)


def far() -> DnsZone:
    return DnsZone({("far.test", "MX"): ["10 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"]})


def sent(box: MailBox, server: MailServer, body: bytes = b"hello\r\n") -> bytes:
    """Send Bob's mail to Anna; what then lies in her mailbox."""
    before = set(server.mails())
    box.send(HEAD + body, "anna@far.test", sender="bob@box.test")
    box.settle()
    assert box.rows() == [], [row.reply for row in box.rows()]
    assert box.inbox("bob") == []
    (mail,) = set(server.wait(len(before) + 1)) - before
    return mail


@pytest.mark.parametrize("name", BODIES)
def test_a_mail_arrives_as_it_is_and_encrypted_where_that_works(
    tmp_path: Path, server: MailServer, name: str
) -> None:
    with far() as zone, direct(tmp_path, server, zone) as box:
        mail = sent(box, server, BODIES[name])
    body = (HEAD + BODIES[name]).replace(b"\r\n", b"\n")
    assert mail.endswith(body if body.endswith(b"\n") else body + b"\n")
    trace = mail[: mail.index(b"From: Bob")].lower()
    assert b"return-path: <bob@public.test>" in trace
    # OpenSMTPD 6.8 offers TLS and then finds no key: its engine is not OpenSSL 3's.
    assert (b"with esmtps" in trace) is (server.kind is not OPENSMTPD)


def test_many_mails_by_few_connections(tmp_path: Path, server: MailServer) -> None:
    before = set(server.mails())
    with far() as zone, direct(tmp_path, server, zone) as box:
        for number in range(20):
            box.send(HEAD + b"%d\r\n" % number, "anna@far.test", sender="bob@box.test")
        box.settle()
        assert box.rows() == [] and box.inbox("bob") == []
    came = set(server.wait(len(before) + 20)) - before
    assert sorted(int(mail.split()[-1]) for mail in came) == list(range(20))


def test_who_is_not_there_is_told_in_the_servers_words(tmp_path: Path, server: MailServer) -> None:
    if server.kind is EXIM:
        pytest.skip("Exim takes all mail of its own machine, and bounces later")
    with far() as zone, direct(tmp_path, server, zone) as box:
        box.send(HEAD, "nobody-here@far.test", sender="bob@box.test")
        box.settle()
        (notice,) = box.inbox("bob")
        assert b"Action: failed" in box.octets(notice) and b"550" in box.octets(notice)
        assert box.rows() == []


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_exim_as_smarthost_takes_mail_after_a_login_under_a_certificate_that_is_checked(
    tmp_path: Path, keys: BoxKeys, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(EXIM)
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    smtp_client.context.cache_clear()
    key = tmp_path / "accounts.key"
    key.write_bytes(bytes(range(32)))
    account = BoxAccount("smarthost", USER, "localhost")
    login: dict[str, Any] = {
        "smarthost_tls": Tls.STARTTLS,
        "smarthost_account": account,
        "account_key": str(key),
    }
    with MailServer(EXIM, keys, auth=True) as server:
        smarthost = ("localhost", server.port)
        with MailBox(tmp_path, smarthost=smarthost, **login) as box:
            box.keep_password(account, password)
            if password == PASSWORD:
                assert b"with esmtpsa" in sent(box, server)
            else:
                box.send(HEAD, "anna@far.test", sender="bob@box.test")
                box.settle()
                (row,) = box.rows()
                assert "535 Incorrect authentication data" in row.reply
    smtp_client.context.cache_clear()


def test_postfix_without_its_certificate_gets_the_mail_in_plain_text(tmp_path: Path) -> None:
    """A Debian without the package ssl-cert: it offers STARTTLS and answers 454 to it."""
    needs(POSTFIX)
    with MailServer(POSTFIX) as server, far() as zone:
        with direct(tmp_path / "a", server, zone) as box:
            assert b"with ESMTP id" in sent(box, server)
        with direct(tmp_path / "b", server, zone, demand_tls=True) as box:
            box.send(HEAD, "anna@far.test", sender="bob@box.test")
            box.settle()
            (row,) = box.rows()
            assert "454 4.7.0 TLS not available due to local problem" in row.reply


def test_what_is_too_big_for_postfix_comes_back_with_its_words(tmp_path: Path) -> None:
    needs(POSTFIX)
    body = b"0123456789" * 7 + b"\r\n" + b"x" * 70 + b"\r\n" * 10
    with MailServer(POSTFIX) as server, far() as zone, direct(tmp_path, server, zone) as box:
        box.send(HEAD + body * 120_000, "anna@far.test", sender="bob@box.test")
        box.settle()
        (notice,) = box.inbox("bob")
        assert b"552 5.3.4 Message size exceeds fixed limit" in box.octets(notice)
        assert server.mails() == []
