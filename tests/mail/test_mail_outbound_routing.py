"""Which servers a domain's mail goes to, asked of a real (small) name server."""

import asyncio
from pathlib import Path

import pytest

from app.mail.outbound.routing import Hop, MxRoute, NoHop, Smarthost, SystemResolver
from tests.kit.dns_zone import DnsZone

ZONE = {
    ("plain.test", "A"): ["192.0.2.1"],
    ("two.test", "MX"): ["20 b.two.test.", "10 a.two.test."],
    ("a.two.test", "A"): ["192.0.2.10", "192.0.2.11"],
    ("b.two.test", "AAAA"): ["2001:db8::20"],
    ("null.test", "MX"): ["0 ."],
    ("bare.test", "TXT"): ['"nothing here"'],
    ("ours.test", "MX"): ["10 box.test."],
    ("box.test", "A"): ["192.0.2.99"],
    ("back.test", "A"): ["192.0.2.99"],
    ("backup.test", "MX"): ["10 a.two.test.", "20 box.test.", "30 b.two.test."],
    ("hidden.test", "MX"): ["10 a.two.test.", "20 alias.test.", "30 b.two.test."],
    ("alias.test", "A"): ["192.0.2.99"],
    ("xn--bcher-kva.test", "A"): ["192.0.2.5"],
    ("nowhere.test", "MX"): ["10 bare.test.", "20 missing.test."],
    ("first.test", "MX"): ["10 missing.test.", "20 b.two.test."],
    ("last.test", "MX"): ["10 b.two.test.", "20 bare.test."],
    ("sick.test", "MX"): ["10 broken.test.", "20 b.two.test."],
    ("sickest.test", "MX"): ["10 broken.test.", "20 bare.test."],
    ("halves.test", "MX"): ["10 half.test.", "20 b.two.test."],
    ("half.test", "A"): ["192.0.2.30"],
    ("equal.test", "MX"): ["10 a.two.test.", "20 box.test.", "20 b.two.test."],
}


def hops(domain: str) -> list[Hop]:
    with DnsZone(ZONE, broken=("broken.test", ("half.test", "AAAA"))) as zone:
        route = MxRoute(["box.test"], ["192.0.2.99"].__contains__, zone.resolver(), port=2525)
        return asyncio.run(route.hops(domain))


def addresses(domain: str) -> list[str]:
    return [hop.address for hop in hops(domain)]


def test_mx_hosts_come_in_the_order_of_preference() -> None:
    found = hops("two.test")
    assert [hop.name for hop in found] == ["a.two.test", "a.two.test", "b.two.test"]
    assert sorted(hop.address for hop in found[:2]) == ["192.0.2.10", "192.0.2.11"]
    assert found[2] == Hop("b.two.test", "2001:db8::20", 2525)


def test_without_mx_the_domain_itself_is_the_host() -> None:
    assert addresses("plain.test") == ["192.0.2.1"]


def test_address_literals_need_no_dns() -> None:
    assert addresses("[192.0.2.7]") == ["192.0.2.7"]
    assert addresses("[IPv6:2001:db8::7]") == ["2001:db8::7"]
    assert addresses("[ipv6:2001:db8::7]") == ["2001:db8::7"], "as the queue keeps domains"


@pytest.mark.parametrize("domain", ["first.test", "last.test", "sick.test"])
def test_a_server_without_an_address_is_passed_over_for_the_other(domain: str) -> None:
    assert addresses(domain) == ["2001:db8::20"]


def test_a_server_of_which_one_kind_of_address_cannot_be_looked_up_has_the_other() -> None:
    assert addresses("halves.test") == ["192.0.2.30", "2001:db8::20"]


def test_names_that_are_not_ascii() -> None:
    assert addresses("bücher.test") == ["192.0.2.5"]


@pytest.mark.parametrize("domain", ["backup.test", "hidden.test", "equal.test"])
def test_what_lies_behind_us_is_left_out(domain: str) -> None:
    assert sorted(addresses(domain)) == ["192.0.2.10", "192.0.2.11"]


@pytest.mark.parametrize(
    ("domain", "start"),
    [
        ("null.test", "556 5.1.10"),
        ("missing.test", "550 5.1.2"),
        ("bare.test", "550 5.1.2"),
        ("nowhere.test", "450 4.4.4"),
        ("sickest.test", "450 4.4.3"),
        ("ours.test", "550 5.4.6"),
        ("back.test", "550 5.4.6"),
        ("[192.0.2.99]", "550 5.4.6"),
        ("a..b", "550 5.1.2"),
        ("broken.test", "450 4.4.3"),
    ],
)
def test_no_way(domain: str, start: str) -> None:
    with pytest.raises(NoHop) as told:
        hops(domain)
    assert told.value.reply.startswith(start)


def test_a_smarthost_takes_everything_together_at_each_of_its_addresses() -> None:
    route = Smarthost("127.0.0.1", 587)
    assert asyncio.run(route.hops("any.test")) == [Hop("127.0.0.1", "127.0.0.1", 587)]
    assert route.key("a.test") == route.key("b.test")


def test_a_smarthost_that_is_this_box_gets_no_mail_and_the_owner_is_told_what_to_do() -> None:
    own = Smarthost("127.0.0.1", 25, is_own=lambda address, port: (address, port) == OWN_DOOR)
    with pytest.raises(NoHop) as told:
        asyncio.run(own.hops("any.test"))
    assert told.value.reply.startswith("451 4.4.6 127.0.0.1 port 25 is this box")


OWN_DOOR = ("127.0.0.1", 25)


def test_a_smarthost_that_cannot_be_looked_up_is_a_matter_of_time() -> None:
    with pytest.raises(NoHop) as told:
        asyncio.run(Smarthost("no host name", 587).hops("any.test"))
    assert told.value.reply.startswith("450 4.4.3 no host name")


def test_name_servers_that_change_while_the_box_runs_are_used_from_then_on(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    with DnsZone(ZONE) as zone:
        system = SystemResolver(conf, zone.port)
        conf.write_text("nameserver 127.0.0.9\n")
        assert system.current().nameservers == ["127.0.0.9"]
        conf.write_text("nameserver 127.0.0.1\n")  # as udhcpc and resolvconf do
        found = asyncio.run(system.current().resolve("plain.test", "A"))
        assert [record.address for record in found] == ["192.0.2.1"]
        renewed = tmp_path / "new"
        renewed.write_text("nameserver 127.0.0.8\n")
        renewed.replace(conf)
        assert system.current().nameservers == ["127.0.0.8"]


@pytest.mark.parametrize("remembers", [0, 5])
def test_answers_are_remembered_where_that_is_asked_for(tmp_path: Path, remembers: int) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\n")
    with DnsZone(dict(ZONE)) as zone:
        system = SystemResolver(conf, zone.port, remembers)

        def address() -> str:
            (record,) = asyncio.run(system.current().resolve("plain.test", "A"))
            return str(record.address)

        assert address() == "192.0.2.1"
        zone.records["plain.test", "A"] = ["192.0.2.77"]
        assert address() == ("192.0.2.1" if remembers else "192.0.2.77")


def test_a_box_without_a_name_server_says_so_for_now(tmp_path: Path) -> None:
    with pytest.raises(NoHop) as told:
        asyncio.run(MxRoute([], resolv_conf=tmp_path / "none").hops("far.test"))
    assert told.value.reply.startswith("450 4.4.3")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "169.254.1.1",
        "fe80::1",
    ],
)
def test_whatever_is_this_machine_is_known_as_such(address: str) -> None:
    zone = {("loop.test", "MX"): ["10 mx.loop.test."]}
    zone["mx.loop.test", "AAAA" if ":" in address else "A"] = [address]
    with DnsZone(zone) as server, pytest.raises(NoHop) as told:
        asyncio.run(MxRoute(["box.test"], resolver=server.resolver()).hops("loop.test"))
    assert told.value.reply.startswith("550 5.4.6")
