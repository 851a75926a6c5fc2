"""What the DNS says of a domain's mail, asked of a name server on loopback."""

import asyncio

import pytest

from app.core.domain_lookup import look_up
from app.core.domains import DomainFacts, DomainState, domain_of, is_special
from tests.kit.dns_zone import DnsZone
from tests.kit.world_dns import RECORDS, no_network, world_dns

STATES = {
    "Kovacs.NET.": (DomainState.MX, ("mx1.hoster.net", "mx2.hoster.net")),
    "webonly.net": (DomainState.ADDRESS, ("webonly.net",)),
    "nomail.net": (DomainState.NO_MAIL, ()),
    "nothing.net": (DomainState.NO_MAIL, ()),
    "far.net": (DomainState.MX, ("mx.far.net",)),
    "gone.net": (DomainState.ABSENT, ()),
    "a..b": (DomainState.ABSENT, ()),
    "switchhook.local": (DomainState.SPECIAL, ()),
    "box": (DomainState.SPECIAL, ()),
    "[192.0.2.1]": (DomainState.SPECIAL, ()),
}


@pytest.mark.parametrize("domain", STATES)
def test_domain_is_told_by_its_mail_servers(domain: str) -> None:
    with world_dns() as ask:
        (found,) = ask([domain]).values()
    assert (found.state, found.hosts) == STATES[domain]


def test_addresses_are_those_of_the_servers_best_first() -> None:
    with world_dns() as ask:
        found = ask(["kovacs.net", "byaddress.net", "six.net"])
    assert found["kovacs.net"].addresses == ("198.51.100.1", "198.51.100.2")
    assert found["byaddress.net"].addresses == ("192.0.2.1", "2001:db8::1")
    assert found["six.net"].addresses == ("2001:db8::6",)


def test_domain_that_is_not_answered_for_is_unknown_and_the_others_are_not() -> None:
    with world_dns(broken=("kovacs.net",)) as ask:
        found = ask(["kovacs.net", "far.net", "kovacs.net"])
    assert list(found) == ["kovacs.net", "far.net"]
    assert found["kovacs.net"].state is DomainState.UNKNOWN and found["kovacs.net"].reason
    assert found["far.net"].state is DomainState.MX


def test_without_a_network_nothing_is_known_in_time() -> None:
    found = no_network(["kovacs.net", "box.test"])
    assert found["kovacs.net"].state is DomainState.UNKNOWN
    assert found["box.test"] == DomainFacts("box.test", DomainState.SPECIAL)


def test_hundred_domains_are_asked_side_by_side_within_the_time_of_all() -> None:
    domains = [f"d{number}.net" for number in range(100)]
    with DnsZone({(domain, "MX"): ["10 mx.far.net."] for domain in domains} | RECORDS) as zone:
        found = asyncio.run(look_up(domains, zone.resolver()))
        assert {one.state for one in found.values()} == {DomainState.MX}
        late = asyncio.run(look_up(domains, zone.resolver(), within_s=0))
    assert late["d99.net"].reason == "no answer within 0 s"


def test_names_that_the_public_dns_cannot_have_are_special() -> None:
    special = ["a.test", "x.home.arpa", "LOCALHOST", "a.example.org", "nas.local."]
    assert all(map(is_special, special))
    assert not any(map(is_special, ["kovacs.net", "example.de", "local.net"]))
    assert [domain_of(text) for text in ("A@B.net.", "a", "a@b@c.de")] == ["b.net", "", "c.de"]
