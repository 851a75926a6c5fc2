"""What a connection needs of a session, and what a server needs to know of a port.

connection.py says how they work together, and what a session does for TLS.
"""

from dataclasses import dataclass
from typing import Protocol, TypeVar


@dataclass(frozen=True)
class Endpoint:
    """A port that a server listens on."""

    port: int
    """TCP port; 0 lets the system choose."""
    setting: str = ""
    """The setting to change when the port cannot be had."""
    tls: bool = False
    """TLS from the first octet [RFC 8314 §3]."""
    name: str = ""
    """For the service, to tell its endpoints apart."""


E_co = TypeVar("E_co", covariant=True)


class Session(Protocol[E_co]):
    """What a connection needs of a protocol session; its events are of type E."""

    @property
    def closed(self) -> bool:
        """The session is over: the connection takes what output is left, and ends."""
        ...

    @property
    def wants_input(self) -> bool:
        """False while the session can use no more octets: the connection stops reading."""
        ...

    def receive(self, data: bytes) -> None:
        """Take octets as they arrived, cut anywhere."""
        ...

    def to_send(self) -> bytes:
        """Give the next piece of output; empty when there is none at present.

        Runs the commands that make it: only so many that a turn is short.
        """
        ...

    def next_event(self) -> E_co | None:
        """Give the next thing that the service must do; None when there is none."""
        ...

    def tick(self, now: float) -> None:
        """See the time (monotonic seconds), about once a second; idle ends are decided here."""
        ...

    @property
    def waits_since(self) -> float | None:
        """Since when (monotonic seconds) the peer has not done what the service is there for.

        None: it is doing so, and is not closed in favour of another one.
        """
        ...

    def secured(self) -> None:
        """Go on under TLS: what was said before counts no more, nor what lies unread."""
        ...

    def stop(self) -> None:
        """End soon, because the service ends: say so if the protocol can."""
        ...

    def fault(self) -> bytes:
        """Give the last output after a fault of ours: a general temporary error; may be empty."""
        ...
