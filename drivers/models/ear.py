"""Names what somebody hears: tones with their cadence, a beep, speech, silence.

Works on whole 10 ms rows. A window of the last 50 ms is fitted with the sines of each known tone
(least squares, so that 440 and 480 Hz are told apart); what no tone explains is speech or a beep.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.models.sound import amplitude

ROW_MS = 10
WINDOW_ROWS = 5
WINDOW = WINDOW_ROWS * PERIOD

SILENT_RMS = amplitude(-45.0) / np.sqrt(2)
"""−45 dBm0: the noise floor of recorded prompts lies below."""
PURITY = 0.85
"""Share of the power that a tone's sines must explain."""
BALANCE = 3.2
"""The two sines of a tone differ by less than 10 dB."""
BEEP_HERTZ = (400.0, 1700.0)
BEEP_DRIFT_HERTZ = 20.0

DIAL, RINGBACK, BUSY = "dial", "ringback", "busy"
PAIRS = {DIAL: (350, 440), RINGBACK: (440, 480), BUSY: (480, 620)}
QUIET, BEEP, VOICE = "quiet", "beep", "voice"

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
"""What `Ear.heard` may contain."""

STEADY_MS = 300
RINGBACK_MS = 400
SILENCE_MS = 1000
SPEECH_MS = 300
BEEP_MS = 150
STUTTER_MS, REORDER_MS, BUSY_MS = (60, 150), (200, 320), (400, 620)
"""Bounds of the on and the off half of a cadence."""


def _fitter(hertz: tuple[int, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sines as columns, and the matrix that finds their amplitudes in a window."""
    t = np.arange(WINDOW)[:, None] * (2 * np.pi / SAMPLE_RATE)
    columns = np.concatenate([np.cos(t * f) for f in hertz] + [np.sin(t * f) for f in hertz], 1)
    return columns, np.linalg.pinv(columns)


FITTERS = {name: _fitter(hertz) for name, hertz in PAIRS.items()}
HANN = np.hanning(WINDOW)
SPECTRUM = 4096


@dataclass(slots=True)
class Run:
    """A stretch of rows with one label."""

    label: str
    ms: int
    hertz: float = 0.0


class Ear:
    """Listens to rows and notes what they were."""

    def __init__(self) -> None:
        self._window = np.zeros(WINDOW)
        self._rows = 0
        self._quiet = True
        self._halves: deque[Run] = deque(maxlen=8)
        """Sound and quiet in turn; sound is labelled by the tone that most of it was."""
        self._votes: dict[str, int] = {}
        self._ms = 0
        self._tone = Run(VOICE, 0)
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
        self._ms += ROW_MS
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
        self._cadence()

    def _in_quiet(self) -> None:
        if self._ms == SILENCE_MS:
            self._note("silence")
            self._stuttered = False

    def _in_sound(self) -> None:
        if self._ms < WINDOW_ROWS * ROW_MS:
            return
        label, hertz = self._label()
        self._votes[label] = self._votes.get(label, 0) + 1
        same = label == self._tone.label and abs(hertz - self._tone.hertz) < BEEP_DRIFT_HERTZ
        if not same:
            self._end_tone()
            self._tone = Run(label, (WINDOW_ROWS - 1) * ROW_MS, hertz)
        self._tone.ms += ROW_MS
        if label == DIAL and self._tone.ms == STEADY_MS and not self._stuttered:
            self._note("dial-tone")
        elif label == RINGBACK and self._tone.ms == RINGBACK_MS:
            self._note("ringback")
        elif label == VOICE:
            self._voice_ms += ROW_MS
            if self._voice_ms == SPEECH_MS:
                self._note("speech")

    def _end_tone(self) -> None:
        """A beep counts when it is over, so that whoever waited for it may speak."""
        if self._tone.label == BEEP and self._tone.ms >= BEEP_MS:
            self._note("beep")
        self._tone = Run(VOICE, 0)

    def _cadence(self) -> None:
        """On-off patterns: the last two whole ons and offs."""
        if len(self._halves) < 4 or self._quiet:
            return
        first, gap, second, pause = list(self._halves)[-4:]
        if first.label != second.label:
            return
        for label, bounds, name in (
            (DIAL, STUTTER_MS, "stutter"),
            (BUSY, REORDER_MS, "reorder"),
            (BUSY, BUSY_MS, "busy"),
        ):
            halves = (first.ms, gap.ms, second.ms, pause.ms)
            if first.label == label and all(bounds[0] <= ms <= bounds[1] for ms in halves):
                self._stuttered = self._stuttered or name == "stutter"
                self._note(name)

    def _note(self, sound: str) -> None:
        if sound != "speech":
            self._voice_ms = 0
        if sound in ("beep", "silence") or not self.heard or self.heard[-1] != sound:
            self.heard.append(sound)

    # ------------------------------------------------------------------ one window

    def _label(self) -> tuple[str, float]:
        """Which tone fills the last 50 ms, and a beep's frequency."""
        window = self._window
        power = float(window @ window)
        for name, (columns, solver) in FITTERS.items():
            found = solver @ window
            fitted = columns @ found
            if float(fitted @ fitted) < PURITY * power:
                continue
            half = len(found) // 2
            a, b = np.hypot(found[:half], found[half:])
            if 1 / BALANCE < a / max(b, 1e-9) < BALANCE:
                return name, 0.0
        hertz = self._single(power)
        return (BEEP, hertz) if hertz else (VOICE, 0.0)

    def _single(self, power: float) -> float:
        """The frequency if one sine explains the window, else 0."""
        spectrum = np.abs(np.fft.rfft(self._window * HANN, SPECTRUM))
        hertz = float(np.argmax(spectrum)) * SAMPLE_RATE / SPECTRUM
        if not BEEP_HERTZ[0] <= hertz <= BEEP_HERTZ[1]:
            return 0.0
        t = np.arange(WINDOW) * (2 * np.pi * hertz / SAMPLE_RATE)
        projected = (self._window @ np.cos(t)) ** 2 + (self._window @ np.sin(t)) ** 2
        return hertz if float(projected) * 2 / WINDOW > PURITY * power else 0.0
