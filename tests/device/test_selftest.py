"""The self-test's frame, and its trials of what a folder can stand in for."""

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from app.device.selftest import machine, sound
from app.device.selftest.findings import Absent, Broken, Outcome, Result, Trial, run
from drivers.errors import ChipMissing


def tried(*trials: Trial) -> list[Outcome]:
    ticks = count(10)
    return list(run(trials, lambda: next(ticks)))


def _raise(error: Exception) -> str:
    raise error


def test_each_way_to_end_is_told_and_none_keeps_the_next_from_being_done() -> None:
    outcomes = tried(
        Trial("one", lambda: "seen"),
        Trial("two", lambda: _raise(Absent("no such part"))),
        Trial("three", lambda: _raise(Broken("silent; check the cable"))),
        Trial("four", lambda: _raise(ChipMissing("I2C 1: no acknowledge; check the hat"))),
        Trial("five", lambda: _raise(FileNotFoundError(2, "No such file or directory", "/dev/x"))),
        Trial("six", lambda: "seen, too"),
    )
    assert [(told.name, told.result, told.says) for told in outcomes] == [
        ("one", Result.OK, "seen"),
        ("two", Result.ABSENT, "no such part"),
        ("three", Result.FAILED, "silent; check the cable"),
        ("four", Result.FAILED, "I2C 1: no acknowledge; check the hat"),
        (
            "five",
            Result.FAILED,
            "/dev/x: No such file or directory; see the kernel's log (dmesg)",
        ),
        ("six", Result.OK, "seen, too"),
    ]
    assert all(told.seconds == 1 for told in outcomes)
    assert outcomes[1].line == "two       not present  no such part"


def heard(*seconds: float, lost: int = 0) -> list[sound.Moment]:
    return [sound.Moment(at, lost) for at in seconds]


def beats(
    periods: int, rate: float = 100.0, begin: float = 0.0, lost: int = 0
) -> list[sound.Moment]:
    return heard(*(begin + n / rate for n in range(periods)), lost=lost)


def test_rate_of_a_card_is_measured_between_losses_and_pauses() -> None:
    """150 periods in 1.92 s, as a busy machine heard them from a card without fault."""
    moments = beats(70) + beats(45, begin=0.93, lost=1) + beats(35, begin=1.57, lost=2)
    assert moments[-1].seconds - moments[0].seconds > 1.9
    rate = sound.steadiest(moments)
    assert rate == pytest.approx(100.0) and sound.right_rate(rate)


def test_rate_survives_periods_heard_in_bursts() -> None:
    moments = [sound.Moment(n // 4 * 0.04, 0) for n in range(300)]
    assert sound.right_rate(sound.steadiest(moments))


@pytest.mark.parametrize("rate", [50.0, 88.0, 112.0, 600.0])
def test_card_with_another_clock_is_found_out(rate: float) -> None:
    measured = sound.steadiest(beats(500, rate))
    assert measured == pytest.approx(rate) and not sound.right_rate(measured)


def test_rate_is_unknown_while_every_stretch_has_a_loss() -> None:
    moments = [sound.Moment(n / 100, n // (sound.WINDOW // 2)) for n in range(500)]
    assert sound.steadiest(moments) is None and not sound.right_rate(None)


def test_slow_write_is_tried_again_and_told_if_it_stays_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/mmcblk0p4 {tmp_path} ext4 rw 0 0\n")
    ticks = iter([0.0, 9.0, 10.0, 10.2])
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    assert "durable in 200 ms" in machine.data(tmp_path, mounts)
    clock = count(step=9)
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    with pytest.raises(Broken, match=r"1 MB took 9\.0 s"):
        machine.data(tmp_path, mounts)


def test_data_is_written_and_read(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/mmcblk0p4 {tmp_path} ext4 rw 0 0\n")
    assert "(ext4): 1 MB written" in machine.data(tmp_path, mounts)
    assert [path.name for path in tmp_path.iterdir()] == ["mounts"]


def test_data_in_memory_is_no_data_partition(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"tmpfs {tmp_path} tmpfs rw 0 0\n")
    with pytest.raises(Broken, match="lies in memory"):
        machine.data(tmp_path, mounts)


@pytest.fixture
def dog(tmp_path: Path) -> Iterator[Path]:
    for name, text in (("identity", "Software Watchdog"), ("state", "active"), ("timeout", "60")):
        (tmp_path / name).write_text(f"{text}\n")
    yield tmp_path


def test_the_watchdog_is_fed_or_that_is_told(dog: Path, tmp_path: Path) -> None:
    arguments = tmp_path / "cmdline"
    arguments.write_text("ro\n")
    assert machine.watchdog(dog, arguments).startswith("Software Watchdog: fed")
    (dog / "state").write_text("inactive\n")
    with pytest.raises(Broken, match="nobody feeds it"):
        machine.watchdog(dog, arguments)
    arguments.write_text("ro switchhook.watchdog=off\n")
    with pytest.raises(Absent, match="switched off"):
        machine.watchdog(dog, arguments)
    with pytest.raises(Absent, match="no watchdog"):
        machine.watchdog(tmp_path / "none", arguments)


def test_a_clock_that_is_years_off_is_told(tmp_path: Path) -> None:
    with pytest.raises(Absent):
        machine.clock(tmp_path)
    for name, text in (("name", "rtc-ds1307"), ("date", "2001-02-03"), ("time", "04:05:06")):
        (tmp_path / name).write_text(f"{text}\n")
    with pytest.raises(Broken, match=r"rtc-ds1307: -\d+ s off; check its battery"):
        machine.clock(tmp_path)


def test_no_panel_is_no_fault(tmp_path: Path) -> None:
    with pytest.raises(Absent, match="no serial line"):
        machine.panel(tmp_path)


def test_a_broken_line_is_told_by_its_name() -> None:
    well = {"fault": None}
    status = {"lines": {"101": well, "line1": {"fault": "no loop current"}}, "lost_periods": 3}
    with pytest.raises(Broken, match="line1: no loop current"):
        machine.lines(status)
    assert machine.lines({"lines": {"101": well}, "lost_periods": 3}) == (
        "1 without fault, 3 periods lost"
    )
    with pytest.raises(Absent):
        machine.lines(None)
