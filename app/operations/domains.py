"""The domain mistake: a domain that is ours here and somebody else's in the world, said in words.

The facts are those of the DNS (app/inbox/domains.py). They are looked up again when what names a
domain is saved, and once a day by the mail service.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.core.domains import DomainFacts, DomainState, domain_of, is_special
from app.core.sentences import Sentence, sentence
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Alias
from app.inbox.domains import DomainNotes, watched_domains
from app.operations.actor import Actor, require_admin
from app.operations.box import Box
from app.operations.references import Problem

if TYPE_CHECKING:
    from app.config.settings import Settings

Facts = Mapping[str, DomainFacts]
LookUp = Callable[[Iterable[str]], Facts]
"""Asks the DNS; takes some seconds at most (app/core/domain_lookup.py, look_up_now)."""

NAMED = 5
"""Addresses of one domain that a text names, at most."""
SETTINGS = ("site.domains", "site.hostname", "site.shared_domains", "outbound.public_domain")
"""Settings that say which domains are ours, and how."""


@dataclass(frozen=True)
class DomainCheck:
    """All domains that matter here, just looked up."""

    facts: tuple[DomainFacts, ...]
    """Ours first."""
    problems: tuple[Problem, ...]


def look_up_now(domains: Iterable[str]) -> Facts:
    """Ask the DNS, by a library that only those load who ask."""
    from app.core import domain_lookup

    return domain_lookup.look_up_now(domains)


def check_domains(box: Box, actor: Actor, look_up: LookUp = look_up_now) -> DomainCheck:
    """Look up our domains and those of aliases' members now. Raises NotAllowed."""
    require_admin(actor, "check the domains")
    aliases = box.aliases.all()
    facts = refresh(box, watched_domains(box.delivery.config, aliases), look_up)
    return DomainCheck(tuple(facts.values()), tuple(domain_problems(box, box.settings, facts)))


def _unasked(domain: str) -> DomainFacts:
    if is_special(domain):
        return DomainFacts(domain, DomainState.SPECIAL)
    return DomainFacts(domain, DomainState.UNKNOWN, reason=sentence("it was not asked for yet"))


def is_worth_asking(members: Iterable[str]) -> bool:
    """Whether the DNS knows anything of these addresses that is not known without it."""
    return any(domain and not is_special(domain) for domain in map(domain_of, members))


def refresh(box: Box, domains: Iterable[str], look_up: LookUp | None) -> Facts:
    """Look these up and keep what is found; `look_up` None: what was found last."""
    if look_up is None:
        kept = DomainNotes(box.db).all()
        return {domain: kept.get(domain) or _unasked(domain) for domain in domains}
    facts = look_up(domains)
    if any(one.state is not DomainState.SPECIAL for one in facts.values()):
        box.db.now(lambda tx: DomainNotes(box.db).save(tx, facts))
    return facts


def domain_problems(box: Box, settings: Settings, facts: Facts | None = None) -> Iterator[Problem]:
    """What is wrong with the domains that are set and named, by what the DNS has said of them.

    `facts` None: what was found last.
    """
    facts = DomainNotes(box.db).all() if facts is None else facts
    yield from setting_problems(settings, box.delivery.config, facts)
    for alias in box.aliases.all():
        yield from alias_problems(box, alias, facts)


def setting_problems(settings: Settings, config: DeliveryConfig, facts: Facts) -> Iterator[Problem]:
    """Those of the domains that are set as ours."""
    shared = {name.lower() for name in settings.site.shared_domains}
    for domain in dict.fromkeys(name.lower() for name in settings.site.domains):
        found = facts.get(domain)
        if found is None:
            continue
        if domain in shared and found.state in (DomainState.ABSENT, DomainState.NO_MAIL):
            yield Problem(
                "site.shared_domains",
                sentence(
                    "no mail server in the world takes mail for %(domain)s, so mail to names that"
                    " nobody has here comes back; take %(domain)s out of this setting",
                    domain=domain,
                ),
            )
        elif domain not in shared and (text := elsewhere(settings, config, found)):
            yield Problem("site.domains", text)


def elsewhere(settings: Settings, config: DeliveryConfig, found: DomainFacts) -> str:
    """What it means that the world's mail for a domain of ours goes elsewhere; "" if it does not.

    A domain that names no mail server has nobody who would miss their mail.
    """
    domain = found.domain
    if found.state is not DomainState.MX or _is_us(settings, config, found):
        return ""
    return sentence(
        "%(domain)s is one of our domains here, but the world's mail for it goes to %(host)s. What"
        " is sent to %(domain)s from outside does not come here; what is sent from here to a name"
        " that nobody has here comes back, although %(host)s may know the name; and whoever"
        " forwards to an address at %(domain)s forwards to this box. Use a subdomain of your own,"
        " such as box.%(domain)s, or name %(domain)s in site.shared_domains: unknown names then go"
        " on to %(host)s. If %(host)s is this very box, name %(domain)s in outbound.public_domain",
        domain=domain,
        host=found.hosts[0],
    )


def _is_us(settings: Settings, config: DeliveryConfig, found: DomainFacts) -> bool:
    """Whether the best mail server of a domain is this box, as far as the box can know."""
    names = {settings.site.hostname.lower(), *(name.lower() for name in settings.site.domains)}
    if found.domain == settings.outbound.public_domain.lower():
        return True
    own = {ipaddress.ip_address(text) for text in config.host_addresses}
    return found.hosts[:1] != () and (
        found.hosts[0] in names
        or any(ipaddress.ip_address(text) in own for text in found.addresses[:1])
    )


def is_this_box(box: Box, found: DomainFacts) -> bool:
    """Whether the best mail server of a domain that we do not serve is this box."""
    ours = box.delivery.config.local_part(f"x@{found.domain}") is not None
    return not ours and _is_us(box.settings, box.delivery.config, found)


def alias_problems(box: Box, alias: Alias, facts: Facts) -> Iterator[Problem]:
    """What is wrong with the domains of an alias's members."""
    by_domain: dict[str, list[str]] = {}
    for member in alias.members:
        if domain := domain_of(member):
            by_domain.setdefault(domain, []).append(member)
    for domain, members in by_domain.items():
        found = facts.get(domain) or DomainFacts(domain, DomainState.UNKNOWN)
        if text := _of_members(box, found, members):
            who = some_of(members)
            yield Problem(f"alias.{alias.name}", sentence("%(who)s: %(text)s", who=who, text=text))


def some_of(addresses: Sequence[str]) -> str:
    """The first addresses of some, and how many there are more."""
    names = ", ".join(addresses[:NAMED])
    if len(addresses) <= NAMED:
        return names
    return sentence("%(names)s and %(count)s more", names=names, count=len(addresses) - NAMED)


def _of_members(box: Box, found: DomainFacts, members: list[str]) -> str:
    """What is wrong with outside members at a domain; "" if nothing is known to be."""
    domain = found.domain
    if box.delivery.config.is_shared(members[0]):
        return ""
    unknown = [member for member in members if _is_nobody(box, member)]
    if unknown:
        goes = sentence("it goes out all the same")
        if found.state is DomainState.MX:
            goes = sentence("it goes out to %(host)s", host=found.hosts[0])
        return sentence(
            "%(domain)s is one of our domains by now and nobody here has this name; %(goes)s, while"
            " whoever writes there from here is told that there is no such person. Add the person,"
            " or name %(domain)s in site.shared_domains",
            domain=domain,
            goes=goes,
        )
    if found.state is DomainState.ABSENT:
        return sentence(
            "there is no domain %(domain)s, so mail to it comes back. Is it spelt right?",
            domain=domain,
        )
    if found.state is DomainState.NO_MAIL:
        return sentence("%(domain)s takes no mail, so what is sent to it comes back", domain=domain)
    if is_this_box(box, found):
        return sentence(
            "the mail server of %(domain)s is this box, which does not serve %(domain)s: mail to it"
            " comes back. If it is ours, name %(domain)s in site.domains",
            domain=domain,
        )
    return ""


def _is_nobody(box: Box, address: str) -> bool:
    """Whether an address is at one of our domains and means nobody here."""
    return (
        box.delivery.config.local_part(address) is not None
        and box.delivery.local_name(address) is None
    )


def said_of_members(box: Box, members: Iterable[str], facts: Facts) -> list[Sentence]:
    """What whoever types these members must know: addresses that do not go where it seems."""
    told = []
    for member in members:
        domain = domain_of(member)
        found = facts.get(domain)
        if found is None or box.delivery.config.local_part(member) is None:
            continue
        if found.state is DomainState.MX and not _is_us(box.settings, box.delivery.config, found):
            name = box.delivery.local_name(member)
            if name is not None:
                told.append(
                    sentence(
                        "%(member)s is %(name)s here: mail to it stays in this box, and %(host)s,"
                        " which takes the world's mail for %(domain)s, does not get it",
                        member=member,
                        name=name,
                        host=found.hosts[0],
                        domain=domain,
                    )
                )
    return told


def why_unknown(box: Box, members: Iterable[str], look_up: LookUp | None) -> str:
    """Why an address at one of our own domains cannot be a member, if the DNS explains it."""
    nobody = [member for member in members if domain_of(member) and _is_nobody(box, member)]
    domains = [domain_of(member) for member in nobody]
    facts = refresh(box, [domain for domain in domains if not is_special(domain)], look_up)
    for found in facts.values():
        if text := elsewhere(box.settings, box.delivery.config, found):
            return text
    return ""
