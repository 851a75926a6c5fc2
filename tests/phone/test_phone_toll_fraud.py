"""Tries to call outside what one may not: each is refused, and the list of calls says so."""

from typing import Any

import pytest

from app.phone.calls.dialplan import Incomplete, Outside
from app.phone.calls.line import Line
from drivers.countries.numbering import CallClass
from tests.kit.phone import Bench, TalkingScript
from tests.phone.test_phone_outgoing import bench_of, call_out, dial, dial_tone, sent

REFUSED = ("not allowed", "nobody's number")


def no_line_was_used(bench: Bench) -> bool:
    return not any(bench.trunk(name).seized for name in bench.board.trunks)


@pytest.mark.parametrize(
    ("may_call", "dialled", "country_code"),
    [
        ("international", "919005551212#", "us"),  # premium
        ("international", "99005551212#", "us"),
        ("international", "95559761234#", "us"),
        ("international", "91010321#", "us"),  # a carrier's code hides where it goes
        ("national", "9011442071234567#", "us"),
        ("national", "918095551234", "us"),  # abroad, and looks like a number of this country
        ("national", "98095551234#", "us"),
        ("national", "90#", "us"),  # an operator connects anywhere
        ("local", "912125551234", "us"),
        ("internal", "95551234#", "us"),
        ("international", "909005551212#", "de"),
        ("international", "90900123456#", "at"),
        ("national", "900442071234567#", "de"),
        ("national", "9010330442071234567#", "de"),  # call by call
        ("international", "900979123456789#", "gb"),  # premium rate abroad
        ("local", "90301234567#", "de"),
        ("premium", "9*7215551234", "us"),  # an order to the network: forward all calls
        ("premium", "9#215551234", "us"),
        ("premium", "9" + "2" * 25, "us"),
    ],
)
def test_number_beyond_ones_class_never_reaches_a_line(
    may_call: str, dialled: str, country_code: str
) -> None:
    bench = bench_of(may_call, country_code)
    dial(bench, "101", dialled)
    assert no_line_was_used(bench) and bench.states()["101"] == "call over"
    (call,) = bench.clerk.ended()
    assert call.outcome in REFUSED and call.trunk == ""


@pytest.mark.parametrize(
    ("may_call", "dialled", "country_code"),
    [
        ("premium", "919005551212", "us"),
        ("international", "9011442071234567#", "us"),
        ("national", "912125551234", "us"),
        ("local", "95551234#", "us"),
        ("local", "918005551212", "us"),
        ("local", "908001234567#", "de"),
        ("national", "90301234567#", "de"),
    ],
)
def test_number_within_ones_class_reaches_a_line(
    may_call: str, dialled: str, country_code: str
) -> None:
    bench = bench_of(may_call, country_code)
    dial(bench, "101", dialled)
    assert bench.trunk("line1").seized


def test_handset_of_nobodys_calls_what_the_settings_say() -> None:
    for allowed, seized in ((CallClass.INTERNAL, False), (CallClass.LOCAL, True)):
        bench = bench_of(handset_class=allowed)
        dial(bench, "103", "95551234#")
        assert bench.trunk("line1").seized is seized


def test_class_of_the_settings_goes_before_the_countrys() -> None:
    bench = bench_of("local", number_classes={"555": CallClass.PREMIUM})
    dial(bench, "101", "95551234#")
    assert no_line_was_used(bench)


def test_access_digit_twice_is_a_number_that_begins_with_it() -> None:
    meaning = bench_of().pbx.calls.dialplan().find("9919005551212")
    assert meaning == Incomplete(Outside("919005551212"))


def test_digits_dialled_on_before_an_answer_count_as_the_number() -> None:
    bench = bench_of("national")
    call_out(bench, digits="91#")  # the office waits for the rest
    assert bench.call("101") == "connected"
    bench.dial("101", "80")
    assert bench.call("101") == "connected"
    bench.dial("101", "9")
    assert bench.states()["101"] == "call over" and not bench.trunk("line1").seized
    assert [c.outcome for c in bench.clerk.ended()] == ["not allowed"]


def flash(bench: Bench, name: str) -> None:
    bench.station(name).lower()
    bench.run(50)
    bench.station(name).lift()
    bench.run(30)


def begun_number_and_another_handset(caller: str) -> Bench:
    """101 talks with a handset that has called it, and has called 1 outside meanwhile."""
    bench = bench_of("national")
    dial(bench, caller, "101")
    bench.run(50)
    bench.station("101").lift()
    bench.run(50)
    flash(bench, "101")
    bench.dial("101", "91#")  # the office waits for the rest
    bench.run(100)
    bench.say("line1", dial_tone())
    bench.seconds(4)
    assert sent(bench, "line1") == "1" and bench.call("101") == "connected"
    return bench


@pytest.mark.parametrize("who", ["101", "102"])
def test_digits_dialled_on_in_a_call_of_three_count_as_the_number(who: str) -> None:
    bench = begun_number_and_another_handset("102")
    flash(bench, "101")
    assert bench.call("line1") == bench.call("102") == "connected"
    bench.dial(who, "80")
    assert bench.trunk("line1").seized
    bench.dial(who, "9")
    assert not bench.trunk("line1").seized
    assert "not allowed" in [c.outcome for c in bench.clerk.ended()]


@pytest.mark.parametrize("who", ["102", "103"])
def test_digits_dialled_on_after_a_transfer_count_as_the_number(who: str) -> None:
    bench = begun_number_and_another_handset(who)
    bench.station("101").lower()
    bench.run(150)
    assert bench.call(who) == bench.call("line1") == "connected"
    bench.dial(who, "809")
    assert not bench.trunk("line1").seized and bench.states()[who] == "call over"
    assert "not allowed" in [c.outcome for c in bench.clerk.ended()]


def test_number_dialled_before_says_nothing_of_a_call_that_comes_in() -> None:
    bench = bench_of("national")
    call_out(bench, digits="91#")
    bench.station("101").lower()
    bench.seconds(3)
    bench.trunk("line1").burst(True)
    bench.run(30)
    bench.station("101").lift()
    bench.seconds(2)
    bench.dial("101", "809")
    assert bench.call("101") == "connected"


def test_keys_for_whoever_answered_are_no_number() -> None:
    bench = bench_of("local")
    call_out(bench)
    bench.seconds(21)
    bench.dial("101", "1900555")
    assert bench.call("101") == "connected"


def test_handset_cannot_dial_at_the_dial_tone_after_the_far_end_has_gone() -> None:
    bench = bench_of("local")
    call_out(bench)
    bench.seconds(30)
    bench.say("line1", dial_tone(seconds=2.5))
    bench.run(60)
    bench.dial("101", "1")
    assert bench.states()["101"] == "call over" and not bench.trunk("line1").seized


def test_dial_tone_of_the_office_ends_a_call_that_came_in_before_anything_is_dialled() -> None:
    bench = bench_of("internal")
    bench.trunk("line1").burst(True)
    bench.run(30)
    bench.station("101").lift()
    bench.seconds(5)
    bench.say("line1", dial_tone(seconds=4))
    bench.run(60)
    bench.dial("101", "1")
    assert bench.states()["101"] == "call over" and not bench.trunk("line1").seized
    bench.station("101").lower()
    bench.seconds(4)
    bench.trunk("line1").says.clear()
    bench.trunk("line1").burst(True)
    bench.run(30)
    bench.station("101").lift()
    bench.seconds(5)
    bench.say("line1", dial_tone(seconds=4))
    bench.seconds(4)
    assert bench.states()["101"] == "call over"


def test_pulses_of_a_handset_in_a_call_do_not_reach_the_line() -> None:
    bench = bench_of("local")
    call_out(bench)
    for _ in range(9):
        bench.station("101").lower()
        bench.run(6)
        bench.station("101").lift()
        bench.run(4)
    bench.run(50)
    assert bench.trunk("line1").pulses == []
    assert sent(bench, "line1") == "5551234"


def test_caller_on_an_outside_line_never_reaches_another_one() -> None:
    answer = TalkingScript()
    bench = bench_of(answer=answer)
    for _ in range(2):
        bench.trunk("line1").burst(True)
        bench.seconds(2)
        bench.trunk("line1").burst(False)
        bench.seconds(4)
    bench.trunk("line1").burst(True)
    bench.seconds(1)
    assert bench.call("line1") == "script"
    bench.dial("line1", "9011442071234567#")
    assert answer.digits == ["9011"] and not bench.trunk("line2").seized


def test_outside_number_is_refused_to_a_call_that_an_outside_line_began() -> None:
    bench = bench_of()
    bench.trunk("line1").burst(True)
    bench.run(5)
    call = bench.pbx.calls.call_of(bench.pbx.trunks["line1"])
    assert call is not None
    call._call_outside(Outside("5551234"))
    bench.run(5)
    assert not bench.trunk("line2").seized


# calling back a number that came with a call


def calls_back(number: str, may_call: str = "", **plan: Any) -> tuple[Bench, list[bool]]:
    """Ann opens her mailbox and calls this number back; whether the menu was told that she may."""
    bench = bench_of(may_call, **plan)
    told: list[bool] = []

    async def menu(line: Line, _: str) -> None:
        told.append(line.call_back(number))
        await line.hang_up()

    bench.pbx.calls.owner = menu
    dial(bench, "101", "201")
    bench.run(50)
    return bench, told


@pytest.mark.parametrize(
    ("may_call", "number"),
    [
        ("international", "19005551212"),  # a premium number as the caller's
        ("international", "9005551212"),
        ("local", "12125551234"),
        ("national", "011442071234567"),
        ("national", "18095551234"),
        ("internal", "5551234"),
        ("premium", "911"),  # no call for help is made by mistake
        ("premium", "9115551234"),
        ("premium", "112"),
        ("premium", "*97"),  # codes of the box, and orders to the network
        ("premium", "*7215551234"),
        ("premium", "+15551234"),
        ("premium", "2" * 25),
        ("premium", ""),
    ],
)
def test_number_that_came_with_a_call_is_called_back_within_ones_class_only(
    may_call: str, number: str
) -> None:
    bench, told = calls_back(number, may_call)
    assert told == [False] and no_line_was_used(bench)
    assert bench.states()["101"] == "call over"
    assert [(call.outcome, call.trunk) for call in bench.clerk.ended()] == [("own mailbox", "")]


def test_nobody_is_called_back_where_nothing_can_be_dialled_outside() -> None:
    bench, told = calls_back("5551234", access_digits={})
    assert told == [False] and no_line_was_used(bench)


def test_number_is_called_back_on_the_lines_of_the_first_access_digits_and_listed() -> None:
    bench, told = calls_back("5551234", access_digits={"9": ("line2",), "8": ("line1",)})
    assert told == [True] and bench.trunk("line2").seized
    bench.seconds(4)
    bench.say("line2", dial_tone())
    bench.seconds(4)
    assert sent(bench, "line2") == "5551234"
    assert bench.call("101") == bench.call("line2") == "connected"
    bench.seconds(25)
    bench.station("101").lower()
    bench.seconds(2)
    (call,) = bench.clerk.ended()
    assert (call.line, call.to, call.trunk, call.way) == ("101", "5551234", "line2", "called back")
    assert call.outcome == "perhaps answered"


def test_somebody_here_is_called_back_on_their_handset() -> None:
    bench, told = calls_back("102", "internal")
    assert told == [True] and bench.station("102").ringing and no_line_was_used(bench)


def test_digits_after_a_number_that_is_called_back_count_as_the_number() -> None:
    bench, _ = calls_back("1", "national")
    bench.seconds(4)
    bench.say("line1", dial_tone())
    bench.seconds(4)
    bench.dial("101", "809")
    assert bench.states()["101"] == "call over" and not bench.trunk("line1").seized
    assert [c.outcome for c in bench.clerk.ended()] == ["not allowed"]


def test_class_that_is_taken_away_while_the_menu_ends_refuses_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = bench_of("national")

    async def menu(line: Line, _: str) -> None:
        assert line.call_back("12125551234")
        monkeypatch.setattr(bench.pbx.calls, "owner_of", lambda _: None)  # nobody's handset now
        await line.hang_up()

    bench.pbx.calls.owner = menu
    dial(bench, "101", "201")
    bench.run(50)
    assert no_line_was_used(bench)
    assert [call.outcome for call in bench.clerk.ended()] == ["not allowed"]


def test_outside_caller_in_a_mailbox_calls_nobody_back() -> None:
    bench = bench_of("premium")
    told: list[bool] = []

    async def menu(line: Line, _: str) -> None:
        told.extend(line.call_back(number) for number in ("5551234", "102"))
        await line.hang_up()

    bench.pbx.calls.answer = menu
    for _ in range(3):
        bench.trunk("line1").burst(True)
        bench.seconds(2)
        bench.trunk("line1").burst(False)
        bench.seconds(4)
    assert told == [False, False] and not bench.trunk("line2").seized
    assert not bench.station("102").ringing
