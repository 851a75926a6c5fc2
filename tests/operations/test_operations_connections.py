"""Who holds which mail connection, as an administrator sees it."""

import asyncio
import poplib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.commands.status import status
from app.config.paths import Paths
from app.core.control import NotRunning
from app.mail.control import Control
from app.operations.actor import Actor, Role
from app.operations.connections import read_connections
from app.operations.errors import NotAllowed
from tests.kit.actors import ADMIN
from tests.kit.mail_box import MailBox


@pytest.fixture
def box(tmp_path: Path, paths: Paths) -> Iterator[MailBox]:
    """A mail service with a control socket, and Anna, who has a password."""
    with MailBox(tmp_path) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.set_password(tx, anna.id, "a pass word"))
        control = Control(paths.mail_control, {"connections": box.service.held})
        box.in_loop(control.open())
        yield box
        box._loop.call_soon_threadsafe(control.close)
        box.in_loop(asyncio.sleep(0))


def test_each_connection_is_shown_with_what_it_holds(
    box: MailBox, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    pop3 = poplib.POP3("127.0.0.1", box.ports.pop3, timeout=20)
    pop3.user("anna")
    pop3.pass_("a pass word")
    with socket.create_connection(("127.0.0.1", box.ports.smtp), 20, ("127.0.0.7", 0)) as smtp:
        smtp.recv(512)
        smtp.sendall(b"EHLO x\r\n")
        smtp.recv(512)
        found = read_connections(ADMIN, paths)
        monkeypatch.setenv("SWITCHHOOK_VAR", str(paths.var))
        said = CliRunner().invoke(status, ["connections"]).output
    waiting, logged_in = found.held
    assert (waiting.protocol, waiting.peer, waiting.state) == ("SMTP", "127.0.0.7", "ready")
    assert (waiting.person, waiting.waits_s, waiting.received) == ("", 0, 8)
    assert waiting.sent > 100 and waiting.lan
    assert (logged_in.protocol, logged_in.state) == ("POP3", "transaction")
    assert (logged_in.person, logged_in.waits_s) == ("anna", None)
    assert (found.lan, found.strangers, found.waiting_logins) == (150, 50, 0)
    assert found.by_address() == [("127.0.0.7", 1), ("127.0.0.1", 1)]
    assert re.search(r"POP3 +- +127\.0\.0\.1 +LAN +transaction +anna +0 +- ", said), said
    assert "127.0.0.7 holds 1" in said and "2 connections" in said
    pop3.quit()


def test_without_a_mail_service_it_says_so(paths: Paths) -> None:
    with pytest.raises(NotRunning, match="is the appliance running"):
        read_connections(ADMIN, paths)


def test_only_an_administrator_sees_it(paths: Paths) -> None:
    with pytest.raises(NotAllowed):
        read_connections(Actor("anna", "web", frozenset({Role.USER}), 1), paths)
