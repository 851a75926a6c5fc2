"""DTMF and FSK through spandsp, and what a wrong library says."""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import caller_id
from app.phone.sound import dsp
from app.phone.sound.recorder import DIGIT_CUT
from drivers.buses import PERIOD, Samples
from drivers.sampling import amplitude


def in_periods(samples: Samples) -> list[Samples]:
    count = -(-len(samples) // PERIOD)
    padded = np.zeros(count * PERIOD, np.int16)
    padded[: len(samples)] = samples
    return list(padded.reshape(count, PERIOD))


def detected(samples: Samples, under_dial_tone: bool = False) -> str:
    detector = dsp.DtmfDetector()
    if under_dial_tone:
        detector.filter_dial_tone(True)
    return "".join(detector.hear(dsp.pointer(row)) for row in in_periods(samples))


def received(samples: Samples) -> list[bytes]:
    receiver = dsp.FskReceiver()
    quiet = np.zeros(4000, np.int16)
    heard = np.concatenate([quiet, samples, quiet])
    return [message for row in in_periods(heard) for message in receiver.hear(row)]


@pytest.mark.parametrize("level", [-6, -10, -20, -26])
def test_dtmf_of_every_digit_is_detected_at_any_level(level: int) -> None:
    assert detected(dsp.dtmf("1234567890*#ABCD", level, on_ms=50, off_ms=50)) == "1234567890*#ABCD"


def test_dtmf_digit_sent_twice_is_detected_twice() -> None:
    assert detected(dsp.dtmf("1100##", on_ms=50, off_ms=50)) == "1100##"


def test_dtmf_too_short_or_too_quiet_is_no_digit() -> None:
    assert detected(dsp.dtmf("5", on_ms=20)) == ""
    assert detected(dsp.dtmf("5", level_dbm0=-45)) == ""
    assert detected(dsp.dtmf("5", level_dbm0=-45), under_dial_tone=True) == ""
    assert detected(dsp.dtmf("5", level_dbm0=-40), under_dial_tone=True) == "5"


def test_dtmf_detector_status_says_whether_a_tone_is_on() -> None:
    detector = dsp.DtmfDetector()
    status = []
    for row in in_periods(dsp.dtmf("7", on_ms=100, off_ms=100)):
        detector.hear(dsp.pointer(row))
        status.append(bool(detector.status))
    assert status[5] and not status[0] and not status[-1]


@pytest.mark.parametrize("level", [-8, -26])
def test_dtmf_digit_is_reported_while_the_recorder_can_still_cut_its_tone(level: int) -> None:
    latest = 0
    for digit in "147*2580369#":
        for offset in range(0, 10 * PERIOD, 23):
            said = np.concatenate([np.zeros(offset, np.int16), dsp.dtmf(digit, level)])
            detector = dsp.DtmfDetector()
            reports = [detector.hear(dsp.pointer(row)) for row in in_periods(said)]
            recorded = reports.index(digit) - offset // PERIOD  # periods with its tone
            latest = max(latest, recorded)
    assert latest == DIGIT_CUT - 1  # one to spare


def test_dtmf_mixed_with_dial_tone_is_detected() -> None:
    digits = dsp.dtmf("123", level_dbm0=-16, on_ms=80, off_ms=80)
    time = np.arange(len(digits)) / 8000
    echo = sum(np.sin(2 * np.pi * hz * time) for hz in (350, 440)) * amplitude(-13)
    mixed = (digits + echo).astype(np.int16)
    detector = dsp.DtmfDetector()
    detector.filter_dial_tone(True)
    heard = "".join(detector.hear(dsp.pointer(row)) for row in in_periods(mixed))
    assert (heard, detected(mixed)) == ("123", "")


CALLERS = [
    Caller("5551234567", "CALLER NAME"),
    Caller("5551234"),
    Caller(None, "ANN", "private"),
    Caller(None, None, "out of area"),
]


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_caller_id_sent_as_fsk_is_received_as_it_was(caller: Caller) -> None:
    sent = dsp.fsk_message(caller_id.caller_message(caller, "11241530"))
    messages = received(sent)
    assert [caller_id.parse(message) for message in messages] == [caller]


def test_caller_id_at_a_low_level_is_received() -> None:
    faint = dsp.fsk_message(caller_id.caller_message(CALLERS[0])) / 25  # -42 dBm0
    assert len(received(faint.astype(np.int16))) == 1


def test_fsk_message_with_a_wrong_bit_is_dropped() -> None:
    sent = dsp.fsk_message(caller_id.caller_message(CALLERS[0], "11241530"))
    sent[len(sent) // 2 + 600 :][:200] = 0
    assert received(sent) == []


def test_missing_spandsp_is_named_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dsp, "_SONAMES", {"libspandsp.so.77": "int"})
    with pytest.raises(dsp.SpandspMissing, match="install the package libspandsp2"):
        dsp._open.__wrapped__()


@pytest.mark.parametrize(
    ("message", "caller"),
    [
        (b"\x04\x0f112415305551234", Caller("5551234")),
        (b"\x04\x0911241530P", Caller(None, None, "private")),
        (b"\x80\x09\x02\x07555\x0012\n", Caller("55512")),  # what cannot be printed is dropped
        (b"\x80\x40\x02\x07555", Caller("555")),  # lengths that promise too much
        (b"\x80\x01\x02", Caller(None, None, "out of area")),
        (b"\x80", None),
        (b"\x82\x03\x0b\x01\xff", None),
    ],
)
def test_malformed_message_from_the_line_gives_what_can_be_read(
    message: bytes, caller: Caller | None
) -> None:
    assert caller_id.parse(message) == caller


def test_long_or_non_ascii_name_is_cut_to_what_telephones_show() -> None:
    message = caller_id.caller_message(Caller("1" * 40, "A very long name with é"))
    assert caller_id.parse(message) == Caller("1" * 15, "A very long nam")
