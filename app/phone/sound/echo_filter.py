"""Adaptive filters that learn the echo of lines, all lines of a beat at once.

Each line has a filter in the frequency domain (overlap-save, frames of 30 ms, moved on by one
period, so that nothing is delayed) of two partitions of 10 ms. Its step is that of a Kalman filter:
each frequency of each partition keeps the variance of what it does not know yet, and learns in
proportion to the echo that this makes it expect in the error, against all that is in the error.
Near speech makes the error larger and the step smaller, so that no detector of double talk is
needed; a frequency at which nothing is sent learns nothing. [Enzner and Vary, Frequency-domain
adaptive Kalman filter for acoustic echo control in hands-free telephones, Signal Processing 86
(2006), 1140]

The error is taken over two periods, so that each sample is learned from twice: by that speech,
whose few harmonics tell little, is learned 10 dB deeper in the first second. A filter that knows
its line already learns in every second period only.
"""

import numpy as np
from numpy.typing import NDArray

from drivers.buses import PERIOD

Rows = NDArray[np.float32]
"""(lines, samples)"""
Spectra = NDArray[np.complex64]
Powers = NDArray[np.float32]
Slots = NDArray[np.intp]

PARTS = 2
TAPS = PARTS * PERIOD
"""Length of a response: 20 ms."""
FRAME = 3 * PERIOD
ERROR = 2 * PERIOD
"""Samples at the end of a frame for which its convolution is not circular."""
BINS = FRAME // 2 + 1

START: tuple[float, ...] = (0.08, 0.001)
"""Variance of each partition of a response that is not known. A line's echo is 6 dB below what was
sent at least; what is left of it after 10 ms is softer by far [ITU-T G.168, annex D]."""
KEPT = 0.9998
"""Part of a response that is the same when its partition learns again but one time; the rest is
what may have changed."""
PACE = 0.8
"""Part of the error's power that is taken from before; the rest is of this frame."""
FLOOR = FRAME / 2
"""The least power of noise: what rounding to 16 bits makes, with room."""
SURE = 0.4
"""Part of what a step should make a filter surer that it is taken for: frequencies and partitions
are not as independent of each other as the step assumes."""
YOUNG, SELDOM = 300, 2
"""Periods with sound in which a new filter learns each time; afterwards each second time."""
SENT_LEAST = FRAME * 100.0
"""Sum of squares of a frame that was sent below which nothing can be learned from it: -68 dBm0."""

JUDGED, WRONG_PACE = 2, 0.8
"""Each second period a filter is judged, by sums of error and echo of the last 100 ms, in which
what is older counts less. Sums of 400 ms left an echo of a changed line louder for that long."""
WRONG_LIKE = 0.4
"""Error and echo are this much alike (correlation) where a filter has another line's response;
near speech is not like the echo."""
WRONG_PART = 0.1
"""Such an error has this part of the echo's power at least: less would be a good filter."""
HARM = 0.7
"""Part of what is subtracted that comes back, turned round, in the error: with more of it the line
was softer as it came in, and is left so. Two voices that begin in the same instant teach a filter
each other's pitch, and for a few tenths of a second it would let one be heard in the other."""
HEARD_LEAST = PERIOD * 100.0
"""Sum of squares of a period's echo below which nothing is said about a filter: -68 dBm0."""


class FilterBank:
    """A filter for each of a number of `slots`; work is done for the chosen ones only."""

    def __init__(self, slots: int) -> None:
        self._all = _Filters(slots)
        self._who: Slots = np.zeros(0, np.intp)
        self._now = self._all.some(self._who)
        self._beat = 0

    @property
    def chosen(self) -> Slots:
        """The slots whose echo is being learned, in ascending order."""
        return self._who

    def choose(self, who: Slots) -> None:
        """Work for these slots, in ascending order, from now on; others keep what they know."""
        self._all.put(self._who, self._now)
        fresh = np.setdiff1d(who, self._who)
        self._all.sent[fresh] = 0  # nothing was sent to them for some time
        self._who, self._now = who, self._all.some(who)

    def forget(self, who: Slots) -> None:
        """Begin anew with these slots."""
        self._all.put(self._who, self._now)
        self._all.renew(who)
        self._now = self._all.some(self._who)

    def doubt(self, who: Slots, part: float) -> None:
        """Let these slots learn as new ones do from what they know already.

        `part` is how much of a new filter's variance they get.
        """
        self._all.put(self._who, self._now)
        self._all.unknown[who] = np.maximum(self._all.unknown[who], part * _START)
        self._all.age[who] = 0
        self._now = self._all.some(self._who)

    def cancelled(self, sent: Rows, heard: Rows) -> Rows:
        """The last period heard from the chosen slots, without its echo: (lines, 80); and learn.

        `sent` are the last FRAME samples that were sent to each, `heard` the last ERROR samples
        that came back.
        """
        now = self._now
        self._beat += 1
        latest = self._beat % PARTS
        now.sent[:, latest] = _spectra(sent)
        part = now.weights[:, 0] * now.sent[:, latest]
        part += now.weights[:, 1] * now.sent[:, 1 - latest]
        echo = _frames(part)[:, FRAME - ERROR :]
        error = np.zeros((len(sent), FRAME), np.float32)
        np.subtract(heard, echo, out=error[:, FRAME - ERROR :])
        sounds = np.vecdot(sent, sent) > SENT_LEAST
        self._learn(error, sounds)
        now.age += sounds
        if self._beat % JUDGED == 0:
            self._judge(error[:, FRAME - ERROR :], echo)
        return np.where(now.harms[:, np.newaxis], heard[:, PERIOD:], error[:, FRAME - PERIOD :])

    def _learn(self, error: Rows, sounds: NDArray[np.bool_]) -> None:
        """Let those lines learn that are sent something: new ones now, others when all do."""
        now = self._now
        all_do = self._beat % SELDOM == 0
        learners = sounds if all_do else sounds & (now.age < YOUNG)
        count = np.count_nonzero(learners)
        latest = self._beat % PARTS
        # A line that learns seldom has its partitions constrained in turns, too.
        turn = (self._beat // SELDOM if all_do else self._beat) % PARTS
        if 2 * count > len(learners):  # some rows are dearer than all, until they are few
            now.learn(error, latest, turn)
        elif count:
            rows = np.flatnonzero(learners)
            some = now.some(rows)
            some.learn(error[rows], latest, turn)
            now.put(rows, some)

    def _judge(self, error: Rows, echo: Rows) -> None:
        """Begin anew where the error is like the echo: the line has another response now."""
        now = self._now
        now.sums *= WRONG_PACE
        for place, (one, other) in enumerate(((error, echo), (echo, echo), (error, error))):
            now.sums[:, place] += np.vecdot(one, other)
        alike, echoes, errors = now.sums.T
        np.less(alike, -HARM * echoes, out=now.harms)
        now.harms &= now.age < YOUNG
        wrong = alike * alike > WRONG_LIKE**2 * echoes * errors
        wrong &= errors > WRONG_PART * echoes
        wrong &= echoes > HEARD_LEAST
        if wrong.any():  # a new filter says less than there is, at first
            wrong &= (now.age >= YOUNG) | (alike < 0)
            if wrong.any():
                self.forget(self._who[wrong])


class _Filters:
    """What is known of a number of lines, by rows."""

    def __init__(self, lines: int) -> None:
        shape = (lines, PARTS, BINS)
        self.weights: Spectra = np.zeros(shape, np.complex64)
        self.unknown: Powers = np.zeros(shape, np.float32)
        self.noise: Powers = np.zeros((lines, BINS), np.float32)
        self.sent: Spectra = np.zeros(shape, np.complex64)
        """Spectra of the last two frames, in turn."""
        self.sums: Powers = np.zeros((lines, 3), np.float32)
        """Of the products of error and echo, of echo and echo, of error and error."""
        self.harms: NDArray[np.bool_] = np.zeros(lines, np.bool_)
        """Lines that are louder without what would be taken for their echo than with it."""
        self.age: NDArray[np.int32] = np.zeros(lines, np.int32)
        """Periods with sound since the filter began."""
        self.renew(slice(None))

    def renew(self, who: Slots | slice) -> None:
        """Know nothing of these rows."""
        self.weights[who] = 0
        self.unknown[who] = _START
        self.noise[who] = 0
        self.sums[who] = 0
        self.harms[who] = False
        self.age[who] = 0

    def learn(self, error: Rows, latest: int, turn: int) -> None:
        """Move the filters by their errors, with `latest` as the spectrum of the latest frame.

        The partition whose `turn` it is is constrained; the other one has the next turn.
        """
        sent = self.sent[:, ::-1] if latest else self.sent
        spectrum = _spectra(error)
        power = _power(spectrum)
        power *= (1 - PACE) * FRAME / ERROR
        self.noise *= PACE
        self.noise += power
        gain = _power(sent)
        gain *= self.unknown
        scale = gain[:, 0] + gain[:, 1]
        scale += self.noise
        scale += FLOOR
        np.reciprocal(scale, out=scale)
        spectrum *= scale
        moved = np.conjugate(sent)
        moved *= self.unknown
        moved *= spectrum[:, np.newaxis]
        self.weights += moved
        # Of the samples in the error, a line that learns in every period has seen the first half.
        scale *= np.where(self.age < YOUNG, _SURER_YOUNG, _SURER)[:, np.newaxis]
        gain *= scale[:, np.newaxis]
        gain += 1
        self.unknown *= gain
        _constrain(self.weights[:, turn], self.unknown[:, turn])

    def some(self, who: Slots) -> "_Filters":
        """A copy of these rows."""
        found = _Filters(0)
        for name, rows in vars(self).items():
            setattr(found, name, rows[who])
        return found

    def put(self, who: Slots, some: "_Filters") -> None:
        """Take these rows back."""
        for name, rows in vars(self).items():
            rows[who] = getattr(some, name)


def _constrain(weights: Spectra, unknown: Powers) -> None:
    """Keep a partition's response within its 10 ms, and let it be a little less certain."""
    parts = weights.view(np.float32)
    parts[:] = parts @ _TO_RESPONSE @ _TO_WEIGHTS
    added = _power(weights)
    added *= 1 - KEPT**2
    unknown *= KEPT**2
    unknown += added


_TO_RESPONSE: Rows = np.fft.irfft(
    np.repeat(np.eye(BINS), 2, axis=0) * np.resize([[1], [1j]], (2 * BINS, 1)), FRAME
)[:, :PERIOD].astype(np.float32)
"""Real and imaginary parts of weights, in turn, to the first 10 ms of the response."""
_TO_WEIGHTS: Rows = (
    (KEPT * np.fft.rfft(np.eye(PERIOD), FRAME)).astype(np.complex64).view(np.float32)
)
"""Back to weights. Products with a part of the transform cost less than whole transforms."""
_SURER = np.float32(-SURE * ERROR / FRAME)
_SURER_YOUNG = np.float32(-SURE * PERIOD / FRAME)
"""How much of its gain a step takes from what is unknown."""
_START: Powers = np.array(START, np.float32)[:, np.newaxis]


def _spectra(frames: Rows) -> Spectra:
    """Of frames; numpy keeps the precision of 32 bits, of which its types know nothing."""
    return np.fft.rfft(frames).astype(np.complex64, copy=False)


def _frames(spectra: Spectra) -> Rows:
    """The other way."""
    return np.fft.irfft(spectra, FRAME).astype(np.float32, copy=False)


def _power(spectra: Spectra) -> Powers:
    """The squares of the magnitudes."""
    parts = spectra.view(np.float32)
    squares = np.square(parts)
    power: Powers = squares[..., ::2] + squares[..., 1::2]
    return power
