"""Generators and receivers of the models: DTMF, caller ID, recognizing sounds, WAV files."""

import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from app.phone.sound import dsp
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.countries.base import Modem
from drivers.models.dtmf import DIGITS, DtmfReceiver, digit_samples, tones_of
from drivers.models.fsk import caller_id_message, caller_id_of, demodulate, lamp_of, mdmf, modulate
from drivers.models.g711 import MU_DECODE, MU_ENCODE
from drivers.models.loops import StationLoop
from drivers.models.party import Party
from drivers.models.recognizer import SoundRecognizer
from drivers.models.sound import LineRecording, NotPlayable, PlayQueue, load_wav, save_wav
from drivers.models.telephone import BELLS_KEPT, Bell, Telephone
from drivers.models.tones import tone_periods
from drivers.sampling import amplitude
from drivers.tones import Tone
from tests.kit.models import level_dbm0, sine
from tests.kit.phone import power_at


def rows(samples: Samples) -> list[Samples]:
    return list(samples[: len(samples) // PERIOD * PERIOD].reshape(-1, PERIOD))


def silence(ms: int) -> Samples:
    return np.zeros(ms * 8, np.int16)


def burst(hertz: tuple[float, ...], dbm0: float, on: int, off: int, times: int) -> Samples:
    return np.concatenate([sine(hertz, dbm0, on), silence(off)] * times)


def speech(ms: int) -> Samples:
    """Something like a voice: a buzz of 120 Hz with moving formants, in syllables."""
    t = np.arange(ms * 8) / 8000
    pitch = 120 + 20 * np.sin(2 * np.pi * 2 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / 8000
    buzz = sum(np.sin(k * phase) * np.exp(-((k * 120 - 600) ** 2) / 5e5) for k in range(1, 15))
    syllables = np.clip(np.sin(2 * np.pi * 3 * t) + 0.6, 0, 1)
    return np.asarray(3000 * np.asarray(buzz) * syllables, np.int16)


# -------------------------------------------------------------------------- levels and G.711


def test_zero_dbm0_is_where_g711_puts_it() -> None:
    assert amplitude(3.17) == pytest.approx(32_767)
    assert level_dbm0(sine([1000], -10, 1000)) == pytest.approx(-10, abs=0.05)


# -------------------------------------------------------------------------- DTMF


def test_keys_have_the_frequencies_of_q23() -> None:
    assert tones_of("1") == (697, 1209)
    assert tones_of("#") == (941, 1477)
    assert tones_of("D") == (941, 1633)
    with pytest.raises(ValueError, match="'x' is not on a telephone's keys"):
        tones_of("x")


def test_receiver_takes_each_digit_once() -> None:
    receiver = DtmfReceiver()
    pressed = "1123A456B789C*0#D5"
    heard = "".join(receiver.hear(r) for d in pressed for r in rows(digit_samples(d)))
    assert heard == pressed


def test_receiver_takes_fifty_milliseconds_and_refuses_twenty() -> None:
    for ms, expected in ((50, DIGITS), (20, "")):
        receiver, heard = DtmfReceiver(), ""
        for digit in DIGITS:
            sound = np.concatenate((sine(tones_of(digit), -12, ms), silence(60)))
            heard += "".join(receiver.hear(r) for r in rows(sound))
        assert heard == expected


def test_receiver_hears_no_digit_in_other_sound() -> None:
    receiver = DtmfReceiver()
    noise = np.random.default_rng(1).normal(0, 3000, 80_000).astype(np.int16)
    for sound in (speech(5000), noise, sine([350, 440], -13, 1000), sine([697], -10, 500)):
        assert "".join(receiver.hear(r) for r in rows(sound)) == ""


# -------------------------------------------------------------------------- caller ID

WHEN = datetime(2026, 11, 24, 15, 30)


def test_message_adds_up_and_reads_as_in_the_standard() -> None:
    message = caller_id_message(WHEN, "5551234", "ANNA")
    assert message[:2] == bytes((0x80, 2 + 8 + 2 + 7 + 2 + 4))
    assert message[2:12] == b"\x01\x0811241530"
    assert sum(message) % 256 == 0


@pytest.mark.parametrize(
    ("number", "name", "absent"), [(None, None, "O"), ("private", None, "P"), ("5551234", "A", "")]
)
def test_caller_id_round_trip(number: str | None, name: str | None, absent: str) -> None:
    sound = modulate(caller_id_message(WHEN, number, name))
    (message,) = demodulate(np.concatenate((silence(100), sound, silence(100))))
    got = caller_id_of(message)
    assert got is not None
    assert got.when == "11241530"
    assert got.no_number == got.no_name == absent
    assert (got.number, got.name) == (("", "") if absent else (number, name))


def test_transmission_has_the_level_and_the_length_of_the_standard() -> None:
    message = caller_id_message(WHEN, "5551234", "ANNA")
    sound = modulate(message)
    assert level_dbm0(sound) == pytest.approx(-13.5, abs=0.1)
    assert len(sound) == (300 + 180 + 10 * len(message) + 12) * 8000 // 1200


@pytest.mark.parametrize(
    ("modem", "mark_hz", "space_hz"),
    [(Modem.BELL_202, 1200, 2200), (Modem.V23, 1300, 2100)],  # GR-30; ITU-T V.23
)
def test_modem_sends_its_mark_and_space_and_is_received_by_spandsp(
    modem: Modem, mark_hz: float, space_hz: float
) -> None:
    message = caller_id_message(WHEN, "5551234", "ANNA")
    sound = modulate(message, modem)
    marks = sound[300 * 8000 // 1200 :][: 180 * 8000 // 1200]
    assert power_at(marks, mark_hz) == pytest.approx(-13.5, abs=0.3)
    nine_spaces = modulate(b"\0", modem)[480 * 8000 // 1200 :][: 9 * 8000 // 1200]
    assert power_at(nine_spaces, space_hz) == pytest.approx(-13.5, abs=0.5)
    receiver = dsp.FskReceiver(modem)
    heard = np.concatenate((silence(500), sound, silence(500)))
    assert [m for row in rows(heard) for m in receiver.hear(row)] == [message[:-1]]
    (back,) = demodulate(
        np.concatenate((dsp.fsk_message(message[:-1], modem), silence(100))), modem
    )
    assert back == message


def test_a_flipped_bit_is_no_message() -> None:
    message = bytearray(caller_id_message(WHEN, "5551234", "ANNA"))
    message[5] ^= 1
    assert demodulate(modulate(bytes(message))) == []


@pytest.mark.parametrize(
    ("message", "lit"),
    [
        (mdmf([(0x0B, b"\xff")], 0x82), True),
        (mdmf([(0x0B, b"\x00")], 0x82), False),
        (caller_id_message(WHEN, None, None), None),
    ],
)
def test_message_waiting_message_lights_or_darkens_the_lamp(
    message: bytes, lit: bool | None
) -> None:
    (received,) = demodulate(modulate(message))
    assert lamp_of(received) == lit


# -------------------------------------------------------------------------- ears

SOUNDS = {
    "dial-tone": sine([350, 440], -13, 1500),
    "stutter": np.concatenate((burst((350, 440), -13, 100, 100, 6), sine([350, 440], -13, 1000))),
    "ringback": burst((440, 480), -19, 2000, 4000, 1),
    "busy": burst((480, 620), -24, 500, 500, 3),
    "reorder": burst((480, 620), -24, 250, 250, 4),
    "beep": np.concatenate((sine([1000], -13, 300), silence(100))),
    "speech": speech(3000),
    "silence": silence(1500),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("offset", [0, 37])
def test_sounds_are_told_apart(name: str, offset: int) -> None:
    recognizer = SoundRecognizer()
    for row in rows(np.concatenate((silence(200), SOUNDS[name][offset:]))):
        recognizer.hear(row)
    wanted = {name, "silence"} if name in ("ringback", "silence") else {name}
    assert set(recognizer.heard) == wanted


def am(hz: float, by: float, ms: int) -> Samples:
    """A carrier of -18 dBm0 that a sine modulates by 90 %."""
    t = np.arange(ms * 8) / 8000
    envelope = 1 + 0.9 * np.sin(2 * np.pi * by * t)
    sound = amplitude(-18) * envelope * np.sin(2 * np.pi * hz * t)
    return np.rint(sound).astype(np.int16)


NATIONAL = {
    ("de", "dial-tone"): sine([425], -18, 3000),
    ("de", "ringback"): burst((425,), -18, 1000, 4000, 1),
    ("de", "busy"): burst((425,), -18, 480, 480, 3),
    ("de", "reorder"): burst((425,), -18, 240, 240, 4),
    ("de", "stutter"): sine([425, 400], -18, 1500),
    ("de", "beep"): np.concatenate((sine([1000], -13, 400), silence(100))),
    ("gb", "ringback"): burst((400, 450), -18, 400, 200, 2),
    ("gb", "busy"): burst((400,), -18, 375, 375, 4),
    ("gb", "reorder"): np.concatenate(
        [burst((400,), -18, 400, 350, 1), burst((400,), -18, 225, 525, 1)] * 3
    ),
    ("au", "dial-tone"): am(425, 25, 1500),
    ("it", "dial-tone"): np.concatenate(
        [burst((425,), -18, 200, 200, 1), burst((425,), -18, 600, 900, 1)] * 3
    ),
}


@pytest.mark.parametrize(("code", "name"), NATIONAL)
def test_national_tones_are_told_apart(code: str, name: str) -> None:
    recognizer = SoundRecognizer(code)
    for row in rows(np.concatenate((silence(200), NATIONAL[code, name]))):
        recognizer.hear(row)
    assert set(recognizer.heard) - {"silence"} == {name}


@pytest.mark.parametrize("code", codes())
def test_every_country_has_tones_that_can_be_recognized(code: str) -> None:
    tones = country(code).tones
    for name, tone in (("busy", tones.busy), ("ringback", tones.ringback)):
        recognizer = SoundRecognizer(code)
        sound = np.concatenate((silence(200), np.tile(tone_periods(tone), (3, 1)).reshape(-1)))
        for row in rows(sound):
            recognizer.hear(row)
        same_as_busy = tone.hz == tones.busy.hz and tone.cadence_ms == tones.busy.cadence_ms
        assert ("busy" if same_as_busy else name) in recognizer.heard


def test_tone_whose_cadence_is_no_whole_number_of_periods_closes_without_a_gap() -> None:
    found = tone_periods(Tone((425.0,), (167, 167), dbm0=-18.0)).reshape(-1)  # Belgium
    assert len(found) == 5 * 334 * 8
    assert np.array_equal(found[: 334 * 8], found[334 * 8 : 2 * 334 * 8])


@pytest.mark.parametrize("hertz", [440, 500, 800, 1000, 1400])
def test_beeps_of_many_pitches_after_speech(hertz: float) -> None:
    recognizer = SoundRecognizer()
    sound = (speech(2000), silence(200), sine([hertz], -13, 200), silence(200))
    for row in rows(np.concatenate(sound)):
        recognizer.hear(row)
    assert recognizer.heard == ["speech", "beep"]


def test_a_beep_counts_when_it_is_over() -> None:
    recognizer = SoundRecognizer()
    for row in rows(sine([1000], -13, 400)):
        recognizer.hear(row)
    assert recognizer.heard == []
    for row in rows(silence(20)):
        recognizer.hear(row)
    assert recognizer.heard == ["beep"]


@pytest.mark.parametrize("lost", [(13,), (12, 21), (9, 10, 23)])
def test_a_beep_with_holes_is_one(lost: tuple[int, ...]) -> None:
    """A service that comes too late on a busy machine leaves periods of silence in its sound."""
    recognizer = SoundRecognizer()
    beep = rows(sine([1000], -13, 260))
    for place in lost:
        beep.insert(place, silence(10))
    for row in [*rows(speech(600)), *rows(silence(100)), *beep, *rows(silence(300))]:
        recognizer.hear(row)
    assert recognizer.heard == ["speech", "beep"]


def test_ticks_that_follow_each_other_are_no_beep() -> None:
    recognizer = SoundRecognizer()
    for row in rows(burst((1000.0,), -13, 70, 150, 5)):
        recognizer.hear(row)
    assert "beep" not in recognizer.heard


def test_a_short_tick_is_no_beep() -> None:
    recognizer = SoundRecognizer()
    for row in rows(np.concatenate((sine([1000], -13, 100), silence(100)))):
        recognizer.hear(row)
    assert recognizer.heard == []


def test_tones_coded_in_mu_law_are_recognized() -> None:
    recognizer = SoundRecognizer()
    coded = MU_DECODE[MU_ENCODE[SOUNDS["stutter"].view(np.uint16)]]
    for row in rows(coded):
        recognizer.hear(row)
    assert recognizer.heard == ["stutter"]


# -------------------------------------------------------------------------- mouths and files


def test_play_queue_joins_pieces_without_a_gap() -> None:
    queue = PlayQueue()
    pieces = [np.arange(n, dtype=np.int16) + 1 for n in (30, 100, 3, 1, 200)]
    for piece in pieces:
        queue.add(piece)
    said = []
    while queue.busy:
        row = queue.next_period()
        assert row is not None and len(row) == PERIOD
        said.append(row)
    joined = np.concatenate(said)
    assert np.array_equal(joined[:334], np.concatenate(pieces))
    assert not joined[334:].any()
    assert queue.next_period() is None


def test_recording_to_a_file_is_whole_each_second(tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    recording = LineRecording(path)
    sound = sine([400], -10, 1510)
    for row in rows(sound):
        recording.add(row)
    assert np.array_equal(load_wav(path), sound[:8000])
    recording.close()
    recording.close()
    assert np.array_equal(load_wav(path), sound)


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(44_100, 2, 2), (8000, 1, 1), (16_000, 3, 1)]
)
def test_other_wav_files_are_converted(
    tmp_path: Path, rate: int, width: int, channels: int
) -> None:
    t = np.arange(rate) / rate
    values = np.rint(np.sin(2 * np.pi * 500 * t) * (2 ** (8 * width - 1) * 0.5)).astype("<i4")
    octets = (values + 128).astype(np.uint8).tobytes()
    if width > 1:
        octets = values.view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    octets = b"".join(octets[i : i + width] * channels for i in range(0, len(octets), width))
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(octets)
    got = load_wav(tmp_path / "x.wav")
    assert len(got) == 8000
    wanted = np.sin(2 * np.pi * 500 * np.arange(8000) / 8000) * 16_384
    assert np.abs(got - wanted).max() < 400


def test_what_is_no_wav_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_text("hello")
    with pytest.raises(NotPlayable, match=r"x\.wav"):
        load_wav(tmp_path / "x.wav")
    with pytest.raises(NotPlayable):
        load_wav(tmp_path / "missing.wav")
    save_wav(tmp_path / "y.wav", silence(10))
    assert len(load_wav(tmp_path / "y.wav")) == 80


def test_a_party_remembers_what_it_heard_and_not_the_slots_of_all_others() -> None:
    party, period = Party("line1"), np.arange(48 * 80, dtype=np.int16).reshape(48, 80)
    for _ in range(3):
        party.listen(period[5])
    assert all(row.base is None for row in party.memory)
    assert np.array_equal(party.heard_since(1)[-1], period[5])


def test_a_telephone_that_rings_for_weeks_remembers_its_last_rings() -> None:
    loop = StationLoop()
    telephone = Telephone("101", loop)
    for now in range(2 * BELLS_KEPT):
        loop.ring_vrms, loop.hertz = (60.0, 25.0) if now % 2 == 0 else (0.0, 0.0)
        telephone.move(now)
    assert len(telephone.bells) == BELLS_KEPT
    assert telephone.bells[-1] == Bell(2 * BELLS_KEPT - 1, False)
