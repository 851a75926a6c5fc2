"""Calls from outside lines, on a board of stub ports: ringing, answering, voicemail, hanging up."""

import logging

import pytest

from app.phone.calls.line import Caller, HungUp, Line
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.lines import caller_id
from app.phone.sound import dsp
from app.phone.sound.audio import sine
from tests.kit.phone import (
    CALLS,
    TALK,
    Bench,
    StubClerk,
    TalkingScript,
    directory,
    hears_tone,
    power_at,
    same_trace,
    trace,
)


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    made = Bench(CALLS)
    caplog.set_level(logging.INFO, "app.core.fsm")
    return made


def ring(bench: Bench, name: str, times: int = 1, caller: Caller | None = None) -> None:
    """American ringing, with caller ID after the first burst."""
    for time in range(times):
        bench.trunk(name).burst(True)
        bench.run(200)
        bench.trunk(name).burst(False)
        bench.run(60)
        if caller is not None and time == 0:
            bench.say(name, dsp.fsk_message(caller_id.caller_message(caller, "11241530")))
        bench.run(340)


def test_outside_call_answered_by_a_handset_connects_both_until_the_caller_leaves(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller("5551234567", "CALLER NAME")
    ring(bench, "line1", caller=caller)
    receiver = dsp.FskReceiver()
    heard = [m for row in bench.station("102").heard for m in receiver.hear(row)]
    assert [caller_id.parse(m) for m in heard] == [caller]
    assert not bench.trunk("line1").seized

    bench.station("102").lift()
    bench.run(3)
    assert bench.trunk("line1").seized
    assert not bench.station("101").ringing
    bench.say("line1", sine((600.0,), -20.0, 1600))
    assert power_at(bench.hears("102", 20), 600) == pytest.approx(-20, abs=0.5)
    bench.say("102", sine((900.0,), -20.0, 1600))
    assert power_at(bench.hears("line1", 20), 900) == pytest.approx(-20, abs=0.5)

    bench.trunk("line1").battery(False)
    bench.run(10)
    assert not bench.trunk("line1").seized
    assert hears_tone(bench, "102", 480, 620)
    same_trace(
        trace(caplog),
        """
        trunk line1: idle --ring on--> ringing
        station 101: on hook --ring--> ringing
        station 102: on hook --ring--> ringing
        call line1: new --ring--> ringing
        trunk line1: ringing --ring off--> between bursts
        station 102: ringing --lift--> off hook
        call line1: ringing --answered--> connected
        station 101: ringing --stop--> on hook
        trunk line1: between bursts --seize--> seized
        trunk line1: seized --battery lost--> no battery
        trunk line1: no battery --far end gone--> release guard
        call line1: connected --caller left--> ended
        station 102: off hook --end call--> call over
        """,
    )


def test_handset_that_rang_while_another_answered_is_free_again(bench: Bench) -> None:
    ring(bench, "line1")
    bench.station("102").lift()
    bench.run(3)
    bench.station("101").lift()
    bench.run(3)
    assert hears_tone(bench, "101", 350, 440)
    assert (bench.call("101"), bench.call("102")) == ("dial tone", "connected")


def test_handset_that_hangs_up_releases_the_trunk(bench: Bench) -> None:
    ring(bench, "line1")
    bench.station("101").lift()
    bench.run(3)
    bench.station("101").lower()
    bench.run(130)
    assert not bench.trunk("line1").seized
    assert not bench.hears("101", 5).any()


def test_outside_call_that_nobody_answers_reaches_voicemail() -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer)
    caller = Caller("5551234567", "CALLER NAME")
    ring(bench, "line1", times=1, caller=caller)
    ring(bench, "line1", times=1)
    assert answer.seen == []  # 10 s have passed, but between bursts nobody is known to be there
    bench.trunk("line1").burst(True)
    bench.run(200)
    assert answer.seen == [("line1", "trunk", caller, "201")]  # the directory's default
    assert bench.trunk("line1").seized
    assert not bench.station("101").ringing
    assert hears_tone(bench, "line1", 1000)
    bench.dial("line1", "1234")
    bench.run(10)
    assert answer.digits == ["1234"]
    assert not bench.trunk("line1").seized


def test_outside_caller_who_gives_up_stops_the_ringing(bench: Bench) -> None:
    ring(bench, "line1")
    assert bench.station("101").ringing
    bench.seconds(9)
    assert set(bench.states().values()) == {"on hook", "idle"}
    assert not bench.station("101").ringing


def test_trunk_between_bursts_is_not_answered() -> None:
    answer = TalkingScript()
    bench = Bench(CALLS, answer=answer)
    ring(bench, "line1", times=2)
    bench.seconds(5)
    assert bench.call("line1") == ""
    assert answer.seen == []
    assert not bench.trunk("line1").seized
    assert not bench.station("101").ringing


def test_outside_call_rings_the_handsets_and_reaches_the_mailbox_of_its_setting() -> None:
    answer = TalkingScript()
    incoming = {"line2": IncomingRoute(handsets=("102", "999"), mailbox="202")}
    bench = Bench(PhoneConfig(ring_seconds=4, incoming=incoming), answer=answer)
    bench.trunk("line2").burst(True)
    bench.run(100)
    assert bench.station("102").ringing and not bench.station("101").ringing
    bench.seconds(4)
    assert [seen[3] for seen in answer.seen] == ["202"]


def test_script_knows_the_language_of_the_callers_line() -> None:
    spoken: list[str | None] = []

    async def answer(line: Line, mailbox: str) -> None:
        spoken.append(line.language)

    incoming = {"line2": IncomingRoute(callers_language="fr")}
    bench = Bench(PhoneConfig(ring_seconds=4, incoming=incoming), answer=answer)
    for name in ("line1", "line2"):
        bench.trunk(name).burst(True)
        bench.seconds(5)
    assert spoken == [None, "fr"]


def test_outside_call_without_any_mailbox_rings_on() -> None:
    answer = TalkingScript()
    clerk = StubClerk(directory=directory())
    bench = Bench(PhoneConfig(ring_seconds=4), answer=answer, clerk=clerk)
    ring(bench, "line1", times=2)
    assert answer.seen == []
    assert bench.call("line1") == "unanswered"
    assert bench.station("101").ringing


def test_two_outside_calls_at_once_ring_the_free_handset_and_do_not_mix() -> None:
    answer = TalkingScript()
    bench = Bench(PhoneConfig(ring_seconds=4), answer=answer)
    bench.station("101").lift()
    bench.run(5)
    bench.trunk("line1").burst(True)
    bench.trunk("line2").burst(True)
    bench.run(100)
    assert bench.states()["101"] == "off hook" and bench.station("102").ringing
    bench.station("102").lift()
    bench.run(3)
    assert (bench.trunk("line1").seized, bench.trunk("line2").seized) == (True, False)
    bench.seconds(5)
    assert [seen[0] for seen in answer.seen] == ["line2"]
    assert not bench.hears("line1", 5).any()  # the voices of two calls do not meet


def test_recording_is_finished_by_its_script_after_the_caller_has_left() -> None:
    pieces: list[bytes] = []
    trail: list[str] = []

    async def takes_down(line: Line, mailbox: str) -> None:
        recorded = await line.record(pieces.append, limit_s=60, silence_s=60)
        trail.append(f"{recorded.why} after {recorded.periods}")
        await clerk.missed_call(line.name, line.caller, "too short")
        trail.append("composed")
        try:
            await line.play(TALK)
        except HungUp:
            trail.append("gone")
            raise

    clerk = StubClerk(directory=directory(default="201"), missed_call=lambda **_: None)
    bench = Bench(PhoneConfig(ring_seconds=4), answer=takes_down, clerk=clerk)
    bench.trunk("line1").burst(True)
    bench.run(445)
    said = sine((700.0,), -10.0, 80 * 170)
    bench.say("line1", said)
    bench.run(170)
    clerk.held = True
    bench.trunk("line1").battery(False)
    bench.run(10)
    assert trail == ["hung up after 181"]  # 5 before the words, 6 until the loss of battery is sure
    assert not bench.trunk("line1").seized and bench.pbx.busy
    assert said.tobytes() in b"".join(pieces)
    assert [len(piece) // 160 for piece in pieces] == [100, 81]

    bench.trunk("line1").battery(True)
    bench.run(90)
    bench.trunk("line1").burst(True)  # the next call comes while the last one is being composed
    bench.run(50)
    clerk.held = False
    clerk.answer_all()
    bench.run(2)
    assert trail[1:] == ["composed", "gone"]
    assert bench.call("line1") == "ringing"


def test_hang_up_all_ends_recordings_whole() -> None:
    trail: list[str] = []

    async def takes_down(line: Line, mailbox: str) -> None:
        trail.append((await line.record(lambda _: None, limit_s=60, silence_s=60)).why)

    bench = Bench(PhoneConfig(ring_seconds=4), answer=takes_down)
    bench.trunk("line1").burst(True)
    bench.station("101").lift()
    bench.run(600)
    bench.pbx.hang_up_all()
    assert trail == ["hung up"]
    assert not bench.pbx.busy and not bench.trunk("line1").seized
    assert bench.states()["101"] == "call over"
