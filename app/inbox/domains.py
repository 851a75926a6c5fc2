"""What the DNS has said of the domains that matter here: ours, and those of aliases' members.

The mail service asks once a day (app/mail/domain_watch.py), commands when something is saved. What
an answer means, app/operations/domains.py says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.core.domains import DomainFacts, DomainState, domain_of
from app.inbox.addresses import DeliveryConfig
from app.inbox.aliases import Alias
from app.store.database import Database, Tx

MOST = 500
"""Domains that are watched at most; ours come first."""


def watched_domains(config: DeliveryConfig, aliases: Iterable[Alias]) -> list[str]:
    """Our domains, then those of the outside members of aliases."""
    ours = (*config.domains, config.hostname)
    members = (member for alias in aliases for member in alias.members)
    named = (*(name.lower() for name in ours), *map(domain_of, members))
    return list(dict.fromkeys(name for name in named if name))[:MOST]


class DomainNotes:
    """The facts in the store of one box."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> dict[str, DomainFacts]:
        """What was found, by domain."""
        rows = (
            self._db.reader()
            .execute("SELECT domain, state, hosts, addresses, reason FROM domain_facts")
            .fetchall()
        )
        return {
            domain: DomainFacts(
                domain, DomainState(state), _words(hosts), _words(addresses), reason
            )
            for domain, state, hosts, addresses, reason in rows
        }

    def save(self, tx: Tx, facts: Mapping[str, DomainFacts]) -> None:
        """Keep what was found. What is unknown now does not replace what was known."""
        before = self.all()
        for one in facts.values():
            if one.state is DomainState.SPECIAL:
                continue
            known = before.get(one.domain)
            if one.state is DomainState.UNKNOWN and known is not None:
                one = replace(known, reason=one.reason)
            tx.execute(
                "INSERT OR REPLACE INTO domain_facts VALUES (?, ?, ?, ?, ?)",
                (one.domain, one.state, " ".join(one.hosts), " ".join(one.addresses), one.reason),
            )

    def keep_only(self, tx: Tx, domains: Iterable[str]) -> None:
        """Forget what is watched no more."""
        for domain in self.all().keys() - set(domains):
            tx.execute("DELETE FROM domain_facts WHERE domain = ?", (domain,))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
