"""Moves of legs in calls: three-way, hold, transfer, listening in, scripts among the parties."""

import pytest

from app.phone.calls.line import Line
from app.phone.sound.mixer import Leg
from app.phone.sound.sounds import Tone
from tests.kit.phone import power_at
from tests.kit.talkers import MUSIC, VOICES, Party


def test_three_parties_hear_each_other_but_not_themselves() -> None:
    party = Party()
    party.add(party.connect("101", "102"), "103")
    assert party.hears() == {"101": "23", "102": "13", "103": "12", "104": ""}


def test_gain_of_a_party_is_heard_by_the_others() -> None:
    party = Party()
    party.add(party.connect("101", "102"), "103", gain_db=-10)
    heard = party.levels()
    assert power_at(heard["101"], VOICES["103"]) == pytest.approx(
        power_at(heard["101"], VOICES["102"]) - 10, abs=0.1
    )
    assert power_at(heard["103"], VOICES["101"]) == pytest.approx(
        power_at(heard["102"], VOICES["101"]), abs=0.1
    )


def test_call_of_three_goes_on_when_its_caller_leaves() -> None:
    party = Party()
    call = party.connect("101", "102")
    party.add(call, "103")
    party.hang_up("101")
    assert party.hears() == {"101": "", "102": "3", "103": "2", "104": ""}
    assert party.bench.call("101") == ""
    party.hang_up("103")
    assert call.machine.state == "ended"
    assert party.hears()["102"] == "B"


def test_held_party_hears_nothing_and_is_not_heard_until_it_is_resumed() -> None:
    party = Party()
    call = party.connect("101", "102")
    held = party.bench.pbx.stations["102"]
    assert call.hold(held)
    assert party.hears() == {"101": "", "102": "", "103": "", "104": ""}
    assert call.machine.state == "connected"
    assert call.resume(held)
    assert party.hears() == {"101": "2", "102": "1", "103": "", "104": ""}


def test_held_party_hears_the_music_of_its_bus_until_it_is_resumed() -> None:
    party = Party()
    call = party.connect("101", "102")
    mixer = party.bench.pbx.calls.mixer
    music, bus = mixer.script_channel(), mixer.bus()
    music.tone(Tone((MUSIC,), dbm0=-13.0))
    Leg(music).join(bus)
    held = party.bench.pbx.stations["102"]
    assert call.hold(held, bus)
    assert party.hears() == {"101": "", "102": "M", "103": "", "104": ""}
    assert call.resume(held)
    assert party.hears()["102"] == "1"


def test_held_parties_of_two_calls_hear_the_music_and_not_each_other() -> None:
    party = Party()
    calls = party.connect("101", "102"), party.connect("103", "104")
    mixer = party.bench.pbx.calls.mixer
    music, bus = mixer.script_channel(), mixer.bus()
    music.tone(Tone((MUSIC,), dbm0=-13.0))
    Leg(music).join(bus)
    for call, name in zip(calls, ("102", "104"), strict=True):
        assert call.hold(party.bench.pbx.stations[name], bus)
    assert party.hears() == {"101": "", "102": "M", "103": "", "104": "M"}


def test_party_added_out_of_its_dial_tone_has_left_the_call_that_gave_it() -> None:
    party = Party()
    call = party.connect("101", "102")
    party.lift("103")
    earlier = party.call_of("103")
    added = party.bench.pbx.stations["103"]
    assert call.add(added)
    assert earlier is not None and earlier.machine.state == "ended"
    assert not added.channel.listening, "a detector that nobody needs is still fed"
    party.bench.seconds(16)  # dial tone would have timed out
    assert party.hears()["103"] == "12"


def test_party_added_out_of_a_call_of_two_talks_in_its_new_call() -> None:
    party = Party()
    call, earlier = party.connect("101", "102"), party.connect("103", "104")
    assert call.add(party.bench.pbx.stations["103"])
    assert earlier.machine.state == "ended"
    assert party.hears() == {"101": "23", "102": "13", "103": "12", "104": "B"}


def test_held_party_that_hangs_up_ends_a_call_of_two() -> None:
    party = Party()
    call = party.connect("101", "102")
    call.hold(party.bench.pbx.stations["102"], party.bench.pbx.calls.mixer.bus())
    party.hang_up("102")
    assert call.machine.state == "ended"
    assert party.hears()["101"] == "B"


def test_transferred_party_talks_in_the_other_call_and_its_own_call_ends() -> None:
    party = Party()
    here, there = party.connect("101", "102"), party.connect("103", "104")
    assert here.transfer(party.bench.pbx.stations["102"], there)
    assert here.machine.state == "ended"
    assert party.hears() == {"101": "B", "102": "34", "103": "24", "104": "23"}
    party.hang_up("103")
    assert party.hears() == {"101": "B", "102": "4", "103": "", "104": "2"}


def test_transferred_caller_is_ended_by_neither_call() -> None:
    party = Party()
    here, there = party.connect("101", "102"), party.connect("103", "104")
    here.hold(party.bench.pbx.stations["101"])
    assert here.transfer(party.bench.pbx.stations["101"], there)
    assert party.call_of("101") is there
    assert party.hears() == {"101": "34", "102": "B", "103": "14", "104": "13"}
    party.hang_up("101")
    assert party.hears() == {"101": "", "102": "B", "103": "4", "104": "3"}


def test_monitor_hears_a_call_that_does_not_hear_it_and_ends_with_it() -> None:
    party = Party()
    call = party.connect("101", "102")
    party.add(call, "104", heard=False)
    assert party.hears() == {"101": "2", "102": "1", "103": "", "104": "12"}
    party.hang_up("101")  # a monitor alone with one party is no call
    assert call.machine.state == "ended"
    assert party.hears() == {"101": "", "102": "B", "103": "", "104": "B"}


def test_monitor_that_hangs_up_leaves_the_call_as_it_was() -> None:
    party = Party()
    call = party.connect("101", "102")
    party.add(call, "104", heard=False)
    party.hang_up("104")
    assert party.hears() == {"101": "2", "102": "1", "103": "", "104": ""}


def test_legs_of_a_call_that_is_not_connected_do_not_move() -> None:
    party = Party()
    stations = party.bench.pbx.stations
    connected = party.connect("101", "102")
    party.lift("103")
    dialling = party.call_of("103")
    assert dialling is not None
    assert not dialling.add(stations["104"])
    assert not dialling.hold(stations["103"])
    assert not connected.transfer(stations["101"], dialling)
    assert not connected.transfer(stations["103"], connected)
    assert not connected.add(stations["101"])
    assert not connected.resume(stations["101"])  # not on hold
    assert party.hears() == {"101": "2", "102": "1", "103": "", "104": ""}


class Attendant:
    """A call script that says music to all parties and collects their digits."""

    def __init__(self) -> None:
        self.digits = ""
        self.ended = 0

    async def __call__(self, line: Line, mailbox: str) -> None:
        try:
            line.tone(Tone((MUSIC,), dbm0=-13.0))
            self.digits = await line.digits(2, first_s=60, between_s=60)
        finally:
            self.ended += 1


def test_script_in_a_call_is_heard_by_all_and_gets_the_digits_of_each() -> None:
    party, script = Party(), Attendant()
    call = party.connect("101", "102")
    assert call.add_script(script)
    assert party.hears() == {"101": "2M", "102": "1M", "103": "", "104": ""}
    party.bench.dial("101", "4")
    party.bench.dial("102", "7")
    assert (script.digits, script.ended) == ("47", 1)
    assert party.hears() == {"101": "2", "102": "1", "103": "", "104": ""}


def test_script_in_a_call_ends_with_the_call() -> None:
    party, script = Party(), Attendant()
    call = party.connect("101", "102")
    assert call.add_script(script)
    party.hang_up("102")
    assert (call.machine.state, script.ended) == ("ended", 1)
    assert party.hears()["101"] == "B"
