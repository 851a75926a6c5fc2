"""Who is at the other end of a connection, and whether it still is."""

import fcntl
import ipaddress
import select
import sys
import termios
from collections.abc import Iterable
from typing import Any


class Networks:
    """Some networks, and whether an address is in one of them."""

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


def source(peer: str) -> str:
    """What one host can choose its address from: an IPv4 address, or the first 64 bits of IPv6.

    [RFC 4291 2.5.4: the other 64 are the host's own affair.]
    """
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def host_of(address: Any) -> str:
    """The host part of a socket address; "?" when the peer left before it could be asked."""
    return str(address[0]) if isinstance(address, tuple) and address else "?"


def has_left(socket: int, farewell: int) -> bool:
    """Whether the peer of a socket (file descriptor) has closed, and all it sent has been read.

    Of what is unread, so many octets are the farewell of its TLS.
    """
    poll = select.poll()
    poll.register(socket, select.POLLRDHUP)
    if not any(event for _, event in poll.poll(0)):
        return False
    unread = bytearray(4)
    fcntl.ioctl(socket, termios.FIONREAD, unread)
    return int.from_bytes(unread, sys.byteorder) <= farewell
