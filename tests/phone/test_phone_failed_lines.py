"""Lines whose chips fail: told, tried again, and no other line notices."""

import pytest

from app.phone.calls.line import Line
from drivers.models.faults import Fault
from drivers.models.si3050 import Si3050Model
from drivers.ports import PortFault, PortRecovered
from tests.kit.phone import CALLS, Bench
from tests.phone.test_phone_on_virtual_board import House


def faults(house: House) -> dict[str, str]:
    lines = house.pbx.status()["lines"]
    return {name: line["fault"] for name, line in lines.items() if line["fault"]}


def test_handset_whose_chip_fails_later_says_so_and_has_dial_tone_once_it_is_mended(
    house: House,
) -> None:
    house.pace.seconds(5)
    house.box.chips["101"].inject(Fault.STUCK_BUS)
    house.pace.seconds(60)
    assert list(faults(house)) == ["101"]
    assert "no Si3210 or Si3215 answers" in faults(house)["101"]
    house.box.chips["101"].mend(Fault.STUCK_BUS)
    house.until(lambda: not faults(house), 40, "101 works again")
    house.pace.seconds(0.2)
    house.phones["101"].lift()
    assert "dial-tone" in house.sounds(house.phones["101"], 1)


def test_call_of_other_lines_goes_on_unheard_of_a_chip_that_fails(house: House) -> None:
    house.phones["102"].lift()
    house.pace.seconds(1)
    house.box.chips["101"].inject(Fault.STUCK_BUS)
    house.box.chips["line2"].inject(Fault.NO_LINK)
    assert house.sounds(house.phones["102"], 8) == ["dial-tone"]
    assert set(faults(house)) == {"101", "line2"}


def test_outside_line_that_failed_in_a_call_is_let_go_when_it_is_mended() -> None:
    ends = []

    async def answer(line: Line, mailbox: str) -> None:
        ends.append((await line.record(lambda _: None, 600, 600)).why)

    house = House(answer=answer)
    office = house.office["line1"]
    office.ring("5551234")
    house.until(lambda: office.answered, 20, "voicemail answers")
    house.pace.seconds(1)
    house.box.chips["line1"].inject(Fault.STUCK_BUS)
    house.pace.seconds(5)
    assert "line1" in faults(house) and ends == ["line failed"]
    house.box.chips["line1"].mend(Fault.STUCK_BUS)
    house.until(lambda: "line1" not in faults(house), 40, "line1 works again")
    house.pace.seconds(1)
    chip = house.box.chips["line1"]
    assert isinstance(chip, Si3050Model) and not chip.off_hook, "nobody is there, and it is held"


def test_lamp_is_lit_again_after_its_line_was_down(house: House) -> None:
    house.pbx.message_waiting("101", True)
    house.pace.seconds(3)
    assert house.phones["101"].lamp
    house.box.chips["101"].inject(Fault.STUCK_BUS)
    house.pace.seconds(2)
    house.phones["101"].lamp = False  # a telephone without current forgets
    house.box.chips["101"].mend(Fault.STUCK_BUS)
    house.until(lambda: not faults(house), 40, "101 works again")
    house.pace.seconds(3)
    assert house.phones["101"].lamp


def test_board_is_asked_once_for_a_burst_of_late_beats() -> None:
    bench = Bench()
    bench.board.polled.clear()
    for _ in range(69):
        bench.pbx.beat(bench.silence(), late=True)
    assert bench.board.polled == []
    bench.pbx.beat(bench.silence())
    assert bench.board.polled == [70]


def test_board_is_asked_each_second_though_the_beat_is_late_all_the_time() -> None:
    bench = Bench()
    bench.board.polled.clear()
    for _ in range(350):
        bench.pbx.beat(bench.silence(), late=True)
    assert bench.board.polled == [100, 100, 100]


@pytest.fixture
def house() -> House:
    return House()


def test_handset_whose_port_fails_while_it_rings_is_rung_by_that_call_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(CALLS, stations=3)
    bench.station("101").lift()
    bench.run(5)
    bench.dial("101", "102")
    bench.run(20)
    assert bench.states()["102"] == "ringing"
    bench.station("102").events.append(PortFault("torn out"))
    bench.run(10)
    bench.station("102").events.append(PortRecovered())
    bench.run(10)
    assert (bench.states()["102"], bench.call("102")) == ("on hook", "")
    assert bench.call("101") == "ringing"
    bench.station("103").lift()
    bench.run(5)
    bench.dial("103", "102")
    bench.run(20)
    bench.station("102").lift()
    bench.run(10)
    assert bench.call("103") == "connected"
    bench.seconds(11)
    assert bench.call("101") != "ringing"
    assert not [r for r in caplog.records if "refused" in r.getMessage()]
