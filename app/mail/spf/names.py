"""What SPF asks the DNS; an answer that there is nothing is an empty list."""

from collections.abc import Callable
from typing import Any, Protocol

from app.core.resolver import Resolver, load_dns
from app.mail.spf.macros import Address


class NoAnswer(Exception):
    """The DNS does not answer now."""


class Names(Protocol):
    """The questions. Each raises NoAnswer."""

    async def texts(self, name: str) -> list[str]:
        """TXT records, the strings of each put together [RFC 7208 §3.3]."""
        ...

    async def addresses(self, name: str, version: int) -> list[str]:
        """A (4) or AAAA (6) records."""
        ...

    async def exchangers(self, name: str) -> list[str]:
        """MX records, best first."""
        ...

    async def pointers(self, ip: Address) -> list[str]:
        """PTR records."""
        ...


class DnsNames:
    """The DNS itself; `resolver` gives the name servers of now, and may raise."""

    def __init__(self, resolver: Callable[[], Resolver]) -> None:
        self._resolver = resolver

    async def texts(self, name: str) -> list[str]:
        """As Names. What is not ASCII is shown by a sign that no record has."""
        found = await self._ask(name, "TXT")
        return [b"".join(one.strings).decode("ascii", "replace") for one in found]

    async def addresses(self, name: str, version: int) -> list[str]:
        """As Names."""
        return [one.address for one in await self._ask(name, "A" if version == 4 else "AAAA")]

    async def exchangers(self, name: str) -> list[str]:
        """As Names."""
        found = sorted(await self._ask(name, "MX"), key=lambda one: int(one.preference))
        return [one.exchange.to_text(omit_final_dot=True) for one in found]

    async def pointers(self, ip: Address) -> list[str]:
        """As Names."""
        await load_dns()
        import dns.reversename

        name = dns.reversename.from_address(str(ip)).to_text()
        return [one.target.to_text(omit_final_dot=True) for one in await self._ask(name, "PTR")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        if not name:
            return []  # of a name that was too long, nothing is left
        await load_dns()
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            wanted = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return []  # no name that anybody could have
        try:
            return list(await self._resolver().resolve(wanted, kind))
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        except (dns.exception.DNSException, OSError) as problem:
            raise NoAnswer(str(problem)) from problem
