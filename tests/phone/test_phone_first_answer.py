"""Japan's caller ID: the line is answered for the data, hung up, and rings then."""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines.caller_id import parse
from app.phone.lines.line_events import CallerGone, Ringing
from app.phone.lines.trunk_states import TrunkState
from app.phone.sound.dsp import FskReceiver
from app.phone.timers import DATA_BURST, DATA_REVERSAL, DATA_WAIT, RELEASE_GUARD, RING_GAP
from drivers.buses import PERIOD
from drivers.countries.base import Modem
from drivers.models.caller_signal import ntt_message
from drivers.ports import BatteryChanged, PolarityReversed, PortFault
from tests.kit import caller_sound as kit
from tests.phone.test_phone_lines import OneTrunk


def burst(office: OneTrunk, ms: int) -> None:
    office.port.burst(True)
    office.run(ms // 10)
    office.port.burst(False)
    office.run(1)


def reverse(office: OneTrunk) -> None:
    office.port.events.append(PolarityReversed())
    office.run(1)


def announced() -> OneTrunk:
    """A line that has just been asked to take the data."""
    office = OneTrunk("jp")
    reverse(office)
    office.run(20)
    burst(office, 500)
    return office


def say(office: OneTrunk, *parts: tuple[int, bytes]) -> None:
    data = kit.fsk(kit.japanese(*parts), 1300, 2100)
    office.say(np.concatenate([kit.silence(500), data, kit.silence(300)]))
    office.run(len(office.says))


@pytest.mark.parametrize(
    ("parts", "caller"),
    [
        ([(2, b"0312345678")], Caller("0312345678")),
        ([(2, b"0312345678"), (0x21, b"215"), (9, b"5551234")], Caller("0312345678")),
        ([(4, b"P")], Caller(reason="private")),
        ([(4, b"O")], Caller(reason="out of area")),
        ([(4, b"C")], Caller(reason="out of area")),
    ],
)
def test_line_is_answered_for_the_data_and_hung_up_and_rings_then(
    parts: list[tuple[int, bytes]], caller: Caller
) -> None:
    office = announced()
    assert office.port.seized and not office.line.idle
    say(office, *parts)
    assert not office.port.seized
    assert office.events() == [], "nobody is rung for the data"
    office.run(100)
    burst(office, 1000)
    assert office.events() == [Ringing()]
    assert office.line.caller == caller
    office.run(RING_GAP.periods + 1)
    assert office.events() == [CallerGone()]
    assert office.state is TrunkState.IDLE and office.line.idle


def test_what_the_voltage_does_while_the_loop_is_closed_for_data_means_nothing() -> None:
    office = announced()
    office.port.events += [BatteryChanged(False), BatteryChanged(True), PolarityReversed()]
    say(office, (2, b"0312345678"))
    office.port.events += [BatteryChanged(False), BatteryChanged(True)]
    office.run(100)
    burst(office, 1000)
    assert office.line.caller == Caller("0312345678")


def test_line_that_rings_right_after_it_was_hung_up_is_heard() -> None:
    office = announced()
    say(office, (2, b"0312345678"))
    assert not office.port.seized
    office.run(RELEASE_GUARD.periods // 8)
    burst(office, 1000)
    assert office.events() == [Ringing()]
    assert office.line.caller == Caller("0312345678")


def test_data_that_do_not_come_are_waited_for_a_time_and_the_call_comes_all_the_same() -> None:
    office = announced()
    office.run(DATA_WAIT.periods + 1)
    assert not office.port.seized
    office.run(RELEASE_GUARD.periods + 1)
    burst(office, 1000)
    assert office.events() == [Ringing()]
    assert office.line.caller == Caller()


def test_long_burst_after_a_reversal_is_ringing() -> None:
    office = OneTrunk("jp")
    reverse(office)
    office.port.burst(True)
    office.run(DATA_BURST.periods + 1)
    assert office.events() == [Ringing()]
    assert not office.port.seized


@pytest.mark.parametrize("later", [False, True])
def test_short_burst_without_a_reversal_is_ringing(later: bool) -> None:
    office = OneTrunk("jp")
    if later:
        reverse(office)
        office.run(DATA_REVERSAL.periods + 1)
    burst(office, 500)
    assert office.events() == [Ringing()]
    assert not office.port.seized


def test_port_that_fails_while_the_data_come_is_let_go() -> None:
    office = announced()
    office.port.events.append(PortFault("broken"))
    office.run(1)
    assert not office.port.seized and office.state is TrunkState.DOWN


def test_line_of_another_country_is_not_answered_for_data() -> None:
    office = OneTrunk("us")
    reverse(office)
    burst(office, 500)
    assert office.events() == [Ringing()]
    assert not office.port.seized


@pytest.mark.parametrize("number", ["0312345678", "private", None])
def test_frame_of_the_model_is_that_of_the_other_modulator_and_is_received(
    number: str | None,
) -> None:
    part = (2, b"0312345678") if number == "0312345678" else (4, b"P" if number else b"O")
    frame = kit.japanese(part)
    assert ntt_message(number) == frame
    receiver = FskReceiver(Modem.V23_NTT)
    sound = np.concatenate([kit.silence(100), kit.fsk(frame, 1300, 2100), kit.silence(105)])
    rows = sound[: len(sound) // PERIOD * PERIOD].reshape(-1, PERIOD)
    (message,) = [m for row in rows for m in receiver.hear(row)]
    caller = parse(message)
    assert caller is not None and caller.number == (number if part[0] == 2 else None)


def test_frame_with_a_flipped_bit_is_no_caller() -> None:
    frame = bytearray(kit.japanese((2, b"0312345678")))
    frame[10] ^= 4
    office = announced()
    office.say(np.concatenate([kit.fsk(bytes(frame), 1300, 2100), kit.silence(300)]))
    office.run(len(office.says))
    assert office.line.caller == Caller() and office.port.seized
