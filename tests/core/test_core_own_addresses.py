"""The machine's addresses, compared with what its sockets say."""

import ipaddress
import socket

from app.core.own_addresses import own_addresses


def test_loopback_is_among_them_and_all_are_addresses() -> None:
    found = own_addresses()
    assert "127.0.0.1" in found
    assert all(ipaddress.ip_address(text) for text in found)
    assert len(set(found)) == len(found)


def test_every_ipv4_address_can_be_bound_here() -> None:
    for text in own_addresses():
        if ipaddress.ip_address(text).version == 4:
            with socket.socket() as door:
                door.bind((text, 0))
