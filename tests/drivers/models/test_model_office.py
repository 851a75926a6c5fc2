"""Telephones and the telephone office: cadence, caller ID, supervision, digits."""

from itertools import pairwise

import numpy as np
import pytest

from app.phone.sound.dsp import FskReceiver
from drivers.board import virtual_board
from drivers.countries.base import Modem
from drivers.errors import HardwareError
from drivers.models.box import VirtualBox
from drivers.models.dtmf import DtmfReceiver, tones_of
from drivers.models.exchange import OfficeError, OfficeState
from drivers.models.fsk import caller_id_of, demodulate, mdmf, modulate
from drivers.models.recognizer import SoundRecognizer
from drivers.models.si3050 import Si3050Model
from drivers.models.subscribers import Reaction, Subscriber
from tests.kit.models import (
    daa_write,
    new_box,
    play,
    run,
    set_up_station,
    set_up_trunk,
    sine,
    slic_write,
)
from tests.kit.phone import power_at


def trunk(country: str = "us") -> tuple[VirtualBox, Si3050Model]:
    box = VirtualBox(virtual_board(0, 1), country)
    box.pcm().start()
    return box, set_up_trunk(box, "line1")


def seize(chip: Si3050Model) -> None:
    daa_write(chip, 5, 1)


def release(chip: Si3050Model) -> None:
    daa_write(chip, 5, 8)


# -------------------------------------------------------------------------- the office


def test_ring_cadence_and_caller_id_between_the_first_two_rings() -> None:
    box, _ = trunk()
    office = box.office_lines["line1"]
    office.ring("5551234", "ANNA")
    ringing, heard = [], []
    for _ in range(1300):
        heard.append(run(box, 1)[0])
        ringing.append(bool(box.chips["line1"].loop.ring_vrms))
    edges = [i for i in range(1, 1300) if ringing[i] != ringing[i - 1]]
    assert edges == [200, 600, 800, 1200]
    assert office.bursts == 3
    sound = [i for i, row in enumerate(heard) if row.any()]
    assert sound[0] >= 250 and sound[-1] < 580  # ≥ 500 ms after the burst, ≥ 200 ms before
    (message,) = demodulate(np.concatenate(heard))
    got = caller_id_of(message)
    assert got is not None and (got.number, got.name, got.when) == ("5551234", "ANNA", "01010800")


def test_answering_trips_the_ring_and_connects() -> None:
    box, chip = trunk()
    office = box.office_lines["line1"]
    office.ring("5551234")
    run(box, 250)
    assert office.ringing and not office.answered
    seize(chip)
    run(box, 4)
    assert office.answered
    assert chip.loop.ring_vrms == 0
    run(box, 300)
    assert office.bursts == 1


def test_the_caller_hears_ringback_until_somebody_answers() -> None:
    box, _ = trunk()
    office = box.office_lines["line1"]
    office.ring()
    heard = office.hear()
    run(box, 250)
    recognizer = SoundRecognizer()
    for row in heard.samples.reshape(-1, 80):
        recognizer.hear(row)
    assert recognizer.heard == ["ringback"]


def test_a_caller_who_gives_up_ends_the_ringing() -> None:
    box, _ = trunk()
    office = box.office_lines["line1"]
    office.ring()
    run(box, 50)
    office.hang_up()
    run(box, 700)
    assert office.state is OfficeState.IDLE
    assert office.bursts == 1


def test_cpc_lasts_half_a_second_then_reorder_until_released() -> None:
    box, chip = trunk()
    office = box.office_lines["line1"]
    office.ring()
    run(box, 10)
    seize(chip)
    run(box, 60)
    office.hang_up()
    dead = 0
    run(box, 1)
    while chip.loop.feed_volts == 0:
        run(box, 1)
        dead += 1
    assert dead == pytest.approx(50, abs=1)
    recognizer = SoundRecognizer()
    for row in run(box, 200)[0].reshape(-1, 80):
        recognizer.hear(row)
    assert recognizer.heard == ["reorder"]
    release(chip)
    run(box, 35)
    assert office.state is OfficeState.IDLE


def test_office_that_clears_by_dial_tone_takes_digits_then() -> None:
    box, chip = trunk("de")
    office = box.office_lines["line1"]
    office.clears_by_dial_tone = True
    office.ring()
    run(box, 10)
    seize(chip)
    run(box, 60)
    office.hang_up()
    recognizer = SoundRecognizer("de")
    for row in run(box, 300)[0].reshape(-1, 80):
        recognizer.hear(row)
    assert (recognizer.heard, office.state) == (["dial-tone"], OfficeState.DIAL_TONE)
    assert chip.loop.feed_volts, "the battery stays"
    release(chip)
    run(box, 35)
    assert office.state is OfficeState.IDLE


def hang_up_in(country: str) -> tuple[int, list[str]]:
    """(periods without battery, what is heard then) after a hang-up the country's own way."""
    box, chip = trunk(country)
    office = box.office_lines["line1"]
    office.national_clearing = True
    office.ring()
    run(box, 10)
    seize(chip)
    run(box, 60)
    office.hang_up()
    dead = 0
    for _ in range(100):
        run(box, 1)
        dead += chip.loop.feed_volts == 0
    recognizer = SoundRecognizer(country)
    for row in run(box, 300)[0].reshape(-1, 80):
        recognizer.hear(row)
    return dead, recognizer.heard


@pytest.mark.parametrize(
    ("country", "dead_periods", "heard"),
    [("us", 50, ["reorder"]), ("gb", 80, ["busy"]), ("de", 0, ["busy"]), ("fr", 0, ["busy"])],
)
def test_national_clearing_takes_the_battery_only_where_networks_do(
    country: str, dead_periods: int, heard: list[str]
) -> None:
    dead, sounds = hang_up_in(country)
    assert dead == pytest.approx(dead_periods, abs=1)
    assert sounds == heard


def test_cadence_of_two_bursts_is_rung_and_caller_id_waits_for_the_long_silence() -> None:
    box, chip = trunk("au")
    office = box.office_lines["line1"]
    office.ring("5551234", "ANNA")
    ringing, heard = [], []
    for _ in range(620):
        heard.append(run(box, 1)[0])
        ringing.append(bool(chip.loop.ring_vrms))
    edges = [i for i in range(1, 620) if ringing[i] != ringing[i - 1]]
    assert edges == [40, 60, 100, 300, 340, 360, 400, 600]
    assert chip.loop.hertz == 25
    sound = [i for i, row in enumerate(heard) if row.any()]
    assert sound[0] >= 150 and sound[-1] < 280  # ≥ 500 ms after the burst, ≥ 200 ms before
    (message,) = demodulate(np.concatenate(heard))
    assert caller_id_of(message) is not None


def test_caller_id_before_the_first_ring_follows_line_reversal_and_dt_as() -> None:
    box, chip = trunk("gb")
    office = box.office_lines["line1"]
    office.ring("5551234", "ANNA")
    assert chip.loop.feed_volts == -48  # line reversal
    rows, first_ring = [], 0
    while not chip.loop.ring_vrms:
        rows.append(run(box, 1)[0])
        first_ring += 1
    heard = np.concatenate(rows)
    assert not heard[: 299 * 8].any()
    for hz in (2130, 2750):  # DT-AS [ETSI EN 300 659-1]
        assert power_at(heard[300 * 8 : 400 * 8], hz) == pytest.approx(-18, abs=0.5)
    sounds = np.flatnonzero(heard)
    assert 350 <= (len(heard) - int(sounds[-1])) / 8 <= 450  # silent before the first ring
    (message,) = demodulate(heard, Modem.V23)
    got = caller_id_of(message)
    assert got is not None and (got.number, got.name) == ("5551234", "ANNA")
    run(box, 260)
    assert office.bursts == 2
    office.hang_up()
    assert chip.loop.feed_volts == 48


@pytest.mark.parametrize(
    ("country", "number", "digits"),
    [("dk", "5551234", "A5551234#"), ("se", "private", "B10C"), ("nl", None, "D0000000000C")],
)
def test_caller_id_by_digits_follows_a_reversal_and_precedes_the_first_ring(
    country: str, number: str | None, digits: str
) -> None:
    box, chip = trunk(country)
    box.office_lines["line1"].ring(number, "ANNA")
    assert chip.loop.feed_volts == -48
    keys, heard, rows = DtmfReceiver(), "", []
    while not chip.loop.ring_vrms:
        rows.append(run(box, 1)[0])
        heard += keys.hear(rows[-1])
    assert heard == digits
    sound = np.flatnonzero(np.concatenate(rows))
    assert sound[0] >= 200 * 8  # [ETSI EN 300 659-1, annex B]
    assert 200 <= (len(rows) * 80 - sound[-1]) / 8 <= 500 + 70


def test_call_without_caller_id_rings_at_once() -> None:
    box, chip = trunk("gb")
    box.office_lines["line1"].ring("5551234", caller_id=False)
    run(box, 1)
    assert chip.loop.ring_vrms and chip.loop.feed_volts == 48


def ring_edges(box: VirtualBox, chip: Si3050Model, periods: int) -> list[int]:
    """When ringing begins and ends, in periods from now."""
    rings = [bool(chip.loop.ring_vrms) for _ in range(periods) if run(box, 1) is not None]
    return [n for n in range(1, periods) if rings[n] != rings[n - 1]]


def test_office_in_japan_asks_by_short_bursts_and_rings_whoever_does_not_answer_them() -> None:
    box, chip = trunk("jp")
    box.office_lines["line1"].ring("5551234")
    assert chip.loop.feed_volts == -48
    edges = ring_edges(box, chip, 1000)
    assert edges[:12] == [50 + 50 * n for n in range(12)]
    assert edges[13] - edges[12] == 100 and edges[14] - edges[13] == 200  # ringing


def test_office_in_japan_sends_the_number_to_who_answers_its_short_bursts_and_rings_then() -> None:
    box, chip = trunk("jp")
    office = box.office_lines["line1"]
    office.ring("5551234")
    run(box, 105)
    seize(chip)
    heard = run(box, 200)[0]
    assert office.state is OfficeState.SHOWING and not office.answered
    receiver = FskReceiver(Modem.V23_NTT)
    (message,) = [m for row in heard.reshape(-1, 80) for m in receiver.hear(row)]
    assert message[7:-2] == b"\x02\x075551234"
    release(chip)
    assert ring_edges(box, chip, 200), "it rings"
    seize(chip)
    run(box, 10)
    assert office.answered


def test_our_hanging_up_leaves_the_caller_in_silence() -> None:
    box, chip = trunk()
    office = box.office_lines["line1"]
    office.ring()
    run(box, 10)
    seize(chip)
    run(box, 60)
    release(chip)
    run(box, 20)
    seize(chip)  # 200 ms: a flash, not the end
    run(box, 50)
    assert office.answered
    release(chip)
    run(box, 40)
    assert office.hung_up
    office.hang_up()
    assert office.state is OfficeState.IDLE


def test_a_line_in_use_cannot_be_rung() -> None:
    box, chip = trunk()
    seize(chip)
    run(box, 5)
    with pytest.raises(OfficeError, match="line1 is seized, with dial tone: cannot ring"):
        box.office_lines["line1"].ring()


def test_seizing_gives_dial_tone_and_digits_are_collected() -> None:
    box, chip = trunk()
    office = box.office_lines["line1"]
    seize(chip)
    run(box, 60)
    recognizer = SoundRecognizer()
    for row in run(box, 60)[0].reshape(-1, 80):
        recognizer.hear(row)
    assert recognizer.heard == ["dial-tone"]
    for pair in ((770, 1336), (697, 1477), (941, 1336)):  # 5 3 0
        play(box, 0, np.concatenate((sine(pair, -10, 80), np.zeros(640, np.int16))))
    assert office.dialled == "530"
    assert not run(box, 10)[0].any()  # no dial tone any more
    run(box, 400)
    assert office.state is OfficeState.CALLING
    office.lift()
    assert office.answered


def dial(box: VirtualBox, chip: Si3050Model, digits: str) -> None:
    """Seize the line and dial by tones, until the office knows that no digit follows."""
    seize(chip)
    run(box, 60)
    for digit in digits:
        play(box, 0, np.concatenate((sine(tones_of(digit), -10, 80), np.zeros(640, np.int16))))
    run(box, 410)


@pytest.mark.parametrize(
    ("reaction", "sound", "state"),
    [
        (Reaction.BUSY, "busy", OfficeState.BUSY),
        (Reaction.NOBODY, "reorder", OfficeState.REFUSED),
        (Reaction.RINGS, "ringback", OfficeState.CALLING),
    ],
)
def test_called_number_is_busy_or_nobodys_or_rings(
    reaction: Reaction, sound: str, state: OfficeState
) -> None:
    box, chip = trunk()
    box.subscribers.by_number["530"] = Subscriber(reaction)
    dial(box, chip, "530")
    office = box.office_lines["line1"]
    assert office.state is state
    recognizer = SoundRecognizer()
    for row in run(box, 700)[0].reshape(-1, 80):
        recognizer.hear(row)
    assert sound in recognizer.heard
    release(chip)
    run(box, 40)
    assert office.state is OfficeState.IDLE


def test_called_number_answers_after_its_time_and_turns_the_polarity_until_we_hang_up() -> None:
    box, chip = trunk()
    box.subscribers.by_number["530"] = Subscriber(Reaction.ANSWERS, 2000, reversal=True)
    office = box.office_lines["line1"]
    dial(box, chip, "530")
    assert office.ringing and office.line_volts > 0
    run(box, 200)
    assert office.answered and office.line_volts < 0
    release(chip)
    run(box, 40)
    assert office.state is OfficeState.RELEASED and office.line_volts > 0


def test_office_counts_pulses_of_the_loop() -> None:
    box, chip = trunk()
    office = box.office_lines["line1"]
    seize(chip)
    run(box, 60)
    for digit in (5, 3, 10):
        for _ in range(digit):
            release(chip)
            run(box, 6)
            seize(chip)
            run(box, 4)
        run(box, 60)
    assert office.dialled == "530" and office.state is OfficeState.DIALLING


def test_unknown_country_is_refused() -> None:
    with pytest.raises(HardwareError, match="country 'xx'; allowed: at, au"):
        VirtualBox(virtual_board(1, 0), "xx")


# -------------------------------------------------------------------------- telephones


def test_the_phone_reads_caller_id_and_lights_its_lamp() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    phone = box.telephones["101"]
    slic_write(chip, 64, 2)  # on-hook transmission
    assert phone.caller_id is None and not phone.lamp
    play(box, 0, modulate(mdmf([(1, b"01010800"), (2, b"5551234"), (7, b"ANNA")])))
    run(box, 2)
    assert phone.caller_id is not None and phone.caller_id.number == "5551234"
    play(box, 0, modulate(mdmf([(0x0B, b"\xff")], 0x82)))
    run(box, 2)
    assert phone.lamp
    play(box, 0, modulate(mdmf([(0x0B, b"\x00")], 0x82)))
    run(box, 2)
    assert not phone.lamp


def test_flash_opens_the_loop_for_half_a_second() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 5)
    phone.flash()
    open_periods = 0
    run(box, 1)
    while not phone.off_hook:
        run(box, 1)
        open_periods += 1
    assert open_periods == 50
    run(box, 3)
    assert chip.audio


def test_a_rotary_dial_breaks_the_loop_once_a_unit() -> None:
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 5)
    phone.dial_pulses("30")
    hooks = []
    while phone.handling:
        run(box, 1)
        hooks.append(phone.off_hook)
    breaks = sum(1 for a, b in pairwise(hooks) if a and not b) + (not hooks[0])
    assert breaks == 13


def test_hanging_up_stops_speech_and_closes_recordings() -> None:
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    recording = phone.hear()
    phone.say(sine([500], -10, 5000))
    run(box, 10)
    phone.hang_up()
    run(box, 10)
    assert recording.closed and len(recording.samples) == 800
    assert not phone.speaking


def test_the_bell_needs_forty_volts_and_a_ringing_frequency() -> None:
    box = new_box(1, 0)
    chip = set_up_station(box, "101")
    phone = box.telephones["101"]
    for vbath, rings in ((0x32, True), (0x20, False)):
        slic_write(chip, 74, vbath)
        run(box, 40)
        slic_write(chip, 64, 4)
        run(box, 5)
        assert phone.ringing == rings
        slic_write(chip, 64, 1)
        run(box, 5)


def test_what_both_ends_hear_does_not_change_when_the_caller_of_period_reuses_its_array() -> None:
    box = new_box(1, 0)
    set_up_station(box, "101")
    phone = box.telephones["101"]
    phone.lift()
    run(box, 3)
    heard = phone.hear()
    rows = np.zeros((1, 80), np.int16)
    for value in (1, 2, 3):
        rows[:] = value
        box.period(rows)
    assert [int(v) for v in heard.samples[::80]] == [1, 2, 3]


def test_the_same_seed_gives_the_same_box() -> None:
    def life(seed: int) -> list[int]:
        box = VirtualBox(virtual_board(1, 1), seed=seed)
        box.pcm().start()
        chip = set_up_station(box, "101")
        slic_write(chip, 96, 0x5F)
        run(box, 70)
        return chip.transfer([0x80 | 98, 0, 0x80 | 99, 0, 0x80 | 107, 0])

    assert life(1) == life(1)
    assert len({tuple(life(seed)) for seed in range(5)}) > 1


def test_a_box_with_two_dozen_outside_lines() -> None:
    box = new_box(2, 24)
    for name in box.telephones:
        set_up_station(box, name)
    for name, office in box.office_lines.items():
        set_up_trunk(box, name)
        office.ring()
    for name in box.office_lines:
        daa_write(box.chips[name], 5, 1)  # type: ignore[arg-type]
    run(box, 60)
    for index, office in enumerate(box.office_lines.values()):
        assert office.answered
        office.say(np.full(80, 100 + index, np.int16))
    heard = run(box, 1)
    assert [int(row[0]) for row in heard[2:]] == [100 + index for index in range(24)]
    assert box.violations() == []
