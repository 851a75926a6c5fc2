"""The sound by which a handset is shown who calls, as its country's telephones expect it."""

import numpy as np

from app.phone.calls.line import Caller
from app.phone.lines.caller_id import caller_digits, caller_message, single_caller_message
from app.phone.sound import audio, dsp
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import Country
from drivers.countries.base import CallerIdAlert, CallerIdService, Modem
from drivers.tones import Tone

AFTER_REVERSAL_MS = 300
"""From the line's reversal to what follows [ETSI EN 300 659-1, 6.1: 100 ms and more before DT-AS;
annex B: 200 ms and more before DTMF]."""
DT_AS_MS, AFTER_DT_AS_MS = 100, 100
"""Dual tone alerting signal on hook, and the silence behind it [ETSI EN 300 659-1, 6.1: 100 to 110
ms, then 45 to 500 ms]."""
DT_AS = Tone((2130.0, 2750.0), (DT_AS_MS, AFTER_DT_AS_MS), repeat=1, dbm0=-15.0)
BEFORE_RING_MS = 300
"""From the data to the first burst [ETSI EN 300 659-1, 6.1: 200 to 500 ms]."""
DIGIT_MS = 70
"""Of a digit, and of the silence behind it [ETSI EN 300 659-1, annex B: 65 to 75 ms]."""
DIGIT_DBM0 = -10


def caller_sound(caller: Caller, date: str, country: Country, single: bool = False) -> Samples:
    """The data that show a caller; `date` is MMDDHHMM of local time, `single`: as SDMF."""
    service = country.caller_id
    if service is not None and service.modem is Modem.DTMF:
        digits = caller_digits(caller, service.digits)
        return dsp.dtmf(digits, DIGIT_DBM0, DIGIT_MS, DIGIT_MS)
    message = (single_caller_message if single else caller_message)(caller, date)
    return dsp.fsk_message(message, country.modem)


def announced(data: Samples, service: CallerIdService) -> Samples:
    """The same with what comes before and behind it where it precedes the first burst.

    A whole number of periods; from the line's reversal to the burst.
    """
    pieces = [_silence(AFTER_REVERSAL_MS)]
    if CallerIdAlert.DT_AS in service.alerts:
        pieces.append(alerting())
    pieces += [data, _silence(BEFORE_RING_MS)]
    sound = np.concatenate(pieces)
    return np.concatenate((sound, np.zeros(-len(sound) % PERIOD, np.int16)))


def alerting() -> Samples:
    """The alerting signal that tells a telephone on its hook of data [ETSI EN 300 659-1]."""
    return audio.loop(DT_AS)[: (DT_AS_MS + AFTER_DT_AS_MS) * SAMPLE_RATE // 1000]


def _silence(ms: int) -> Samples:
    return np.zeros(ms * SAMPLE_RATE // 1000, np.int16)
