"""Speech that is taken for a digit (talk-off): the judge of the DTMF detector, by the hour.

All prompts of all packs on the machine are said on all places at once, at several levels, each
clean and with noise. Everything that is reported is wrong; it is printed with where it was said.

    python -m tests.soak.talk_off --hours 8
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, cycle, product
from pathlib import Path

import numpy as np

from app.config.paths import PROJECT
from app.phone.sound.dtmf import DtmfDetector
from app.phone.sound.tone_bank import Floats, ToneBank
from drivers.buses import PERIOD, SAMPLE_RATE
from drivers.sampling import amplitude
from tests.kit.hearing import read_wav

SOUNDS = "usr/share/asterisk/sounds"
PACKS = (Path("/") / SOUNDS, *sorted((PROJECT / "build/servers").glob(f"*-wav/{SOUNDS}")))
"""Where prompts may be: the package that is installed, and those that `make setup` unpacks."""
LEVELS_DBM0 = (-20.0, -15.0, -10.0, -5.0)
"""Of speech while it is active."""
NOISES_DB: tuple[float | None, ...] = (None, 25.0, 15.0)
"""By how much noise is softer than the speech; None: there is none."""
PLACES = 192
PERIODS_PER_HOUR = 360_000
_ACTIVE = 0.03
"""Samples with less than this part of the peak are no speech, where its level is measured."""


@dataclass
class Judged:
    """How much was said, and what was taken for digits: digit, level, noise, seconds into it."""

    periods: int = 0
    digits: list[tuple[str, float, float | None, float]] = field(default_factory=list)

    @property
    def hours(self) -> float:
        """Hours of sound heard."""
        return self.periods / PERIODS_PER_HOUR


def prompts(packs: Sequence[Path] = PACKS) -> Iterator[Floats]:
    """All prompts of these packs, each at the level of 0 dBm0."""
    for path in chain.from_iterable(sorted(pack.glob("**/*.wav")) for pack in packs):
        sound = read_wav(path).astype(np.float32)
        spoken = sound[np.abs(sound) > _ACTIVE * np.abs(sound).max(initial=0.0)]
        if len(spoken):
            yield sound * (amplitude(0.0) / np.sqrt(2 * np.mean(spoken**2)))


def judge(said: Floats, level: float, noise: float | None, places: int = PLACES) -> Judged:
    """Say this, at 0 dBm0, on all places at once, each a piece of it."""
    sound = said * 10 ** (level / 20)
    if noise is not None:
        spread = amplitude(level - noise) / np.sqrt(2)
        sound = sound + np.random.default_rng(1).normal(0, spread, len(sound))
    periods = len(sound) // (places * PERIOD)
    rows = np.clip(np.rint(sound[: periods * places * PERIOD]), -32768, 32767).astype(np.int16)
    frames = rows.reshape(places, periods, PERIOD).swapaxes(0, 1)
    bank = ToneBank(places)
    detector = DtmfDetector(bank)
    for place in range(places):
        detector.listen(place, True)
    judged = Judged(periods * places)
    for number, frame in enumerate(frames):
        bank.hear(frame)
        for place, digit in detector.hear():
            at = (place * periods + number) * PERIOD / SAMPLE_RATE
            judged.digits.append((digit, level, noise, at))
    return judged


def main() -> None:
    """Judge for so many hours of sound; exits with 1 when anything was taken for a digit."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--hours", type=float, default=8.0)
    hours = parser.parse_args().hours
    each = [*prompts()]
    if not each:
        sys.exit(f"no prompts in {', '.join(map(str, PACKS))}: run scripts/setup fuzz")
    said, whole, began = np.concatenate(each), Judged(), time.process_time()
    for turn, (noise, level) in enumerate(cycle(product(NOISES_DB, LEVELS_DBM0))):
        judged = judge(np.roll(said, turn * 37), level, noise)
        whole.periods += judged.periods
        whole.digits += judged.digits
        if whole.hours >= hours:
            break
    took = time.process_time() - began
    print(
        f"{len(each)} prompts, {whole.hours:.1f} h of sound in {took:.0f} s of CPU "
        f"({whole.hours * 3600 / took:,.0f} times real time): {len(whole.digits)} taken for digits"
    )
    for digit, level, noise, at in whole.digits:
        print(f"  {digit} at {at:.2f} s, {level:g} dBm0, noise {noise and -noise} dB")
    sys.exit(1 if whole.digits else 0)


if __name__ == "__main__":
    main()
