"""Binding to spandsp, a telephony DSP library: DTMF detector, caller-ID modems, speed of speech.

With t30.py, which has its fax, the only module that knows the library. ABI mode: libspandsp.so.2
(0.0.6, Debian) or .so.3 (3.x, Buildroot) is opened at first use. What is declared below is the same
in both, with two exceptions: dtmf_tx_init of 3.x takes two more arguments, which are harmless to
0.0.6; dtmf_rx_parms takes numbers of type int in 0.0.6 and of type float in 3.x, so it is called
through a pointer of the right type (declared here without any).
"""

from functools import cache
from typing import Any

import cffi  # type: ignore[import-untyped]  # it has no stubs
import numpy as np

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries.base import Modem

_SONAMES = {"libspandsp.so.2": "int", "libspandsp.so.3": "float"}
"""With the type of dtmf_rx_parms' numbers."""

_DECLARATIONS = """
typedef ... dtmf_rx_state_t;
typedef ... dtmf_tx_state_t;
typedef ... adsi_rx_state_t;
typedef ... adsi_tx_state_t;
typedef ... time_scale_state_t;

dtmf_rx_state_t *dtmf_rx_init(dtmf_rx_state_t *s, void *callback, void *user_data);
int dtmf_rx(dtmf_rx_state_t *s, const int16_t *samples, int count);
int dtmf_rx_status(dtmf_rx_state_t *s);
int dtmf_rx_get(dtmf_rx_state_t *s, char *digits, int most);
void dtmf_rx_parms(void);
int dtmf_rx_free(dtmf_rx_state_t *s);

dtmf_tx_state_t *dtmf_tx_init(dtmf_tx_state_t *s, void *callback, void *user_data);
int dtmf_tx(dtmf_tx_state_t *s, int16_t *samples, int most);
int dtmf_tx_put(dtmf_tx_state_t *s, const char *digits, int len);
void dtmf_tx_set_level(dtmf_tx_state_t *s, int level, int twist);
void dtmf_tx_set_timing(dtmf_tx_state_t *s, int on_ms, int off_ms);
int dtmf_tx_free(dtmf_tx_state_t *s);

typedef void (*put_msg)(void *user_data, const uint8_t *msg, int len);
adsi_rx_state_t *adsi_rx_init(adsi_rx_state_t *s, int standard, put_msg callback, void *user_data);
int adsi_rx(adsi_rx_state_t *s, const int16_t *samples, int count);
int adsi_rx_free(adsi_rx_state_t *s);

adsi_tx_state_t *adsi_tx_init(adsi_tx_state_t *s, int standard);
int adsi_tx(adsi_tx_state_t *s, int16_t *samples, int most);
void adsi_tx_set_preamble(adsi_tx_state_t *s, int seizure, int marks, int marks_after,
                          int stop_bits);
int adsi_tx_put_message(adsi_tx_state_t *s, const uint8_t *msg, int len);
int adsi_tx_free(adsi_tx_state_t *s);

time_scale_state_t *time_scale_init(time_scale_state_t *s, int sample_rate, float playout_rate);
int time_scale(time_scale_state_t *s, int16_t *out, int16_t *in, int len);
int time_scale_free(time_scale_state_t *s);
"""

STANDARDS = {Modem.BELL_202: 1, Modem.V23: 2}
"""ADSI_STANDARD_CLASS [GR-30] and ADSI_STANDARD_CLIP [ETSI EN 300 659]."""

_ON_HOOK_PREAMBLE = (300, 180, 5, -1)
"""Bits of seizure, marks before and after the message [GR-30, on hook]; stop bits as usual."""

_OFF_HOOK_PREAMBLE = (0, 80, 5, -1)
"""The same in a call [GR-30, off hook: 80 marks and no seizure]."""

ffi = cffi.FFI()
ffi.cdef(_DECLARATIONS)


class SpandspMissing(RuntimeError):
    """The DSP library is not installed; the text names the package."""


@cache
def library() -> Any:
    """The opened library. Raises SpandspMissing."""
    return _open()[0]


@cache
def _open() -> tuple[Any, Any]:
    """The library, and its dtmf_rx_parms with the right type."""
    problems = []
    for name, number in _SONAMES.items():
        try:
            lib = ffi.dlopen(name)
        except OSError as problem:
            problems.append(str(problem))
        else:
            kind = f"void (*)(dtmf_rx_state_t *, int, {number}, {number}, {number})"
            return lib, ffi.cast(kind, ffi.addressof(lib, "dtmf_rx_parms"))
    raise SpandspMissing(
        f"spandsp cannot be loaded ({'; '.join(problems)}); "
        "install the package libspandsp2 (Debian) or spandsp (Buildroot)"
    )


def pointer(samples: Samples) -> Any:
    """The address of contiguous samples, for the functions below; keeps the array alive."""
    return ffi.from_buffer("int16_t[]", samples)


class DtmfDetector:
    """Detects DTMF digits on one line [Q.24]: tones of 40 ms and more down to about -29 dBm0."""

    __slots__ = ("_get", "_rx", "_state", "_status", "_text", "status")

    def __init__(self) -> None:
        lib = library()
        self._state = ffi.gc(lib.dtmf_rx_init(ffi.NULL, ffi.NULL, ffi.NULL), lib.dtmf_rx_free)
        self._text = ffi.new("char[33]")
        self._rx, self._status, self._get = lib.dtmf_rx, lib.dtmf_rx_status, lib.dtmf_rx_get
        self.status = 0
        """0: no tone now; else a tone is there or begins."""

    def hear(self, samples: Any, count: int = PERIOD) -> str:
        """Feed samples (see pointer()); the digits recognized in them, nearly always none."""
        self._rx(self._state, samples, count)
        status: int = self._status(self._state)
        if status == self.status:
            return ""
        self.status = status
        found = self._get(self._state, self._text, 32)
        return ffi.string(self._text, found).decode("ascii") if found else ""

    def filter_dial_tone(self, on: bool) -> None:
        """Notch out 350 and 440 Hz while we send dial tone, some of which comes back."""
        _open()[1](self._state, int(on), -1, -1, -99)  # twist and level stay as they are


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


class FskReceiver:
    """Receives on-hook data messages [GR-30]: their type, length and body.

    The receiver is deaf below -30 dBm0, so samples of an on-hook line are raised by 15 dB first.
    """

    GAIN = 6  # 15.6 dB
    LOUDEST = 32767 // GAIN
    """What is louder is clipped at the gain."""

    def __init__(self, modem: Modem = Modem.BELL_202) -> None:
        lib = library()
        self.messages: list[bytes] = []
        self._louder: Samples = np.zeros(PERIOD, np.int16)
        self._address, self._rx = pointer(self._louder), lib.adsi_rx
        self._callback = ffi.callback("void(void *, const uint8_t *, int)", self._arrived)
        self._state = ffi.gc(
            lib.adsi_rx_init(ffi.NULL, STANDARDS[modem], self._callback, ffi.NULL),
            lib.adsi_rx_free,
        )

    def hear(self, samples: Samples) -> list[bytes]:
        """Feed a period or less; the messages that were complete and had a good checksum."""
        louder = self._louder[: len(samples)]
        np.minimum(samples, self.LOUDEST, out=louder)
        np.maximum(louder, -self.LOUDEST, out=louder)
        np.multiply(louder, self.GAIN, out=louder)
        self._rx(self._state, self._address, len(samples))
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
