"""Each experiment over the models: a good hat, and one that is not what the drivers count on."""

import os

import numpy as np
import pytest

from app.bringup import on_station
from app.bringup.marker import LISTEN_PERIODS, MARKER_PERIODS
from drivers.board import virtual_board
from drivers.buses import PERIOD
from drivers.errors import HardwareError
from drivers.models.faults import Fault
from tests.kit.bring_up import BringUp


@pytest.fixture
def bring_up() -> BringUp:
    return BringUp().up()


def test_ring_detector_sees_two_bursts_where_the_exchange_made_them(bring_up: BringUp) -> None:
    bring_up.call_when_asked()
    shown = bring_up.run("ring-detector")
    bursts = shown.values["bursts_ms"]
    assert shown.as_assumed, shown.text
    assert [end - start for start, end in bursts[:2]] == pytest.approx([2000, 2000], abs=60)
    assert bursts[1][0] - bursts[0][1] == pytest.approx(4000, abs=60)
    assert shown.values["rdt_rose"] and shown.values["off_hook_clears_rdt"]
    assert shown.values["register_5_and_4"][0][0] == 0
    assert not bring_up.bench.trunks["line1"].reading().off_hook


def test_ring_detector_without_a_call_says_that_none_came(bring_up: BringUp) -> None:
    shown = bring_up.run("ring-detector")
    assert not shown.as_assumed and "no ringing" in shown.text


def test_battery_of_a_good_hat_rises_to_its_voltage(bring_up: BringUp) -> None:
    bring_up.answers = ["Si3201", ""]
    shown = bring_up.run("battery")
    assert shown.as_assumed, shown.text
    assert shown.values["most_volts"] == pytest.approx(75.0, abs=1.0)
    assert 50 <= shown.values["rise_ms"] <= 400
    assert (shown.values["marking"], shown.values["scope_peak"]) == ("Si3201", "")


def test_battery_without_supply_is_not_as_assumed_and_says_why(bring_up: BringUp) -> None:
    bring_up.answers = ["", ""]
    bring_up.box.chips["101"].inject(Fault.NO_SUPPLY)
    shown = bring_up.run("battery")
    assert not shown.as_assumed
    assert "supply" in shown.values["fault"]


def test_scratch_noise_needs_a_lifted_handset(bring_up: BringUp) -> None:
    with pytest.raises(HardwareError, match="101: the handset is not lifted"):
        bring_up.run("scratch-noise")


def test_scratch_noise_compares_twenty_starts(
    bring_up: BringUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_station, "STARTS", 2)
    bring_up.box.telephones["101"].lift()
    shown = bring_up.run("scratch-noise")
    assert [len(shown.values[key]) for key in ("cleared_dbm0", "rubbish_dbm0")] == [2, 2]
    assert "it is heard" in shown.text and max(shown.values["cleared_dbm0"]) < -60


def test_framing_proves_each_slot_of_every_line() -> None:
    shown = BringUp(virtual_board(2, 2)).up().run("framing")
    assert shown.as_assumed, shown.text
    slots = shown.values["slots"]
    assert [(one["slot"], one["found"]) for one in slots] == [(n, n) for n in range(4)]
    assert all(one["likeness"] == 1.0 and one["late"] == slots[0]["late"] for one in slots)


def test_framing_of_a_chip_that_is_gone_gives_nothing(bring_up: BringUp) -> None:
    bring_up.box.chips["101"].inject(Fault.STUCK_BUS)
    shown = bring_up.run("framing")
    assert not shown.as_assumed and "101 (slot 0) gives nothing" in shown.text


def test_framing_of_swapped_slots_names_whose_marker_came(bring_up: BringUp) -> None:
    bring_up.pcm.swapped = True
    shown = bring_up.run("framing")
    assert not shown.as_assumed
    assert "101 (slot 0) gives the marker of slot 1" in shown.text


def test_framing_in_which_a_period_was_lost_is_proved_once_more(bring_up: BringUp) -> None:
    bring_up.pcm.good = MARKER_PERIODS + LISTEN_PERIODS - MARKER_PERIODS // 2
    shown = bring_up.run("framing")
    assert shown.as_assumed and bring_up.bench.lost_periods == 1, shown.text


def test_framing_gives_the_chips_back_as_they_were(bring_up: BringUp) -> None:
    bring_up.run("framing")
    bring_up.bench.beat(100)
    assert bring_up.bench.faults == {}


def test_overrun_that_changes_nothing_is_as_assumed(bring_up: BringUp) -> None:
    shown = bring_up.run("overrun")
    assert shown.as_assumed and bring_up.stalls == [1.0]


def test_overrun_that_swaps_slots_is_noticed(bring_up: BringUp) -> None:
    bring_up.on_stall = lambda: setattr(bring_up.pcm, "swapped", True)
    shown = bring_up.run("overrun")
    assert not shown.as_assumed
    assert "before: 101 (slot 0) gives the marker of slot 0" in shown.text
    assert "after: 101 (slot 0) gives the marker of slot 1" in shown.text


def test_calibration_both_ways_gives_the_same_results(bring_up: BringUp) -> None:
    shown = bring_up.run("calibration")
    assert shown.as_assumed, shown.text
    assert len(shown.values["fast"]) == len(shown.values["slow"]) == 10
    assert len(shown.values["fast"][0]) == len(shown.values["registers"])


def test_calibration_that_does_not_end_is_counted(bring_up: BringUp) -> None:
    bring_up.box.chips["101"].inject(Fault.LATE_CALIBRATION)
    shown = bring_up.run("calibration")
    assert not shown.as_assumed and shown.values["failed"] == 20


def test_ringing_voltage_is_told_beside_the_voltage_at_rest(bring_up: BringUp) -> None:
    bring_up.call_when_asked()
    shown = bring_up.run("ringing-voltage")
    assert shown.values["rest_volts"] == 48
    assert shown.values["least_volts"] <= 48 <= shown.values["most_volts"]


def test_short_between_the_wires_brings_a_power_alarm(bring_up: BringUp) -> None:
    chip = bring_up.box.chips["101"]
    bring_up.does["now join TIP and RING"] = lambda: chip.inject(Fault.SHORT)
    shown = bring_up.run("short")
    assert shown.values["alarm_ms"] <= 200
    assert shown.values["register_64"] & 0x70 == 0
    assert shown.as_assumed is (shown.values["register_64"] == 0)


def test_short_that_nobody_made_is_to_be_repeated(bring_up: BringUp) -> None:
    shown = bring_up.run("short")
    assert not shown.as_assumed and "repeat it" in shown.text


def test_sound_that_stands_still_is_an_error_with_its_remedy(
    bring_up: BringUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    never, other = os.pipe()
    monkeypatch.setattr("app.bringup.bench.SOUND_WITHIN_S", 0.01)
    monkeypatch.setattr(bring_up.pcm, "read", lambda: None)
    monkeypatch.setattr(bring_up.pcm, "fileno", lambda: never)
    with pytest.raises(HardwareError, match=r"the sound stream gives nothing.*overlay"):
        bring_up.bench.beat()
    os.close(never)
    os.close(other)


def test_bench_that_was_not_served_for_a_while_drops_what_is_stale(bring_up: BringUp) -> None:
    for _ in range(50):
        bring_up.pcm.write(np.zeros((bring_up.pcm.slots, PERIOD), np.int16))
    bring_up.bench.catch_up()
    waiting = len(bring_up.pcm._heard)
    assert waiting == 1
    assert bring_up.run("framing").as_assumed
