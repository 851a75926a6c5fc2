"""Who asks name servers, for those who only hand it on.

dnspython is 3 MB: whoever asks the DNS loads it with the first question, and a box that asks
nothing never does.
"""

import asyncio
import sys
from importlib import import_module
from typing import Any, Protocol

_DNS = "dns.asyncresolver"


class Resolver(Protocol):
    """A dns.asyncresolver.Resolver."""

    async def resolve(self, qname: Any, rdtype: Any, /, *, lifetime: float | None = None) -> Any:
        """The answer. Raises dns.exception.DNSException or OSError."""
        ...


async def load_dns() -> None:
    """Load dnspython, the first time in a thread: on a small board that takes most of a second.

    Whoever else is served in this loop goes on meanwhile.
    """
    if _DNS not in sys.modules:
        await asyncio.to_thread(import_module, _DNS)
