"""Which addresses are ours, and what part of them names somebody here.

Three spellings of one person are the same: `anna`, `anna@one.of.our.domains` and
`anna@[address of the box]` [RFC 5321 §4.1.3]. What follows a plus is the bearer's own affair:
`anna+shop` is anna, unless an alias has that very name [RFC 5233 §1].
"""

import ipaddress
import re
from dataclasses import dataclass

from app.inbox.limits import Limits

POSTMASTER = "postmaster"
ABUSE = "abuse"
"""Complaints [RFC 2142 §4]: the postmaster's, unless somebody has the name."""
CATCH_ALL = "*"
"""Name of the alias that gets mail to names that nobody has, if there is such an alias."""
VOICEMAIL = "voicemail"
"""The name that voicemail is from, where its owner has no public address."""

FAX = "fax+"
"""How names begin that mean a telephone number, to which the mail is faxed."""

RESERVED = frozenset({POSTMASTER, "mailer-daemon", VOICEMAIL})
"""Names nobody may bear: RFC 5321 §4.5.1 gives the first a meaning, our own notices the others."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?")
_OUTSIDE = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\\[\]]+\.[^\s@<>\"(),;:\\\[\]]+")
_AT_LITERAL = re.compile(
    r"[^\s@<>\"(),;:\\\[\]]{1,64}@\[(?:IPv6:[0-9a-f:.]{2,45}|[0-9.]{7,15})\]", re.IGNORECASE
)
_LONGEST = 254  # octets in an address that fits an SMTP path [RFC 5321 §4.5.3.1.3]


@dataclass(frozen=True)
class DeliveryConfig:
    """What delivery must know of the settings; their defaults are in app/config/settings.py."""

    domains: tuple[str, ...]
    """Domains whose mail is ours; the first is the one we write into Delivered-To."""
    host_addresses: tuple[str, ...]
    """IP addresses of the box, for login@[address]."""
    hostname: str
    """The box's own name; mail to it is ours, too."""
    postmaster: str
    """Login of the person who gets postmaster's mail; empty: the first administrator."""
    free_floor: int
    """Mail is refused when it would leave less free space than this; octets."""
    voice_reserve: int
    """How far below the floor voicemail may still go; octets."""
    limits: Limits
    """What an inbox may hold where neither its person nor their template says it."""
    callers_percent: int
    """By how much a caller's voicemail may go beyond quota and number."""
    full_is_permanent: bool
    """Whether mail to a full inbox is refused for good and not put off."""
    shared: tuple[str, ...] = ()
    """Those of our domains that a hosting service serves as well: names unknown here are its."""

    def local_part(self, address: str) -> str | None:
        """The name an address bears here, in lower case; None if its domain is not ours.

        What follows a plus sign is left out: see `untagged`.
        """
        whole = self.whole_local_part(address)
        return None if whole is None else untagged(whole)

    def whole_local_part(self, address: str) -> str | None:
        """As `local_part`, with what follows a plus sign: an alias may have that very name."""
        name, at, domain = address.rpartition("@")
        if not at:
            return _unquoted(address)
        return _unquoted(name) if self._is_ours(domain.lower().rstrip(".")) else None

    def is_shared(self, address: str) -> bool:
        """Whether a hosting service serves the domain of an address as well."""
        domain = address.rpartition("@")[2].lower().rstrip(".")
        return domain in map(str.lower, self.shared)

    def canonical(self, name: str) -> str:
        """The address we write for a local name, in Delivered-To and in notices."""
        return f"{name}@{self.domains[0] if self.domains else self.hostname}"

    @property
    def voicemail_address(self) -> str:
        """Who voicemail is from when its owner has no public address."""
        return self.canonical(VOICEMAIL)

    def _is_ours(self, domain: str) -> bool:
        if domain.startswith("[") and domain.endswith("]"):
            return _same_host(domain[1:-1].removeprefix("ipv6:"), self.host_addresses)
        return domain == self.hostname.lower() or domain in map(str.lower, self.domains)


def untagged(address: str) -> str:
    """An address or its local part without `+tag`, which people add to tell their mail apart.

    [RFC 5233 §1]. Only an alias may have a plus sign in its name.
    """
    name, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    return (name.partition("+")[0] or name) + at + domain


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name.lower()


def _same_host(literal: str, ours: tuple[str, ...]) -> bool:
    try:
        return ipaddress.ip_address(literal) in {ipaddress.ip_address(text) for text in ours}
    except ValueError:
        return False


def is_alias_name(text: str) -> bool:
    """Whether a text may name an alias: as a login, with a plus inside, or CATCH_ALL."""
    return text == CATCH_ALL or _ALIAS.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text may be a login or an alias: letters, digits, and . _ - inside."""
    return _NAME.fullmatch(text) is not None


def is_outside_address(text: str) -> bool:
    """Whether a text looks like an address with a domain that mail could be sent to."""
    return len(text.encode()) <= _LONGEST and _OUTSIDE.fullmatch(text) is not None


def is_at_literal(text: str) -> bool:
    """Whether a text looks like an address at an IP address [RFC 5321 §4.1.3].

    Whoever sends mail may write to one, but nobody is known by one for long.
    """
    return _AT_LITERAL.fullmatch(text) is not None
