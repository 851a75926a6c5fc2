"""Japan: a handset's number display is rung first, gets the data, and then the handset rings."""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.config import Lamps
from app.phone.lines.caller_id import display_message, parse
from app.phone.sound import dsp
from drivers.countries.base import Modem
from drivers.models.caller_signal import ntt_caller_of
from drivers.models.fsk import CallerId, octets_of
from drivers.models.telephone import Telephone
from tests.kit import caller_sound as kit
from tests.kit.phone import power_at
from tests.phone.test_phone_on_virtual_board import House

DISPLAY = Lamps(fsk=(), number_display=("101",))


def called(display: bool = True, lamps: Lamps = DISPLAY) -> tuple[House, Telephone]:
    """102 calls 101."""
    house = House(lamps=lamps, code="jp")
    phone, other = house.phones["101"], house.phones["102"]
    phone.number_display = display
    house.pace.seconds(1)
    other.lift()
    house.pace.seconds(0.3)
    other.dial("101")
    house.pace.seconds(0.5)
    return house, phone


@pytest.mark.parametrize(
    ("caller", "part"),
    [
        (Caller("0312345678"), (2, b"0312345678")),
        (Caller("+81 3 1234"), (2, b"8131234")),
        (Caller(reason="private"), (4, b"P")),
        (Caller(reason="out of area"), (4, b"O")),
    ],
)
def test_data_are_ntts_frame(caller: Caller, part: tuple[int, bytes]) -> None:
    sound = dsp.fsk_message(display_message(caller), Modem.V23_NTT, seizure=False)
    sound = np.concatenate((kit.silence(100), sound, kit.silence(200)))
    octets = bytes(octets_of(sound, Modem.V23_NTT))
    assert kit.japanese(part) in octets
    shown = ntt_caller_of(octets)
    assert shown is not None and (shown.number or shown.no_number) == part[1].decode()
    receiver = dsp.FskReceiver(Modem.V23_NTT)
    rows = sound[: len(sound) // 80 * 80].reshape(-1, 80)
    (read,) = [parse(message) for row in rows for message in receiver.hear(row)]
    assert read is not None and (read.number or read.reason) == (shown.number or caller.reason)


def test_display_of_the_model_refuses_a_frame_with_a_wrong_octet() -> None:
    frame = bytearray(kit.japanese((2, b"0312345678")))
    assert ntt_caller_of(bytes(frame)) == CallerId(number="0312345678")
    for place in (9, 14, len(frame) - 1):
        wrong = bytearray(frame)
        wrong[place] ^= 0x81
        assert ntt_caller_of(bytes(wrong)) is None


def test_display_shows_who_calls_and_then_the_handset_rings() -> None:
    house, phone = called()
    house.until(lambda: phone.off_hook, 2, "the display closes the loop")
    house.until(lambda: not phone.off_hook, 2, "the display has its data")
    assert phone.caller_id == CallerId(number="102")
    house.until(lambda: phone.ringing, 2, "the handset rings")
    house.pace.seconds(0.8)
    assert phone.ringing and not phone.off_hook, "a burst of a second, as a call has it"
    phone.lift()
    house.pace.seconds(1)
    assert house.pbx.status()["lines"]["101"]["call"] == "connected"


def test_handset_without_a_display_rings_after_six_short_bursts() -> None:
    house, phone = called(display=False)
    house.pace.seconds(9)
    lengths = [
        (later.at - bell.at) // 80
        for bell, later in zip(phone.bells, list(phone.bells)[1:], strict=False)
        if bell.ringing
    ]
    assert all(40 <= length <= 60 for length in lengths[:6])
    assert 90 <= lengths[6] <= 110


def test_person_who_lifts_meanwhile_and_holds_on_has_answered() -> None:
    house, phone = called(display=False)
    house.until(lambda: phone.ringing, 2, "a short burst")
    phone.lift()
    house.until(
        lambda: house.pbx.status()["lines"]["101"]["call"] == "connected", 5, "the call is up"
    )


def test_caller_who_gives_up_while_the_display_has_the_loop_is_over() -> None:
    house, phone = called()
    house.until(lambda: phone.off_hook, 2, "the display closes the loop")
    house.phones["102"].hang_up()
    house.until(lambda: not phone.off_hook, 3, "the display opens it again")
    house.pace.seconds(3)
    assert house.pbx.status()["lines"]["101"]["state"] == "on hook"
    assert not phone.ringing


def test_caller_who_gives_up_on_a_person_who_holds_the_handset_leaves_them_dial_tone() -> None:
    house, phone = called(display=False)
    house.until(lambda: phone.ringing, 2, "a short burst")
    phone.lift()
    house.pace.seconds(0.5)
    house.phones["102"].hang_up()
    house.pace.seconds(2)
    assert house.pbx.status()["lines"]["101"]["state"] == "off hook"
    assert power_at(house.hears(phone, 0.5), 400) > -25, "Japan's dial tone"


def test_caller_is_shown_once_and_another_one_when_it_rings() -> None:
    house, phone = called()
    house.until(lambda: phone.off_hook, 2, "the display closes the loop")
    house.until(lambda: phone.caller_id is not None, 2, "the display has its data")
    phone.caller_id = None
    house.pace.seconds(4)  # past the first silence
    assert phone.bells and phone.caller_id is None
    house.pbx.stations["101"].show(Caller("0399998888"))
    house.until(lambda: phone.caller_id is not None, 4, "another caller is shown")


def test_caller_who_becomes_known_while_the_display_has_the_loop_is_shown_when_it_rings() -> None:
    house, phone = called()
    house.until(lambda: phone.off_hook, 2, "the display closes the loop")
    house.pbx.stations["101"].show(Caller("0399998888"))
    house.until(lambda: phone.caller_id == CallerId(number="102"), 2, "the first is shown")
    house.until(lambda: phone.caller_id != CallerId(number="102"), 5, "the other is shown")
    assert phone.caller_id is not None and phone.caller_id.number == "0399998888"


def test_handset_that_is_not_named_rings_as_everywhere() -> None:
    house, phone = called(lamps=Lamps(fsk=()))
    house.until(lambda: phone.ringing, 2, "101 rings")
    house.pace.seconds(0.8)
    assert phone.ringing and phone.caller_id is None
