"""A flash towards the exchange: by code and by command, heard by an office that has services."""

import pytest

from drivers.countries import country
from drivers.models.exchange import OfficeLine, OfficeState
from drivers.models.telephone import Telephone
from drivers.tones import Tone
from tests.kit.phone import Bench
from tests.phone.test_phone_end_tones import lasting
from tests.phone.test_phone_lines import OneTrunk
from tests.phone.test_phone_on_virtual_board import House
from tests.phone.test_phone_outgoing import bench_of, call_out, dial, dial_tone

FLASH = "*6"


def talking() -> tuple[House, Telephone, OfficeLine]:
    """101 talks with who has called on line1; the office has services."""
    house = House()
    phone, office = house.phones["101"], house.office["line1"]
    office.services = True
    office.ring("5551234")
    house.until(lambda: phone.ringing, 5, "101 rings")
    phone.lift()
    house.until(lambda: office.answered, 3, "the line is answered")
    house.pace.seconds(1)
    return house, phone, office


def asks_the_exchange(house: House, phone: Telephone, office: OfficeLine) -> None:
    """R and the code: the line is connected again and has given the exchange a flash."""
    before = office.flashes
    phone.flash()
    house.pace.seconds(1)
    assert house.pbx.status()["lines"]["101"]["call"] != "connected", "R puts the line on hold"
    phone.dial(FLASH)
    house.until(lambda: office.flashes == before + 1, 3, "the office sees a flash")
    house.pace.seconds(0.5)
    assert house.pbx.status()["lines"]["101"]["call"] == "connected"


def test_second_caller_at_the_exchange_is_gone_to_and_the_first_back_to() -> None:
    house, phone, office = talking()
    office.second = "5559876"  # call waiting
    asks_the_exchange(house, phone, office)
    there = [office.state]
    asks_the_exchange(house, phone, office)
    assert [*there, office.state] == [OfficeState.SECOND, OfficeState.TALKING]
    phone.hang_up()
    house.pace.seconds(4)
    assert office.state is OfficeState.RELEASED and not office.transferred


def test_caller_is_transferred_by_the_exchange_itself() -> None:
    house, phone, office = talking()
    asks_the_exchange(house, phone, office)
    assert "dial-tone" in house.sounds(phone), "the exchange's, for it asks for a number"
    phone.dial("5559876")
    house.until(lambda: office.state is OfficeState.SECOND, 8, "the second party is called")
    assert office.second == "5559876"
    phone.hang_up()
    house.until(lambda: office.state is OfficeState.IDLE, 5, "the line is free")
    assert office.transferred


def test_command_gives_the_exchange_of_a_call_a_flash() -> None:
    house, _, office = talking()
    assert house.pbx.calls.flash("line1") == ""
    house.until(lambda: office.flashes == 1, 2, "the office sees a flash")
    assert house.pbx.status()["lines"]["101"]["call"] == "connected"
    assert "no handset talks on line2; " in house.pbx.calls.flash("line2")
    refused = house.pbx.calls.flash("101")
    assert refused == "there is no outside line 101; there are: line1, line2"


def test_code_without_an_outside_line_on_hold_is_nobodys_number() -> None:
    bench = bench_of("national")
    dial(bench, "101", FLASH)
    assert bench.states()["101"] == "call over"
    assert bench.trunk("line1").flashes == []


@pytest.mark.parametrize(("code", "periods"), [("us", 50), ("gb", 10), ("fr", 25), ("nz", 60)])
def test_flash_is_as_long_as_the_countrys_exchanges_expect(code: str, periods: int) -> None:
    bench = bench_of("national", code)
    call_out(bench)
    bench.seconds(4)
    assert bench.pbx.calls.flash("line1") == ""
    assert bench.trunk("line1").flashes == [periods]


@pytest.mark.parametrize("tone", [country("us").tones.busy, country("us").tones.dial])
@pytest.mark.parametrize("flashed", [True, False])
def test_tones_of_the_exchange_end_a_call_unless_it_was_flashed(tone: Tone, flashed: bool) -> None:
    """After a flash they are about a second party, and the first may be on hold there."""
    office = OneTrunk()
    office.burst()
    assert office.line.seize()
    office.run(100)
    assert not flashed or office.line.flash()
    office.say(lasting(tone, 8))
    office.run(800)
    assert office.port.seized == flashed


def test_line_without_a_call_takes_no_flash() -> None:
    office = OneTrunk()
    assert not office.line.flash() and office.port.flashes == []


# --------------------------------------------------------------------- who may call what


def flashed(may_call: str) -> Bench:
    """A handset that may make these calls has been called, and has given the exchange a flash."""
    bench = bench_of(may_call)
    bench.trunk("line1").burst(True)
    bench.run(50)
    bench.station("101").lift()
    bench.run(60)
    assert bench.call("101") == "connected"
    assert bench.pbx.calls.flash("line1") == ""
    bench.run(60)
    return bench


@pytest.mark.parametrize(
    ("may_call", "dialled"), [("national", "01"), ("local", "12"), ("internal", "55")]
)
def test_number_beyond_ones_class_ends_the_call_after_a_flash_too(
    may_call: str, dialled: str
) -> None:
    bench = flashed(may_call)
    for digit in dialled[:-1]:
        bench.dial("101", digit)
    assert bench.trunk("line1").seized
    bench.dial("101", dialled[-1])
    assert not bench.trunk("line1").seized
    assert [call.outcome for call in bench.clerk.ended()] == ["not allowed"]


def test_number_dialled_at_the_exchanges_second_dial_tone_is_a_number_of_its_own() -> None:
    bench = flashed("national")
    bench.dial("101", "5551234")
    bench.say("line1", dial_tone())
    bench.run(60)
    bench.dial("101", "0")
    bench.run(100)
    assert bench.trunk("line1").seized
    bench.dial("101", "1")
    assert not bench.trunk("line1").seized


@pytest.mark.parametrize("dialled", ["2", "5551234", "911", "12125551234"])
def test_service_and_number_within_ones_class_go_out_after_a_flash(dialled: str) -> None:
    bench = flashed("national")
    for digit in dialled:
        bench.dial("101", digit)
    assert bench.trunk("line1").seized and bench.call("101") == "connected"


def test_call_for_help_is_flashed_by_nobody() -> None:
    bench = bench_of("national")
    call_out(bench, digits="911")
    assert bench.pbx.calls.flash("line1") == "line1 has a call for help, which nothing disturbs"
    assert bench.trunk("line1").flashes == []
