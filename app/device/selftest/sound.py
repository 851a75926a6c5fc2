"""The PCM port through snd-aloop: two ports of ours, one at each end of the kernel's loopback card.

What is tried is what a call needs: both streams at 8 kHz in periods of 80 frames, a beat that comes
from the card, samples that arrive whole and in order, and a beat that goes on after somebody was
late for longer than the card can wait, the loss counted.
"""

import os
import select
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.core.sentences import N_, Sentence, sentence
from app.device.selftest.findings import Absent, Broken
from drivers.board_spec import BoardSpec
from drivers.buses import PERIOD, PERIODS_PER_SECOND, SAMPLE_RATE, PcmPort, Samples
from drivers.linux_alsa import ALSA_PERIODS, open_pcm
from drivers.slot_map import Stream

CARD = "Loopback"
NEAR, FAR = f"hw:{CARD},0,7", f"hw:{CARD},1,7"
"""The last of eight cables: a board of ours may use the first."""
SLOTS = 2
TONE_HZ = 1200
_AMPLITUDE = 8000
_PERIODS = 150
"""Heard before the tone is looked for, 10 ms each."""
_SILENT_S = 5.0
"""A card that gives no period for so long has no clock."""
_LATE_S = 3 * ALSA_PERIODS / PERIODS_PER_SECOND
WINDOW = 60
"""Periods of a stretch in which the rate is measured."""
MOST = 1500
"""Periods after which no stretch is waited for any more."""
_WITHIN = 0.1
"""Part of the nominal rate. A card that is wrong is far off: 6 times as fast, say."""
_PRIORITY = 30
"""Of the beat here, SCHED_FIFO: before everything but the phone service, as a call's is."""


@dataclass(frozen=True)
class Moment:
    """When a period was heard."""

    seconds: float
    """Monotonic."""
    lost: int
    """Periods that had been lost by then."""


def steadiest(moments: Sequence[Moment]) -> float | None:
    """Periods a second in the stretch of WINDOW periods that comes closest to the nominal rate.

    A busy machine is late now and then, hears periods in bursts and loses some; that says nothing
    of the card's clock. So a stretch with a loss in it does not count, and of the others the one
    that was least disturbed does. None if there is none yet.
    """
    rates = [
        WINDOW / (last.seconds - first.seconds)
        for first, last in zip(moments, moments[WINDOW:], strict=False)
        if first.lost == last.lost and last.seconds > first.seconds
    ]
    return min(rates, key=lambda rate: abs(rate - PERIODS_PER_SECOND), default=None)


def right_rate(rate: float | None) -> bool:
    """Whether a card at this rate, in periods a second, has the clock that it should have."""
    return rate is not None and abs(rate / PERIODS_PER_SECOND - 1) <= _WITHIN


@dataclass
class Tone:
    """A sine, period after period."""

    at: int = 0
    """The sample that the next period begins with."""

    def period(self, slots: int) -> Samples:
        """The next period, the same in every slot."""
        time_axis = np.arange(self.at, self.at + PERIOD) / SAMPLE_RATE
        self.at += PERIOD
        wave = (_AMPLITUDE * np.sin(2 * np.pi * TONE_HZ * time_axis)).astype(np.int16)
        return np.tile(wave, (slots, 1))


class _Pair:
    """Both ends, beaten together: the near one plays a tone, the far one keeps what it hears."""

    def __init__(self, near: PcmPort, far: PcmPort) -> None:
        self.near, self.far, self.tone = near, far, Tone()
        self._silence = np.zeros((SLOTS, PERIOD), np.int16)
        self.heard: list[Samples] = []
        self.moments: list[Moment] = []

    def beat(self, periods: int) -> None:
        """Until the far end has heard so many more periods. Raises Broken if there is no clock."""
        wanted = len(self.heard) + periods
        while len(self.heard) < wanted:
            ready, _, _ = select.select([self.near.fileno(), self.far.fileno()], [], [], _SILENT_S)
            if not ready:
                text = N_("the card gives no period within %(seconds)s s; check its driver")
                raise Broken(sentence(text, seconds=f"{_SILENT_S:g}"))
            while self.near.read() is not None:
                self.near.write(self.tone.period(SLOTS))
            while (period := self.far.read()) is not None:
                self.heard.append(period)
                self.far.write(self._silence)
                lost = self.near.lost_periods + self.far.lost_periods
                self.moments.append(Moment(time.monotonic(), lost))

    def rate(self) -> float:
        """The card's rate, in periods a second. Raises Broken if it is not what it should be."""
        while not right_rate(rate := steadiest(self.moments)):
            if len(self.moments) >= MOST:
                raise Broken(_wrong_rate(f"hw:{CARD}", rate))
            self.beat(WINDOW)
        assert rate is not None
        return rate


def _wrong_rate(card: str, rate: float | None) -> Sentence:
    if rate is None:
        text = N_("%(card)s: periods are lost all the time; check what else runs on this machine")
        return sentence(text, card=card)
    return sentence(
        "%(card)s: %(rate)s periods/s instead of %(due)s; check the card's clock",
        card=card,
        rate=f"{rate:.1f}",
        due=PERIODS_PER_SECOND,
    )


def _come_first() -> None:
    """As the beat of a call would, where that is allowed."""
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))


def loopback(rest: Callable[[float], None]) -> str:
    """A tone through the loopback card, and a late beat mended; `rest` waits so many seconds.

    In a process of its own: its priority is raised. Raises Absent, Broken, HardwareError.
    """
    cards = Path("/proc/asound/cards")
    if not cards.exists() or CARD not in cards.read_text():
        raise Absent(sentence("the kernel has no snd-aloop"))
    near, far = open_pcm(NEAR, Stream(SLOTS)), open_pcm(FAR, Stream(SLOTS))
    try:
        _come_first()
        near.start()
        far.start()
        pair = _Pair(near, far)
        pair.beat(_PERIODS)
        _right_tone(pair.heard[_PERIODS // 2 :])
        rate = pair.rate()
        before = near.lost_periods, far.lost_periods
        rest(_LATE_S)
        pair.beat(_PERIODS)
        lost = near.lost_periods - before[0], far.lost_periods - before[1]
        if not all(lost):
            text = N_("%(ms)s ms late and the ports counted %(lost)s losses")
            raise Broken(sentence(text, ms=round(_LATE_S * 1000), lost=lost))
        _right_tone(pair.heard[-_PERIODS // 2 :])
    finally:
        near.close()
        far.close()
    return sentence(
        "%(card)s: %(hz)s Hz through it, %(rate)s periods/s, %(ms)s ms late mended (%(near)s +"
        " %(far)s losses counted)",
        card=f"hw:{CARD}",
        hz=TONE_HZ,
        rate=f"{rate:.1f}",
        ms=round(_LATE_S * 1000),
        near=lost[0],
        far=lost[1],
    )


def _right_tone(periods: list[Samples]) -> None:
    """The loudest frequency is the one that was played, and loud. Raises Broken."""
    samples = np.concatenate(periods, axis=1)[0].astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    peak = float(np.argmax(spectrum)) * SAMPLE_RATE / len(samples)
    level = float(np.sqrt(np.mean(samples**2)))
    if abs(peak - TONE_HZ) > 2 * SAMPLE_RATE / len(samples) or level < _AMPLITUDE / 4:
        text = N_("%(played)s Hz was played, %(came)s Hz at level %(level)s came; check ALSA")
        raise Broken(sentence(text, played=TONE_HZ, came=round(peak), level=round(level)))


def board_card(board: BoardSpec, on_the_bus: bool, lines_run: bool) -> str:
    """The board's own sound card beats at its rate. Raises Absent, Broken, HardwareError."""
    if on_the_bus:
        raise Absent(sentence("the samples of this board go over its bus"))
    if lines_run:
        return sentence("%(what)s: in use by the lines (see there)", what=board.pcm_device)
    port = open_pcm(board.pcm_device, board.stream, board.capture_device)
    silence = np.zeros((board.slots, PERIOD), np.int16)
    moments: list[Moment] = []
    try:
        _come_first()
        port.start()
        while not right_rate(rate := steadiest(moments)):
            if len(moments) >= MOST:
                raise Broken(_wrong_rate(board.pcm_device, rate))
            if not select.select([port.fileno()], [], [], _SILENT_S)[0]:
                text = N_("%(card)s: no clock; check the overlay and the hat")
                raise Broken(sentence(text, card=board.pcm_device))
            while port.read() is not None:
                port.write(silence)
                moments.append(Moment(time.monotonic(), port.lost_periods))
    finally:
        port.close()
    return sentence("%(card)s: %(rate)s periods/s", card=board.pcm_device, rate=f"{rate:.1f}")
