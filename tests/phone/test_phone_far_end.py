"""What the far end of an outside line tells: who calls before it rings, and that it has hung up."""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import caller_id, line_events
from app.phone.lines.trunk_states import TrunkState
from app.phone.sound import dsp
from app.phone.timers import ANNOUNCED, POLARITY_SETTLE
from drivers.buses import PERIOD, Samples
from drivers.countries.base import Modem
from drivers.ports import PolarityReversed
from tests.phone.test_phone_lines import OneTrunk

CARL = Caller("5551234", "CARL CALLER")


def announcement() -> Samples:
    return dsp.fsk_message(caller_id.caller_message(CARL, "11241530"), Modem.V23)


def announced() -> OneTrunk:
    """A line in Great Britain that has just named its caller."""
    office = OneTrunk("gb")
    sound = announcement()
    office.say(np.concatenate([sound, np.zeros(20 * PERIOD, np.int16)]))
    office.run(len(office.says))
    return office


def test_caller_who_is_named_before_the_first_ring_is_known_when_it_rings() -> None:
    office = announced()
    assert office.events() == []
    office.burst()
    assert office.events() == [line_events.Ringing()]
    assert office.line.caller == CARL


def test_caller_who_was_named_long_ago_is_not_who_rings_now() -> None:
    office = announced()
    office.run(ANNOUNCED.periods + 1)
    office.burst()
    assert office.line.caller == Caller()


def test_call_after_a_named_one_is_not_given_its_caller() -> None:
    office = announced()
    office.burst()
    office.run(1000)
    assert office.state is TrunkState.IDLE
    office.burst()
    assert office.line.caller == Caller()


def reverse(office: OneTrunk) -> None:
    office.line.port_event(PolarityReversed())
    office.run(1)


def test_exchange_that_reverses_polarity_during_an_answered_call_has_hung_up() -> None:
    office = OneTrunk()
    office.burst()
    assert office.line.seize()
    office.run(POLARITY_SETTLE.periods - 1)
    reverse(office)
    assert office.port.seized, "this reversal answers our own seizing"
    office.run(2)
    office.events()
    reverse(office)
    assert office.events() == [line_events.CallerGone()]
    assert office.state is TrunkState.RELEASE_GUARD
    assert not office.port.seized


def test_first_reversal_of_a_call_to_outside_is_its_answer_and_the_second_its_end() -> None:
    office = OneTrunk()
    assert office.line.seize()
    office.run(POLARITY_SETTLE.periods + 1)
    reverse(office)
    assert office.port.seized
    reverse(office)
    assert office.state is TrunkState.RELEASE_GUARD


def mdmf(*parameters: tuple[int, bytes]) -> bytes:
    body = b"".join(bytes((kind, len(text))) + text for kind, text in parameters)
    return bytes((caller_id.MDMF_CALLER, len(body))) + body


@pytest.mark.parametrize(
    ("message", "caller"),
    [
        (mdmf((2, b"P"), (7, b"P")), Caller(None, None, "private")),
        (mdmf((2, b"O"), (7, b"O")), Caller(None, None, "out of area")),
        (mdmf((4, b"P"), (8, b"P")), Caller(None, None, "private")),
        (mdmf((2, b"5551234"), (7, b"P")), Caller("5551234", None)),
        (mdmf((2, b"5551234"), (7, b"PAT")), Caller("5551234", "PAT")),
    ],
)
def test_p_and_o_say_why_somebody_is_not_named_wherever_they_stand(
    message: bytes, caller: Caller
) -> None:
    assert caller_id.parse(message) == caller


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+44 20-7123 0123", "+442071230123"),
        ("(020) 7123 0123", "02071230123"),
        ("+491512345678901", "491512345678901"),
        ("*21#", "*21#"),
    ],
)
def test_handset_shows_the_whole_number(number: str, shown: str) -> None:
    message = caller_id.caller_message(Caller(number))
    assert caller_id.parse(message) == Caller(shown)


def test_line_on_which_a_telephone_beside_us_talks_is_not_called_out_on_and_answers_again() -> None:
    office = OneTrunk()
    office.port.taken = True
    assert not office.line.idle
    assert not office.line.call("5551234", False, lambda: None)
    assert not office.port.seized
    office.port.taken = False
    assert office.line.call("5551234", False, lambda: None)
