"""What a person does with a handset during a call: hold, transfer, three-way, call waiting."""

from dataclasses import replace
from typing import Any

import pytest

from app.phone.calls.line import Line, WhyVoicemail
from app.phone.config import PhoneConfig
from app.phone.sound.audio import sine
from drivers.countries import country
from drivers.ports import PortFault, PortRecovered
from tests.kit.phone import StubClerk, directory
from tests.kit.talkers import Party, music

CONFIG = PhoneConfig(
    ring_seconds=10, no_answer_seconds=10, transfer_return_seconds=8, music=True, flash_habit="join"
)
KEYS = replace(CONFIG, flash_habit="keys")
PEOPLE = directory(
    ("Ann", "201", "101"), ("Bob", "202", "102"), ("Cid", "203", "103"), default="201"
)


class Answering:
    """A voicemail script that keeps whom it answered for, and why."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, WhyVoicemail]] = []

    async def __call__(self, line: Line, mailbox: str) -> None:
        self.seen.append((line.name, mailbox, line.why))
        await line.pause(3)


def party_of(config: PhoneConfig = CONFIG, **more: Any) -> Party:
    return Party(config, clerk=StubClerk(directory=PEOPLE, sound=music), **more)


def consulting(config: PhoneConfig = CONFIG) -> Party:
    """101 talks to 102, has put 103 aside for it, and 102 has answered."""
    party = party_of(config)
    party.connect("101", "103")
    party.flash("101")
    party.dial("101", "102")
    party.lift("102")
    assert party.heard() == {"101": "2", "102": "1", "103": "M"}
    return party


# hold


def test_flash_puts_the_other_party_on_hold_and_gives_recall_dial_tone() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    assert party.state("101") == "consulting"
    assert party.bench.call("101") == "dial tone"
    assert party.bench.call("102") == "held"
    assert party.heard() == {"102": "M"}
    party.flash("101")
    assert party.heard() == {"101": "2", "102": "1"}
    assert (party.state("101"), party.bench.call("101")) == ("one call", "connected")


def test_music_on_hold_begins_anew_when_it_is_over_and_stops_when_nobody_listens() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.dial("101", "103")
    party.bench.seconds(7)
    assert party.heard()["102"] == "M"
    party.flash("101")
    asked = len(party.bench.clerk.asked)
    party.bench.seconds(10)
    assert len(party.bench.clerk.asked) == asked


def test_without_music_who_is_on_hold_hears_two_soft_beeps_every_six_seconds() -> None:
    party = party_of(replace(CONFIG, music=False))
    party.connect("101", "102")
    party.flash("101")
    heard = party.bench.hears("102", 1200)
    beeps = [n for n in range(0, 1190, 10) if abs(heard[n * 80 : n * 80 + 800]).max() > 100]
    assert 6 <= len(beeps) <= 12 and max(beeps) - min(beeps) >= 590


def test_music_that_cannot_be_had_or_is_empty_is_replaced_by_the_tone() -> None:
    party = Party(CONFIG, clerk=StubClerk(directory=PEOPLE, sound=lambda **_: b""))
    party.connect("101", "102")
    party.flash("101")
    heard = party.bench.hears("102", 700)
    assert abs(heard).max() > 100


def test_party_on_hold_that_hangs_up_leaves_the_handset_its_dial_tone() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.hang_up("102")
    assert party.state("101") == "one call"
    party.dial("101", "103")
    party.lift("103")
    assert party.heard() == {"101": "3", "103": "1"}


def test_handset_that_is_hung_up_with_a_party_on_hold_rings_back() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.hang_up("101")
    party.bench.run(100)
    assert party.bench.station("101").ringing
    assert "R" in party.heard()["102"]
    party.lift("101")
    assert party.heard() == {"101": "2", "102": "1"}


def test_handset_lifted_again_before_it_rings_back_has_its_party_at_once() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.hang_up("101")
    party.lift("101")
    assert party.heard() == {"101": "2", "102": "1"}


def test_recall_that_nobody_answers_goes_to_the_handsets_voicemail() -> None:
    answering = Answering()
    party = party_of(answer=answering)
    party.call_in("line1", "101")
    party.flash("101")
    party.hang_up("101")
    party.bench.seconds(12)
    assert answering.seen == [("line1", "201", WhyVoicemail.NO_ANSWER)]
    party.bench.seconds(6)
    assert party.bench.states()["line1"] == "idle"


def test_wrong_number_during_a_consultation_returns_to_who_is_on_hold() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.dial("101", "5")
    assert (party.state("101"), party.bench.states()["101"]) == ("left alone", "off hook")
    party.bench.seconds(3.7)  # the special information tone, twice
    assert party.heard()["101"] == "B"  # reorder has the frequencies of busy tone
    party.flash("101")
    assert party.heard() == {"101": "2", "102": "1"}
    party.flash("101")
    party.dial("101", "5")
    party.bench.seconds(9)
    assert party.heard() == {"101": "2", "102": "1"}, "nobody flashed, and they were left alone"


def test_end_of_the_held_call_while_left_alone_is_heard() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.dial("101", "5")
    party.hang_up("102")
    assert party.bench.states()["101"] == "call over"


def test_flash_without_a_call_means_nothing() -> None:
    party = party_of()
    party.lift("101")
    party.flash("101")
    assert party.bench.call("101") == "dial tone"


# transfer


def test_announced_transfer_by_hanging_up() -> None:
    party = consulting()
    party.hang_up("101")
    assert party.heard() == {"102": "3", "103": "2"}
    assert party.state("101") == "one call" and party.bench.call("101") == ""
    log = [(c.line, c.caller.number, c.to, c.outcome) for c in party.bench.clerk.ended()]
    assert ("101", "103", "102", "transferred") in log
    party.hang_up("102")
    assert party.heard() == {"103": "B"}


def test_blind_transfer_rings_the_third_and_connects_them() -> None:
    party = party_of()
    party.connect("101", "103")
    party.flash("101")
    party.dial("101", "102")
    party.hang_up("101")
    assert party.bench.station("102").ringing and not party.bench.station("101").ringing
    party.lift("102")
    assert party.heard() == {"102": "3", "103": "2"}


def test_blind_transfer_that_nobody_answers_returns_and_then_goes_to_voicemail() -> None:
    answering = Answering()
    party = party_of(answer=answering)
    party.call_in("line1", "101")
    party.flash("101")
    party.dial("101", "102")
    party.hang_up("101")
    assert "R" in party.heard()["line1"] or party.bench.station("102").ringing
    party.bench.seconds(8)
    assert party.bench.station("101").ringing and not party.bench.station("102").ringing
    party.bench.seconds(10)
    assert answering.seen == [("line1", "202", WhyVoicemail.NO_ANSWER)]


def test_blind_transfer_that_returns_is_answered_by_who_sent_it() -> None:
    party = party_of()
    party.call_in("line1", "101")
    party.flash("101")
    party.dial("101", "102")
    party.hang_up("101")
    party.bench.seconds(9)
    party.lift("101")
    assert party.heard() == {"101": "X", "line1": "1"}


# three-way


def test_flash_in_a_consultation_joins_all_three_and_each_may_leave() -> None:
    party = consulting()
    party.flash("101")
    assert party.heard() == {"101": "23", "102": "13", "103": "12"}
    assert party.state("101") == "joined"
    party.hang_up("103")
    assert party.heard() == {"101": "2", "102": "1"}
    assert party.state("101") == "one call"


def test_flash_of_who_joined_three_drops_the_third() -> None:
    party = consulting()
    party.flash("101")
    party.flash("101")
    assert party.heard() == {"101": "3", "102": "B", "103": "1"}


def test_who_joined_three_hangs_up_and_leaves_two() -> None:
    party = consulting()
    party.flash("101")
    party.hang_up("101")
    assert party.heard() == {"102": "3", "103": "2"}


@pytest.mark.parametrize(
    ("key", "expected", "state"),
    [
        ("1", {"101": "3", "103": "1", "102": "B"}, "one call"),
        ("2", {"101": "3", "103": "1", "102": "M"}, "consulting"),
        ("3", {"101": "23", "102": "13", "103": "12"}, "joined"),
        ("4", {"101": "B", "102": "3", "103": "2"}, "one call"),
        ("0", {"101": "2", "102": "1", "103": "B"}, "one call"),
        ("9", {"101": "2", "102": "1", "103": "M"}, "consulting"),
    ],
)
def test_key_after_a_flash_says_what_it_means(
    key: str, expected: dict[str, str], state: str
) -> None:
    party = consulting(KEYS)
    party.flash("101")
    assert party.state("101") == "key for two calls"
    party.dial("101", key)
    assert party.heard() == expected
    assert party.state("101") == state


def test_flash_without_a_key_changes_the_two_calls() -> None:
    party = consulting(KEYS)
    party.flash("101")
    party.bench.seconds(3)
    assert party.heard() == {"101": "3", "103": "1", "102": "M"}


def test_break_of_100_ms_is_a_flash_where_keys_follow_it() -> None:
    party = party_of(KEYS)
    party.connect("101", "102")
    party.bench.station("101").lower()
    party.bench.run(10)
    party.bench.station("101").lift()
    party.bench.run(40)
    assert party.state("101") == "consulting"
    assert party.heard() == {"102": "M"}
    party.bench.station("101").lower()  # now it is dial tone, and a break a digit
    party.bench.run(6)
    party.bench.station("101").lift()
    party.bench.run(40)
    assert party.bench.call("101") == "dialling"


# call waiting


def waiting(config: PhoneConfig = CONFIG, **more: Any) -> Party:
    """101 and 102 talk, and 103 calls 101."""
    party = party_of(config, **more)
    party.connect("101", "102")
    party.lift("103")
    party.bench.dial("103", "101")
    assert (party.state("101"), party.bench.call("103")) == ("second call waits", "ringing")
    return party


def test_second_call_is_heard_as_a_tone_and_answered_by_a_flash() -> None:
    party = waiting()
    assert "R" in party.heard()["103"]
    party.flash("101")
    assert party.heard() == {"101": "3", "103": "1", "102": "M"}
    party.flash("101")
    assert party.heard() == {"101": "2", "102": "1", "103": "M"}
    party.hang_up("101")
    assert party.heard() == {"102": "3", "103": "2"}


def test_second_call_that_is_ignored_goes_to_voicemail_as_busy() -> None:
    answering = Answering()
    party = waiting(answer=answering)
    party.bench.seconds(11)
    assert answering.seen == [("103", "201", WhyVoicemail.BUSY)]
    assert party.heard()["101"] == "2" and party.state("101") == "one call"


def test_second_caller_who_gives_up_is_forgotten() -> None:
    party = waiting()
    party.hang_up("103")
    assert party.state("101") == "one call"
    assert party.heard() == {"101": "2", "102": "1"}


@pytest.mark.parametrize("ends", ["101", "102"])
def test_second_call_rings_when_the_first_is_over(ends: str) -> None:
    party = waiting()
    party.hang_up(ends)
    if ends == "102":
        assert party.heard()["101"] == "B"
        party.hang_up("101")
    party.bench.run(70)
    assert party.bench.station("101").ringing
    party.lift("101")
    assert party.heard()["101"] == "3"


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, call_waiting=False),
        replace(CONFIG, without_call_waiting=("101",)),
    ],
)
def test_call_waiting_can_be_off_for_all_or_one(config: PhoneConfig) -> None:
    answering = Answering()
    party = party_of(config, answer=answering)
    party.connect("101", "102")
    party.lift("103")
    party.bench.dial("103", "101")
    party.bench.run(10)
    assert answering.seen == [("103", "201", WhyVoicemail.BUSY)]


@pytest.mark.parametrize(
    ("key", "expected", "state"),
    [
        ("1", {"101": "3", "103": "1", "102": "B"}, "one call"),
        ("2", {"101": "3", "103": "1", "102": "M"}, "alternating"),
        ("7", {"101": "2", "102": "1"}, "second call waits"),
    ],
)
def test_key_says_what_becomes_of_a_waiting_call(
    key: str, expected: dict[str, str], state: str
) -> None:
    party = waiting(KEYS)
    party.flash("101")
    party.dial("101", key)
    heard = party.heard()
    if state == "second call waits":
        heard.pop("103", None)
    assert heard == expected
    assert party.state("101") == state


def test_waiting_call_that_is_refused_goes_to_voicemail_at_once() -> None:
    answering = Answering()
    party = waiting(KEYS, answer=answering)
    party.flash("101")
    party.dial("101", "0")
    assert answering.seen == [("103", "201", WhyVoicemail.BUSY)]
    assert party.heard()["101"] == "2"


# toll fraud


def holding_two_lines(config: PhoneConfig) -> Party:
    """101 talks to line2 and has line1 on hold; all other handsets are in use."""
    party = party_of(config)
    for name in ("102", "103", "104"):
        party.lift(name)
    party.call_in("line1", "101")
    party.bench.trunk("line2").burst(True)
    party.bench.run(10)
    assert party.state("101") == "second call waits"
    party.flash("101")
    if config.flash_habit == "keys":
        party.dial("101", "2")
    party.bench.trunk("line2").burst(False)
    party.bench.run(50)
    assert party.heard() == {"101": "Y", "line2": "1", "line1": "M"}
    return party


def test_outside_lines_are_not_transferred_to_each_other_unless_a_setting_allows() -> None:
    party = holding_two_lines(CONFIG)
    party.hang_up("101")
    assert party.bench.states()["line2"] in ("release guard", "idle")
    party.bench.run(70)
    assert party.bench.station("101").ringing, "line1 is not lost"
    log = [(c.line, c.to, c.outcome) for c in party.bench.clerk.ended()]
    assert ("101", "line2", "transfer refused") in log
    allowed = holding_two_lines(replace(CONFIG, outside_to_outside=True))
    allowed.hang_up("101")
    assert {**allowed.heard()} == {"line1": "Y", "line2": "X"}
    log = [(c.line, c.to, c.outcome) for c in allowed.bench.clerk.ended()]
    assert ("101", "line2", "transferred") in log


def test_two_outside_lines_of_three_parties_are_ended_with_the_handset() -> None:
    party = holding_two_lines(replace(CONFIG, flash_habit="keys"))
    party.flash("101")
    party.dial("101", "3")
    assert party.heard() == {"101": "XY", "line1": "1Y", "line2": "1X"}
    party.hang_up("101")
    states = party.bench.states()
    assert {states["line1"], states["line2"]} <= {"release guard", "idle"}
    assert "transfer refused" in [c.outcome for c in party.bench.clerk.ended()]


# ends


def test_service_that_ends_all_calls_ends_those_on_hold_and_those_that_wait() -> None:
    party = waiting()
    party.flash("101")
    party.bench.pbx.hang_up_all()
    party.bench.run(5)
    states = party.bench.states()
    assert {states[name] for name in ("101", "102", "103")} == {"call over"}
    assert {party.bench.call(name) for name in ("101", "102", "103")} == {""}
    assert party.state("101") == "one call"


def test_party_on_hold_gets_the_handset_back_when_its_port_works_again() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    port = party.bench.station("101")
    port.off_hook = False
    port.events.append(PortFault("torn out"))
    party.bench.run(100)
    assert party.bench.call("102") == "ringing"
    port.events.append(PortRecovered())
    party.bench.run(80)
    assert port.ringing
    party.lift("101")
    assert party.heard() == {"101": "2", "102": "1"}


def test_caller_who_hangs_up_while_being_transferred_ends_the_ringing() -> None:
    party = party_of()
    party.call_in("line1", "101")
    party.flash("101")
    party.dial("101", "102")
    party.hang_up("101")
    assert party.bench.station("102").ringing
    party.gone("line1")
    assert not party.bench.station("102").ringing
    assert party.bench.states()["line1"] == "idle"


def test_two_who_have_put_each_other_aside_meet_again() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    party.flash("102")
    assert (party.bench.call("101"), party.bench.call("102")) == ("dial tone", "dial tone")
    party.flash("101")
    assert party.heard()["101"] == "M"
    party.flash("102")
    assert party.heard() == {"101": "2", "102": "1"}


@pytest.mark.parametrize("returned", ["to the line", "by a transfer", "joined"])
def test_keys_of_a_handset_are_heard_again_when_it_talks_with_an_outside_line(
    returned: str,
) -> None:
    party = party_of()
    party.call_in("line1", "101")
    listens = party.bench.pbx.stations
    assert listens["101"].channel.listening
    party.flash("101")
    if returned == "to the line":
        party.flash("101")
        assert party.heard()["101"] == "X" and listens["101"].channel.listening
        return
    party.dial("101", "102")
    party.lift("102")
    assert not listens["102"].channel.listening
    if returned == "joined":
        party.flash("101")
        assert listens["101"].channel.listening
    else:
        party.hang_up("101")
    assert listens["102"].channel.listening, "it could dial at the office's dial tone"


def call_for_help(party: Party, name: str) -> None:
    """This handset dials 911, and the office of line1 gives dial tone for it."""
    party.dial(name, "911")
    dial = country("us").tones.dial
    party.bench.say("line1", sine(dial.hz, dial.levels_dbm0[0], 8000))
    party.bench.seconds(4)
    assert party.bench.call(name) == "connected"


def test_emergency_call_is_neither_put_on_hold_nor_disturbed_by_a_second_caller() -> None:
    answering = Answering()
    party = party_of(answer=answering)
    party.lift("101")
    call_for_help(party, "101")
    party.flash("101")
    assert (party.state("101"), party.bench.call("101")) == ("one call", "connected")
    party.lift("103")
    party.dial("103", "101")
    assert answering.seen == [("103", "201", WhyVoicemail.BUSY)]


def test_party_on_hold_during_an_emergency_call_is_not_connected_with_it() -> None:
    party = party_of()
    party.connect("101", "102")
    party.flash("101")
    call_for_help(party, "101")
    party.flash("101")
    assert party.heard()["101"] == "X"
    party.hang_up("101")
    party.bench.run(100)
    assert party.bench.station("101").ringing, "102 rings back"
    assert party.bench.states()["line1"] in ("release guard", "idle")
