"""Codes for calls that are not one's own: pick up, park and fetch."""

from dataclasses import replace

import pytest

from app.phone.calls.dialplan import Dialplan, Directory, Feature, Incomplete, Subscriber
from app.phone.config import PhoneConfig
from app.phone.jobs import Prompt
from app.phone.numbers import SLOTS
from drivers.countries import country
from tests.kit.phone import StubClerk, directory
from tests.kit.talkers import Party, music

CONFIG = PhoneConfig(
    ring_seconds=10, no_answer_seconds=10, park_return_seconds=10, music=True, flash_habit="join"
)
PEOPLE = directory(("Ann", "201", "101"), ("Bob", "202", "102"), default="201")


def party_of(config: PhoneConfig = CONFIG) -> Party:
    return Party(config, clerk=StubClerk(directory=PEOPLE, sound=music))


# pick up


@pytest.mark.parametrize("code", ["*8102", "*8202", "*8#", "118102"])
def test_ringing_telephone_is_picked_up_elsewhere(code: str) -> None:
    party = party_of()
    party.lift("101")
    party.bench.dial("101", "102")
    party.bench.run(20)
    party.lift("103")
    party.dial("103", code)
    assert party.heard() == {"101": "3", "103": "1"}
    assert not party.bench.station("102").ringing
    party.hang_up("103")
    (call,) = party.bench.clerk.ended()
    assert (call.line, call.to, call.outcome) == ("101", "103", "answered")


def test_picking_up_without_a_number_takes_what_rings_after_a_pause() -> None:
    party = party_of()
    party.bench.trunk("line1").burst(True)
    party.bench.run(10)
    party.lift("103")
    party.bench.dial("103", "*8")
    party.bench.run(410)
    party.bench.run(40)
    assert party.heard() == {"103": "X", "line1": "3"}


def test_picking_up_where_nothing_rings_is_refused() -> None:
    party = party_of()
    party.lift("101")
    party.bench.dial("101", "102")
    party.bench.run(20)
    party.lift("103")
    party.dial("103", "*8104")
    assert party.bench.states()["103"] == "call over"
    assert party.bench.call("101") == "ringing"


def test_picked_up_during_a_consultation_may_be_joined() -> None:
    party = party_of()
    party.connect("101", "102")
    party.lift("103")
    party.bench.dial("103", "104")
    party.flash("101")
    party.dial("101", "*8104")
    assert party.heard() == {"101": "3", "103": "1", "102": "M"}
    party.flash("101")
    assert party.heard() == {"101": "23", "102": "13", "103": "12"}


# park


def parked() -> Party:
    """101 has parked 102, which hears music, and has heard the slot's number."""
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.dial("101", "*5")
    assert party.heard()["102"] == "M"
    sounds = [arguments["sound"] for job, arguments in party.bench.clerk.asked if job == "sound"]
    assert Prompt("digits/1") in sounds
    assert party.state("101") == "one call"
    return party


@pytest.mark.parametrize("code", ["*41", "1141"])
def test_parked_party_is_fetched_from_any_handset(code: str) -> None:
    party = parked()
    party.hang_up("101")
    party.lift("103")
    party.dial("103", code)
    assert party.heard() == {"102": "3", "103": "2"}
    party.lift("104")
    party.dial("104", code)
    assert party.bench.states()["104"] == "call over", "it is fetched once"


def test_parked_party_rings_who_parked_it_after_a_time() -> None:
    party = parked()
    party.hang_up("101")
    party.bench.seconds(9)
    assert party.bench.station("101").ringing
    party.lift("101")
    assert party.heard() == {"101": "2", "102": "1"}


def test_parked_party_that_hangs_up_frees_its_slot() -> None:
    party = parked()
    party.hang_up("102")
    party.hang_up("101")
    party.connect("101", "103")
    party.flash("101")
    party.dial("101", "*5")
    party.hang_up("101")
    party.lift("104")
    party.dial("104", "*41")
    assert party.heard() == {"103": "4", "104": "3"}


def test_second_party_is_parked_under_the_next_number() -> None:
    party = parked()
    party.hang_up("101")
    party.call_in("line1", "101")
    party.flash("101")
    party.dial("101", "*5")
    party.hang_up("101")
    party.lift("103")
    party.dial("103", "*42")
    assert party.heard()["103"] == "X"


def test_second_caller_of_a_party_that_is_parked_goes_to_voicemail() -> None:
    party = party_of()
    party.connect("101", "102")
    party.lift("103")
    party.bench.dial("103", "102")
    assert party.state("102") == "second call waits"
    party.flash("101")
    party.dial("101", "*5")
    assert (party.state("102"), party.bench.call("102")) == ("one call", "parked")
    assert party.bench.call("103") != "ringing"
    party.flash("102")
    assert party.bench.call("102") == "parked"


def test_parking_without_a_party_on_hold_is_refused() -> None:
    party = party_of()
    party.lift("101")
    party.dial("101", "*5")
    assert party.bench.states()["101"] == "call over"


# numbers


def test_codes_with_what_follows_them_are_in_the_number_plan() -> None:
    people = Directory((Subscriber(1, "Ann", "201", "101"),))
    plan = Dialplan(("101", "102"), people)
    assert plan.find("*8101") == plan.find("*8201") == Feature("pick_up", "101")
    assert plan.find("*8") == Incomplete(Feature("pick_up"))
    assert [plan.find(f"*4{slot}") for slot in SLOTS] == [Feature("fetch", slot) for slot in SLOTS]
    assert plan.find("115") == plan.find("*5") == Feature("park")


def test_emergency_number_goes_before_a_code_of_a_rotary_dial() -> None:
    numbering = replace(country("it").numbering, emergency=("112", "118"))
    plan = Dialplan(("101",), Directory(), numbering=numbering)
    assert plan.find("118").emergency  # type: ignore[union-attr]
    assert plan.find("*8101") == Feature("pick_up", "101")
