"""What the DNS says of a domain's mail: facts, found by domain_lookup.py and kept in the store."""

from dataclasses import dataclass
from enum import StrEnum

_SPECIAL = (
    "localhost",  # RFC 6761 §6: these seven
    "test",
    "invalid",
    "example",
    "example.com",
    "example.net",
    "example.org",
    "local",  # RFC 6762 §3
    "onion",  # RFC 7686
    "alt",  # RFC 9476
    "internal",  # reserved by ICANN in 2024
    "home.arpa",  # RFC 8375
)


class DomainState(StrEnum):
    """Where a domain's mail goes."""

    SPECIAL = "special"
    """Nowhere: the public DNS has no such names, and is not asked for them."""
    ABSENT = "absent"
    """Nowhere: there is no such domain."""
    NO_MAIL = "no mail"
    """Nowhere: the domain says so [RFC 7505], or has neither mail server nor address."""
    MX = "mx"
    """To the mail servers that it names."""
    ADDRESS = "address"
    """To its own address: it names no mail servers [RFC 5321 §5.1]."""
    UNKNOWN = "unknown"
    """Nobody knows: no name server has answered."""


@dataclass(frozen=True)
class DomainFacts:
    """What is known of one domain."""

    domain: str
    """In small letters."""
    state: DomainState
    hosts: tuple[str, ...] = ()
    """Its mail servers, best first; of ADDRESS the domain itself."""
    addresses: tuple[str, ...] = ()
    """IP addresses of the hosts, as far as they were found."""
    reason: str = ""
    """Why nothing is known."""


def is_special(domain: str) -> bool:
    """Whether the public DNS cannot have this name: one label, an address, or a reserved suffix."""
    name = domain.lower().rstrip(".")
    if "." not in name or name.startswith("["):
        return True
    return any(name == suffix or name.endswith(f".{suffix}") for suffix in _SPECIAL)


def domain_of(address: str) -> str:
    """The domain of an address, in small letters; "" if it has none."""
    return address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""
