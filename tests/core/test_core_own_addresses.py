"""The machine's addresses, compared with what its sockets say."""

import ipaddress
import socket

from app.core.own_addresses import is_this_machine, own_addresses


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


def test_each_own_address_is_known_as_this_machine_in_every_form_and_no_other() -> None:
    for text in own_addresses():
        assert is_this_machine(text)
        if ipaddress.ip_address(text).version == 4:
            assert is_this_machine(f"::ffff:{text}")
    for text in ("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "224.0.0.1", "ff02::1"):
        assert not is_this_machine(text)
