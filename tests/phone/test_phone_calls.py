"""Calls on a board of hands: what is heard, what rings, and the trace of each call's life."""

import logging

import numpy as np
import pytest

from app.phone import callerid, dsp
from app.phone.audio import sine
from app.phone.config import Incoming, PhoneConfig
from app.phone.jobs import Clerk
from app.phone.line import Caller, HungUp, Line
from app.phone.sounds import Tone
from tests.kit.phone import Bench, HandClerk, directory, power_at

CONFIG = PhoneConfig(ring_seconds=10, no_answer_seconds=10)
TALK = Tone((1000.0,), dbm0=-10.0)


class Script:
    """A call script that talks until it is hung up on, and keeps what it saw."""

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds
        self.seen: list[tuple[str, str, Caller, str]] = []
        self.digits: list[str] = []
        self.ended = 0

    async def __call__(self, line: Line, clerk: Clerk, mailbox: str) -> None:
        self.seen.append((line.name, line.kind, line.caller, mailbox))
        try:
            line.tone(TALK)
            self.digits.append(await line.digits(4, first_s=self.seconds))
        finally:
            self.ended += 1


def trace(caplog: pytest.LogCaptureFixture) -> str:
    lines = [r.getMessage() for r in caplog.records if r.name == "app.phone.states"]
    caplog.clear()
    return "\n".join(lines)


def same(text: str, expected: str) -> None:
    assert text.splitlines() == [line.strip() for line in expected.strip().splitlines()]


@pytest.fixture
def bench(caplog: pytest.LogCaptureFixture) -> Bench:
    made = Bench(CONFIG)
    caplog.set_level(logging.INFO, "app.phone.states")
    return made


def hears_tone(bench: Bench, name: str, *hz: float) -> bool:
    heard = bench.hears(name, 20)
    return all(power_at(heard, f) > -30 for f in hz)


def test_dial_tone_within_100_ms_of_lifting(bench: Bench) -> None:
    bench.station("101").lift()
    heard = bench.hears("101", 10)
    assert int(np.flatnonzero(heard)[0]) < 800
    assert hears_tone(bench, "101", 350, 440)


def test_the_first_digit_stops_dial_tone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "1")
    assert not bench.hears("101", 20).any()


def test_stutter_while_a_message_waits_and_not_afterwards(bench: Bench) -> None:
    bench.switch.message_waiting("101", True)
    bench.switch.message_waiting("nobody", True)
    bench.station("101").lift()
    pieces = np.abs(bench.hears("101", 150).reshape(-1, 800)).max(axis=1) > 0
    assert pieces[:13].tolist() == [True, False] * 6 + [True]
    assert pieces[13:].all()
    bench.station("101").lower()
    bench.seconds(2)
    bench.switch.message_waiting("101", False)
    bench.station("101").lift()
    assert (np.abs(bench.hears("101", 150).reshape(-1, 800)).max(axis=1) > 0).all()


def test_handset_to_handset(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    assert bench.station("102").ringing
    assert hears_tone(bench, "101", 440, 480)
    bench.station("102").lift()
    bench.run(3)

    bench.say("101", sine((600.0,), -10.0, 1600))
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
    same(
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
        station 102: off hook --lower--> lowered
        station 102: lowered --hang-up due--> on hook
        call 101: connected --called left--> ended
        station 101: off hook --dismiss--> dismissed
        station 101: dismissed --lower--> on hook
        """,
    )


def test_the_caller_hangs_up_first_and_the_other_hears_busy(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("102").lift()
    bench.run(3)
    bench.station("101").lower()
    bench.run(130)
    assert hears_tone(bench, "102", 480, 620)
    assert bench.call("101") == bench.call("102") == ""


def test_giving_up_while_it_rings(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "102")
    bench.station("101").lower()
    bench.run(130)
    assert bench.states()["102"] == "on hook"
    assert not bench.station("102").ringing


@pytest.mark.parametrize("digits", ["9", "105", "1011"])
def test_a_number_that_nobody_has_gives_reorder_tone(bench: Bench, digits: str) -> None:
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", digits)
    heard = bench.hears("102", 100)
    if digits == "1011":  # ended with the third digit: 101 rings
        assert bench.station("101").ringing
        return
    assert power_at(heard, 480) == pytest.approx(-24 - 6, abs=0.1)  # half of the time
    assert bench.states()["102"] == "dismissed"


def test_no_digit_and_too_few_digits(bench: Bench) -> None:
    bench.station("101").lift()
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "10")
    bench.run(395)
    assert bench.states()["102"] == "dismissed"
    assert bench.call("101") == "dial tone"
    bench.run(1100)
    assert bench.states()["101"] == "dismissed"


def test_ones_own_number_is_busy_and_leads_to_ones_voicemail() -> None:
    answer = Script()
    bench = Bench(CONFIG, answer=answer)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "101")
    assert answer.seen == [("101", "station", Caller("101", "Ann"), "201")]


def test_no_answer_leads_to_the_owners_voicemail(caplog: pytest.LogCaptureFixture) -> None:
    answer = Script()
    bench = Bench(CONFIG, answer=answer)
    caplog.set_level(logging.INFO, "app.phone.states")
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
    same(
        "\n".join(trace(caplog).splitlines()[-6:]),
        """
        call 101: ringing --no answer--> ringing
        call 101: ringing --voicemail--> answering
        station 102: ringing --stop--> on hook
        call 101: answering --picked up--> script
        call 101: script --script over--> ended
        station 101: off hook --dismiss--> dismissed
        """,
    )


def test_a_mailbox_number_leads_to_its_owners_menu_and_lowering_ends_it() -> None:
    owner = Script()
    bench = Bench(CONFIG, owner=owner)
    bench.station("102").lift()
    bench.run(20)
    bench.dial("102", "201")
    bench.run(2)
    assert owner.seen == [("102", "station", Caller("102", "Bob"), "201")]
    bench.station("102").lower()
    bench.run(130)
    assert (owner.ended, owner.digits) == (1, [])
    assert not bench.switch.busy
    assert not bench.hears("102", 10).any()


def ring(bench: Bench, name: str, times: int = 1, caller: Caller | None = None) -> None:
    """American ringing, with caller ID after the first burst."""
    for time in range(times):
        bench.trunk(name).burst(True)
        bench.run(200)
        bench.trunk(name).burst(False)
        bench.run(60)
        if caller is not None and time == 0:
            bench.say(name, dsp.fsk_message(callerid.caller_message(caller, "11241530")))
        bench.run(340)


def test_an_outside_call_that_is_answered(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caller = Caller("5551234567", "CALLER NAME")
    ring(bench, "line1", caller=caller)
    receiver = dsp.FskReceiver()
    heard = [m for row in bench.station("102").heard for m in receiver.hear(row)]
    assert [callerid.parse(m) for m in heard] == [caller]
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
    same(
        trace(caplog),
        """
        trunk line1: idle --ring on--> ringing
        station 101: on hook --ring--> ringing
        station 102: on hook --ring--> ringing
        call line1: new --ring--> ringing
        trunk line1: ringing --ring off--> ringing
        station 102: ringing --lift--> off hook
        call line1: ringing --answered--> connected
        station 101: ringing --stop--> on hook
        trunk line1: ringing --seize--> seized
        trunk line1: seized --battery lost--> no battery
        trunk line1: no battery --far end gone--> settling
        call line1: connected --caller left--> ended
        station 102: off hook --dismiss--> dismissed
        """,
    )


def test_the_handset_hangs_up_an_outside_call(bench: Bench) -> None:
    ring(bench, "line1")
    bench.station("101").lift()
    bench.run(3)
    bench.station("101").lower()
    bench.run(130)
    assert not bench.trunk("line1").seized
    assert not bench.hears("101", 5).any()


def test_an_outside_call_that_nobody_answers() -> None:
    answer = Script()
    bench = Bench(CONFIG, answer=answer)
    caller = Caller("5551234567", "CALLER NAME")
    ring(bench, "line1", times=1, caller=caller)
    bench.trunk("line1").burst(True)
    bench.run(200)
    bench.trunk("line1").burst(False)
    bench.run(300)
    assert answer.seen == [("line1", "trunk", caller, "201")]  # the directory's default
    assert bench.trunk("line1").seized
    assert not bench.station("101").ringing
    assert hears_tone(bench, "line1", 1000)
    bench.dial("line1", "1234")
    bench.run(10)
    assert answer.digits == ["1234"]
    assert not bench.trunk("line1").seized


def test_a_caller_who_gives_up_stops_the_ringing(bench: Bench) -> None:
    ring(bench, "line1")
    assert bench.station("101").ringing
    bench.seconds(9)
    assert set(bench.states().values()) == {"on hook", "idle"}
    assert not bench.station("101").ringing


def test_settings_say_who_rings_and_who_answers() -> None:
    answer = Script()
    incoming = {"line2": Incoming(handsets=("102", "999"), mailbox="202")}
    bench = Bench(PhoneConfig(ring_seconds=2, incoming=incoming), answer=answer)
    bench.trunk("line2").burst(True)
    bench.run(100)
    assert bench.station("102").ringing and not bench.station("101").ringing
    bench.seconds(2)
    assert [seen[3] for seen in answer.seen] == ["202"]


def test_without_any_mailbox_it_rings_on() -> None:
    answer = Script()
    clerk = HandClerk(directory=directory())
    bench = Bench(PhoneConfig(ring_seconds=2), answer=answer, clerk=clerk)
    ring(bench, "line1", times=2)
    assert answer.seen == []
    assert bench.call("line1") == "ringing"


def test_two_outside_calls_at_once_and_a_busy_handset() -> None:
    answer = Script()
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


def test_a_script_that_dies_ends_its_call_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def dies(line: Line, clerk: Clerk, mailbox: str) -> None:
        await line.pause(1)
        raise RuntimeError("a mistake in the script")

    bench = Bench(CONFIG, owner=dies)
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(105)
    assert "a mistake in the script" in caplog.text
    assert bench.states()["101"] == "dismissed" and not bench.switch.busy


def test_a_recording_is_finished_by_its_script_after_the_hang_up() -> None:
    pieces: list[bytes] = []
    trail: list[str] = []

    async def takes_down(line: Line, clerk: Clerk, mailbox: str) -> None:
        recorded = await line.record(pieces.append, limit_s=60, silence_s=60)
        trail.append(f"{recorded.why} after {recorded.periods}")
        trail.append(await clerk.ask("end_recording"))
        try:
            await line.play(TALK)
        except HungUp:
            trail.append("gone")
            raise

    clerk = HandClerk(directory=directory(default="201"), end_recording=lambda: "composed")
    bench = Bench(PhoneConfig(ring_seconds=1), answer=takes_down, clerk=clerk)
    bench.trunk("line1").burst(True)
    bench.run(145)
    said = sine((700.0,), -10.0, 80 * 170)
    bench.say("line1", said)
    bench.run(170)
    clerk.held = True
    bench.trunk("line1").battery(False)
    bench.run(10)
    assert trail == ["hung up after 181"]  # 5 before the words, 6 until the loss of battery is sure
    assert not bench.trunk("line1").seized and bench.switch.busy
    assert said.tobytes() in b"".join(pieces)
    assert [len(piece) // 160 for piece in pieces] == [100, 81]

    bench.trunk("line1").battery(True)
    bench.run(60)
    bench.trunk("line1").burst(True)  # the next call comes while the last one is being composed
    bench.run(50)
    clerk.held = False
    clerk.answer_all()
    bench.run(2)
    assert trail[1:] == ["composed", "gone"]
    assert bench.call("line1") == "ringing"


def test_hanging_up_everything_leaves_recordings_whole() -> None:
    trail: list[str] = []

    async def takes_down(line: Line, clerk: Clerk, mailbox: str) -> None:
        trail.append((await line.record(lambda _: None, limit_s=60, silence_s=60)).why)

    bench = Bench(PhoneConfig(ring_seconds=1), answer=takes_down)
    bench.trunk("line1").burst(True)
    bench.station("101").lift()
    bench.run(300)
    bench.switch.hang_up_all()
    assert trail == ["hung up"]
    assert not bench.switch.busy and not bench.trunk("line1").seized
    assert bench.states()["101"] == "dismissed"


def test_a_clerk_who_cannot_tell_the_directory_leaves_the_old_one() -> None:
    owner = Script()
    bench = Bench(CONFIG, owner=owner)
    bench.clerk.jobs["directory"] = lambda: {"people": [{"name": "no numbers"}]}
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.run(2)
    assert [seen[3] for seen in owner.seen] == ["201"]


def test_status_tells_lines_calls_and_faults(bench: Bench) -> None:
    bench.trunk("line2").fail("no line side; check the cable")
    bench.station("101").lift()
    bench.run(2)
    status = bench.switch.status()
    assert status["ready"] is True
    assert status["lines"]["101"] == {
        "kind": "station",
        "state": "off hook",
        "call": "dial tone",
        "fault": "",
        "message_waiting": False,
    }
    assert status["lines"]["line2"]["fault"] == "no line side; check the cable"
