"""Who may hold a connection: shares of LAN and strangers, sources, and who ends for whom."""

from dataclasses import dataclass

import pytest

from app.net.admission import Admission, Limits
from app.net.peers import Networks

NOW = 20.0
LAN = Networks(("192.168.0.0/16", "fd00::/8"))


@dataclass(frozen=True)
class Held:
    """A connection that waits since a moment; None: it has logged in."""

    peer: str
    waits_since: float | None
    number: int = 0


def limits(total: int, per_peer: int, strangers_percent: int = 25) -> Limits:
    return Limits(total, per_peer, strangers_percent, LAN)


@pytest.mark.parametrize(
    ("total", "percent", "strangers"),
    [(200, 25, 50), (4, 25, 1), (4, 10, 1), (4, 0, 0), (8, 75, 6)],
)
def test_the_strangers_share(total: int, percent: int, strangers: int) -> None:
    assert limits(total, 1, percent).strangers == strangers


def test_strangers_never_take_the_lans_share() -> None:
    admission: Admission[Held] = Admission(limits(8, 8))
    took = [admission.admit(Held(f"198.51.100.{n}", None), NOW)[0] for n in range(8)]
    assert took == [True] * 2 + [False] * 6
    took = [admission.admit(Held(f"192.168.0.{n}", None), NOW)[0] for n in range(8)]
    assert took == [True] * 6 + [False] * 2


def test_one_source_has_its_limit_whatever_addresses_it_chooses() -> None:
    admission: Admission[Held] = Admission(limits(100, 2))
    took = [admission.admit(Held(f"fd00::{n}", None), NOW)[0] for n in range(4)]
    assert took == [True, True, False, False]
    assert admission.admit(Held("fd00:0:0:1::1", None), NOW) == (True, None)


def test_who_has_waited_longest_ends_for_one_from_a_source_that_holds_fewer() -> None:
    admission: Admission[Held] = Admission(limits(5, 5, 0))
    many = [Held("192.168.0.1", float(10 - n), n) for n in range(4)]
    alone = Held("192.168.0.2", 1.0)  # has waited longer, but holds one only
    for holder in (*many, alone):
        assert admission.admit(holder, NOW) == (True, None)
    assert admission.admit(Held("192.168.0.3", 20.0), NOW) == (True, many[3])
    assert admission.admit(Held("192.168.0.4", 20.0), NOW) == (True, many[2])
    assert admission.admit(Held("192.168.0.2", 20.0), NOW) == (False, None), "both have two now"
    assert admission.admit(Held("192.168.0.1", 20.0), NOW) == (False, None)


def test_who_has_logged_in_is_never_closed() -> None:
    admission: Admission[Held] = Admission(limits(4, 4, 0))
    for n in range(4):
        admission.admit(Held("192.168.0.1", None, n), NOW)
    assert admission.admit(Held("192.168.0.3", 20.0), NOW) == (False, None)


def test_what_is_released_is_free_again_and_counts_once() -> None:
    admission: Admission[Held] = Admission(limits(4, 1, 0))
    holder = Held("192.168.0.1", None)
    for _ in range(9):
        assert admission.admit(holder, NOW) == (True, None)
        admission.release(holder)
        admission.release(holder)


def test_many_sources_with_one_silent_connection_each_shut_nobody_out() -> None:
    admission: Admission[Held] = Admission(limits(3, 3, 0))
    silent = [Held(f"192.168.0.{n}", 20.0 + n, n) for n in range(3)]
    for holder in silent:
        assert admission.admit(holder, 22.0) == (True, None)
    late = Held("192.168.0.9", 34.9)
    assert admission.admit(late, 34.9) == (False, None), "nobody has waited for long"
    assert admission.admit(late, 35.0) == (True, silent[0])
    assert admission.admit(Held("192.168.0.9", 35.5, 1), 36.0) == (False, None), "it has one"
