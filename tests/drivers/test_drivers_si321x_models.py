"""The handset port's driver against the models of its chip, in all members of the family."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from drivers.board import LineBoard, virtual_board
from drivers.countries import codes
from drivers.models.si3210 import Si3210Model
from drivers.models.si3210_registers import REGISTERS, SI3210, SI3210M, SI3215, SI3215M, Part
from drivers.ports import Feed, HookChanged
from drivers.si321x import LINEFEED
from tests.kit.lines import Lines
from tests.kit.models import slic_read, slic_read_indirect

PARTS = [SI3210, SI3215, SI3210M, SI3215M]
MOVING = {18, 19, 20, 28, 29, 30, 31, 68, 106, *range(78, 90), 94, 96, 97}
"""Registers that measure, or that reset leaves undefined and nobody uses."""


def station(lines: Lines, jack: str = "101") -> Si3210Model:
    chip = lines.box.chips[jack]
    assert isinstance(chip, Si3210Model)
    return chip


def up(part: Part = SI3210, code: str = "us", stations: int = 1) -> Lines:
    return Lines(virtual_board(stations, 0), code, part).up()


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_power_up_leaves_no_register_as_reset_has_left_it(part: Part) -> None:
    lines = Lines(virtual_board(1, 0), part=part)
    assert len(station(lines).forgotten) > 40
    lines.up()
    assert station(lines).forgotten == []
    assert lines.box.violations() == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_recording_of_a_silent_handset_is_silent(part: Part) -> None:
    lines = up(part)
    lines.box.telephones["101"].lift()
    lines.beat(30)
    heard = [lines.heard[0].copy() for _ in range(50) if not lines.beat()]
    assert len(heard) == 50
    assert not np.any(heard)


# --- what lies on the line --------------------------------------------------------------------


@dataclass(frozen=True)
class OnTheLine:
    """What a handset, and a meter, find there."""

    volts: int
    """TIP above RING."""
    tip: int
    """Below ground."""
    ring: int
    audio: bool = False
    bell: bool = False
    neon: bool = False


FEEDS = {
    Feed.OPEN: OnTheLine(0, 0, 0),
    Feed.ACTIVE: OnTheLine(48, 6, 54),
    Feed.ON_HOOK_AUDIO: OnTheLine(48, 6, 54, audio=True),
    Feed.RINGING: OnTheLine(0, 0, 0, bell=True),
    Feed.REVERSED: OnTheLine(-48, 54, 6),
    Feed.REVERSED_ON_HOOK_AUDIO: OnTheLine(-48, 54, 6, audio=True),
    Feed.TIP_OPEN: OnTheLine(0, 0, 54),
    Feed.RING_OPEN: OnTheLine(0, 6, 0),
    Feed.NEON: OnTheLine(0, 0, 0, neon=True),
}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("feed", Feed)
def test_feed_puts_on_the_line_what_it_says(part: Part, feed: Feed) -> None:
    lines, wanted = up(part), FEEDS[feed]
    chip, phone = station(lines), lines.box.telephones["101"]
    lines.station().feed(feed)
    heard_bell, saw_neon = False, False
    for _ in range(60):
        assert lines.beat() == []
        heard_bell |= phone.ringing
        saw_neon |= phone.neon
    assert (heard_bell, saw_neon) == (wanted.bell, wanted.neon)
    if not (wanted.bell or wanted.neon):
        assert chip.loop.volts == wanted.volts
        wires = [slic_read(chip, register) * 0.376 for register in (80, 81)]
        assert wires == pytest.approx([wanted.tip, wanted.ring], abs=0.4)
        assert chip.audio is wanted.audio
    lines.station().feed(Feed.ACTIVE)
    lines.beat(30)
    phone.lift()
    lines.until(HookChanged(True), "101", 3)
    assert lines.box.violations() == []


@pytest.mark.parametrize("before", Feed)
@pytest.mark.parametrize("after", Feed)
def test_any_feed_follows_any_other(before: Feed, after: Feed) -> None:
    lines = up()
    for feed in (before, after):
        lines.station().feed(feed)
        assert lines.beat(40) == []
    assert station(lines).linefeed == {Feed.NEON: 4}.get(after, LINEFEED[after]) or (
        after is Feed.NEON and station(lines).linefeed == 2
    )
    assert lines.box.violations() == []


def test_ground_start_is_seen_as_a_lifted_handset_and_goes_on_as_a_call() -> None:
    lines = up()
    chip = station(lines)
    lines.station().feed(Feed.TIP_OPEN)
    assert lines.beat(50) == []
    chip.loop.ground(600.0)
    lines.until(HookChanged(True), "101", 3)
    lines.station().feed(Feed.ACTIVE)
    lines.box.telephones["101"].lift()
    chip.loop.ground(None)
    assert lines.beat(50) == []
    assert chip.audio


def test_fed_line_that_grows_longer_in_a_call_does_not_chatter() -> None:
    lines = up()
    lines.beat(20)
    loop = station(lines).loop
    loop.load(300.0)
    lines.until(HookChanged(True), "101", 3)
    for ohms in (4800.0, 4700.0, 5000.0):  # 10.0, 10.2 and 9.6 mA
        loop.load(ohms)
        assert lines.beat(10) == []
    loop.load(6000.0)  # 8 mA
    lines.until(HookChanged(False), "101", 3)
    loop.load(5000.0)
    assert lines.beat(10) == []
    loop.load(4000.0)  # 12 mA
    lines.until(HookChanged(True), "101", 3)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize("hertz", [16, 50 / 3, 20, 25, 50])
@pytest.mark.parametrize("ren", [0.5, 1, 3])
def test_ringing_of_every_frequency_rings_and_is_tripped(
    part: Part, hertz: float, ren: float
) -> None:
    lines = Lines(virtual_board(1, 0), part=part)
    settings = replace(lines.country.station, ring_hz=hertz)
    lines.board = LineBoard(lines.spec, lines.box, replace(lines.country, station=settings))
    lines.up()
    chip, phone = station(lines), lines.box.telephones["101"]
    chip.loop.ren = ren
    for _ in range(3):  # a distinctive cadence: whoever rings says how long
        for feed, periods in ((Feed.RINGING, 40), (Feed.ON_HOOK_AUDIO, 20)):
            lines.station().feed(feed)
            assert lines.beat(periods) == []
            assert phone.ringing is (feed is Feed.RINGING)
    lines.station().feed(Feed.RINGING)
    lines.beat(10)
    assert chip.loop.hertz == pytest.approx(hertz, rel=0.01)
    phone.lift()
    lines.until(HookChanged(True), "101", 6)
    assert lines.beat(50) == []
    assert not phone.ringing


@pytest.mark.parametrize("code", codes())
def test_impedance_of_every_country_is_one_that_both_chips_have(code: str) -> None:
    lines = up(code=code)
    register = slic_read(station(lines), 10)
    assert register == 0x08 | lines.country.station.impedance
    assert register & 0x07 in (0, 1, 4, 5)


def test_alarms_that_come_now_and_then_are_got_over_for_ever() -> None:
    lines = up()
    for _ in range(25):
        station(lines).power_alarm(2)
        assert lines.beat(1100) == []  # one retry is earned each 10 s
        assert station(lines).linefeed == 1


def test_chip_that_resets_itself_in_a_call_has_every_register_as_before() -> None:
    lines = up(code="de")
    chip = station(lines)
    lines.box.telephones["101"].lift()
    lines.beat(30)
    kept = {number: slic_read(chip, number) for number in REGISTERS if number not in MOVING}
    words = {number: slic_read_indirect(chip, number) for number in range(44)}
    chip.brown_out()
    assert {number: slic_read(chip, number) for number in kept} != kept
    lines.beat(200)
    assert {number: slic_read(chip, number) for number in kept} == kept
    assert {number: slic_read_indirect(chip, number) for number in words} == words
    assert chip.forgotten == []
