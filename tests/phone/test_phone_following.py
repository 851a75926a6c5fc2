"""Follow-me, on stub ports: dialling out, accepting by 1, and everything that is no 1."""

from dataclasses import replace

import pytest

from app.core.presence import Presence
from app.phone.calls.aims import Aim, Aims, Step
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import Line, WhyVoicemail
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.numbers import NumberPlan
from app.phone.sound.audio import sine
from drivers.buses import Samples
from drivers.countries import country
from drivers.countries.numbering import CallClass
from tests.kit.phone import Bench, StubClerk

BEN = Subscriber(2, "Ben", "202", "102", follow="5551234", follow_after_s=6.0)


@pytest.mark.parametrize(
    ("presence", "rings", "steps"),
    [
        (Presence.IN, True, (Step(("102",), 6.0), Step((), 45.0, "5551234", "202"))),
        (Presence.OUT, False, (Step((), 45.0, "5551234", "202"),)),
        (Presence.OUT, True, (Step(("102",), 6.0), Step((), 45.0, "5551234", "202"))),
        (Presence.MEETING, False, ()),
        (Presence.AWAY, False, ()),
        (Presence.DND, False, ()),
    ],
)
def test_who_is_followed_when(presence: Presence, rings: bool, steps: tuple[Step, ...]) -> None:
    ben = replace(BEN, presence=presence, rings=rings)
    aims = Aims(PhoneConfig(), lambda: dict.fromkeys(("101", "102")))
    for number in ("102", "202"):
        found = aims.of(number, Directory((ben,)))
        assert found is not None
        assert (found.steps, found.mailbox) == (steps, "202")
    assert aims.of("101", Directory((ben,))) == Aim((Step(("101",)),))


class Followed:
    """Ben is called on line1, and followed on line2; his voicemail keeps why it answers."""

    def __init__(self, ben: Subscriber = BEN, plan: NumberPlan | None = None) -> None:
        self.why: list[WhyVoicemail] = []
        self.asked = 0
        config = PhoneConfig(
            ring_seconds=20,
            no_answer_seconds=20,
            incoming={"line1": IncomingRoute(to="202")},
            numbers=plan or NumberPlan(),
        )
        clerk = StubClerk(
            directory=lambda: Directory((Subscriber(1, "Ann", "201", "101"), ben), "201"),
            missed_call=lambda **_: None,
            ended_call=lambda **_: None,
        )
        self.bench = Bench(config, answer=self.answer, clerk=clerk)
        self.bench.pbx.calls.follow = self.ask

    async def answer(self, line: Line, _: str) -> None:
        self.why.append(line.why)
        await line.digits(1, first_s=60)

    async def ask(self, line: Line, mailbox: str) -> None:
        self.asked += 1
        if await line.digits(1, first_s=20) == "1":
            line.go_on_to(mailbox)
        await line.hang_up()

    def rings(self, seconds: float) -> None:
        """American ringing from outside on line1, for as long as nobody answers."""
        trunk = self.bench.trunk("line1")
        for period in range(round(seconds * 100)):
            if not trunk.seized and period % 600 in (0, 200):
                trunk.burst(period % 600 == 0)
            self.bench.run(1)

    def dialled(self) -> None:
        """Ben's handset has rung in vain; line2 gets dial tone, and the number is sent."""
        self.rings(6.5)
        assert self.bench.trunk("line2").seized
        self.bench.say("line2", dial_tone())
        self.rings(5)
        assert self.asked == 1


def dial_tone() -> Samples:
    tone = country("us").tones.dial
    return sine(tone.hz, tone.levels_dbm0[0], 8000)


def test_call_is_joined_after_a_1_and_not_before() -> None:
    followed = Followed()
    followed.rings(1)
    assert followed.bench.station("102").ringing
    followed.dialled()
    assert not followed.bench.station("102").ringing
    assert not followed.bench.trunk("line1").seized
    followed.bench.dial("line2", "1")
    followed.bench.run(5)
    assert followed.bench.trunk("line1").seized
    assert followed.bench.call("line1") == followed.bench.call("line2") == "connected"
    followed.bench.trunk("line1").battery(False)
    followed.bench.run(200)
    assert followed.bench.call("line2") == "" and not followed.bench.trunk("line2").seized
    (row,) = followed.bench.clerk.ended()
    assert (row.line, row.to, row.trunk, row.outcome) == ("line1", "202", "line2", "answered")
    assert row.way == "follow-me"


@pytest.mark.parametrize("key", ["2", ""])
def test_without_a_1_voicemail_answers_and_the_line_is_given_back(key: str) -> None:
    followed = Followed()
    followed.dialled()
    if key:
        followed.bench.dial("line2", key)
    followed.rings(30)
    assert not followed.bench.trunk("line2").seized
    assert followed.why == [WhyVoicemail.NO_ANSWER]


def test_caller_who_gives_up_ends_the_call_to_the_follow_me_number() -> None:
    followed = Followed()
    followed.dialled()
    followed.bench.seconds(12)
    assert not followed.bench.trunk("line2").seized
    assert [line for line, _ in followed.bench.clerk.missed("202")] == ["line1"]


def test_handset_that_is_lifted_in_time_is_not_followed() -> None:
    followed = Followed()
    followed.rings(3)
    followed.bench.station("102").lift()
    followed.bench.seconds(8)
    assert followed.asked == 0 and not followed.bench.trunk("line2").seized


def test_number_beyond_the_persons_toll_class_is_not_called() -> None:
    followed = Followed(replace(BEN, follow="0114912345678"))
    followed.rings(20)
    assert followed.asked == 0 and not followed.bench.trunk("line2").seized
    assert followed.why == [WhyVoicemail.NO_ANSWER]
    own = replace(BEN, follow="0114912345678", may_call=CallClass.INTERNATIONAL.value)
    allowed = Followed(own)
    allowed.rings(7)
    assert allowed.bench.trunk("line2").seized


def test_without_a_free_line_voicemail_answers() -> None:
    followed = Followed()
    followed.bench.trunk("line2").burst(True)
    followed.bench.run(50)
    followed.rings(20)
    assert followed.asked == 0 and followed.why


def test_call_from_a_handset_is_followed_too() -> None:
    followed = Followed()
    bench = followed.bench
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    assert bench.station("102").ringing
    bench.seconds(6.5)
    assert bench.trunk("line1").seized
    bench.say("line1", dial_tone())
    bench.seconds(4)
    bench.dial("line1", "1")
    bench.run(5)
    assert bench.call("101") == bench.call("line1") == "connected"
