"""Mail servers we did not write send to the box: Debian's Postfix, Exim and OpenSMTPD.

Each is as its package configures it, with the box as its smarthost: by STARTTLS, with the box's
authority made known (Exim and Postfix check the certificate). To the box they are strangers.
"""

import re
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.mail_box import MailBox
from tests.kit.mail_servers import EXIM, OPENSMTPD, POSTFIX, Kind, MailServer

HEAD = (
    b"From: Anna <anna@far.test>\r\nTo: anna@box.test\r\nSubject: hello\r\n"
    b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@far.test>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\n"
)
BODIES = {
    "dots": b".\r\n..\r\n.hidden\r\nFrom here\r\nlast\r\n",
    "8 bit": "Grüße, € 9\r\n".encode() * 100,
    "3 MB": b"0123456789" * 7 + b"\r\n" + b".123456789\r\n" * 250_000,
}
AUTHORITY = "etc/ssl/certs/box-authority.pem"
ADDRESS = "127.0.0.2"
"""Of the box: Exim sends nothing to an address of its own machine, and 127.0.0.1 is one."""
WITHIN_S = 30.0


def sending_to(kind: Kind, keys: BoxKeys, port: int) -> Kind:
    """The same server with the box on this port as its smarthost."""

    def files(server: MailServer) -> dict[str, str]:
        found = kind.files(server)
        found[AUTHORITY] = keys.authority.read_text()
        found["etc/hosts"] = f"127.0.0.1 localhost\n{ADDRESS} box.test\n"
        _SMARTHOST[kind.name](found, port)
        return found

    return replace(kind, files=files)


def _postfix(files: dict[str, str], port: int) -> None:
    files["etc/postfix/main.cf"] += (
        f"relayhost = [box.test]:{port}\nsmtp_host_lookup = native\n"
        f"smtp_tls_security_level = secure\nsmtp_tls_CAfile = /{AUTHORITY}\n"
        "smtp_tls_secure_cert_match = nexthop\n"
    )


def _exim(files: dict[str, str], port: int) -> None:
    said = files["etc/exim4/update-exim4.conf.conf"].replace("'internet'", "'smarthost'")
    files["etc/exim4/update-exim4.conf.conf"] = f"{said}dc_smarthost='box.test::{port}'\n"
    files["etc/exim4/exim4.conf.localmacros"] += (
        "REMOTE_SMTP_SMARTHOST_HOSTS_REQUIRE_TLS = *\n"
        f"REMOTE_SMTP_SMARTHOST_TLS_VERIFY_CERTIFICATES = /{AUTHORITY}\n"
        "REMOTE_SMTP_SMARTHOST_TLS_VERIFY_HOSTS = *\n"
    )


def _opensmtpd(files: dict[str, str], port: int) -> None:
    files["etc/smtpd.conf"] += (
        f'action "out" relay host smtp+tls://box.test:{port} tls no-verify\n'
        'match from local for any action "out"\n'
    )


_SMARTHOST = {"postfix": _postfix, "exim": _exim, "opensmtpd": _opensmtpd}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module", params=[POSTFIX, EXIM, OPENSMTPD], ids=lambda kind: kind.name)
def pair(
    request: pytest.FixtureRequest, keys: BoxKeys, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MailServer, MailBox]]:
    """A box, and a server that sends to it."""
    kind: Kind = request.param
    if why := kind.missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("box")
    with (
        MailBox(folder, lan=(), certificate=keys.files, listen=ADDRESS) as box,
        MailServer(sending_to(kind, keys, box.ports.smtp), keys) as server,
    ):
        yield server, box


def log_of(server: MailServer) -> str:
    return (server.folder / "log").read_text(errors="replace")


def until(server: MailServer, done: Callable[[], bool], what: str) -> None:
    """Poll what another program does; its log is in the error."""
    end = time.monotonic() + WITHIN_S
    while not done():
        assert time.monotonic() < end, f"{what}\n{log_of(server)}"
        time.sleep(0.02)


def arrived(server: MailServer, box: MailBox, before: int) -> bytes:
    """The octets of the next mail that anna gets."""
    until(server, lambda: len(box.inbox("anna")) > before, "nothing has come")
    entry = box.inbox("anna")[-1]
    assert b"with ESMTPS id" in entry.prefix, entry.prefix
    return box.octets(entry)


@pytest.mark.parametrize("name", BODIES)
def test_a_servers_mail_arrives_encrypted_and_as_it_was(
    pair: tuple[MailServer, MailBox], name: str
) -> None:
    server, box = pair
    before = len(box.inbox("anna"))
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.sendmail("anna@far.test", ["anna@box.test"], HEAD + BODIES[name], ["BODY=8BITMIME"])
    assert arrived(server, box, before).endswith(b"\r\n\r\n" + BODIES[name])
    if server.kind.name == "exim":  # "K": by BDAT [Exim's specification, 53.7]
        sent = re.compile(r"=> anna@box\.test .* CV=yes .* K C=")
        until(server, lambda: sent.search(log_of(server)) is not None, "not by BDAT")


def test_a_servers_mail_to_nobody_comes_back_to_its_sender(
    pair: tuple[MailServer, MailBox],
) -> None:
    server, _ = pair
    before = len(server.mails())
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.sendmail("anna@far.test", ["nobody@box.test"], HEAD + b"x\r\n")
    assert b"550 5.1.1" in server.wait(before + 1)[-1]
