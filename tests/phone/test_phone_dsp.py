"""FSK through spandsp, and what a missing library says."""

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import caller_id
from app.phone.sound import dsp, spandsp
from drivers.buses import PERIOD, Samples


def in_periods(samples: Samples) -> list[Samples]:
    count = -(-len(samples) // PERIOD)
    padded = np.zeros(count * PERIOD, np.int16)
    padded[: len(samples)] = samples
    return list(padded.reshape(count, PERIOD))


def received(samples: Samples) -> list[bytes]:
    receiver = dsp.FskReceiver()
    quiet = np.zeros(4000, np.int16)
    heard = np.concatenate([quiet, samples, quiet])
    return [message for row in in_periods(heard) for message in receiver.hear(row)]


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
    monkeypatch.setattr(spandsp, "SONAMES", ("libspandsp.so.77",))
    with pytest.raises(spandsp.SpandspMissing, match="install the package libspandsp2"):
        dsp.library.__wrapped__()
    with pytest.raises(spandsp.SpandspMissing, match="install the package libspandsp2"):
        spandsp.check()


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
