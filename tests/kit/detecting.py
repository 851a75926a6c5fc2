"""The detectors as a test wants them: one line, fed with samples, tells what it has found."""

from collections.abc import Iterator, Sequence

import numpy as np

from app.phone.sound.dtmf import DtmfDetector
from app.phone.sound.information_tone import InformationToneDetector
from app.phone.sound.tone_bank import KEPT, ToneBank
from drivers.buses import PERIOD, Samples


def periods(samples: Samples) -> Iterator[Samples]:
    """The periods of a sound, (1, 80) each; the last is filled up with silence."""
    count = -(-len(samples) // PERIOD)
    padded = np.zeros((count, 1, PERIOD), np.int16)
    padded.reshape(-1)[: len(samples)] = samples
    yield from padded


class DigitEar:
    """The DTMF detector of one line."""

    _SILENCE = np.zeros((1, PERIOD), np.int16)

    def __init__(self, under_dial_tone: bool = False) -> None:
        self._bank = ToneBank(1)
        self._detector = DtmfDetector(self._bank)
        self._under_dial_tone = under_dial_tone
        self._detector.listen(0, True, under_dial_tone)

    def begin_again(self) -> None:
        """Forget what was heard: a new ear costs as much as a second of sound."""
        self._detector.listen(0, False)
        for _ in range(KEPT):
            self._bank.hear(self._SILENCE)
        self._detector.listen(0, True, self._under_dial_tone)

    def hear(self, period: Samples) -> str:
        """The digits recognized in 80 samples more; nearly always none."""
        self._bank.hear(period.reshape(1, PERIOD))
        return "".join(digit for _, digit in self._detector.hear())


def digits_in(samples: Samples, under_dial_tone: bool = False) -> str:
    """All digits that are recognized in this sound."""
    ear = DigitEar(under_dial_tone)
    return "".join(ear.hear(period) for period in periods(samples))


def digits_of_each(
    sounds: Sequence[Samples], under_dial_tone: bool = False
) -> list[list[tuple[int, str]]]:
    """The digits of many lines, fed side by side: for each, in which period and what."""
    frames = np.zeros((-(-max(map(len, sounds)) // PERIOD), len(sounds), PERIOD), np.int16)
    for line, sound in enumerate(sounds):
        padded = np.zeros(len(frames) * PERIOD, np.int16)
        padded[: len(sound)] = sound
        frames[:, line] = padded.reshape(-1, PERIOD)
    bank = ToneBank(len(sounds))
    detector = DtmfDetector(bank)
    found: list[list[tuple[int, str]]] = [[] for _ in sounds]
    for line in range(len(sounds)):
        detector.listen(line, True, under_dial_tone)
    for number, frame in enumerate(frames):
        bank.hear(frame)
        for line, digit in detector.hear():
            found[line].append((number, digit))
    return found


def information_tones_in(sound: Samples) -> list[int]:
    """The periods in which the office's information tone was complete."""
    bank = ToneBank(1)
    detector, times = InformationToneDetector(bank), list[int]()
    detector.listen(0, True)
    for number, period in enumerate(periods(sound)):
        bank.hear(period)
        times += [number for _ in detector.hear()]
    return times
