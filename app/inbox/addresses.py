"""Which addresses are ours, and what part of them names somebody here.

Three spellings of one person are the same: `anna`, `anna@one.of.our.domains` and
`anna@[address of the box]` [RFC 5321 §4.1.3].
"""

import ipaddress
import re
from dataclasses import dataclass

POSTMASTER = "postmaster"
VOICEMAIL = "voicemail"
"""The name that voicemail is from, where its owner has no public address."""

RESERVED = frozenset({POSTMASTER, "mailer-daemon", VOICEMAIL})
"""Names nobody may bear: RFC 5321 §4.5.1 gives the first a meaning, our own notices the others."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_OUTSIDE = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@<>\"(),;:\\\[\]]+\.[^\s@<>\"(),;:\\\[\]]+")
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

    def local_part(self, address: str) -> str | None:
        """The name an address bears here, in lower case; None if its domain is not ours."""
        name, at, domain = address.rpartition("@")
        if not at:
            return _unquoted(address)
        return _unquoted(name) if self._is_ours(domain.lower().rstrip(".")) else None

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


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name.lower()


def _same_host(literal: str, ours: tuple[str, ...]) -> bool:
    try:
        return ipaddress.ip_address(literal) in {ipaddress.ip_address(text) for text in ours}
    except ValueError:
        return False


def is_name(text: str) -> bool:
    """Whether a text may be a login or an alias: letters, digits, and . _ - inside."""
    return _NAME.fullmatch(text) is not None


def is_outside_address(text: str) -> bool:
    """Whether a text looks like an address with a domain that mail could be sent to."""
    return len(text.encode()) <= _LONGEST and _OUTSIDE.fullmatch(text) is not None
