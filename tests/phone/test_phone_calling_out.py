"""Calls that the box makes by itself, on stub ports: each once, and none that may not be."""

from dataclasses import replace

import pytest

from app.phone.calls.calling_out import Told
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import Line
from app.phone.config import PhoneConfig
from app.phone.jobs import CallOut
from app.phone.sound.audio import sine
from drivers.buses import Samples
from drivers.countries import country
from drivers.countries.numbering import CallClass
from tests.kit.phone import Bench, StubClerk

BEN = Subscriber(2, "Ben", "202", "102")
WANTED = CallOut(77, "202", "5551234", 5)


def dial_tone() -> Samples:
    tone = country("us").tones.dial
    return sine(tone.hz, tone.levels_dbm0[0], 8000)


class Called:
    """Ben is told of a message; the script ends when it has got a key."""

    def __init__(self, ben: Subscriber = BEN) -> None:
        self.asked: list[CallOut] = []
        self.gives_pin = True
        clerk = StubClerk(directory=lambda: Directory((ben,), "202"))
        self.bench = Bench(PhoneConfig(), clerk=clerk)
        self.outs = self.bench.pbx.calls.call_outs
        self.outs.script = self.tell

    async def tell(self, line: Line, call: CallOut, told: Told) -> None:
        self.asked.append(call)
        if await line.digits(1, first_s=20) == "1":
            told.inside, told.outcome = True, "heard"
            await line.digits(1, first_s=60)
        await line.hang_up()

    def dials(self) -> None:
        """The line that was taken gets dial tone, and the number is sent."""
        assert self.bench.trunk("line1").seized
        self.bench.say("line1", dial_tone())
        self.bench.seconds(5)

    def reported(self) -> list[tuple[int, str]]:
        """What the clerk was told of calls."""
        asked = self.bench.clerk.asked
        return [(a["number"], a["outcome"]) for job, a in asked if job == "called_out"]


def test_number_is_dialled_and_who_answers_gets_the_script_and_the_clerk_the_outcome() -> None:
    called = Called()
    called.outs.wanted((WANTED,))
    called.dials()
    called.outs.wanted((WANTED,))
    assert called.asked == [WANTED]
    assert called.bench.call("line1") == "script"
    called.bench.dial("line1", "12")
    called.bench.seconds(1)
    assert not called.bench.trunk("line1").seized
    assert called.reported() == [(77, "heard")]
    (row,) = called.bench.clerk.ended()
    assert (row.line, row.to, row.trunk, row.way) == ("line1", "5551234", "line1", "notification")
    assert (row.caller.number, row.outcome) == ("202", "answered")
    assert not called.bench.pbx.busy


def test_nobody_answers_or_the_far_end_hangs_up() -> None:
    called = Called()
    called.outs.wanted((WANTED,))
    called.dials()
    called.bench.trunk("line1").battery(False)
    called.bench.seconds(3)
    assert called.reported() == [(77, "not answered")]
    assert not called.bench.pbx.busy and called.bench.call("line1") == ""


@pytest.mark.parametrize("pin", [False, True])
def test_call_that_is_wanted_no_more_ends_unless_its_pin_was_given(pin: bool) -> None:
    called = Called()
    called.outs.wanted((WANTED,))
    called.dials()
    if pin:
        called.bench.dial("line1", "1")
    called.outs.wanted(())
    called.bench.seconds(1)
    assert called.bench.trunk("line1").seized is pin


@pytest.mark.parametrize(
    ("target", "may_call"),
    [
        ("0114912345678", ""),
        ("19005551234", CallClass.PREMIUM.value),
        ("911", CallClass.PREMIUM.value),
    ],
)
def test_what_the_owner_may_not_call_and_premium_and_emergency_numbers_are_not(
    target: str, may_call: str
) -> None:
    called = Called(replace(BEN, may_call=may_call))
    called.outs.wanted((replace(WANTED, target=target),))
    called.bench.seconds(1)
    assert not called.bench.trunk("line1").seized
    assert called.reported() == [(77, "not allowed")]


def test_without_a_free_line_the_clerk_is_told() -> None:
    called = Called()
    for name in ("line1", "line2"):
        called.bench.trunk(name).burst(True)
    called.bench.run(20)
    called.outs.wanted((WANTED,))
    assert called.reported() == [(77, "no free line")]


def test_line_that_fails_while_it_dials_ends_the_call() -> None:
    called = Called()
    called.outs.wanted((WANTED,))
    called.bench.run(20)
    called.bench.trunk("line1").fail("gone")
    called.bench.seconds(1)
    assert called.reported() == [(77, "not answered")] and called.asked == []
