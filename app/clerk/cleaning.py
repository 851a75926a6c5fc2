"""What of a recording becomes the message: without silence and the exchange's tones around it, and
at the level of speech.

A recording is gone through twice: Survey looks at it, piece by piece, and Cleaning makes the
message's samples of it. Both cost a few hundredths of a second of processor time a minute of sound.
"""

import math
import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from operator import mul

from app.clerk.levels import LEVEL_DBM0, active_power
from app.clerk.trim import LOUD, TAIL, WINDOW
from app.phone.sound.end_tones import tone_basis
from drivers.sampling import FULL_SCALE, SAMPLE_RATE, amplitude
from drivers.tones import Tone

LEAD = SAMPLE_RATE // 5
"""Samples kept before the first sound: 200 ms, for a word may begin softly."""
RAISED_MOST_DB, LOWERED_MOST_DB = 20.0, 12.0
NOISE_DBM0 = -45.0
"""What is between the words is not made louder than this: nobody wants to hear a line hum."""
NOISE_PART = 10
"""The softest tenth of what is not digital silence is noise."""
LEAVE_DB = 1.0
"""A recording is left as it is whose level is that near."""
KNEE, PEAK_MOST = 0.7 * FULL_SCALE, 0.97 * FULL_SCALE
"""From the one on samples are pressed together, so that none is beyond the other."""

TONE_S = 0.6
"""Dial tone that is so long, at the very end, is the exchange's."""
TONE_PURE = 0.7
"""Part of a window's power that lies at the tone's frequencies, at least. In 20 ms one that is
15 Hz beside the table's has 0.74 of its power there; one 50 Hz beside it nothing."""
TONE_EACH = 0.4
"""What each frequency has of its share in the tone, at least: one alone is another tone."""
TONE_STEADY = 1.6
"""Power of a window of the tone against the one before it, at most; two frequencies beat."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Which samples of a recording are the message, and by how much they are made louder."""

    begins: int
    ends: int
    gain: float

    @property
    def samples(self) -> int:
        """How many there are."""
        return self.ends - self.begins

    def of(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The message's samples, S16LE, of the recording's pieces."""
        table = None if self.gain == 1.0 else _louder(self.gain)
        at = 0
        for piece in pieces:
            begin, end = max(0, self.begins - at), min(len(piece) // 2, self.ends - at)
            at += len(piece) // 2
            if begin < end:
                kept = piece[2 * begin : 2 * end]
                yield kept if table is None else _through(table, kept)
            if at >= self.ends:
                return


class Survey:
    """What there is in a recording; `dial` is the dial tone of the exchange, if that is known."""

    def __init__(self, dial: Tone | None = None) -> None:
        self._dial = None if dial is None else _DialTone(dial)
        self._total = 0
        self._first = self._last = 0  # samples before the first sound, and up to the last one's end
        self._before_tone = self._loud_before = 0
        self._loud, self._soft = array("f"), array("f")  # mean squares of windows

    def add(self, piece: bytes) -> None:
        """Look at the next piece: S16LE, any length."""
        values = _values(piece)
        for at in range(0, len(values), WINDOW):
            self._look(values[at : at + WINDOW])

    def _look(self, window: "array[int]") -> None:
        power = sum(map(mul, window, window)) / len(window)
        loud = max(max(window), -min(window)) >= LOUD
        if self._dial is not None:
            begins = self._dial.hears(window, power)
            if begins and loud:
                self._before_tone, self._loud_before = self._last, len(self._loud)
        if loud:
            self._first = self._total if not self._loud else self._first
            self._last = self._total + len(window)
            self._loud.append(power)
        elif power:
            self._soft.append(power)
        self._total += len(window)

    @property
    def _end(self) -> int:
        """Where the last sound ends that is no dial tone."""
        return self._before_tone if self._tone_sounds else self._last

    @property
    def _tone_sounds(self) -> bool:
        return self._dial is not None and self._dial.sure

    @property
    def spoken(self) -> int:
        """Samples from the first sound to the last; 0 if all is silence, or dial tone."""
        return max(0, self._end - self._first) if self._loud else 0

    def cleaning(self, whole: bool = False) -> Cleaning:
        """What becomes the message; `whole`: its beginning stays where it is."""
        if not self.spoken:
            return Cleaning(0, min(self._total, TAIL), 1.0)
        tail = 0 if self._tone_sounds else TAIL
        ends = min(self._total, self._end + tail)
        return Cleaning(0 if whole else max(0, self._first - LEAD), ends, self._gain())

    def _gain(self) -> float:
        loud = self._loud[: self._loud_before] if self._tone_sounds else self._loud
        wanted_db = _db(amplitude(LEVEL_DBM0) ** 2 / 2 / active_power(loud))
        if wanted_db > 0:
            heard = sorted((*loud, *self._soft))
            room_db = _db(amplitude(NOISE_DBM0) ** 2 / 2 / heard[len(heard) // NOISE_PART])
            wanted_db = min(wanted_db, RAISED_MOST_DB, max(0.0, room_db))
        wanted_db = max(wanted_db, -LOWERED_MOST_DB)
        return 1.0 if abs(wanted_db) <= LEAVE_DB else float(10 ** (wanted_db / 20))


class _DialTone:
    """Hears whether the latest windows are dial tone, one of 20 ms after the other."""

    def __init__(self, tone: Tone) -> None:
        self._basis = tone_basis(tone.hz, WINDOW)
        levels = [10 ** (dbm0 / 10) for dbm0 in tone.levels_dbm0]
        apart = all(abs(a - b) >= SAMPLE_RATE / WINDOW for a, b in combinations(tone.hz, 2))
        self._each = [
            (tone_basis((hz,), WINDOW), TONE_EACH * level / sum(levels))
            for hz, level in zip(tone.hz, levels, strict=True)
            if apart and len(levels) > 1
        ]
        self._swells = len(levels) > 2  # modulated
        ms = WINDOW * 1000 // SAMPLE_RATE
        self._gap = 2 + max(tone.cadence_ms[1::2]) // ms if tone.cadence_ms else 1
        self._windows = self._silent = 0
        self._power = 0.0

    @property
    def sure(self) -> bool:
        """Whether the tone has been there for long enough, up to now."""
        return self._windows * WINDOW >= TONE_S * SAMPLE_RATE

    def hears(self, window: "array[int]", power: float) -> bool:
        """Take the next window and its mean square; whether the tone may begin with it."""
        begins = not self._windows
        steady = power < TONE_STEADY * self._power and self._power < TONE_STEADY * power
        likely = power > LOUD * LOUD / 2 and (steady or begins or self._swells)
        if likely and self._is_tone(window, power * len(window)):
            self._windows, self._silent = self._windows + 1, 0
        elif self._windows and self._silent < self._gap:
            self._silent += 1  # a gap of its cadence, or a click
        else:
            self._windows = self._silent = 0
        self._power = power
        return begins and self._windows == 1

    def _is_tone(self, window: "array[int]", energy: float) -> bool:
        if len(window) < WINDOW or _part(window, self._basis) < TONE_PURE * energy:
            return False
        return all(_part(window, basis) >= share * energy for basis, share in self._each)


def _part(window: "array[int]", basis: Iterable[tuple[float, ...]]) -> float:
    """What of a window's energy lies along these vectors."""
    products = (float(sum(map(mul, window, vector))) for vector in basis)
    return sum(part * part for part in products)


def _db(ratio: float) -> float:
    return 10 * math.log10(ratio)


def _louder(gain: float) -> "array[int]":
    """What becomes of each sample; those below 0 come last, where a negative index finds them."""
    rest = PEAK_MOST - KNEE
    half = array("h")
    for value in range(1 << 15):
        wanted = value * gain
        if wanted > KNEE:
            wanted = KNEE + rest * math.tanh((wanted - KNEE) / rest)
        half.append(round(wanted))
    return half + array("h", [-half[-1], *(-value for value in reversed(half[1:]))])


def _through(table: "array[int]", octets: bytes) -> bytes:
    made = array("h", map(table.__getitem__, _values(octets)))
    if sys.byteorder == "big":
        made.byteswap()
    return made.tobytes()


def _values(octets: bytes) -> "array[int]":
    values = array("h", octets[: len(octets) & ~1])
    if sys.byteorder == "big":
        values.byteswap()
    return values
