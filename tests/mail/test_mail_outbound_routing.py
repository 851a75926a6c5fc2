"""Which servers a domain's mail goes to, asked of a real (small) name server."""

import asyncio

import pytest

from app.mail.outbound.routing import Hop, MxRoute, NoHop, Smarthost
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
    ("nowhere.test", "MX"): ["10 bare.test."],
}


def hops(domain: str) -> list[Hop]:
    with DnsZone(ZONE, broken=("broken.test",)) as zone:
        route = MxRoute(["box.test"], ["192.0.2.99"], zone.resolver(), port=2525)
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


def test_names_that_are_not_ascii() -> None:
    assert addresses("bücher.test") == ["192.0.2.5"]


@pytest.mark.parametrize("domain", ["backup.test", "hidden.test"])
def test_what_lies_behind_us_is_left_out(domain: str) -> None:
    assert sorted(addresses(domain)) == ["192.0.2.10", "192.0.2.11"]


@pytest.mark.parametrize(
    ("domain", "start"),
    [
        ("null.test", "556 5.1.10"),
        ("missing.test", "550 5.1.2"),
        ("bare.test", "550 5.1.2"),
        ("nowhere.test", "550 5.1.2"),
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


def test_a_smarthost_takes_everything_together() -> None:
    route = Smarthost("mail.isp.test", 587)
    assert asyncio.run(route.hops("any.test")) == [Hop("mail.isp.test", "mail.isp.test", 587)]
    assert route.key("a.test") == route.key("b.test")
