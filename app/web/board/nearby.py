"""Who may operate the board: whoever sits at this machine, by a page of ours, and nobody else.

The board is the hardware, not its owner's data, so there is no login. A page elsewhere must not
reach it through the browser of somebody here: neither by a WebSocket of its own [RFC 6455 §10.2]
nor by a name that leads to 127.0.0.1 (DNS rebinding).
"""

import ipaddress
import re

from starlette.datastructures import Headers

OURS = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?")
"""What a browser may call this machine."""


def at_this_machine(peer: str, headers: Headers) -> bool:
    """Whether a request comes from this machine's address `peer`, and was meant for it."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback and OURS.fullmatch(headers.get("host", "").lower()) is not None


def from_our_page(scheme: str, headers: Headers) -> bool:
    """Whether a WebSocket (`scheme` "ws" or "wss") was asked for by a page of ours."""
    page = {"ws": "http", "wss": "https"}[scheme]
    return headers.get("origin", "").lower() == f"{page}://{headers.get('host', '').lower()}"
