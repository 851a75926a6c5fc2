"""What guessing a password costs, without a socket."""

import pytest

from app.net.logins import MOST_PEERS, LoginThrottle
from app.net.peers import source


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_source_is_what_one_host_can_choose_from(one: str, other: str, same: bool) -> None:
    assert (source(one) == source(other)) is same


def test_persons_at_one_address_and_addresses_of_one_person_are_charged_apart() -> None:
    throttle = LoginThrottle()
    assert [throttle.begin("192.0.2.1", "anna", 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert throttle.begin("192.0.2.1", "ben", 0.0), "another person at the same address"
    assert throttle.begin("192.0.2.9", "anna", 0.0), "the same person at home"


def test_guessing_through_the_names_is_charged_to_the_address() -> None:
    throttle = LoginThrottle()
    begun = [throttle.begin("192.0.2.1", f"name{n}", n / 10) for n in range(400)]
    assert sum(begun) <= 40, "in 40 s"


def test_what_nobody_could_judge_costs_nothing() -> None:
    throttle = LoginThrottle()
    for _ in range(100):
        assert throttle.begin("192.0.2.1", "anna", 0.0)
        throttle.not_judged("192.0.2.1", "anna")


def test_memory_for_sources_is_bounded() -> None:
    throttle = LoginThrottle()
    for n in range(3 * MOST_PEERS):
        throttle.begin(f"10.0.{n >> 8}.{n & 255}", "x" * 1000, 0.0)
        throttle.failed(f"10.0.{n >> 8}.{n & 255}")
    assert {len(kept) for kept in throttle.remembered()} == {MOST_PEERS}
