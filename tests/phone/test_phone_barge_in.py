"""Digits pressed while something is played, and recordings made meanwhile, on lines with echo."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from app.phone.calls.line import Recorded
from app.phone.fax.folder import FaxEnd
from app.phone.sound import audio
from app.phone.sound.mixer import Leg, Mixer
from app.phone.sound.player import PcmSource
from app.phone.sound.recorder import Recorder
from drivers.buses import PERIOD, PERIODS_PER_SECOND, Samples
from drivers.models.dtmf import tones_of
from drivers.models.hybrid import Hybrid
from tests.kit.echo import noise, power_db, speech
from tests.kit.hearing import as_played

LINES = 8
SECONDS = 32
PROMPTS = ("vm-intro", "demo-congrats", "vm-onefor", "vm-helpexit", "vm-newpassword")
PRESSED_MS, PAUSE_S = 70, 0.25
REPORTED_WITHIN = 14
"""Periods from the begin of a digit's tone to its report, at most."""


def pressed(digit: str, dbm0: float) -> Samples:
    """A key, 70 ms, each tone at this level."""
    return audio.sine(tones_of(digit), dbm0, PRESSED_MS * audio.PER_MS)


@dataclass
class Caller:
    """Somebody who presses keys at random while prompts are played to them."""

    shape: str
    loss_db: float
    digit_dbm0: float
    keys: list[tuple[int, str]] = field(default_factory=list)
    """Period and key."""
    heard: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hybrid = Hybrid(self.shape, self.loss_db)
        self.sound = noise(-65, SECONDS, seed=sum(self.shape.encode()))
        random = np.random.default_rng(sum(self.shape.encode()))
        at = 0.5 + random.random()
        while at < SECONDS - 0.5:
            digit = "0123456789*#ABCD"[random.integers(16)]
            begin = int(at * 8000)
            tone = pressed(digit, self.digit_dbm0)
            self.sound[begin : begin + len(tone)] += tone
            self.keys.append((begin // PERIOD, digit))
            at += PAUSE_S + random.random() / 2

    def returns(self, period: int, played: Samples) -> Samples:
        """What comes from the line in this period."""
        said = self.sound[period * PERIOD :][:PERIOD]
        row = self.hybrid.returned(said, played)
        assert row is not None
        return row

    def outcome(self) -> tuple[int, int, int]:
        """How many keys were heard as what they are, as another one, and how many too many."""
        right = wrong = 0
        left = list(self.heard)
        for begin, digit in self.keys:
            found = [one for one in left if begin <= one[0] <= begin + REPORTED_WITHIN]
            right += [one[1] for one in found] == [digit]
            wrong += any(one[1] != digit for one in found)
            left = [one for one in left if one not in found]
        return right, wrong, len(left)


def noting(caller: Caller, now: Callable[[], int]) -> Callable[[str], None]:
    return lambda digit: caller.heard.append((now(), digit))


def during_prompts(callers: list[Caller]) -> None:
    """Play prompts to all callers for SECONDS; each notes what digits are heard of them."""
    mixer, now = Mixer(len(callers)), 0
    prompts = np.concatenate([as_played(name) for name in PROMPTS])
    for slot, caller in enumerate(callers):
        channel = mixer.channel(slot)
        channel.listen(noting(caller, lambda: now))
        turned = np.roll(prompts, slot * len(prompts) // len(callers))
        channel.play([PcmSource(turned) for _ in range(4)], lambda _: None)
    played = mixer.play()
    for period in range(SECONDS * PERIODS_PER_SECOND):
        now = period
        rows = [caller.returns(period, row) for caller, row in zip(callers, played, strict=True)]
        mixer.hear(np.stack(rows))
        played = mixer.play()


@pytest.mark.parametrize(("loss_db", "digit_dbm0"), [(12.0, -25.0), (6.0, -25.0)])
def test_digits_during_a_prompt_are_heard_and_never_as_others(
    loss_db: float, digit_dbm0: float
) -> None:
    callers = [Caller(f"caller{n}", loss_db, digit_dbm0) for n in range(LINES)]
    during_prompts(callers)
    keys = sum(len(caller.keys) for caller in callers)
    right, wrong, more = (sum(part) for part in zip(*(c.outcome() for c in callers), strict=True))
    assert keys >= 400
    assert (wrong, more) == (0, 0)
    assert right >= 0.995 * keys


def row_by_row(mixer: Mixer, hybrid: Hybrid, periods: int) -> None:
    """Let a line with this hybrid in slot 0 hear what it is played, so long."""
    played = mixer.play()
    for _ in range(periods):
        row = hybrid.returned(None, played[0])
        heard = np.zeros((mixer.slots, PERIOD), np.int16)
        heard[0] = 0 if row is None else row
        mixer.hear(heard)
        played = mixer.play()


def recording(pieces: list[bytes]) -> Recorder:
    return Recorder(pieces.append, 10_000, 10_000, ended)


def ended(_: Recorded) -> None:
    """Nobody asks how long it was."""


def test_what_is_played_during_a_recording_is_not_in_it() -> None:
    mixer, pieces = Mixer(2), list[bytes]()
    channel = mixer.channel(0)
    recorder = recording(pieces)
    channel.record(recorder)
    channel.play([PcmSource(speech("demo-congrats", -18, 4.0))], lambda _: None)
    row_by_row(mixer, Hybrid("a", 12), 390)
    recorder.end("limit")
    recorded = audio.from_bytes(b"".join(pieces))
    assert len(recorded) > 30_000
    assert audio.level(recorded[8_000:]) < -60


class Machine:
    """A fax call in which noise is sent, and what comes back is kept."""

    end: FaxEnd | None = None

    def __init__(self) -> None:
        self.heard: list[Samples] = []
        self._noise = noise(-18, 1.0)

    def period(self, heard: Samples) -> Samples:
        at = len(self.heard) * PERIOD
        self.heard.append(heard.copy())
        return self._noise[at : at + PERIOD]

    def close(self) -> None:
        """Nothing is held."""


def test_fax_hears_the_line_as_it_is() -> None:
    mixer, machine = Mixer(2), Machine()
    channel = mixer.channel(0)
    channel.listen(lambda _: None)
    channel.exchange(machine)
    row_by_row(mixer, Hybrid("a", 12), 100)
    heard = np.concatenate(machine.heard)
    assert power_db(heard[4_000:]) == pytest.approx(power_db(noise(-18, 1.0)) - 12, abs=1)


def test_party_is_heard_from_when_it_joins_a_call_until_it_leaves() -> None:
    mixer = Mixer(2)
    leg, bus = Leg(mixer.channel(0)), mixer.bus()
    assert not leg.channel.heard
    leg.join(bus)
    assert leg.channel.heard
    leg.leave()
    assert not leg.channel.heard
