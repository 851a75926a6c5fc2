"""TLS to next hops: when it is demanded, whose certificate is checked, and the login under it."""

import base64
import ssl
from collections.abc import Iterator

import pytest

from app.mail.outbound import smtp_client
from app.mail.outbound.client_session import Login, Terms, Tls
from app.mail.outbound.smtp_client import Unreachable
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.odd_server import Peer, World

TAKEN = "250 2.0.0 taken"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def known(keys: BoxKeys, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system knows the authority of the server's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    smtp_client.context.cache_clear()
    yield
    smtp_client.context.cache_clear()


def server(keys: BoxKeys) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*keys.files)
    return context


def send(keys: BoxKeys, terms: Terms) -> tuple[str, list[str]]:
    """What the server answered to the mail, and what it had heard."""
    implicit = terms.tls is Tls.IMPLICIT
    world = World(server(keys) if implicit else None)

    async def secured(peer: Peer) -> None:
        await peer.greet(*([] if implicit else ["STARTTLS"]))
        if not implicit:
            await peer.encrypt(server(keys))
        await peer.take(TAKEN)

    try:
        return world.send(secured, terms=terms)["x@y.test"].reply, world.peers[0].heard
    finally:
        world.close()


@pytest.mark.parametrize("tls", [Tls.TRY, Tls.STARTTLS, Tls.IMPLICIT])
def test_a_mail_goes_encrypted(keys: BoxKeys, known: None, tls: Tls) -> None:
    reply, heard = send(keys, Terms("box.test", tls))
    assert reply == TAKEN
    assert heard.count("EHLO box.test") == (1 if tls is Tls.IMPLICIT else 2)


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
def test_a_certificate_that_nobody_knows_gets_no_mail_unless_the_settings_say_so(
    keys: BoxKeys, tls: Tls
) -> None:
    assert send(keys, Terms("box.test", tls, verify=False))[0] == TAKEN
    world = World(server(keys) if tls is Tls.IMPLICIT else None)

    async def refused(peer: Peer) -> None:
        await peer.greet("STARTTLS")
        await peer.hear("STARTTLS")
        await peer.say("220 go ahead")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await peer.writer.start_tls(server(keys))

    with pytest.raises(Unreachable) as told:
        world.send(*([] if tls is Tls.IMPLICIT else [refused]), terms=Terms("box.test", tls))
    assert "its certificate is not accepted: " in str(told.value)
    world.close()


def test_where_tls_is_only_tried_no_certificate_is_checked(keys: BoxKeys) -> None:
    assert send(keys, Terms("box.test", Tls.TRY))[0] == TAKEN


def test_a_login_is_said_under_tls(keys: BoxKeys, known: None) -> None:
    world = World(server(keys))

    async def submission(peer: Peer) -> None:
        await peer.greet("AUTH PLAIN LOGIN")
        said = base64.b64decode((await peer.hear("AUTH PLAIN")).split()[2])
        await peer.say("235 2.7.0 hello" if said == b"\0anna\0secret" else "535 5.7.8 no")
        await peer.take(TAKEN)

    terms = Terms("box.test", Tls.IMPLICIT, login=Login("anna", "secret"))
    assert world.send(submission, terms=terms)["x@y.test"].reply == TAKEN
    world.close()
