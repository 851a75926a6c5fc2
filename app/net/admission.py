"""Who may hold a connection when there are not enough for all. No sockets here, and no clock.

The connections of a server are two pools: one for the LAN, one for strangers. Neither takes from
the other, so strangers can have at most their own share. From one source (an IPv4 address, or the
first 64 bits of IPv6) come `per_peer` at most. When a pool is full, the connection that has waited
longest is closed in favour of a new one from a source that holds fewer; where all hold as few, one
that has waited for PATIENCE_S. *Waiting* is whoever has not yet done what the service is there for:
logged in, or had a mail accepted.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from app.net.peers import Networks, source

PATIENCE_S = 15.0
"""Seconds that a connection from a source with no more than others may wait in a full pool."""


@dataclass(frozen=True)
class Limits:
    """How many connections one server holds at a time."""

    total: int
    """Number of connections."""
    per_peer: int
    """Number of those from one source."""
    strangers_percent: int
    """Share of them that clients from elsewhere than the LAN have, in percent."""
    lan: Networks
    """The LAN's addresses."""

    @property
    def strangers(self) -> int:
        """Number of connections that strangers have; one at least, if they have a share at all."""
        return max(self.total * self.strangers_percent // 100, 1 if self.strangers_percent else 0)


class Holder(Protocol):
    """A connection, as far as it matters here."""

    @property
    def peer(self) -> str:
        """The peer's IP address."""
        ...

    @property
    def waits_since(self) -> float | None:
        """Since when it has waited (monotonic seconds); None if it is not to be closed."""
        ...


H = TypeVar("H", bound=Holder)


class Pool(Generic[H]):
    """The connections of one kind of client, `limit` at most, `per_peer` from one source."""

    def __init__(self, limit: int, per_peer: int) -> None:
        self._limit, self._per_peer = limit, per_peer
        self._sources: dict[H, str] = {}
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, holder: H) -> bool:
        return holder in self._sources

    def admit(self, holder: H, origin: str, now: float) -> tuple[bool, H | None]:
        """Whether a new connection may stay, and which other one must go for it."""
        if self._held[origin] >= self._per_peer or not self._limit:
            return False, None
        leaves = None
        if len(self._sources) >= self._limit:
            own = self._held[origin] + 1
            leaves = self._longest_waiting(own + 1, now)
            leaves = leaves or self._longest_waiting(own, now - PATIENCE_S)
            if leaves is None:
                return False, None
            self.release(leaves)
        self._sources[holder] = origin
        self._held[origin] += 1
        return True, leaves

    def release(self, holder: H) -> None:
        """Count a connection no longer; one that is not counted is passed over."""
        origin = self._sources.pop(holder, None)
        if origin is not None:
            self._held[origin] -= 1
            if not self._held[origin]:
                del self._held[origin]

    def _longest_waiting(self, least: int, before: float) -> H | None:
        """Who has waited longest, and since `before`, of the sources with at least so many."""
        waiting = (
            (holder.waits_since, holder)
            for holder, origin in self._sources.items()
            if self._held[origin] >= least
        )
        waited = [(at, holder) for at, holder in waiting if at is not None and at <= before]
        return min(waited, key=lambda one: one[0])[1] if waited else None


class Admission(Generic[H]):
    """Counts the connections of one server."""

    def __init__(self, limits: Limits) -> None:
        self._lan = limits.lan
        self._ours: Pool[H] = Pool(limits.total - limits.strangers, limits.per_peer)
        self._strangers: Pool[H] = Pool(limits.strangers, limits.per_peer)

    def admit(self, holder: H, now: float) -> tuple[bool, H | None]:
        """Whether a new connection may stay (monotonic seconds), and which other must go for it."""
        return self._pool(holder).admit(holder, source(holder.peer), now)

    def release(self, holder: H) -> None:
        """Count a connection no longer."""
        self._ours.release(holder)
        self._strangers.release(holder)

    def is_lan(self, holder: H) -> bool:
        """Whether a connection is counted to the LAN's share."""
        return holder in self._ours

    def _pool(self, holder: H) -> Pool[H]:
        return self._ours if holder.peer in self._lan else self._strangers
