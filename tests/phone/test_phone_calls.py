"""Calls between handsets, on a board of stub ports: what is heard, what rings, and their traces."""

import logging

import numpy as np
import pytest

from app.phone.calls.dialplan import Directory
from app.phone.calls.line import Caller, Line, WhyVoicemail
from app.phone.jobs import JobFailed
from app.phone.sound import audio, dsp
from app.phone.sound.audio import sine
from tests.kit.phone import (
    CALLS,
    Bench,
    StubClerk,
    TalkingScript,
    directory,
    hears_tone,
    no_script,
    power_at,
    same_trace,
    trace,
)


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    made = Bench(CALLS)
    caplog.set_level(logging.INFO, "app.core.fsm")
    return made


def test_lifted_handset_hears_dial_tone_within_100_ms(bench: Bench) -> None:
    bench.station("101").lift()
    heard = bench.hears("101", 10)
    assert int(np.flatnonzero(heard)[0]) < 800
    assert hears_tone(bench, "101", 350, 440)


def test_first_digit_stops_dial_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "1")
    assert not bench.hears("101", 20).any()


def test_digit_mixed_with_returning_dial_tone_is_detected(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    digit = dsp.dtmf("1", level_dbm0=-16)
    bench.say("101", audio.mixed(digit, audio.sine((350.0, 440.0), -13.0, len(digit))))
    bench.run(20)
    assert bench.call("101") == "dialling"


def test_dial_tone_stutters_while_a_message_waits_and_not_afterwards(bench: Bench) -> None:
    bench.pbx.message_waiting("101", True)
    bench.pbx.message_waiting("nobody", True)
    bench.station("101").lift()
    pieces = np.abs(bench.hears("101", 150).reshape(-1, 800)).max(axis=1) > 0
    assert pieces[:13].tolist() == [True, False] * 6 + [True]
    assert pieces[13:].all()
    bench.station("101").lower()
    bench.seconds(2)
    bench.pbx.message_waiting("101", False)
    bench.station("101").lift()
    assert (np.abs(bench.hears("101", 150).reshape(-1, 800)).max(axis=1) > 0).all()


def test_handset_that_calls_another_talks_with_it_until_one_hangs_up(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    assert bench.station("102").ringing
    assert hears_tone(bench, "101", 440, 480)
    bench.station("102").lift()
    bench.run(3)

    bench.say("101", sine((600.0,), -10.0, 2000))
    bench.run(5)  # nobody begins to talk in the same instant
    bench.say("102", sine((900.0,), -10.0, 1600))
    bench.station("101").heard.clear()
    heard = bench.hears("102", 20)
    assert power_at(heard, 600) == pytest.approx(-10, abs=0.5)
    answer = np.concatenate(bench.station("101").heard)
    assert power_at(answer, 900) == pytest.approx(-10, abs=0.5)
    assert power_at(answer, 600) < -60  # nobody hears themselves

    bench.station("102").lower()
    bench.run(130)
    assert hears_tone(bench, "101", 480, 620)
    bench.station("101").lower()
    bench.run(5)
    same_trace(
        trace(caplog),
        """
        station 101: on hook --lift--> off hook
        call 101: new --lift--> dial tone
        call 101: dial tone --digit--> dialling
        call 101: dialling --digit--> dialling
        call 101: dialling --digit--> dialling
        station 102: on hook --ring--> ringing
        call 101: dialling --ring--> ringing
        station 102: ringing --lift--> off hook
        call 101: ringing --answered--> connected
        station 102: off hook --lower--> loop break
        station 102: loop break --hang-up due--> on hook
        call 101: connected --called left--> ended
        station 101: off hook --end call--> call over
        station 101: call over --lower--> on hook
        """,
    )


def test_called_handset_whose_caller_leaves_hears_busy_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("102").lift()
    bench.run(3)
    bench.station("101").lower()
    bench.run(130)
    assert hears_tone(bench, "102", 480, 620)
    assert bench.call("101") == bench.call("102") == ""


def test_caller_who_gives_up_stops_the_ringing_of_a_handset(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("101").lower()
    bench.run(130)
    assert bench.states()["102"] == "on hook"
    assert not bench.station("102").ringing


BUSY_MS, REORDER_MS = 500, 250
"""Length of a burst of 480 + 620 Hz; the silence after it is as long [T1.401]."""


INFORMATION_S = 3.7
"""The special information tone, twice, which says before it that the number is nobody's."""


def burst_ms(bench: Bench, name: str) -> int:
    """The length of one burst of the tone that this party hears, in ms."""
    loud = np.abs(bench.hears(name, 250).reshape(-1, 80)).max(axis=1) > 0
    edges = np.flatnonzero(np.diff(loud.astype(np.int8)))
    lengths = set(np.diff(edges).tolist())
    assert len(lengths) == 1, f"no even cadence: {lengths}"
    return int(lengths.pop()) * 10


@pytest.mark.parametrize("digits", ["8", "105"])
def test_number_that_nobody_has_gives_information_tone_and_reorder(
    bench: Bench, digits: str
) -> None:
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", digits)
    assert bench.states()["102"] == "call over"
    bench.seconds(INFORMATION_S)
    heard = bench.hears("102", 50)
    assert min(power_at(heard, 480), power_at(heard, 620)) > -31  # it sounds for half of the time
    assert burst_ms(bench, "102") == REORDER_MS


def test_digits_after_a_complete_number_are_ignored(bench: Bench) -> None:
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "1011")
    assert bench.station("101").ringing


def test_too_few_digits_give_reorder_tone_after_the_pause(bench: Bench) -> None:
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "10")
    bench.run(380)
    assert bench.states()["102"] == "off hook"
    bench.run(15)
    assert bench.states()["102"] == "call over"
    bench.seconds(INFORMATION_S)
    assert burst_ms(bench, "102") == REORDER_MS


def test_no_digit_within_15_s_gives_reorder_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(1499)
    assert bench.call("101") == "dial tone"
    bench.run(5)
    assert bench.states()["101"] == "call over"
    assert burst_ms(bench, "101") == REORDER_MS


def test_handset_whose_party_has_left_hears_busy_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("102").lift()
    bench.run(3)
    bench.station("102").lower()
    bench.run(130)
    assert burst_ms(bench, "101") == BUSY_MS


def test_handset_whose_menu_is_over_hears_busy_tone() -> None:
    bench = Bench(CALLS, owner=no_script)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(5)
    assert burst_ms(bench, "101") == BUSY_MS


def test_call_closed_from_our_side_gives_busy_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.pbx.hang_up_all()
    assert burst_ms(bench, "101") == BUSY_MS


@pytest.mark.parametrize("number", ["101", "201", "*97"])
def test_own_number_and_the_code_open_the_own_mailbox(number: str) -> None:
    owner = TalkingScript()
    bench = Bench(CALLS, owner=owner)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", number)
    bench.run(2)
    assert owner.seen == [("101", "station", Caller("101", "Ann"), "201")]


@pytest.mark.parametrize(("handset", "number"), [("102", "*98"), ("103", "*97")])
def test_code_asks_for_the_mailbox_where_none_is_the_handsets(handset: str, number: str) -> None:
    owner = TalkingScript()
    bench = Bench(CALLS, owner=owner, stations=3)
    bench.station(handset).lift()
    bench.run(20)
    bench.dial(handset, number)
    bench.run(2)
    assert [seen[3] for seen in owner.seen] == [""]


def test_number_of_somebody_elses_mailbox_rings_their_handset() -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer)
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "201")
    bench.run(2)
    assert bench.station("101").ringing
    bench.seconds(10)
    assert [(seen[0], seen[3]) for seen in answer.seen] == [("102", "201")]


def test_number_of_a_person_without_a_handset_takes_a_message_at_once() -> None:
    seen: list[tuple[str, WhyVoicemail]] = []

    async def answer(line: Line, mailbox: str) -> None:
        seen.append((mailbox, line.why))

    people = directory(("Ann", "201", "101"), ("Cleo", "203", None), ("Dan", "204", "109"))
    bench = Bench(CALLS, answer=answer, clerk=StubClerk(directory=people))
    for number in ("203", "204"):  # the board has no jack 109
        bench.station("101").lift()
        bench.run(20)
        bench.dial("101", number)
        bench.station("101").lower()
        bench.seconds(2)
    assert seen == [("203", WhyVoicemail.NOT_RUNG), ("204", WhyVoicemail.NOT_RUNG)]


def test_handset_that_nobody_lifts_leads_to_its_owners_voicemail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer)
    caplog.set_level(logging.INFO, "app.core.fsm")
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.seconds(10)
    assert answer.seen == [("101", "station", Caller("101", "Ann"), "202")]
    assert not bench.station("102").ringing
    assert hears_tone(bench, "101", 1000)
    bench.dial("101", "12#")
    assert answer.digits == ["12"]
    assert hears_tone(bench, "101", 480, 620)
    same_trace(
        "\n".join(trace(caplog).splitlines()[-6:]),
        """
        call 101: ringing --no answer--> unanswered
        call 101: unanswered --voicemail--> answering
        station 102: ringing --stop--> on hook
        call 101: answering --picked up--> script
        call 101: script --script over--> ended
        station 101: off hook --end call--> call over
        """,
    )


def test_mailbox_number_leads_to_its_owners_menu_until_the_handset_hangs_up() -> None:
    owner = TalkingScript()
    bench = Bench(CALLS, owner=owner)
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "202")
    bench.run(2)
    assert owner.seen == [("102", "station", Caller("102", "Bob"), "202")]
    bench.station("102").lower()
    bench.run(130)
    assert (owner.ended, owner.digits) == (1, [])
    assert not bench.pbx.busy
    assert not bench.hears("102", 10).any()


def test_script_that_raises_ends_its_call_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def dies(line: Line, mailbox: str) -> None:
        await line.pause(1)
        raise RuntimeError("a mistake in the script")

    bench = Bench(CALLS, owner=dies)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(105)
    assert "a mistake in the script" in caplog.text
    assert bench.states()["101"] == "call over" and not bench.pbx.busy


def test_directory_that_cannot_be_read_leaves_the_old_one() -> None:
    def fails() -> Directory:
        raise JobFailed("the store is gone")

    owner = TalkingScript()
    bench = Bench(CALLS, owner=owner)
    bench.clerk.jobs["directory"] = fails
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(2)
    assert [seen[3] for seen in owner.seen] == ["201"]


def test_person_added_later_can_be_dialled() -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer, clerk=StubClerk(directory=directory()))
    for people, states in (((), "call over"), ((("Ann", "201", None),), "off hook")):
        bench.clerk.jobs["directory"] = directory(*people)
        bench.station("101").lift()
        bench.run(20)
        bench.dial("101", "201")
        assert bench.states()["101"] == states
        bench.station("101").lower()
        bench.seconds(2)
    assert [seen[3] for seen in answer.seen] == ["201"]


def test_directory_is_asked_for_anew_after_an_answer_that_nobody_has_needed() -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer, clerk=StubClerk(directory=directory()))
    bench.clerk.held = True
    bench.station("101").lift()
    bench.run(20)
    bench.station("101").lower()
    bench.seconds(2)
    bench.clerk.answer_all()
    bench.clerk.held = False
    bench.clerk.jobs["directory"] = directory(("Ann", "201", None))
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(2)
    assert [seen[3] for seen in answer.seen] == ["201"]


def test_status_has_lines_calls_and_faults(bench: Bench) -> None:
    bench.trunk("line2").fail("no line side; check the cable")
    bench.station("101").lift()
    bench.run(2)
    status = bench.pbx.status()
    assert status["ready"] is True
    assert status["lines"]["101"] == {
        "kind": "station",
        "state": "off hook",
        "working": True,
        "call": "dial tone",
        "fault": "",
        "fault_told": {"text": "", "values": {}},
        "message_waiting": False,
        "faults": 0,
    }
    assert status["lines"]["line2"]["faults"] == 1
    assert status["lines"]["line2"]["fault"] == "no line side; check the cable"
    assert status["lines"]["line2"]["working"] is False
