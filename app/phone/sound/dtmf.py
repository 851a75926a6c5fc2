"""Hearing DTMF digits on all lines at once [Q.23, Q.24].

A line's tone is looked at in three steps. Each period of all lines is judged on the whole frame
(tone_bank.py): is most of its power at the eight frequencies, and some of it in either group? Where
it is, as in one period of speech in seventy, that line is asked whether it lies at one frequency of
each group. Where that holds for three periods in a row with the same pair, the 30 ms are examined:
both frequencies are measured, and what two tones of just these frequencies leave over tells speech
from a key.

    periods            ..  #   #   #   #   .   #   #   .   .   .
    digit reported                  |
    tone over                                              |     (a gap of two periods is none)

So a tone of 40 ms always has its three whole periods, one of 23 ms never has enough of them, an
interruption of 10 ms spoils at most two, and a pause of 40 ms has at least three. A digit is
reported 30 to 45 ms after its tone has begun.

While the line is given dial tone, some of which comes back, everything from 310 to 490 Hz is taken
out of the sound first: the dial tones of all countries lie there, and no frequency of a digit.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.end_tones import tone_basis
from app.phone.sound.tone_bank import Floats, ToneBank, band_vectors, places_in
from drivers.sampling import PERIOD, SAMPLE_RATE, amplitude

LOW = (697.0, 770.0, 852.0, 941.0)
HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
"""Hz [Q.23]."""
KEYS = "123A456B789C*0#D"
"""The key of each low frequency with each high one."""

FURTHEST = 0.025
"""How far from its frequency a tone may be: 1.5 % is a digit, 3.5 % is none [Q.24]."""
SOFTEST = amplitude(-42.0)
"""Peak of each of the two tones."""
LOW_LOUDER, HIGH_LOUDER = 10 ** (10.5 / 10), 10 ** (6.0 / 10)
"""Power of one tone against the other's at most; 8 and 4 dB are demanded [Q.24], with noise."""
SURE, PURE = 0.9, 0.8
"""Part of 30 ms' power that is the two tones': a signal-to-noise ratio of 9.5 dB is sure, one of
6 dB must be found twice, 10 ms apart. A tone that fills less than 27 ms is never sure."""

_NEEDED = 3
"""Periods with one pair in a row before they are examined."""
_GATE_PURE, _GATE_LESSER = 0.55, 0.03
"""Part of a single period's power that both tones, and the lesser of them, have. It is less exact:
neighbours leak, and a tone that is 1.5 % off loses a tenth."""
_HELD_PURE, _HELD_PART = 0.35, 0.1
"""A tone that was reported goes on while it has so much of a period's power, and of its own."""
_GAP = 3
"""Periods without it after which a tone is over."""

_BAND = (310.0, 490.0)
"""Hz that are taken out under dial tone."""
_SPAN = _NEEDED * PERIOD
_STEP = 40
"""Samples from one measurement of phase to the next: +-100 Hz are told apart."""


class _Energy(NamedTuple):
    """What of one place's period lies at each frequency, and all of it; sums of squares."""

    each: list[float]
    power: float

    @property
    def pair(self) -> int | None:
        """The pair of tones that it may be."""
        low, high = max(self.each[:4]), max(self.each[4:])
        if low + high <= max(self.power * _GATE_PURE, _GATE_FLOOR):
            return None
        if min(low, high) <= self.power * _GATE_LESSER:
            return None
        return 4 * self.each.index(low) + self.each.index(high, 4) - 4

    def of(self, pair: int) -> float:
        """What lies at the two frequencies of a pair."""
        return self.each[pair // 4] + self.each[4 + pair % 4]


@dataclass(slots=True)
class _Digit:
    """A tone that was reported and still sounds."""

    pair: int
    energy: float
    missing: int = 0


class DtmfDetector:
    """The digits of all places of a bank where somebody listens."""

    def __init__(self, bank: ToneBank) -> None:
        self._bank = bank
        low, high = ([v for hz in group for v in tone_basis((hz,))] for group in (LOW, HIGH))
        self._each = bank.measure([*low, *high])
        # What is at all frequencies of a group is no less than what is at one of them.
        most = bank.judge([*low, *high], _GATE_PURE, _GATE_FLOOR / _GATE_PURE)
        lower = bank.judge(low, _GATE_LESSER, 0.0, within=most)
        self._all = bank.judge(high, _GATE_LESSER, 0.0, within=lower)
        self._gates = (most, lower, self._all)
        self._listening = set[int]()
        self._under_dial_tone: set[int] = set()
        self._now: dict[int, _Energy] = {}
        """Of the places that were asked for in this period."""
        self._runs: dict[int, tuple[int, int]] = {}
        self._once: dict[int, int] = {}
        self._digits: dict[int, _Digit] = {}

    def listen(self, place: int, on: bool, dial_tone: bool = False) -> None:
        """Listen to this place from now on, or no longer. `dial_tone`: it is being played there."""
        if on != (place in self._listening):
            self._bank.ask(self._gates, place, on)
            self._listening ^= {place}
            self._runs.pop(place, None)
            self._digits.pop(place, None)
        if dial_tone and on:
            self._under_dial_tone.add(place)
        else:
            self._under_dial_tone.discard(place)

    def sounds(self, place: int) -> bool:
        """Whether a digit that was recognized on this place still sounds."""
        return place in self._digits

    @property
    def awake(self) -> bool:
        """Whether hear() has something to do in the bank's latest period."""
        found = self._bank.sounding >> self._all & 1
        return bool(found or self._runs or self._digits or self._under_dial_tone)

    def hear(self) -> list[tuple[int, str]]:
        """The digits recognized in the bank's latest period, with their places."""
        maybe = self._bank.found(self._all)
        if not (maybe or self._runs or self._digits or self._under_dial_tone):
            return []
        self._now = self._without_dial_tone() if self._under_dial_tone else {}
        return self._go_on([*self._now, *(p for p in places_in(maybe) if p not in self._now)])

    def _without_dial_tone(self) -> dict[int, _Energy]:
        """The energy of the places where we play it, without it."""
        places = sorted(self._under_dial_tone)
        sound = self._bank.latest(places, 1)
        sound -= (sound @ _BELOW[PERIOD].T) @ _BELOW[PERIOD]
        part = sound @ _WAVES
        part *= part
        each, power = (part[:, 0::2] + part[:, 1::2]).tolist(), np.vecdot(sound, sound).tolist()
        return dict(zip(places, map(_Energy, each, power), strict=True))

    def _energy(self, place: int) -> _Energy:
        """What a place has in the latest period."""
        if place not in self._now:
            squares = self._bank.squares(place, self._each)
            each = [
                sine + cosine for sine, cosine in zip(squares[0::2], squares[1::2], strict=True)
            ]
            self._now[place] = _Energy(each, self._bank.power(place))
        return self._now[place]

    def _go_on(self, places: list[int]) -> list[tuple[int, str]]:
        runs: dict[int, tuple[int, int]] = {}
        for place in places:
            pair, before = self._energy(place).pair, self._runs.get(place)
            if pair is not None:
                again = before is not None and before[0] == pair
                runs[place] = pair, (before[1] + 1 if before is not None and again else 1)
        self._runs = runs
        if self._digits:
            self._hold()
        long = [place for place, (pair, lasted) in runs.items()
                if lasted >= _NEEDED and not self._is(place, pair)]  # fmt: skip
        if not long:
            self._once.clear()
            return []
        return self._recognized(long)

    def _is(self, place: int, pair: int) -> bool:
        digit = self._digits.get(place)
        return digit is not None and digit.pair == pair

    def _hold(self) -> None:
        """Forget the digits whose tones are over."""
        for place, digit in list(self._digits.items()):
            energy = self._energy(place)
            now = energy.of(digit.pair)
            if now > _HELD_PART * digit.energy and now > _HELD_PURE * energy.power:
                digit.missing = 0
                continue
            digit.missing += 1
            if digit.missing == _GAP:
                del self._digits[place]

    def _recognized(self, places: list[int]) -> list[tuple[int, str]]:
        sound = self._bank.latest(places, _NEEDED)
        under = [n for n, place in enumerate(places) if place in self._under_dial_tone]
        if under:
            sound[under] -= (sound[under] @ _BELOW[_SPAN].T) @ _BELOW[_SPAN]
        pairs = [self._runs[place][0] for place in places]
        found, once = [], dict[int, int]()
        for place, pair, purity in zip(places, pairs, _purity(sound, pairs), strict=True):
            if purity > PURE and self._once.get(place) != pair:
                once[place] = pair
            if purity > SURE or (purity > PURE and place not in once):
                self._digits[place] = _Digit(pair, self._energy(place).of(pair))
                found.append((place, KEYS[pair]))
        self._once = once
        return found


def _purity(sound: Floats, pairs: list[int]) -> list[float]:
    """Which part of each row's power, of _SPAN samples, is its pair's; 0 if it is no digit."""
    numbers = np.array([(pair // 4, 4 + pair % 4) for pair in pairs])
    nominal = _HERTZ[numbers]
    hertz = nominal + _off(sound, numbers)
    good = (np.abs(hertz - nominal) <= FURTHEST * nominal).all(1)
    turns = hertz[:, None, :] * _TIME[None, :, None]
    waves = np.concatenate([np.cos(turns), np.sin(turns)], axis=2)  # (rows, samples, 4)
    along = np.einsum("rs,rsw->rw", sound, waves)
    parts = np.linalg.solve(waves.transpose(0, 2, 1) @ waves, along[:, :, None])[:, :, 0]
    low, high = (parts[:, :2] ** 2 + parts[:, 2:] ** 2).T
    good &= (low > SOFTEST**2) & (high > SOFTEST**2)
    good &= (low < LOW_LOUDER * high) & (high < HIGH_LOUDER * low)
    purity: list[float] = (good * (along * parts).sum(1) / np.vecdot(sound, sound)).tolist()
    return purity


def _off(sound: Floats, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """By how many Hz the two tones of each row differ from their pair's: (rows, 2).

    The phase against the nominal frequency is measured twice, 5 ms apart, by windows that let no
    other tone through.
    """
    parts = (sound @ _PHASES).reshape(len(sound), 8, 2)
    rows = np.arange(len(sound))[:, None]
    earlier, later = parts[rows, numbers, 0], parts[rows, numbers, 1]
    turned = np.angle(later * earlier.conj())
    return np.asarray(turned / (2 * np.pi) * (SAMPLE_RATE / _STEP))


def _phases() -> NDArray[np.complex64]:
    """(samples, 8 frequencies x 2 windows): what is measured of 30 ms."""
    length = _SPAN - _STEP
    window = np.hanning(length)
    waves = np.zeros((_SPAN, 8, 2), np.complex64)
    for number, hz in enumerate(LOW + HIGH):
        wave = np.exp(-2j * np.pi * hz * np.arange(_SPAN) / SAMPLE_RATE)
        waves[:length, number, 0] = window * wave[:length]
        waves[_STEP:, number, 1] = window * wave[_STEP:]
    return waves.reshape(_SPAN, 16)


_HERTZ = np.array(LOW + HIGH)
_TIME = 2 * np.pi * np.arange(_SPAN) / SAMPLE_RATE
_PHASES = _phases()
_WAVES: Floats = np.array([v for hz in LOW + HIGH for v in tone_basis((hz,))], np.float32).T.copy()
_GATE_FLOOR = PERIOD * SOFTEST**2 / 2
_BELOW = {samples: band_vectors(*_BAND, samples) for samples in (PERIOD, _SPAN)}
