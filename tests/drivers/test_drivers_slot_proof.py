"""The slots of all lines are proved before a voice is connected, and again after each xrun."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from drivers.board import BoardSpec, virtual_board
from drivers.buses import PERIOD, Samples
from drivers.law import law_of
from drivers.models.dtmf import digit_samples
from drivers.models.si3210 import Si3210Model
from drivers.ports import PortFault, PortRecovered
from drivers.slot_map import Coding, SlotMap
from drivers.slot_proof import REPEATS, STARTS, marker, markers_in, tones_of
from tests.kit.proved_lines import ProvedLines

WAVE = (8000 * np.sin(np.arange(PERIOD) * 2 * np.pi / 8)).astype(np.int16)


def eight(coding: Coding = Coding.MU_LAW) -> BoardSpec:
    """Four handsets and four outside lines in the octets of one frame."""
    spec = virtual_board(4, 4)
    frame = SlotMap(coding, slot_bits=8)
    lines = tuple(replace(line, frame=frame, board_name="rpi8") for line in spec.lines)
    return replace(spec, name="rpi8", pclk_hz=512_000, frame=frame, lines=lines)


def framed(frame: SlotMap, pclk_hz: int) -> BoardSpec:
    """A handset and an outside line in this framing."""
    spec = virtual_board(1, 1)
    lines = tuple(replace(line, frame=frame) for line in spec.lines)
    return replace(spec, pclk_hz=pclk_hz, frame=frame, lines=lines)


ZERO = 8
"""The least that an A-law code stands for."""

BOARDS = [
    virtual_board(1, 1),
    virtual_board(2, 2),
    eight(),
    eight(Coding.A_LAW),
    framed(SlotMap(slot_bits=32), 512_000),
    framed(SlotMap(first_bit=0), 256_000),
]
NAMES = ["2 linear", "4 linear", "8 mu-law", "8 A-law", "64-bit frame", "DSP B"]


# --- markers -------------------------------------------------------------------------------------


def test_markers_of_all_slots_differ() -> None:
    assert len({tones_of(slot) for slot in range(64)}) == 64


@pytest.mark.parametrize("coding", list(Coding))
@pytest.mark.parametrize("offset", [0, 1, 37, 79])
def test_marker_is_told_wherever_it_lies_and_however_it_is_coded(
    coding: Coding, offset: int
) -> None:
    rows = np.zeros((64, 2 * PERIOD), np.int16)
    for slot in range(64):
        rows[slot, offset : offset + PERIOD] = marker(slot)
    if coding is not Coding.LINEAR:
        law = law_of(coding)
        rows = law.decode(law.encode(rows))
    assert markers_in(rows) == {slot: slot for slot in range(64)}


def test_no_digit_tone_or_silence_is_taken_for_a_marker() -> None:
    tones = [(350, 440), (440, 480), (480, 620), (425, 0), (1100, 0), (2100, 0), (1400, 2060)]
    time = np.arange(2 * PERIOD) / 8000
    rows = [
        3000 * (np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time))
        for low, high in tones
    ]
    rows += [np.resize(digit_samples(digit), 2 * PERIOD) for digit in "0123456789*#ABCD"]
    rows += [np.zeros(2 * PERIOD), np.random.default_rng(1).normal(0, 500, 2 * PERIOD)]
    assert markers_in(np.array(rows).astype(np.int16)) == {}


# --- at the start --------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0, 5, 79])
@pytest.mark.parametrize("spec", BOARDS, ids=NAMES)
def test_lines_come_up_once_their_slots_are_proved(spec: BoardSpec, offset: int) -> None:
    lines = ProvedLines(spec, offset).up()
    assert sorted(lines.reported, key=lambda one: one[0]) == sorted(
        ((line.name, PortRecovered()) for line in spec.lines), key=lambda one: one[0]
    )
    assert (lines.pcm.starts, lines.pcm.failures) == (0, 0)
    assert np.abs(lines.heard).max() <= ZERO, "a marker was heard as a voice"
    assert lines.box.violations() == []


@pytest.mark.parametrize("spec", BOARDS, ids=NAMES)
def test_each_line_hears_and_says_what_is_its_own(spec: BoardSpec) -> None:
    lines = ProvedLines(spec).up()
    names = [line.name for line in spec.lines if line.kind == "station"]
    for name in names:
        lines.box.telephones[name].lift()
    lines.beat(20)
    rows = {line.name: line.slot for line in spec.lines}
    for name in names:

        def play(slot: int = rows[name]) -> Samples:
            period = np.zeros((spec.slots, PERIOD), np.int16)
            period[slot] = WAVE
            return period

        lines.box.telephones[name].say(WAVE)
        lines.beat(5, play)
        said = np.abs(lines.heard[-5:]).max(axis=(0, 2))
        loud = [slot for slot in range(spec.slots) if said[slot] > ZERO]
        assert loud == [rows[name]]
        for other in names:
            heard = lines.box.telephones[other].memory[-1]
            assert (np.abs(heard.astype(int) - WAVE * (other == name)) < 300).all()
        lines.beat(5)


@pytest.mark.parametrize("losses", [1, REPEATS, 1000])
def test_markers_in_periods_that_were_lost_are_sent_again(losses: int) -> None:
    """A machine that is busy, as many are at a start, is late; that is no fault of a line."""
    lines = ProvedLines(virtual_board(1, 1))
    write, left = lines.port.write, losses

    def lossy(period: Samples) -> None:
        nonlocal left
        if period.any() and left:  # the markers of a round
            left -= 1
            lines.port.lost_periods += 1
            period = np.zeros_like(period)
        write(period)

    lines.port.write = lossy  # type: ignore[method-assign]
    lines.up()
    assert (lines.pcm.failures == 0) == (losses <= REPEATS)
    assert lines.pcm.starts == (0 if losses <= REPEATS else STARTS)


# --- after an xrun -------------------------------------------------------------------------------

SWAPS = [
    {},
    {"swap_played": True},
    {"swap_heard": True},
    {"swap_played": True, "swap_heard": True},
]


def bridged(spec: BoardSpec, offset: int = 79) -> ProvedLines:
    lines = ProvedLines(spec, offset).up()
    lines.box.telephones["101"].lift()
    lines.beat(20)
    return lines


@pytest.mark.parametrize("spec", BOARDS, ids=NAMES)
def test_call_goes_on_within_100_ms_of_an_xrun(spec: BoardSpec) -> None:
    lines = bridged(spec)
    slot = next(line.slot for line in spec.lines if line.name == "101")
    play = playing(spec, slot)
    lines.beat(5, play)
    telephone = lines.box.telephones["101"]
    lines.port.stop()
    before = len(telephone.memory)
    assert lines.beat(20, play) == [], "a call in progress is not told of"
    silent = [row for row in list(telephone.memory)[before:] if np.abs(row).max() < 4000]
    assert 0 < len(silent) <= 10
    assert lines.pcm.proofs == 4, "two halves, twice"


@pytest.mark.parametrize("offset", [0, 40, 79])
@pytest.mark.parametrize("spec", BOARDS, ids=NAMES)
def test_every_line_has_its_voice_again_100_ms_after_an_xrun(spec: BoardSpec, offset: int) -> None:
    lines = bridged(spec, offset)
    voices = np.tile(WAVE, (spec.slots, 1))
    lines.beat(5, lambda: voices)
    lines.port.stop()
    before = len(lines.port.played)
    lines.beat(30, lambda: voices)
    for line in spec.lines:
        played = np.concatenate([rows[line.slot] for rows in lines.port.played[before:]])
        crests = np.abs(played.astype(int)).reshape(-1, 8).max(axis=1)  # of each wave
        assert np.flatnonzero(crests < 7000)[-1] + 1 <= 100, line.name


def playing(spec: BoardSpec, slot: int):  # type: ignore[no-untyped-def]
    """Plays the wave to one slot."""
    period = np.zeros((spec.slots, PERIOD), np.int16)
    period[slot] = WAVE
    return lambda: period


@pytest.mark.parametrize("swaps", SWAPS[1:], ids=["played", "heard", "both"])
@pytest.mark.parametrize("spec", BOARDS, ids=NAMES)
def test_exchanged_halves_are_found_and_put_right(
    spec: BoardSpec, swaps: dict[str, bool], caplog: pytest.LogCaptureFixture
) -> None:
    lines = bridged(spec)
    own = next(line.slot for line in spec.lines if line.name == "101")
    play = playing(spec, own)
    lines.beat(5, play)
    lines.port.stop(**swaps)
    with caplog.at_level(logging.WARNING):
        before = len(lines.heard)
        assert lines.beat(60, play) == []
    assert lines.pcm.starts == 1
    assert f"board {spec.name}: voices are in wrong slots" in caplog.text
    heard = np.abs(lines.heard[before:]).max(axis=(0, 2))
    assert np.delete(heard, own).max() <= ZERO, "somebody heard what was not theirs"
    assert heard[own] < 4000, "more than the echo of its own line"
    for name, telephone in lines.box.telephones.items():
        loud = np.abs(telephone.memory[-1]).max() > 4000 if telephone.memory else False
        assert loud == (name == "101")


def test_port_that_stays_exchanged_is_a_fault_of_every_line_that_names_the_board() -> None:
    spec = eight()
    lines = bridged(spec)
    lines.box.highway.stuck = True
    lines.port.stop(swap_played=True)
    events = lines.beat(120, playing(spec, 0))
    faults = {name: event.what for name, event in events if isinstance(event, PortFault)}
    assert sorted(faults) == sorted(line.name for line in spec.lines)
    assert (
        "101 (si3210 on SPI 0.0 of board rpi8): its voice does not come back in slot 0"
        in faults["101"]
    )
    assert lines.pcm.starts == STARTS
    assert not np.array(lines.heard[-100:]).any()
    lines.box.highway.stuck = False
    lines.box.highway.restart()
    events = lines.beat(1500)
    assert {name for name, event in events if event == PortRecovered()} == set(faults)


def test_line_whose_slot_is_dead_is_a_fault_and_the_others_go_on() -> None:
    """Its start count is where nothing is read: as if its DTX were not connected."""
    spec = replace(virtual_board(2, 2), slots=5, pclk_hz=1_024_000)
    dead = replace(spec.lines[0], frame=SlotMap(first_bit=65))
    lines = ProvedLines(replace(spec, lines=(dead, *spec.lines[1:])), wired=spec).up()
    lines.reported += lines.beat(3000)
    told = [(name, type(event)) for name, event in lines.reported]
    assert sorted(told) == [
        ("101", PortFault), ("102", PortRecovered), ("line1", PortRecovered),
        ("line2", PortRecovered),
    ]  # fmt: skip


def test_chip_that_comes_up_again_is_proved_without_a_gap_in_its_neighbours_call() -> None:
    lines = bridged(virtual_board(2, 2), offset=0)
    play = playing(lines.spec, 0)
    lines.beat(5, play)
    chip = lines.box.chips["102"]
    assert isinstance(chip, Si3210Model)
    before = len(lines.box.telephones["101"].memory)
    chip.brown_out()
    events = lines.beat(300, play)
    assert [(name, type(event)) for name, event in events] == [
        ("102", PortFault), ("102", PortRecovered),
    ]  # fmt: skip
    heard = list(lines.box.telephones["101"].memory)[before:]
    assert len(heard) == 300
    assert all((row == WAVE).all() for row in heard)


def test_xrun_while_slots_are_proved_begins_the_proof_anew() -> None:
    lines = ProvedLines(virtual_board(2, 2))
    lines.board.power_up()
    while not lines.pcm.busy:
        lines.beat()
    for _ in range(3):
        lines.reported += lines.beat(2)
        lines.port.stop()
    lines.reported += lines.beat(300)
    assert [type(event) for _, event in lines.reported] == [PortRecovered] * 4


def test_board_whose_chips_cannot_prove_their_slots_is_connected_all_the_same() -> None:
    lines = bridged(replace(virtual_board(2, 2), proves_slots=False))
    assert [type(event) for _, event in lines.reported] == [PortRecovered] * 4
    play = playing(lines.spec, 0)
    lines.beat(5, play)
    lines.port.stop()
    before = len(lines.box.telephones["101"].memory)
    lines.beat(10, play)
    heard = list(lines.box.telephones["101"].memory)[before:]
    assert sum(np.abs(row).max() < 4000 for row in heard) == 2, "the lead, and no proof"
    assert lines.pcm.proofs == 0
