"""Who asks name servers, for those who only hand it on.

dnspython is 3 MB: whoever asks the DNS loads it with the first question, and a box that asks
nothing never does.
"""

from typing import Any, Protocol


class Resolver(Protocol):
    """A dns.asyncresolver.Resolver."""

    async def resolve(self, qname: Any, rdtype: Any, /, *, lifetime: float | None = None) -> Any:
        """The answer. Raises dns.exception.DNSException or OSError."""
        ...
