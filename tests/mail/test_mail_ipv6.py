"""Mail by IPv6, in both directions, over loopback."""

import poplib
import smtplib
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from app.commands.supervision import StartError, check_port
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import CONFIG, MailBox
from tests.kit.sink import Sink

TEXT = b"From: X <x@y.test>\r\nSubject: hello\r\nDate: now\r\nMessage-ID: <1@y>\r\n\r\nbody\r\n"


@pytest.fixture(autouse=True)
def needs_ipv6() -> None:
    if free_port() == 0:
        pytest.skip("this machine has no IPv6 on loopback")


def free_port() -> int:
    """A port that nobody has on ::1; 0 without such an address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6) as door:
            return int(door.getsockname()[1])
    except OSError:
        return 0


@pytest.mark.parametrize("beside", [[], ["127.0.0.1"]], ids=["alone", "its IPv4 address is silent"])
def test_a_mail_server_is_reached_by_its_ipv6_address(tmp_path: Path, beside: list[str]) -> None:
    zone = {("far.test", "MX"): ["10 mx.far.test."], ("mx.far.test", "AAAA"): ["::1"]}
    if beside:
        zone["mx.far.test", "A"] = beside
    port = free_port()
    with Sink() as sink, DnsZone(zone) as names:
        sink.listen_also("::1", port)
        with MailBox(tmp_path, resolver=names.resolver(), mx_port=port) as box:
            box.send(TEXT, "anna@far.test", sender="bob@box.test")
            box.settle()
            assert [row.reply for row in box.rows()] == []
        assert sink.wait(1)[0].recipients == ("anna@far.test",)


def test_an_address_literal_is_written_to_where_it_says(tmp_path: Path) -> None:
    """[RFC 5321 4.1.3]; ::1 is no address of this box here, so the sink is somebody else."""
    port = free_port()
    with Sink() as sink:
        sink.listen_also("::1", port)
        with MailBox(tmp_path, mx_port=port) as box:
            box.send(TEXT, "anna@[IPv6:0::1]", sender="bob@box.test")
            box.settle()
            assert [row.reply for row in box.rows()] == []
        assert sink.wait(1)[0].recipients == ("anna@[IPv6:::1]",)


def test_an_address_literal_of_the_box_is_the_box(tmp_path: Path) -> None:
    delivery = replace(CONFIG.delivery, host_addresses=("192.0.2.99", "2001:db8::99"))
    with MailBox(tmp_path, listen="::1", lan=(), delivery=delivery) as box:
        with smtplib.SMTP("::1", box.ports.smtp, timeout=30) as client:
            client.ehlo("[IPv6:2001:db8::7]")
            client.sendmail("x@y.test", ["anna@[IPv6:2001:DB8:0::99]"], TEXT)
            code, _ = client.mail("x@y.test")
            assert code == 250
            assert client.rcpt("anna@[IPv6:2001:db8::98]")[0] == 550, "nobody relays for strangers"
        (entry,) = box.inbox("anna")
        assert b"Received: from [IPv6:2001:db8::7] ([IPv6:::1])\r\n" in box.octets(entry)


def test_a_smarthost_may_be_named_by_an_ipv6_address(tmp_path: Path) -> None:
    port = free_port()
    with Sink() as sink:
        sink.listen_also("::1", port)
        with MailBox(tmp_path, smarthost=("::1", port)) as box:
            box.send(TEXT, "anna@far.test", sender="bob@box.test")
            box.settle()
            assert [row.reply for row in box.rows()] == []
        assert sink.wait(1)[0].recipients == ("anna@far.test",)


@pytest.mark.parametrize("listen", ["::", "::1", "0::0"])
def test_mail_comes_and_is_fetched_by_ipv6_and_by_ipv4_where_both_are_listened_on(
    tmp_path: Path, listen: str
) -> None:
    with MailBox(tmp_path, listen=listen, lan=("127.0.0.0/8", "::1/128")) as box:
        assert box.service.status()["listening"]
        hosts = {"::1": "[IPv6:::1]"}
        if listen != "::1":
            hosts["127.0.0.1"] = "[127.0.0.1]"
        for host in hosts:
            with smtplib.SMTP(host, box.ports.smtp, timeout=30) as client:
                client.sendmail("x@y.test", ["anna@box.test"], TEXT)
            pop3 = poplib.POP3(host, box.ports.pop3, timeout=30)
            assert pop3.getwelcome().startswith(b"+OK")
            pop3.quit()
        heads = b"".join(box.octets(entry) for entry in box.inbox("anna")).decode()
        for name in hosts.values():
            assert f"({name})\r\n\tby box.test" in heads
        assert len(box.inbox("anna")) == len(hosts)


def test_a_port_that_is_taken_on_ipv4_alone_is_told_before_anything_is_started() -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(StartError) as told:
            check_port("SMTP", "::", port, "mail.smtp_port")
    assert f"cannot listen on :: port {port}" in str(told.value)
