"""Binding to spandsp, a telephony DSP library: DTMF to dial, caller-ID modems, speed of speech.

With t30.py, which has its fax, the only module that knows what is in the library. ABI mode:
libspandsp.so.2 (0.0.6, Debian) or .so.3 (3.x, Buildroot) is opened at first use, as spandsp.h
declares it.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.phone.sound import spandsp
from app.phone.sound.spandsp_declared import ffi
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries.base import Modem

STANDARDS = {Modem.BELL_202: 1, Modem.V23: 2, Modem.V23_NTT: 4}
"""ADSI_STANDARD_CLASS [GR-30], ADSI_STANDARD_CLIP [ETSI EN 300 659], ADSI_STANDARD_JCLIP [NTT]."""

_ON_HOOK_PREAMBLE = (300, 180, 5, -1)
"""Bits of seizure, marks before and after the message [GR-30, on hook]; stop bits as usual."""

_OFF_HOOK_PREAMBLE = (0, 80, 5, -1)
"""The same in a call [GR-30, off hook: 80 marks and no seizure]."""

FloatArray = NDArray[np.float64]


@cache
def library() -> Any:
    """The opened library. Raises SpandspMissing."""
    problems = []
    for name in spandsp.SONAMES:
        try:
            return ffi.dlopen(name)
        except OSError as problem:
            problems.append(str(problem))
    raise spandsp.SpandspMissing(problems)


def pointer(samples: Samples) -> Any:
    """The address of contiguous samples, for the functions below; keeps the array alive."""
    return ffi.from_buffer("int16_t[]", samples)


def dtmf(digits: str, level_dbm0: int = -10, on_ms: int = 100, off_ms: int = 100) -> Samples:
    """The samples that dial these digits; the high group is 2 dB louder."""
    lib = library()
    state = ffi.gc(lib.dtmf_tx_init(ffi.NULL, ffi.NULL, ffi.NULL), lib.dtmf_tx_free)
    lib.dtmf_tx_set_level(state, level_dbm0, 2)
    lib.dtmf_tx_set_timing(state, on_ms, off_ms)
    text = digits.encode("ascii")
    left = lib.dtmf_tx_put(state, text, len(text))
    if left:
        raise ValueError(f"too many digits at once: {digits!r}")
    samples: Samples = np.zeros((on_ms + off_ms) * 8 * len(text) + PERIOD, np.int16)
    return samples[: lib.dtmf_tx(state, pointer(samples), len(samples))].copy()


def fsk_message(message: bytes, modem: Modem = Modem.BELL_202, seizure: bool = True) -> Samples:
    """A data message [GR-30] as samples: seizure (on hook only), marks, message, checksum.

    `message` is type, length, body; at most 255 octets of body.
    """
    lib = library()
    state = ffi.gc(lib.adsi_tx_init(ffi.NULL, STANDARDS[modem]), lib.adsi_tx_free)
    lib.adsi_tx_set_preamble(state, *(_ON_HOOK_PREAMBLE if seizure else _OFF_HOOK_PREAMBLE))
    if lib.adsi_tx_put_message(state, message, len(message)) < 0:
        raise ValueError(f"not a message that can be sent: {message!r}")
    pieces = []
    while True:
        piece: Samples = np.zeros(PERIOD * 25, np.int16)
        made = lib.adsi_tx(state, pointer(piece), len(piece))
        pieces.append(piece[:made])
        if made < len(piece):
            return np.concatenate(pieces)


def _band(low_hz: float, high_hz: float, taps: int) -> FloatArray:
    """An FIR filter (windowed sinc, Hamming) for this band, of 0 dB in its middle."""
    place = np.arange(taps) - (taps - 1) / 2
    edges = (2 * hz / SAMPLE_RATE for hz in (high_hz, low_hz))
    high, low = (edge * np.sinc(edge * place) for edge in edges)
    filter_: FloatArray = (high - low) * np.hamming(taps)
    middle = np.exp(-1j * np.pi * (low_hz + high_hz) / SAMPLE_RATE * place)
    filter_ /= abs(np.sum(filter_ * middle))
    return filter_


class FskReceiver:
    """Receives on-hook data messages [GR-30]: their type, length and body.

    The library's receiver is deaf below -30 dBm0, so samples of an on-hook line are raised by 17 dB
    first, as far as that clips nothing. It decides by single crossings between its two tones, so
    noise beside their band is taken away: V.23 with noise of 10 dB less is read then, and else
    every third message was lost.
    """

    FILTER = _band(800.0, 2700.0, 15)
    """Both frequencies of Bell 202 and V.23, 1200 to 2200 Hz, lose 1.5 dB at most."""
    GAIN, LOUDEST = 7.0, 28_000.0
    FORGETS = 0.9
    """Per period, what is left of an earlier peak: a click does not make deaf for long."""

    def __init__(self, modem: Modem = Modem.BELL_202) -> None:
        lib = library()
        self.messages: list[bytes] = []
        self._line = np.zeros(len(self.FILTER) - 1 + PERIOD)
        """What the filter still needs of the period before, and a period."""
        self._peak = 0.0
        self._louder: Samples = np.zeros(PERIOD, np.int16)
        self._address, self._rx = pointer(self._louder), lib.adsi_rx
        self._standard = STANDARDS[modem]
        self._callback = ffi.callback("void(void *, const uint8_t *, int)", self._arrived)
        self._state = ffi.gc(
            lib.adsi_rx_init(ffi.NULL, self._standard, self._callback, ffi.NULL),
            lib.adsi_rx_free,
        )

    def begin_again(self) -> None:
        """Forget what was heard."""
        self.messages = []
        self._line[:] = self._peak = 0.0
        library().adsi_rx_init(self._state, self._standard, self._callback, ffi.NULL)

    def hear(self, samples: Samples) -> list[bytes]:
        """Feed a period or less; the messages that were complete and had a good checksum."""
        count, kept = len(samples), len(self.FILTER) - 1
        line = self._line[: kept + count]
        line[kept:] = samples
        data = np.convolve(line, self.FILTER, "valid")
        line[:kept] = line[count:]
        self._peak = max(float(np.abs(data).max()), self.FORGETS * self._peak)
        loud = self._peak * self.GAIN > self.LOUDEST
        self._louder[:count] = data * (self.LOUDEST / self._peak if loud else self.GAIN)
        self._rx(self._state, self._address, count)
        if not self.messages:
            return []
        messages, self.messages = self.messages, []
        return messages

    def _arrived(self, _: Any, message: Any, length: int) -> None:
        self.messages.append(bytes(ffi.buffer(message, length)))


class TimeScale:
    """Makes speech faster or slower and keeps its pitch; `speed` 2.0 takes half the time.

    Pitch periods are left out or said twice (PICOLA), so what comes out of one call varies. A call
    costs about 10 us for PERIOD samples. Raises ValueError for a speed that is not 0.5 to 2.
    """

    SLOWEST, FASTEST = 0.5, 2.0
    _MOST = 4096
    """Samples that one call may give; 507 were seen, more than the library itself announces."""

    def __init__(self, speed: float) -> None:
        if not self.SLOWEST <= speed <= self.FASTEST:
            raise ValueError(f"a speed of {speed} is not {self.SLOWEST} to {self.FASTEST}")
        lib = library()
        self.speed = speed
        state = lib.time_scale_init(ffi.NULL, SAMPLE_RATE, 1.0 / speed)
        self._state = ffi.gc(state, lib.time_scale_free)
        self._out: Samples = np.zeros(self._MOST, np.int16)
        self._scale, self._address = lib.time_scale, pointer(self._out)

    def scaled(self, samples: Samples) -> Samples:
        """What at most PERIOD contiguous samples become, together with those before them."""
        made = self._scale(self._state, self._address, pointer(samples), len(samples))
        return self._out[:made].copy()
