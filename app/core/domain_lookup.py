"""Asking the DNS where domains' mail goes: MX, and A and AAAA of the servers [RFC 5321 §5.1].

Without a network that is no error: the facts then say that nothing is known, and why.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.core.domains import DomainFacts, DomainState, is_special
from app.core.resolver import Resolver, load_dns
from app.core.text import one_line

if TYPE_CHECKING:
    import dns.name

AT_ONCE = 20
"""Domains that are asked for at a time."""
ONE_S = 5.0
"""Seconds for each question."""
ALL_S = 15.0
"""Seconds for all domains together."""
HOSTS = 5
"""Mail servers of a domain whose addresses are asked for."""


def look_up_now(domains: Iterable[str], resolver: Resolver | None = None) -> dict[str, DomainFacts]:
    """As `look_up`, for whoever has no event loop; takes ALL_S seconds at most."""
    return asyncio.run(look_up(domains, resolver))


async def look_up(
    domains: Iterable[str],
    resolver: Resolver | None = None,
    within_s: float = ALL_S,
) -> dict[str, DomainFacts]:
    """What the DNS says of each domain; `resolver` None asks the system's name servers.

    What is not answered within `within_s` seconds is UNKNOWN.
    """
    wanted = list(dict.fromkeys(domain.lower().rstrip(".") for domain in domains))
    found = {d: DomainFacts(d, DomainState.SPECIAL) for d in wanted if is_special(d)}
    public = [domain for domain in wanted if domain not in found]
    if public:
        await load_dns()
    if public and resolver is None:
        import dns.asyncresolver
        import dns.exception

        try:
            resolver = dns.asyncresolver.Resolver()
        except (dns.exception.DNSException, OSError) as problem:
            return found | {d: _unknown(d, f"there is no name server: {problem}") for d in public}
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(domain: str) -> None:
        async with places:
            assert resolver is not None, "there is something to ask"
            found[domain] = await _facts(resolver, domain)

    tasks = [asyncio.ensure_future(ask(domain)) for domain in public]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=within_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    late_text = f"no answer within {within_s:.0f} s"
    return {domain: found.get(domain) or _unknown(domain, late_text) for domain in wanted}


def _unknown(domain: str, reason: str) -> DomainFacts:
    return DomainFacts(domain, DomainState.UNKNOWN, reason=one_line(reason, 200))


async def _facts(resolver: Resolver, domain: str) -> DomainFacts:
    import dns.exception
    import dns.name
    import dns.resolver

    try:
        name = dns.name.from_text(domain, idna_codec=dns.name.IDNA_2003)
    except (dns.exception.DNSException, UnicodeError):
        return DomainFacts(domain, DomainState.ABSENT)  # no name at all
    try:
        hosts = await _exchangers(resolver, name)
        if hosts == [""]:
            return DomainFacts(domain, DomainState.NO_MAIL)
        if not hosts:
            addresses = await _addresses(resolver, domain)
            state = DomainState.ADDRESS if addresses else DomainState.NO_MAIL
            return DomainFacts(domain, state, (domain,) if addresses else (), tuple(addresses))
    except dns.resolver.NXDOMAIN:
        return DomainFacts(domain, DomainState.ABSENT)
    except (dns.exception.DNSException, OSError) as problem:
        return _unknown(domain, str(problem) or type(problem).__name__)
    addresses = []
    for host in hosts[:HOSTS]:
        try:
            addresses += await _addresses(resolver, host)
        except (dns.exception.DNSException, OSError):
            continue  # the name alone says where the mail goes
    return DomainFacts(domain, DomainState.MX, tuple(hosts), tuple(addresses))


async def _exchangers(resolver: Resolver, name: "dns.name.Name") -> list[str]:
    """Names of the mail servers, best first; [""] if the domain takes no mail [RFC 7505]."""
    import dns.rdatatype
    import dns.resolver

    try:
        answer = await resolver.resolve(name, dns.rdatatype.MX, lifetime=ONE_S)
    except dns.resolver.NoAnswer:
        return []
    found = sorted((mx.preference, mx.exchange.to_text(omit_final_dot=True)) for mx in answer)
    names = [host.lower().removesuffix(".") for _, host in found]
    return [name for name in names if name] or [""]


async def _addresses(resolver: Resolver, host: str) -> list[str]:
    import dns.rdatatype
    import dns.resolver

    found: list[str] = []
    for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            answer = await resolver.resolve(host, kind, lifetime=ONE_S)
        except dns.resolver.NoAnswer:
            continue
        found += [record.address for record in answer]
    return found
