"""How calls reach people, on stub ports: presence, groups, attendant, and why voicemail answers."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.core.presence import Presence
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import Line, WhyVoicemail
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.groups import ATTENDANT, RingGroup
from tests.kit.phone import Bench, StubClerk

PEOPLE = (Subscriber(1, "Ann", "201", "101"), Subscriber(2, "Bob", "202", "102"))


class Voicemail:
    """A call script that keeps for whom and why it answers, until a key."""

    def __init__(self) -> None:
        self.why: list[tuple[str, WhyVoicemail]] = []

    async def __call__(self, line: Line, mailbox: str) -> None:
        self.why.append((mailbox, line.why))
        await line.digits(1, first_s=60)


class Office:
    """Ann (101, 201), Bob (102, 202) and handset 103; presences can be changed."""

    def __init__(self, **config: object) -> None:
        self.voicemail = Voicemail()
        self.people: tuple[Subscriber, ...] = PEOPLE
        self.night = False
        settings = PhoneConfig(ring_seconds=8, no_answer_seconds=8, **config)  # type: ignore[arg-type]
        clerk = StubClerk(
            directory=lambda: Directory(self.people, "201", night=self.night),
            missed_call=lambda **_: None,
            ended_call=lambda **_: None,
        )
        self.bench = Bench(settings, answer=self.voicemail, clerk=clerk, stations=3)

    def says(self, index: int, presence: Presence) -> None:
        people = list(self.people)
        people[index] = replace(people[index], presence=presence, rings=presence is Presence.IN)
        self.people = tuple(people)
        self.bench.pbx.store_changed()

    def dials(self, handset: str, number: str) -> None:
        self.bench.station(handset).lift()
        self.bench.run(20)
        self.bench.dial(handset, number)
        self.bench.run(5)

    def rings(self, seconds: float, name: str = "line1") -> None:
        """American ringing from outside, for as long as nobody answers."""
        trunk = self.bench.trunk(name)
        for period in range(round(seconds * 100)):
            if not trunk.seized and period % 600 in (0, 200):
                trunk.burst(period % 600 == 0)
            self.bench.run(1)

    @property
    def ringing(self) -> list[str]:
        return [name for name in ("101", "102", "103") if self.bench.station(name).ringing]


@pytest.mark.parametrize("presence", [p for p in Presence if p is not Presence.IN])
def test_handset_of_who_is_not_in_stays_silent_and_voicemail_knows_why(presence: Presence) -> None:
    office = Office()
    office.says(1, presence)
    office.dials("101", "102")
    assert office.ringing == []
    assert office.voicemail.why == [("202", WhyVoicemail.NOT_RUNG)]
    office.bench.station("101").lower()
    office.bench.seconds(2)
    office.says(1, Presence.IN)
    office.dials("101", "102")
    assert office.ringing == ["102"]


def test_outside_call_of_whose_handset_wants_no_ringing_is_answered_after_the_caller_id() -> None:
    office = Office(incoming={"line1": IncomingRoute(("102",), "202")})
    office.says(1, Presence.DND)
    office.rings(5)
    assert not office.bench.trunk("line1").seized
    office.rings(4)
    assert office.ringing == [] and office.voicemail.why == [("202", WhyVoicemail.NOT_RUNG)]


def test_outside_call_leaves_out_who_wants_no_ringing() -> None:
    office = Office()
    office.says(0, Presence.MEETING)
    office.rings(1)
    assert office.ringing == ["102", "103"]


def test_outside_call_while_the_handset_is_in_use_hears_the_greeting_for_busy() -> None:
    office = Office(incoming={"line1": IncomingRoute(to="202")})
    office.bench.station("102").lift()
    office.bench.run(5)
    office.rings(13)
    assert office.voicemail.why == [("202", WhyVoicemail.BUSY)]


def test_outside_call_that_nobody_answers_says_so() -> None:
    office = Office(incoming={"line1": IncomingRoute(to="202")})
    office.rings(1)
    assert office.ringing == ["102"]
    office.rings(14)
    assert office.voicemail.why == [("202", WhyVoicemail.NO_ANSWER)]


def group(order: str, then: str = "201") -> dict[str, object]:
    ring = RingGroup(("101", "102", "103"), order, 5.0, then)  # type: ignore[arg-type]
    return {"groups": {"620": ring}, "incoming": {"line1": IncomingRoute(to="620")}}


def test_group_rings_at_once_until_one_lifts() -> None:
    office = Office(**group("all"))
    office.rings(1)
    assert office.ringing == ["101", "102", "103"]
    office.bench.station("103").lift()
    office.bench.run(5)
    assert office.ringing == [] and office.bench.trunk("line1").seized
    assert office.bench.call("line1") == "connected"


def test_group_in_turn_passes_over_who_is_busy_and_ends_in_its_mailbox() -> None:
    office = Office(**group("in turn", "202"))
    office.bench.station("102").lift()
    office.bench.run(5)
    office.rings(1)
    assert office.ringing == ["101"]
    office.rings(5)
    assert office.ringing == ["103"]
    office.rings(8)
    assert office.ringing == []
    assert office.voicemail.why == [("202", WhyVoicemail.NO_ANSWER)]


def test_group_that_goes_round_begins_after_the_last_one_that_rang() -> None:
    office = Office(**group("round"))
    begun: list[str] = []
    for _ in range(4):
        office.rings(1)
        (first,) = office.ringing
        begun.append(first)
        office.bench.station(first).lift()
        office.bench.run(5)
        office.bench.station(first).lower()
        office.bench.seconds(3)
    assert begun == ["101", "102", "103", "101"]


def test_group_is_dialled_from_a_handset_which_is_not_rung_itself() -> None:
    office = Office(**group("in turn", "202"))
    office.dials("101", "620")
    assert office.ringing == ["102"]
    office.bench.seconds(5)
    assert office.ringing == ["103"]
    office.bench.seconds(5.2)
    assert office.voicemail.why == [("202", WhyVoicemail.NO_ANSWER)]


def test_group_without_a_further_target_ends_in_the_mailbox_of_the_line() -> None:
    office = Office(**group("all", ""))
    office.rings(14)
    assert office.voicemail.why == [("201", WhyVoicemail.NO_ANSWER)]
    office.bench.trunk("line1").battery(False)
    office.bench.run(30)
    assert [call.way for call in office.bench.clerk.ended()] == ["group 620"]


def reception(number: str) -> tuple[Office, Callable[[], None]]:
    """An office whose line leads to an attendant that connects everybody with this number."""
    office = Office(incoming={"line1": IncomingRoute(to=ATTENDANT)})

    async def attendant(line: Line, _: str) -> None:
        await line.digits(1, first_s=60)
        line.go_on_to(number)
        await line.hang_up()

    office.bench.pbx.calls.attendant = attendant

    def press() -> None:
        office.rings(9)
        assert office.bench.trunk("line1").seized and office.bench.call("line1") == "script"
        office.bench.dial("line1", "1")

    return office, press


def test_attendant_connects_a_caller_who_hears_it_ring() -> None:
    office, press = reception("202")
    press()
    assert office.ringing == ["102"] and office.bench.call("line1") == "ringing"
    office.bench.station("102").lift()
    office.bench.run(5)
    assert office.bench.call("line1") == "connected"
    office.bench.trunk("line1").battery(False)
    office.bench.run(30)
    assert office.bench.call("line1") == ""


def test_caller_of_the_attendant_whom_nobody_answers_gets_voicemail_on_the_same_line() -> None:
    office, press = reception("202")
    press()
    office.bench.seconds(9)
    assert office.voicemail.why == [("202", WhyVoicemail.NO_ANSWER)]
    assert office.bench.call("line1") == "script"


def test_caller_of_the_attendant_hears_voicemail_at_once_of_who_wants_no_ringing() -> None:
    office, press = reception("202")
    office.says(1, Presence.DND)
    press()
    office.bench.run(5)
    assert office.voicemail.why == [("202", WhyVoicemail.NOT_RUNG)]


def test_caller_of_the_attendant_who_gives_up_while_it_rings_is_missed() -> None:
    office, press = reception("202")
    press()
    office.bench.trunk("line1").battery(False)
    office.bench.run(30)
    assert office.ringing == [] and office.bench.call("line1") == ""
    assert [line for line, _ in office.bench.clerk.missed("202")] == ["line1"]
    assert [call.way for call in office.bench.clerk.ended()] == ["attendant"]


def test_attendant_cannot_connect_a_caller_with_an_outside_number() -> None:
    office, press = reception("95551234")
    press()
    office.bench.run(100)
    assert office.bench.call("line1") == "" and not office.bench.trunk("line2").seized


def test_night_leads_the_line_elsewhere_without_a_restart() -> None:
    office = Office(incoming={"line1": IncomingRoute(to="201", night_to="202")})
    office.rings(1)
    assert office.ringing == ["101"]
    office.bench.seconds(12)
    office.night = True
    office.bench.pbx.store_changed()
    office.rings(1)
    assert office.ringing == ["102"]
