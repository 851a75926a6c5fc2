"""Who holds which connection of the mail service."""

from collections import Counter
from dataclasses import dataclass, fields

from app.config.paths import Paths
from app.operations.actor import Actor, Role, require_role
from app.operations.running import mail_connections


@dataclass(frozen=True)
class HeldConnection:
    """One connection of POP3 or SMTP."""

    protocol: str
    peer: str
    """The client's IP address."""
    lan: bool
    """It counts to the LAN's share, not to the strangers'."""
    tls: str
    """Version and cipher of its TLS; "": plain text."""
    state: str
    person: str
    """Login of who is logged in; "" if nobody is."""
    open_s: int
    """Seconds since it was opened."""
    waits_s: int | None
    """Seconds without a login or a mail; None: it does not wait."""
    received: int
    """Octets from the client."""
    sent: int
    """Octets to the client."""


@dataclass(frozen=True)
class Connections:
    """All connections, and how many there may be."""

    held: tuple[HeldConnection, ...]
    """Those that have waited longest first, those that do not wait last."""
    waiting_logins: int
    """Passwords that wait to be looked at."""
    lan: int
    """Connections that clients of the LAN may have, of POP3 and of SMTP each."""
    strangers: int
    """Connections that all other clients may have, of POP3 and of SMTP each."""

    def by_address(self) -> list[tuple[str, int]]:
        """How many connections each address holds, the one with most first."""
        return Counter(one.peer for one in self.held).most_common()


def read_connections(actor: Actor, paths: Paths) -> Connections:
    """What the running mail service says. Raises NotAllowed, NotRunning."""
    require_role(actor, Role.NETWORK, "see who holds connections")
    told = mail_connections(paths)
    names = [field.name for field in fields(HeldConnection)]
    held = [HeldConnection(**{name: one[name] for name in names}) for one in told["connections"]]
    held.sort(
        key=lambda one: (-1 if one.waits_s is None else one.waits_s, one.open_s), reverse=True
    )
    return Connections(tuple(held), told["waiting_logins"], told["lan"], told["strangers"])
