"""A small world of mail domains, answered by a name server on loopback."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.core.domain_lookup import look_up
from app.operations.domains import Facts, LookUp
from tests.kit.dns_zone import DnsZone

RECORDS = {
    # Ours, though the world's mail for it goes to a hosting service.
    ("kovacs.net", "MX"): ["20 mx2.hoster.net.", "10 mx1.hoster.net."],
    ("mx1.hoster.net", "A"): ["198.51.100.1"],
    ("mx2.hoster.net", "A"): ["198.51.100.2"],
    # Whose mail servers are this box: by name, and by address.
    ("byname.net", "MX"): ["10 box.kovacs.net."],
    ("byaddress.net", "MX"): ["10 somewhere.byaddress.net."],
    ("somewhere.byaddress.net", "A"): ["192.0.2.1"],
    ("somewhere.byaddress.net", "AAAA"): ["2001:db8::1"],
    ("webonly.net", "A"): ["198.51.100.9"],
    ("nomail.net", "MX"): ["0 ."],
    ("nothing.net", "TXT"): ["x"],
    ("far.net", "MX"): ["10 mx.far.net."],  # a server without an address
    ("six.net", "MX"): ["10 mx.six.net."],
    ("mx.six.net", "AAAA"): ["2001:db8::6"],
}


@contextmanager
def world_dns(broken: tuple[str, ...] = ()) -> Iterator[LookUp]:
    """How operations look domains up while this world answers; `broken` are not answered."""
    with DnsZone(dict(RECORDS), broken) as zone:

        def ask(domains: Iterable[str]) -> Facts:
            return asyncio.run(look_up(domains, zone.resolver()))

        yield ask


def no_network(domains: Iterable[str]) -> Facts:
    """How operations look domains up where no name server answers."""
    with DnsZone({}) as zone:
        resolver = zone.resolver()
    return asyncio.run(look_up(domains, resolver, within_s=0.2))  # nobody listens there any more
