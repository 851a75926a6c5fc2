"""Names what is heard on a line: the country's tones with their cadence, a beep, speech, silence.

Works on whole 10 ms rows. A window of the last 50 ms is fitted with the sines of each known tone
(least squares, so that 440 and 480 Hz are told apart); what no tone explains is speech or a beep.
Tones of equal frequencies are told apart by their cadence; where a country has the same tone for
busy and reorder, it is named busy.
"""

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.countries import Tones, country
from drivers.sampling import PERIOD_MS, amplitude
from drivers.tones import Tone

WINDOW_ROWS = 5
WINDOW = WINDOW_ROWS * PERIOD

SILENT_RMS = amplitude(-45.0) / np.sqrt(2)
"""−45 dBm0: the noise floor of recorded prompts lies below."""
PURITY = 0.85
"""Share of the power that a tone's sines must explain."""
SIMPLER = 0.02
"""So much of the power a further sine must explain to be taken as there."""
BALANCE = 3.2
"""The two sines of a tone differ by less than 10 dB."""
BEEP_HERTZ = (400.0, 1700.0)
BEEP_DRIFT_HERTZ = 20.0
INDISTINCT_HERTZ = 8.0
"""Frequencies nearer than this are one: Australia's reorder tone alternates 425 and 420 Hz."""

Hertz = tuple[float, ...]
"""The frequencies of a tone, in Hz: what a stretch of sound is labelled with."""

QUIET: Hertz = (0.0,)
BEEP: Hertz = (-1.0,)
VOICE: Hertz = (-2.0,)

SOUNDS = (
    "dial-tone",
    "stutter",
    "ringback",
    "busy",
    "reorder",
    "beep",
    "speech",
    "silence",
)
"""What `SoundRecognizer.heard` may contain."""

STEADY_MS = 300
RINGBACK_MS = 400
SILENCE_MS = 1000
SPEECH_MS = 300
BEEP_MS = 150
BEEP_GAP_MS = 100
"""Pieces of a beep nearer than this are one: a period that a service has lost is a hole in it."""
TOLERANCE = 0.22
"""Share by which the on or off half of a cadence may differ, or TOLERANCE_MS if that is more."""
TOLERANCE_MS = 45


@lru_cache(maxsize=256)
def _fitter(hertz: Hertz) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sines as columns, and the matrix that finds their amplitudes in a window."""
    t = np.arange(WINDOW)[:, None] * (2 * np.pi / SAMPLE_RATE)
    columns = np.concatenate([np.cos(t * f) for f in hertz] + [np.sin(t * f) for f in hertz], 1)
    return columns, np.linalg.pinv(columns)


def _balanced(found: NDArray[np.float64]) -> bool:
    """Whether a pair of sines are about equally strong; more of them are one sine, modulated."""
    half = len(found) // 2
    strengths = np.hypot(found[:half], found[half:])
    if half != 2:
        return True
    return bool(1 / BALANCE < strengths[0] / max(strengths[1], 1e-9) < BALANCE)


HANN = np.hanning(WINDOW)
SPECTRUM = 4096


@dataclass(frozen=True, slots=True)
class Cadence:
    """A tone that comes and goes: its name, frequencies in Hz, and on and off in turn in ms."""

    name: str
    hertz: Hertz
    halves_ms: tuple[int, ...]

    def error(self, halves_ms: list[int]) -> float | None:
        """How far the latest halves (on, off, on, off ...) are from this; None if too far.

        They may begin at any burst of the cadence. The mean of the relative differences.
        """
        count = max(4, len(self.halves_ms))
        latest = halves_ms[-count:]
        if len(latest) < count:
            return None
        found = [
            error
            for turned in range(0, len(self.halves_ms), 2)
            if (error := self._error_from(turned, latest)) is not None
        ]
        return min(found, default=None)

    def _error_from(self, turned: int, latest: list[int]) -> float | None:
        total = 0.0
        for place, ms in enumerate(latest):
            wanted = self.halves_ms[(place + turned) % len(self.halves_ms)]
            if abs(ms - wanted) > max(TOLERANCE * wanted, TOLERANCE_MS):
                return None
            total += abs(ms - wanted) / wanted
        return total / len(latest)


@dataclass
class ToneBook:
    """A country's tones in the form in which they are looked for."""

    tones: Tones
    sets: dict[Hertz, Hertz] = field(default_factory=dict)
    """All combinations of frequencies, and the label of each: itself, or one almost like it."""
    steady: dict[Hertz, tuple[str, int]] = field(default_factory=dict)
    """Name of an unbroken tone, and after how many ms it can be no burst of another one."""
    cadences: list[Cadence] = field(default_factory=list)

    def __post_init__(self) -> None:
        tones = self.tones
        named = (
            ("dial-tone", tones.dial),
            ("stutter", tones.stutter),
            ("busy", tones.busy),
            ("reorder", tones.reorder),
            ("ringback", tones.ringback),
        )
        for name, tone in named:
            for part in tone.chain:
                self._add(name, part)
        for hertz, (name, ms) in self.steady.items():
            bursts = [max(c.halves_ms[::2]) for c in self.cadences if c.hertz == hertz]
            longest = max(bursts, default=0)
            self.steady[hertz] = name, max(ms, longest * 6 // 5 // PERIOD_MS * PERIOD_MS)

    def _add(self, name: str, tone: Tone) -> None:
        hertz = self._label_of(tone.hz)
        if len(tone.cadence_ms) > 1:
            cadence = Cadence(name, hertz, tone.cadence_ms)
            if all((c.hertz, c.halves_ms) != (hertz, tone.cadence_ms) for c in self.cadences):
                self.cadences.append(cadence)
            return
        name, ms = self.steady.get(hertz, (name, STEADY_MS))
        unbroken = tone.cadence_ms[0] if tone.cadence_ms else 0  # a part between two others
        self.steady[hertz] = name, max(ms, unbroken * 6 // 5 if name == "dial-tone" else ms)

    def _label_of(self, wanted: Hertz) -> Hertz:
        """Keep a set of frequencies; its label."""
        alike = (
            known
            for known in self.sets
            if len(known) == len(wanted)
            and all(abs(a - b) < INDISTINCT_HERTZ for a, b in zip(known, wanted, strict=True))
        )
        return self.sets.setdefault(wanted, next(alike, wanted))

    @property
    def ringback(self) -> Tone:
        """What a caller hears while the called party is rung."""
        return self.tones.ringback

    def is_ringback_alone(self, hertz: Hertz) -> bool:
        """Whether no other tone has these frequencies, so that no cadence need be waited for."""
        others = [c for c in self.cadences if c.name != "ringback"]
        return (
            hertz == self.ringback.hz
            and hertz not in self.steady
            and all(c.hertz != hertz for c in others)
        )


@lru_cache(maxsize=64)
def tone_book(code: str) -> ToneBook:
    """The tones of a country, by its code. Raises UnknownCountry."""
    return ToneBook(country(code).tones)


@dataclass(slots=True)
class Run:
    """A stretch of rows with one label, `ms` long; `hertz` is a beep's frequency in Hz."""

    label: Hertz
    ms: int
    hertz: float = 0.0


class SoundRecognizer:
    """Is given rows and notes what they were; `code` is the country whose tones they may be."""

    def __init__(self, code: str = "us") -> None:
        self._book = tone_book(code)
        first_ms = self._book.ringback.cadence_ms[0]
        self._ringback_ms = min(RINGBACK_MS, first_ms - 100)
        self._window = np.zeros(WINDOW)
        self._rows = 0
        self._quiet = True
        self._halves: deque[Run] = deque(maxlen=16)
        """Sound and quiet in turn; sound is labelled by the tone that most of it was."""
        self._votes: dict[Hertz, int] = {}
        self._ms = 0
        self._tone = Run(VOICE, 0)
        self._piece = Run(BEEP, 0)
        """What was too short for a beep, and may go on."""
        self._since_piece_ms = 0
        self._stuttered = False
        self._voice_ms = 0
        """Neither tone nor quiet, since something else was noted."""
        self.heard: list[str] = []
        """Sounds recognized so far, in order; a sound that goes on is named once."""

    def hear(self, row: Samples) -> None:
        """Take a period."""
        self._window[:-PERIOD] = self._window[PERIOD:]
        self._window[-PERIOD:] = row
        self._rows += 1
        last = self._window[-PERIOD:]
        quiet = float(np.sqrt(np.mean(last * last))) < SILENT_RMS
        if quiet != self._quiet:
            self._turn(quiet)
        self._ms += PERIOD_MS
        self._since_piece_ms += PERIOD_MS
        if quiet:
            self._in_quiet()
        else:
            self._in_sound()

    def describe(self) -> str:
        """What was heard, for a person; "nothing" if no row ever came."""
        if not self._rows:
            return "nothing (no sound reaches this party)"
        return ", ".join(self.heard[-6:]) or "a short noise"

    # ------------------------------------------------------------------ quiet and sound in turn

    def _turn(self, quiet: bool) -> None:
        """Sound begins or ends: keep the half that is over."""
        if quiet:
            label = max(self._votes, key=lambda name: self._votes[name], default=VOICE)
            self._end_tone()
        else:
            label = QUIET
        self._halves.append(Run(label, self._ms))
        self._votes = {}
        self._quiet, self._ms = quiet, 0
        if quiet:
            self._burst(self._halves[-1])
        else:
            self._cadence()

    def _in_quiet(self) -> None:
        if self._ms == SILENCE_MS:
            self._note("silence")
            self._stuttered = False

    def _in_sound(self) -> None:
        if self._ms < WINDOW_ROWS * PERIOD_MS:
            return
        label, hertz = self._label()
        self._votes[label] = self._votes.get(label, 0) + 1
        same = label == self._tone.label and abs(hertz - self._tone.hertz) < BEEP_DRIFT_HERTZ
        if not same:
            self._end_tone()
            self._tone = Run(label, (WINDOW_ROWS - 1) * PERIOD_MS, hertz)
        self._tone.ms += PERIOD_MS
        name, steady_ms = self._book.steady.get(label, ("", 0))
        if name and self._tone.ms == steady_ms and not (name == "dial-tone" and self._stuttered):
            self._stuttered = self._stuttered or name == "stutter"
            self._note(name)
        elif self._tone.ms == self._ringback_ms and self._book.is_ringback_alone(label):
            self._note("ringback")
        elif label == VOICE:
            self._voice_ms += PERIOD_MS
            if self._voice_ms == SPEECH_MS:
                self._note("speech")

    def _end_tone(self) -> None:
        """A beep counts when it is over, so that whoever waited for it may speak."""
        if self._tone.label == BEEP:
            self._end_piece(self._tone)
        self._tone = Run(VOICE, 0)

    def _end_piece(self, piece: Run) -> None:
        """A beep or a piece of one is over."""
        before = self._piece
        goes_on = self._since_piece_ms - piece.ms < BEEP_GAP_MS
        if goes_on and abs(before.hertz - piece.hertz) < BEEP_DRIFT_HERTZ:
            piece = Run(BEEP, before.ms + piece.ms, piece.hertz)
        if piece.ms >= BEEP_MS:
            self._note("beep")
            piece = Run(BEEP, 0)
        self._piece, self._since_piece_ms = piece, 0

    def _burst(self, burst: Run) -> None:
        """Ringback by the length of one burst: its silences are too long to wait for two."""
        ringback = self._book.ringback
        wanted_ms = ringback.cadence_ms[0]
        near = abs(burst.ms - wanted_ms) <= max(TOLERANCE * wanted_ms, TOLERANCE_MS) / 2
        if burst.label == ringback.hz and near and not self._is_burst_of_another(wanted_ms):
            self._note("ringback")

    def _is_burst_of_another(self, ms: int) -> bool:
        """Whether a tone other than ringback, of its frequencies, has bursts about so long."""
        return any(
            abs(half - ms) <= TOLERANCE * ms
            for c in self._book.cadences
            if c.name != "ringback" and c.hertz == self._book.ringback.hz
            for half in c.halves_ms[::2]
        )

    def _cadence(self) -> None:
        """On-off patterns, when a burst begins: the nearest that the latest halves fit."""
        halves = list(self._halves)[1 if self._halves[0].label == QUIET else 0 :]
        best, best_error = "", 1.0
        for cadence in self._book.cadences:
            count = max(4, len(cadence.halves_ms))
            if any(run.label != cadence.hertz for run in halves[-count::2]):
                continue
            error = cadence.error([run.ms for run in halves])
            if error is not None and error < best_error - 1e-9:
                best, best_error = cadence.name, error
        if best:
            self._stuttered = self._stuttered or best == "stutter"
            self._note(best)

    def _note(self, sound: str) -> None:
        if sound != "speech":
            self._voice_ms = 0
        if sound in ("beep", "silence") or not self.heard or self.heard[-1] != sound:
            self.heard.append(sound)

    # ------------------------------------------------------------------ one window

    def _label(self) -> tuple[Hertz, float]:
        """Which tone fills the last 50 ms, and a beep's frequency."""
        window = self._window
        power = float(window @ window)
        best, best_share = VOICE, 0.0
        for hertz in self._book.sets:
            columns, solver = _fitter(hertz)
            found = solver @ window
            fitted = columns @ found
            share = float(fitted @ fitted) / power
            if share >= PURITY and share - SIMPLER * len(hertz) > best_share and _balanced(found):
                best, best_share = hertz, share - SIMPLER * len(hertz)
        if best != VOICE:
            return self._book.sets[best], 0.0
        hertz_found = self._single(power)
        return (BEEP, hertz_found) if hertz_found else (VOICE, 0.0)

    def _single(self, power: float) -> float:
        """The frequency if one sine explains the window, else 0."""
        spectrum = np.abs(np.fft.rfft(self._window * HANN, SPECTRUM))
        hertz = float(np.argmax(spectrum)) * SAMPLE_RATE / SPECTRUM
        if not BEEP_HERTZ[0] <= hertz <= BEEP_HERTZ[1]:
            return 0.0
        t = np.arange(WINDOW) * (2 * np.pi * hertz / SAMPLE_RATE)
        projected = (self._window @ np.cos(t)) ** 2 + (self._window @ np.sin(t)) ** 2
        return hertz if float(projected) * 2 / WINDOW > PURITY * power else 0.0
