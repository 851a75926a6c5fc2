"""The IP addresses of this machine, for login@[address of the box] and for knowing ourselves."""

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

_SIOCGIFADDR = 0x8915  # <linux/sockios.h>
_IFREQ = 40  # octets of struct ifreq [netdevice(7)]
_IF_INET6 = Path("/proc/net/if_inet6")


def own_addresses() -> tuple[str, ...]:
    """Every address of every interface, loopback included, as text; IPv4 first."""
    return tuple(sorted(_ipv4())) + tuple(sorted(_ipv6()))


def hosts_listened_on(listen: str) -> tuple[str, ...]:
    """The addresses to bind for a setting: "::" stands for every one of IPv6 and of IPv4.

    A socket of each kind, for one socket of both would name IPv4 clients by mapped addresses
    [RFC 4291 §2.5.5.2] in headers, logs and limits. Raises ValueError if the text is no address.
    """
    asked = ipaddress.ip_address(listen)
    return (listen, "0.0.0.0") if asked.version == 6 and asked.is_unspecified else (listen,)


def is_this_machine(address: str) -> bool:
    """Whether an IP address leads to this machine, as it is connected now.

    So do 127.0.0.0/8, the unspecified and the mapped addresses, and every one that may be bound
    here. A link-local address counts, too: without its interface it names no machine at all.
    Raises ValueError if the text is no IP address.
    """
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback or found.is_unspecified or found.is_link_local:
        return True
    family = socket.AF_INET if found.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as door:
            door.bind((str(found), 0))
    except OSError:  # EADDRNOTAVAIL, or this machine knows no IPv6
        return False
    return not found.is_multicast


def _ipv4() -> set[str]:
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        for _, name in socket.if_nameindex():
            request = struct.pack(f"{_IFREQ}s", name.encode())
            try:
                answer = fcntl.ioctl(door, _SIOCGIFADDR, request)
            except OSError:  # this interface has no IPv4 address
                continue
            found.add(socket.inet_ntoa(answer[20:24]))
    return found


def _ipv6() -> set[str]:
    if not _IF_INET6.exists():
        return set()
    lines = _IF_INET6.read_text().splitlines()
    return {str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))) for line in lines}
