"""Each call that is over is told to the clerk once: from where, to whom, what became of it."""

from pathlib import Path

from app.phone.calls.caller import Caller
from app.phone.calls.line import Line
from app.phone.jobs import EndedCall
from tests.kit.phone import CALLS, Bench, StubClerk, directory
from tests.kit.voicemail import House

PEOPLE = {"directory": directory(("Anna", "201", "101"), ("Ben", "202", "102"))}
SECOND = 100  # periods


def bench_of(**more: object) -> tuple[Bench, StubClerk]:
    clerk = StubClerk(**PEOPLE)
    return Bench(CALLS, clerk=clerk, **more), clerk  # type: ignore[arg-type]


def test_call_between_handsets_is_told_with_both_times() -> None:
    bench, clerk = bench_of()
    bench.station("101").lift()
    bench.run(SECOND)
    bench.dial("101", "102")
    bench.run(3 * SECOND)
    bench.station("102").lift()
    bench.run(5 * SECOND)
    assert clerk.ended() == []
    bench.station("101").lower()
    bench.run(2 * SECOND)
    (call,) = clerk.ended()
    assert (call.line, call.to, call.outcome, call.caller.number) == (
        "101",
        "102",
        "answered",
        "101",
    )
    assert 4 <= call.waited_s <= 7 and 4 <= call.talked_s <= 6


def test_number_of_nobody_is_told_and_a_handset_that_was_only_lifted_is_not() -> None:
    bench, clerk = bench_of()
    bench.station("101").lift()
    bench.run(SECOND)
    bench.station("101").lower()
    bench.run(SECOND)
    assert clerk.ended() == []
    bench.station("101").lift()
    bench.run(SECOND)
    bench.dial("101", "9")
    bench.run(10 * SECOND)
    (call,) = clerk.ended()
    assert (call.to, call.outcome, call.talked_s) == ("9", "nobody's number", 0)


def test_own_mailbox_is_told_as_such() -> None:
    async def menu(line: Line, number: str) -> None:
        await line.pause(2)

    bench, clerk = bench_of(owner=menu)
    bench.station("101").lift()
    bench.run(SECOND)
    bench.dial("101", "201")
    bench.run(8 * SECOND)
    (call,) = clerk.ended()
    assert (call.to, call.outcome) == ("201", "own mailbox") and call.talked_s in (1, 2)


def test_pin_that_is_dialled_in_a_mailbox_is_not_told() -> None:
    async def menu(line: Line, number: str) -> None:
        assert await line.digits(10) == "201"
        assert await line.digits(10) == "844941"

    bench, clerk = bench_of(owner=menu)
    bench.station("101").lift()
    bench.run(SECOND)
    bench.dial("101", "*98201#844941#")
    bench.run(2 * SECOND)
    (call,) = clerk.ended()
    assert (call.to, call.outcome) == ("*98", "own mailbox")


def test_clerk_keeps_a_call_once_though_it_is_told_twice(tmp_path: Path) -> None:
    house = House(tmp_path)
    desk = house.jobs
    call = EndedCall("line1", Caller("5551234", "MARTA\x1b"), "201", "voicemail", 20, 9)
    for _ in range(2):
        desk.ended_call(77, call)
    (kept,) = house.kit.store.calls.newest(10)
    assert (kept.line, kept.to, kept.outcome, kept.waited_s) == ("line1", "201", "voicemail", 20)
    assert kept.caller_number == "5551234" and "\x1b" not in kept.caller
