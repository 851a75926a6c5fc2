"""Who may log in by POP3 [RFC 1939 §4], from where, after how long, and who has which maildrop.

All of it lives in the memory of the mail service: a crash frees every maildrop and forgives every
failure.
"""

import ipaddress
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable

from app.mail.pop3.session import Pop3Session
from app.mail.pop3.states import Pop3State

log = logging.getLogger(__name__)

STALE_S = 60.0
"""Seconds without octets either way after which a new login may take a maildrop over."""

FIRST_WAIT_S = 1.0
"""Seconds that the first refused login of a peer costs; each further one costs twice as much."""

LONGEST_WAIT_S = 16.0
"""Seconds that a refused login costs at most."""

MOST_PEERS = 1000
"""Peers whose failures are remembered; the one that failed longest ago is forgotten first."""


class Networks:
    """The networks that may send a password unencrypted."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __contains__(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


class LoginThrottle:
    """How long a peer waits for the answer to a wrong password. A right one never waits."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, int] = OrderedDict()

    def failed(self, peer: str) -> float:
        """Count a failure; the seconds to hold its answer back."""
        failures = self._failures.pop(peer, 0)
        self._failures[peer] = failures + 1
        if len(self._failures) > MOST_PEERS:
            self._failures.popitem(last=False)
        return min(FIRST_WAIT_S * 2.0 ** min(failures, 10), LONGEST_WAIT_S)

    def succeeded(self, peer: str) -> None:
        """Forget the failures of a peer."""
        self._failures.pop(peer, None)


class MaildropLocks:
    """One POP3 session per person; other doors are not excluded [RFC 1939 4]."""

    def __init__(self) -> None:
        self._holders: dict[int, tuple[Pop3Session, Callable[[], None]]] = {}

    def acquire(
        self, person: int, session: Pop3Session, wake: Callable[[], None], now: float
    ) -> bool:
        """Lock a person's maildrop for this session; False if another one is using it.

        A holder that at `now` (monotonic seconds) has been idle for STALE_S loses it, without
        UPDATE; `wake` lets its connection see that. `person` is the person's id.
        """
        holder = self._holders.get(person)
        if holder is not None:
            old, wake_old = holder
            if old.state is not Pop3State.TRANSACTION or old.idle(now) < STALE_S:
                return False
            log.info("POP3 maildrop of person %d taken over from an idle session", person)
            old.taken_over()
            wake_old()
        self._holders[person] = (session, wake)
        return True

    def release(self, person: int, session: Pop3Session) -> None:
        """Free the maildrop of a person (their id) if this session still holds it."""
        holder = self._holders.get(person)
        if holder is not None and holder[0] is session:
            del self._holders[person]
