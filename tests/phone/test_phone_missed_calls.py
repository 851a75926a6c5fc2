"""Calls that nobody could answer are reported as missed, once, with line and caller; others not."""

import pytest

from app.phone.calls.line import Caller
from app.phone.config import PhoneConfig
from tests.kit.phone import Bench, StubClerk, TalkingScript, directory

CALLER = Caller("5551234567", "CALLER NAME")
QUICK = PhoneConfig(ring_seconds=4, no_answer_seconds=4)


def nobody_here() -> Bench:
    """Two handsets and two outside lines of a box without any mailbox."""
    return Bench(QUICK, clerk=StubClerk(directory=directory()))


def burst(bench: Bench, name: str) -> None:
    bench.trunk(name).burst(True)
    bench.run(200)
    bench.trunk(name).burst(False)
    bench.run(400)


def from_outside(bench: Bench, name: str, bursts: int) -> None:
    """Ring with caller ID, then give up."""
    for number in range(bursts):
        burst(bench, name)
        if not number:
            bench.pbx.trunks[name].caller = CALLER
    bench.seconds(5)


@pytest.mark.parametrize("bursts", [1, 3], ids=["while it rings", "after it has rung long enough"])
def test_outside_call_that_nobody_could_answer_is_missed_when_the_caller_leaves(
    bursts: int,
) -> None:
    bench = nobody_here()
    from_outside(bench, "line2", bursts)
    assert bench.call("line2") == ""
    assert bench.clerk.missed() == [("line2", CALLER)]


def test_outside_call_without_free_handset_and_mailbox_is_missed() -> None:
    bench = nobody_here()
    for name in ("101", "102"):
        bench.station(name).lift()
    bench.run(5)
    from_outside(bench, "line1", 2)
    assert bench.clerk.missed() == [("line1", CALLER)]


def test_outside_call_that_a_handset_answers_is_not_missed() -> None:
    bench = nobody_here()
    burst(bench, "line1")
    bench.station("101").lift()
    bench.run(5)
    bench.trunk("line1").battery(False)
    bench.run(30)
    assert bench.call("101") == "" and bench.clerk.missed() == []


def test_outside_call_given_up_before_voicemail_answers_is_missed_by_its_owner() -> None:
    bench = Bench(PhoneConfig(ring_seconds=20))
    from_outside(bench, "line1", 1)
    assert bench.call("line1") == "" and bench.clerk.missed() == []
    assert bench.clerk.missed("201") == [("line1", CALLER)]


def test_call_between_handsets_given_up_while_it_rings_is_missed_by_its_owner() -> None:
    bench = Bench(PhoneConfig(ring_seconds=20))
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.seconds(1)
    bench.station("101").lower()
    bench.seconds(2)
    assert bench.clerk.missed("202") == [("101", Caller("101", "Ann"))]
    assert not bench.station("102").ringing


def test_outside_call_that_voicemail_answers_is_left_to_voicemail() -> None:
    answer = TalkingScript()
    bench = Bench(QUICK, answer=answer)
    burst(bench, "line1")
    bench.trunk("line1").burst(True)
    bench.run(50)
    bench.trunk("line1").battery(False)
    bench.run(30)
    assert answer.ended == 1 and bench.clerk.missed() == []


def test_handset_that_nobody_answers_and_that_has_no_mailbox_is_a_missed_call() -> None:
    bench = nobody_here()
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.seconds(5)
    assert bench.states()["101"] == "call over"
    assert bench.clerk.missed() == [("101", Caller("101"))]


def test_busy_handset_without_mailbox_is_a_missed_call() -> None:
    bench = nobody_here()
    bench.station("102").lift()
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    assert bench.clerk.missed() == [("101", Caller("101"))]


def test_number_that_nobody_has_is_no_missed_call() -> None:
    bench = nobody_here()
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "8")
    assert bench.states()["101"] == "call over" and bench.clerk.missed() == []


def test_call_ended_by_the_box_while_it_rings_is_no_missed_call() -> None:
    bench = nobody_here()
    bench.trunk("line1").burst(True)
    bench.run(50)
    bench.pbx.hang_up_all()
    assert bench.clerk.missed() == []
