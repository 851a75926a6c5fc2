"""Connections that are held and not used: time and octets before a login or a mail."""

import poplib
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from app.mail.pop3.session import AUTOLOGOUT_S, LOGIN_OCTETS, LOGIN_S, Pop3Session
from app.mail.pop3.states import Pop3State
from tests.kit.box_keys import box_keys, client_hello
from tests.kit.pop3_house import Pop3House, pop3_house
from tests.kit.smtp_talk import ENVELOPE, Talk, codes
from tests.kit.smtp_talk import limits as smtp_limits


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    with pop3_house(tmp_path) as house:
        house.add("anna", "201")
        yield house


def connected(house: Pop3House, address: str, port: int = 0) -> socket.socket:
    """A connection from one of loopback's addresses."""
    server = ("127.0.0.1", port or house.port)
    return socket.create_connection(server, 20, source_address=(address, 0))


def test_two_hundred_held_connections_shut_nobody_out(house: Pop3House) -> None:
    with ExitStack() as held:
        clients = []
        for n in range(200):
            client = held.enter_context(connected(house, f"127.0.1.{n % 4}"))
            client.recv(512)
            clients.append(client)
        for _ in range(4):  # one octet in five seconds from each
            house.tick(5)
            for client in clients:
                send_if_open(client, b"U")
            anna = house.logged_in()
            assert anna.stat() == (0, 0)
            anna.quit()
        house.tick(LOGIN_S)
        house.await_connections(0)


def test_two_hundred_handshakes_that_never_end_shut_nobody_out(tmp_path: Path) -> None:
    keys = box_keys(tmp_path / "keys")
    with pop3_house(tmp_path / "store", keys) as house, ExitStack() as held:
        house.add("anna", "201")
        begun = client_hello(keys)
        clients = []
        for n in range(200):
            client = held.enter_context(connected(house, f"127.0.1.{n % 4}", house.tls_port))
            clients.append(client)
        for at in range(4):  # one octet in five seconds from each
            house.tick(5)
            for client in clients:
                send_if_open(client, begun[at : at + 1])
            anna = poplib.POP3_SSL("127.0.0.1", house.tls_port, timeout=20, context=keys.client())
            anna.user("anna")
            anna.pass_("a pass word")
            anna.quit()
        house.tick(LOGIN_S)
        house.await_connections(0)


def send_if_open(client: socket.socket, octets: bytes) -> None:
    try:
        client.sendall(octets)
    except OSError:  # the service has ended it
        client.close()


def test_an_octet_now_and_then_does_not_prolong_the_time_for_a_login() -> None:
    session = Pop3Session("box", now=1000.0)
    for second in range(1, int(LOGIN_S) + 1):
        assert session.state is Pop3State.AUTHORIZATION, f"ended after {second - 1} s"
        session.receive(b"N")
        session.tick(1000.0 + second)
    assert session.state is Pop3State.CLOSED


def test_so_many_octets_without_a_login_end_a_session() -> None:
    session = Pop3Session("box")
    for _ in range(LOGIN_OCTETS // 6 + 1):
        session.receive(b"CAPA\r\n")
        session.to_send()
    session.to_send()
    assert session.state is Pop3State.CLOSED


def test_octets_of_a_line_without_an_end_count_too() -> None:
    session = Pop3Session("box")
    for _ in range(LOGIN_OCTETS // 100 + 1):
        session.receive(b"x" * 100)
        session.to_send()
    assert session.state is Pop3State.CLOSED


def test_who_has_logged_in_has_the_time_that_the_standard_gives(house: Pop3House) -> None:
    anna = house.logged_in()
    for _ in range(3):
        house.tick(AUTOLOGOUT_S - 1)
        assert anna.stat() == (0, 0)
    anna.quit()


def smtp_ended_at(talk: Talk, octets: bytes, every_s: int, until_s: int) -> int | None:
    """After how many seconds a session that is sent so much so often ends; None: it does not."""
    for second in range(1, until_s):
        if second % every_s == 0:
            talk.send(octets)
        talk.session.tick(float(second))
        if talk.session.closed:
            return second
    return None


@pytest.mark.parametrize("octets", [b"", b"N", b"NOOP\r\n", b"RSET\r\n", b"EHLO x\r\n"])
def test_smtp_without_a_mail_ends_after_its_time_whatever_is_said(octets: bytes) -> None:
    assert smtp_ended_at(Talk(), octets, 5, 1000) == smtp_limits().patience_s


def test_a_message_that_trickles_in_ends_after_the_time() -> None:
    talk = Talk()
    talk.send(ENVELOPE)
    ended = smtp_ended_at(talk, b"x", 5, 1000)
    assert ended is not None and ended <= smtp_limits().patience_s + 2


def test_a_message_over_a_slow_line_has_all_the_time_it_needs() -> None:
    talk = Talk()
    talk.send(ENVELOPE)
    assert smtp_ended_at(talk, b"x" * 300 + b"\r\n", 1, 5000) is None


def test_an_accepted_mail_begins_the_time_anew() -> None:
    talk = Talk()
    for second in range(1, 1001):
        if second % 250 == 0:
            assert codes(talk.send(ENVELOPE + b"x\r\n.\r\n"))[-1] == 250
        talk.session.tick(float(second))
    assert not talk.session.closed
    assert len(talk.kept) == 4


def test_endless_smtp_commands_without_a_mail_end_the_session() -> None:
    talk = Talk(limits=replace(smtp_limits(), command_octets=10_000))
    said = b"".join(talk.send(b"NOOP\r\n" * 100) for _ in range(26))
    assert talk.session.closed
    assert said.endswith(b"421 4.7.0 Too many commands without a mail\r\n")
