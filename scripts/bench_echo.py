"""What 12 bridged calls cost in which both sides talk in turns and every line has an echo.

    python -m scripts.bench_echo           prints the figures as JSON

Only the sound is measured, from what is heard of all lines to what is played to them: copying the
two rows of each call and taking the echo out of both. The modelled lines' own work is outside. A
call is two lines, so 12 calls of one second are 24 line-seconds.

Goals: 1.0 ms a line and second or less on a 2-core machine; echo 30 dB softer after a second.
"""

import json
import time

import numpy as np
from numpy.typing import NDArray

from app.phone.sound.mixer import Leg, Mixer
from drivers.buses import PERIOD, PERIODS_PER_SECOND, SAMPLE_RATE, Samples
from drivers.models.hybrid import Hybrid
from drivers.models.sound import load_wav
from scripts.bench_phone import SPEECH, Figures

CALLS = 12
LINES = 2 * CALLS
LOSS_DB = 12.0
TURN_S = 3
"""One side of a call talks for so long, then the other."""
LEARNED_S = TURN_S + 1
"""From here on the echo that is left is measured: each side has talked for a second or more."""


def figures(seconds: float = 20.0) -> Figures:
    """All figures of calls that last so long."""
    return Calls(max(seconds, LEARNED_S + 2.0)).measure()


class Calls:
    """CALLS calls on lines of which each has another echo."""

    def __init__(self, seconds: float) -> None:
        self._mixer = Mixer(LINES)
        for call in range(CALLS):
            bus = self._mixer.bus()
            for line in (call, call + CALLS):
                Leg(self._mixer.channel(line)).join(bus)
        self._hybrids = [Hybrid(f"bench{line}", LOSS_DB) for line in range(LINES)]
        self._said = _conversation(seconds)

    def measure(self) -> Figures:
        """Let the calls go on until all is said."""
        beats = self._said.shape[1] // PERIOD
        spent = np.zeros(beats)
        played: Samples = np.zeros((LINES, PERIOD), np.int16)
        echoes, left = np.zeros(beats), np.zeros(beats)
        for beat in range(beats):
            said = self._said[:, beat * PERIOD : (beat + 1) * PERIOD]
            heard = self._heard(said, played)
            begun = time.thread_time_ns()
            self._mixer.hear(heard)
            played = self._mixer.play()
            spent[beat] = time.thread_time_ns() - begun
            echoes[beat] = _power(heard, said)
            left[beat] = _power(self._mixer.heard, said)
        learned = slice(LEARNED_S * PERIODS_PER_SECOND, None)
        gone = 10 * np.log10(echoes[learned].sum() / left[learned].sum())
        line_seconds = beats / PERIODS_PER_SECOND * LINES
        return {
            "echo_calls": CALLS,
            "echo_ms_per_line_second": round(float(spent.sum()) / 1e6 / line_seconds, 3),
            "echo_beat_us_p50": round(float(np.percentile(spent, 50)) / 1000),
            "echo_beat_us_p99": round(float(np.percentile(spent, 99)) / 1000),
            "echo_beat_us_max": round(float(spent.max()) / 1000),
            "echo_softer_db": round(float(gone), 1),
        }

    def _heard(self, said: Samples, played: Samples) -> Samples:
        heard = said.copy()
        for line, hybrid in enumerate(self._hybrids):
            row = hybrid.returned(said[line], played[line])
            heard[line] = said[line] if row is None else row
        return heard


def _conversation(seconds: float) -> Samples:
    """What is said on each line: a side talks for TURN_S, then the other; (lines, samples)."""
    speech = load_wav(SPEECH)
    said: Samples = np.zeros((LINES, round(seconds * PERIODS_PER_SECOND) * PERIOD), np.int16)
    turn = np.arange(said.shape[1]) // (TURN_S * SAMPLE_RATE) % 2
    for line in range(LINES):
        talk = np.resize(np.roll(speech, line * 4001), said.shape[1])
        said[line] = talk * (turn == line // CALLS)
    return said


def _power(rows: Samples, less: Samples) -> NDArray[np.float64]:
    """Sum of squares of what is in the rows beside this."""
    power: NDArray[np.float64] = np.square(rows.astype(np.float64) - less).sum()
    return power


if __name__ == "__main__":
    print(json.dumps(figures(), indent=2))
