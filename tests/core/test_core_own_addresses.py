"""The machine's addresses, compared with what its sockets say."""

import ipaddress
import socket

from app.core.own_addresses import own_addresses


def test_own_addresses_include_loopback_and_are_all_addresses() -> None:
    found = own_addresses()
    assert "127.0.0.1" in found
    assert all(ipaddress.ip_address(text) for text in found)
    assert len(set(found)) == len(found)


def test_own_ipv4_addresses_can_all_be_bound() -> None:
    for text in own_addresses():
        if ipaddress.ip_address(text).version == 4:
            with socket.socket() as door:
                door.bind((text, 0))
