"""Caller ID is received wherever a carrier is, and only there: none is lost by the watch for it."""

from itertools import chain

import numpy as np
import pytest

from app.phone.calls.line import Caller
from app.phone.lines import caller_id
from app.phone.sound.data_carrier import DataReceivers
from app.phone.sound.dsp import FskReceiver, fsk_message
from app.phone.sound.tone_bank import ToneBank
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries.base import Modem
from drivers.sampling import amplitude
from tests.kit.foreign_tones import Wave, as_samples, noise, silence
from tests.kit.hearing import PACK
from tests.soak import talk_off

MESSAGE = caller_id.caller_message(Caller("5551234567", "CALLER NAME"), "11241530")
HERTZ = {Modem.BELL_202: (2200.0, 1200.0), Modem.V23: (2100.0, 1300.0)}
"""Of a 0 and of a 1."""
LINES = 10


def sent(modem: Modem, dbm0: float, baud: float, off: float, missing_ms: int) -> Wave:
    """The message as a modem of our own sends it, without its beginning."""
    octets = MESSAGE + bytes((-sum(MESSAGE) & 255,))
    framed = chain.from_iterable((0, *(octet >> n & 1 for n in range(8)), 1) for octet in octets)
    bits = np.array([0, 1] * 150 + [1] * 180 + [*framed] + [1] * 10)
    at = (np.arange(int(len(bits) * SAMPLE_RATE / baud)) * baud / SAMPLE_RATE).astype(int)
    hertz = np.array(HERTZ[modem])[bits[at]] * (1 + off)
    wave: Wave = amplitude(dbm0) * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)
    return wave[missing_ms * SAMPLE_RATE // 1000 :]


def heard(frames: Samples, modem: Modem) -> tuple[list[bytes], int]:
    """The messages on all lines of (periods, lines, 80), and in how many periods, summed up over
    the lines, a receiver was at work."""
    lines = frames.shape[1]
    bank = ToneBank(lines)
    receivers = DataReceivers(bank)
    for line in range(lines):
        receivers.receive(line, modem)
    messages, at_work = list[bytes](), 0
    for frame in frames:
        bank.hear(frame)
        messages += [message for _, message in receivers.hear()]
        at_work += receivers.carriers
    return messages, at_work


def always(frames: Samples, modem: Modem) -> list[bytes]:
    """What receivers that hear everything receive."""
    receivers = [FskReceiver(modem) for _ in range(frames.shape[1])]
    return [
        message
        for frame in frames
        for receiver, row in zip(receivers, frame, strict=True)
        for message in receiver.hear(row)
    ]


def lines_of(waves: list[Wave], dbm0: float) -> Samples:
    """Each line with its message somewhere in a second of noise of this level."""
    frames = np.zeros((200, len(waves), PERIOD), np.int16)
    for line, wave in enumerate(waves):
        whole = np.concatenate([silence(60), np.zeros(line * 23), wave, silence(2000)])
        whole = whole[: 200 * PERIOD] + noise(200 * PERIOD, dbm0, line)
        frames[:, line] = as_samples(whole).reshape(-1, PERIOD)
    return frames


@pytest.mark.parametrize("modem", [Modem.BELL_202, Modem.V23])
@pytest.mark.parametrize(
    ("dbm0", "snr_db", "baud", "off", "missing_ms"),
    [(0, 60, 1200, 0, 0), (-13.5, 40, 1200, 0, 0), (-30, 30, 1200, 0, 0), (-45, 18, 1200, 0, 0),
     (-13.5, 30, 1176, 0, 0), (-13.5, 30, 1224, 0, 0), (-13.5, 30, 1200, -0.04, 0),
     (-13.5, 30, 1200, 0.04, 0), (-13.5, 30, 1200, 0, 380), (-40, 20, 1200, 0, 380)],
)  # fmt: skip
def test_every_message_is_received(
    modem: Modem, dbm0: float, snr_db: float, baud: float, off: float, missing_ms: int
) -> None:
    waves = [sent(modem, dbm0, baud, off, missing_ms) for _ in range(LINES)]
    messages, _ = heard(lines_of(waves, dbm0 - snr_db), modem)
    assert messages == [MESSAGE] * LINES


@pytest.mark.parametrize("modem", [Modem.BELL_202, Modem.V23])
def test_watch_loses_nothing_in_noise_that_a_receiver_which_hears_everything_receives(
    modem: Modem,
) -> None:
    """In noise of 12 dB the receiver itself gets some messages wrong."""
    frames = lines_of([sent(modem, -20, 1200, 0, 0) for _ in range(LINES)], -32)
    messages, _ = heard(frames, modem)
    assert messages == always(frames, modem)
    assert len(messages) >= LINES // 2


def test_no_receiver_is_at_work_on_a_quiet_line_or_beside_the_carrier() -> None:
    quiet = lines_of([silence(10)] * LINES, -55.0)
    assert heard(quiet, Modem.BELL_202) == ([], 0)
    frames = lines_of([fsk_message(MESSAGE).astype(np.float64)] + [silence(10)] * 3, -60.0)
    messages, at_work = heard(frames, Modem.BELL_202)
    assert messages == [MESSAGE] and 60 < at_work < 160


def test_speech_calls_few_receivers() -> None:
    said = np.concatenate([*talk_off.prompts([PACK])])[: 48 * 1000 * PERIOD] * 10 ** (-15 / 20)
    frames = as_samples(said).reshape(48, -1, PERIOD).swapaxes(0, 1)
    messages, at_work = heard(np.ascontiguousarray(frames), Modem.BELL_202)
    assert messages == []
    assert 0 < at_work < 0.02 * 48 * len(frames)
