"""What mail programs are told: where the box's mail is to be had, and how. One truth for all forms.

Ports are those that the mail service listens on at the moment, else those of the settings; they are
given in the order in which a program should choose: TLS from the first octet first [RFC 8314 §3],
plain text only where there is nothing else.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from app.core.records import parse_json

Security = Literal["tls", "starttls", "none"]
_BEST = ("tls", "starttls", "none")

_ADDRESS = re.compile(r"[^\s@<>\"'&\\]{1,64}@[A-Za-z0-9.-]{1,253}")
"""What may stand in a form and in the answers: no address that needs quotes [RFC 5321 §4.1.2]."""


@dataclass(frozen=True)
class MailPort:
    """One way into the mail service."""

    name: str
    """As the mail service calls it in the file of its ports."""
    protocol: Literal["pop3", "smtp"]
    port: int
    """TCP port, as the settings have it."""
    security: Security
    login: bool = True
    """Whether a program gives name and password here."""


@dataclass(frozen=True)
class MailAccess:
    """Everything that a mail program is told."""

    host: str
    """Name of the server, which stands in its certificate."""
    domains: tuple[str, ...]
    """Mail domains that are ours."""
    ports: tuple[MailPort, ...]
    leave_days: int
    """Days that programs leave messages on the box; 0: they take them away at once."""
    mail_system: str = ""
    """Name of the mail system that the inbox lives on, which then serves mail; "": the box does."""

    def incoming(self) -> list[MailPort]:
        """Where mail is fetched, the best way first."""
        return self._ways("pop3")

    def outgoing(self) -> list[MailPort]:
        """Where mail is handed in, the best way first."""
        return self._ways("smtp")

    def is_ours(self, address: str) -> bool:
        """Whether this can be an address of somebody here."""
        domain = address.rpartition("@")[2].lower()
        return bool(_ADDRESS.fullmatch(address)) and domain in map(str.lower, self.domains)

    def _ways(self, protocol: str) -> list[MailPort]:
        ways = [way for way in self.ports if way.protocol == protocol and way.port]
        encrypted = [way for way in ways if way.security != "none"]
        return sorted(encrypted or ways, key=lambda way: _BEST.index(way.security))


def as_now(access: MailAccess, ports_file: Path) -> MailAccess:
    """The same with the ports that the mail service has really opened, if it says so."""
    try:
        told = parse_json(ports_file.read_bytes())
        opened = {way.name: int(told[way.name]) for way in access.ports if way.name in told}
    except (OSError, ValueError, TypeError):
        return access  # it does not run now; when it does, it has the ports of the settings
    ports = tuple(replace(way, port=opened.get(way.name, way.port)) for way in access.ports)
    return replace(access, ports=ports)
