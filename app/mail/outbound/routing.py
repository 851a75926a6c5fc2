"""Where a mail goes next: a smarthost for everything, or each domain's own mail servers.

`Smarthost` and `MxRoute` answer the same question. MxRoute follows RFC 5321 §5.1: MX hosts in the
order of preference, the domain itself where there is no MX, none at all where the MX is "."
[RFC 7505]. A host that is this box ends the list: what lies behind it would only come back to us.

Only an answer about the domain itself refuses a mail for good: there is no such domain, it takes no
mail, it has no server of any kind, or its first server is this box. A server whose name has no
address, or cannot be looked up now, is passed over for the next one.
"""

import asyncio
import itertools
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.core.own_addresses import is_this_machine
from app.core.resolver import Resolver, load_dns
from app.inbox.destinations import person_of

if TYPE_CHECKING:
    import dns.asyncresolver
    import dns.name
    import dns.rdatatype

SMTP_PORT = 25
ADDRESSES_LIMIT = 10  # of one domain's hosts that are tried in one go
RESOLV_CONF = Path("/etc/resolv.conf")


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
    """One server takes everything; it is named to the system as any host is, not by MX.

    `is_own` says of an address and port whether it is this box, which would take mail for ever.
    """

    def __init__(
        self,
        host: str,
        port: int = SMTP_PORT,
        is_own: Callable[[str, int], bool] = lambda address, port: False,
    ) -> None:
        self._host = host
        self._port = port
        self._is_own = is_own

    def key(self, domain: str) -> str:
        """The same for every domain."""
        return ""

    async def hops(self, domain: str) -> list[Hop]:
        """The smarthost at each of its addresses. Raises NoHop, always with a 4xx reply."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as problem:
            raise NoHop(f"450 4.4.3 {self._host} could not be looked up: {problem}") from problem
        addresses = dict.fromkeys(str(address[0]) for *_, address in found)
        if any(self._is_own(address, self._port) for address in addresses):
            raise NoHop(
                f"451 4.4.6 {self._host} port {self._port} is this box: name another server"
            )
        return [Hop(self._host, address, self._port) for address in addresses][:ADDRESSES_LIMIT]


class PersonalRoute:
    """People's own accounts before the way that all other mail takes.

    `account` tells for a person's id the host and port, if there is an account.
    """

    def __init__(self, others: Route, account: Callable[[int], tuple[str, int] | None]) -> None:
        self._others = others
        self._account = account

    def key(self, domain: str) -> str:
        """The account, or what the others say."""
        return domain if person_of(domain) is not None else self._others.key(domain)

    async def hops(self, domain: str) -> list[Hop]:
        """The account's server, or what the others say. Raises NoHop."""
        person = person_of(domain)
        if person is None:
            return await self._others.hops(domain)
        found = self._account(person)
        if found is None:
            raise NoHop("450 4.3.5 The account by which it was to leave has been removed")
        return await Smarthost(*found).hops(domain)


class SystemResolver:
    """The system's name servers, as they are now: DHCP may change them at any time."""

    def __init__(self, path: Path = RESOLV_CONF, port: int = 53, remembers: int = 0) -> None:
        """`path` is the resolv.conf; `port` is 53 in the world.

        `remembers` is the number of answers that are kept as long as they say themselves.
        """
        self._path, self._remembers = path, remembers
        self._port = port
        self._read: tuple[int, ...] = ()
        self._resolver: dns.asyncresolver.Resolver

    def current(self) -> "dns.asyncresolver.Resolver":
        """A resolver that asks them. Raises dns.exception.DNSException or OSError: there is none.

        The file is read again when it has changed, which takes one stat to see.
        """
        stat = self._path.stat()
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if seen != self._read:
            import dns.asyncresolver
            import dns.resolver

            self._resolver = dns.asyncresolver.Resolver(str(self._path))
            self._resolver.port = self._port
            if self._remembers:
                self._resolver.cache = dns.resolver.LRUCache(self._remembers)
            self._read = seen
        return self._resolver


class MxRoute:
    """Each domain's servers, found in the DNS.

    `own_names` and `is_own`, which is asked about IP addresses, say which servers are this box.
    `port` is 25 in the world; a test has its servers elsewhere.
    """

    def __init__(
        self,
        own_names: Iterable[str],
        is_own: Callable[[str], bool] = is_this_machine,
        resolver: Resolver | None = None,
        port: int = SMTP_PORT,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        """Without a resolver the system's name servers are asked, which `resolv_conf` names."""
        self._own_names = {name.lower() for name in own_names}
        self._is_own = is_own
        self._resolver = resolver
        self._system = SystemResolver(resolv_conf)
        self._port = port

    def key(self, domain: str) -> str:
        """Mail to one domain travels together."""
        return domain

    async def hops(self, domain: str) -> list[Hop]:
        """Ask the DNS. Raises NoHop with a 4xx reply if it has no answer now, else with a 5xx."""
        if domain.startswith("["):
            return [self._literal(domain)]
        hosts = await self._exchangers(domain)
        found: list[Hop] = []
        trouble = ""
        for _, names in itertools.groupby(hosts, key=lambda host: host[0]):
            equal: list[Hop] = []
            for _, name in names:
                try:
                    equal += await self._at(name)
                except NoHop as problem:
                    trouble = trouble or (problem.reply if problem.reply[0] == "4" else "")
            if any(hop.name in self._own_names or self._is_own(hop.address) for hop in equal):
                trouble = trouble or _LOOP
                break  # neither those beside us nor those behind us [RFC 5321 §5.1]
            found += equal
        if found:
            return found[:ADDRESSES_LIMIT]
        if trouble:
            raise NoHop(trouble)
        if [name for _, name in hosts] == [domain]:
            raise NoHop(_NO_ADDRESS)
        names_ = ", ".join(name for _, name in hosts)
        raise NoHop(f"450 4.4.4 None of the domain's mail servers has an address: {names_}")

    def _literal(self, domain: str) -> Hop:
        address = domain.strip("[]").lower().removeprefix("ipv6:")
        if self._is_own(address):
            raise NoHop(_LOOP)
        return Hop(address, address, self._port)

    async def _exchangers(self, domain: str) -> list[tuple[int, str]]:
        """Preferences and names of hosts, best first; equal ones in any order [RFC 5321 §5.1]."""
        await load_dns()
        import dns.rdatatype
        import dns.resolver

        try:
            answer = await self._ask(domain, dns.rdatatype.MX)
        except dns.resolver.NXDOMAIN:
            raise NoHop(_NO_DOMAIN) from None
        if not answer:
            return [(0, domain)]
        found = [(mx.preference, random.random(), _text(mx.exchange)) for mx in answer]
        if [name for _, _, name in found] == [""]:
            raise NoHop(_NULL_MX)
        return [(preference, name) for preference, _, name in sorted(found) if name]

    async def _at(self, name: str) -> list[Hop]:
        """A host at each of its addresses; none if it has none. Raises NoHop if nobody knows."""
        if name in self._own_names:
            return [Hop(name, "127.0.0.1", self._port)]  # nobody will go there
        import dns.rdatatype
        import dns.resolver

        found: list[str] = []
        trouble = None
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                found += [record.address for record in await self._ask(name, kind)]
            except dns.resolver.NXDOMAIN:
                break
            except NoHop as problem:
                trouble = problem
        if trouble is not None and not found:
            raise trouble
        return [Hop(name, address, self._port) for address in found]

    async def _ask(self, name: str, kind: "dns.rdatatype.RdataType") -> list[Any]:
        """The records; none if the name has none of this kind. Raises NXDOMAIN or NoHop."""
        import dns.exception
        import dns.resolver

        try:
            resolver = self._resolver or self._system.current()
            return list(await resolver.resolve(_encoded(name), kind))
        except dns.resolver.NoAnswer:
            return []
        except dns.resolver.NXDOMAIN:
            raise
        except (dns.exception.DNSException, OSError) as problem:
            raise NoHop(f"450 4.4.3 The name {name} could not be looked up: {problem}") from problem


_NULL_MX = "556 5.1.10 The domain takes no mail"
_NO_DOMAIN = "550 5.1.2 The domain does not exist"
_NO_ADDRESS = "550 5.1.2 The domain has no mail server"
_LOOP = "550 5.4.6 The domain's mail server is this box, which does not serve it"


def _encoded(name: str) -> "dns.name.Name":
    import dns.exception
    import dns.name

    try:
        return dns.name.from_text(name, idna_codec=dns.name.IDNA_2003)
    except (dns.exception.DNSException, UnicodeError) as problem:
        raise NoHop(f"550 5.1.2 The domain is no name: {problem}") from problem


def _text(name: "dns.name.Name") -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
