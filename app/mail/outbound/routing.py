"""Where a mail goes next: a smarthost for everything, or each domain's own mail servers.

`Smarthost` and `MxRoute` answer the same question. MxRoute follows RFC 5321 §5.1: MX hosts in the
order of preference, the domain itself where there is no MX, none at all where the MX is "."
[RFC 7505]. A host that is this box ends the list: what lies behind it would only come back to us.
"""

import ipaddress
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

SMTP_PORT = 25
ADDRESSES_LIMIT = 10  # of one domain's hosts that are tried in one go


@dataclass(frozen=True)
class Hop:
    """A server to speak to: its name, and the IP address or name to connect to."""

    name: str
    address: str
    port: int


class NoHop(Exception):
    """There is no server to give the mail to; `reply` reads like a server's answer."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class Route(Protocol):
    """What leads mail to its next hop."""

    def key(self, domain: str) -> str:
        """Recipients with the same key share their next hops."""
        ...

    async def hops(self, domain: str) -> list[Hop]:
        """The servers for a domain, best first; at least one. Raises NoHop."""
        ...


class Smarthost:
    """One server takes everything."""

    def __init__(self, host: str, port: int = SMTP_PORT) -> None:
        self._hop = Hop(host, host, port)

    def key(self, domain: str) -> str:
        """The same for every domain."""
        return ""

    async def hops(self, domain: str) -> list[Hop]:
        """The smarthost."""
        return [self._hop]


class MxRoute:
    """Each domain's servers, found in the DNS.

    own names and addresses say which servers are this box. `port` is 25 in the world; a test has
    its servers elsewhere.
    """

    def __init__(
        self,
        own_names: Iterable[str],
        own_addresses: Iterable[str],
        resolver: dns.asyncresolver.Resolver | None = None,
        port: int = SMTP_PORT,
    ) -> None:
        self._own_names = {name.lower() for name in own_names}
        self._own_addresses = {ipaddress.ip_address(address) for address in own_addresses}
        self._resolver = resolver
        self._port = port

    def key(self, domain: str) -> str:
        """Mail to one domain travels together."""
        return domain

    async def hops(self, domain: str) -> list[Hop]:
        """Ask the DNS. Raises NoHop with a 4xx reply if it has no answer now, else with a 5xx."""
        if domain.startswith("["):
            return self._without_us([self._literal(domain)], domain)
        names = await self._exchangers(domain)
        hops: list[Hop] = []
        for name in names:
            if name in self._own_names:
                break
            hops += [Hop(name, address, self._port) for address in await self._addresses(name)]
        if not hops:
            raise NoHop(_LOOP if names and names[0] in self._own_names else _NO_ADDRESS)
        return self._without_us(hops, domain)[:ADDRESSES_LIMIT]

    def _literal(self, domain: str) -> Hop:
        address = domain.strip("[]").removeprefix("IPv6:")
        return Hop(address, address, self._port)

    def _without_us(self, hops: list[Hop], domain: str) -> list[Hop]:
        """The hops before the first that is this box."""
        for place, hop in enumerate(hops):
            if ipaddress.ip_address(hop.address) in self._own_addresses:
                hops = hops[:place]
                break
        if not hops:
            raise NoHop(_LOOP)
        return hops

    async def _exchangers(self, domain: str) -> list[str]:
        """Host names, best first; those of equal preference in any order [RFC 5321 §5.1]."""
        answer = await self._ask(domain, dns.rdatatype.MX)
        if not answer:
            return [domain]
        found = [(mx.preference, random.random(), _text(mx.exchange)) for mx in answer]
        if [name for _, _, name in found] == [""]:
            raise NoHop(_NULL_MX)
        return [name for _, _, name in sorted(found) if name]

    async def _addresses(self, name: str) -> list[str]:
        found = []
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            found += [record.address for record in await self._ask(name, kind)]
        return found

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[Any]:
        """The records; none if the name has none of this kind."""
        resolver = self._resolver or dns.asyncresolver.get_default_resolver()
        try:
            return list(await resolver.resolve(_encoded(name), kind))
        except dns.resolver.NoAnswer:
            return []
        except dns.resolver.NXDOMAIN:
            raise NoHop(_NO_DOMAIN) from None
        except (dns.exception.DNSException, OSError) as problem:
            raise NoHop(f"450 4.4.3 The name {name} could not be looked up: {problem}") from problem


_NULL_MX = "556 5.1.10 The domain takes no mail"
_NO_DOMAIN = "550 5.1.2 The domain does not exist"
_NO_ADDRESS = "550 5.1.2 The domain has no mail server"
_LOOP = "550 5.4.6 The domain's mail server is this box, which does not serve it"


def _encoded(name: str) -> dns.name.Name:
    try:
        return dns.name.from_text(name, idna_codec=dns.name.IDNA_2003)
    except (dns.exception.DNSException, UnicodeError) as problem:
        raise NoHop(f"550 5.1.2 The domain is no name: {problem}") from problem


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
