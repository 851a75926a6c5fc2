"""A marker through each slot of the PCM frame: which slot gives which one back, and how late.

Each slot is sent noise of its own, and the chips' digital loopback is on. What comes back in a slot
is compared with every marker that was sent: another line's marker means a wrong framing or frames
that were shifted by an overrun; none means that the chip drives nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.bringup.bench import Bench
from drivers import si321x_registers as fxs
from drivers import si3050_registers as fxo
from drivers.buses import PERIOD, Samples

MARKER_PERIODS = 20
LISTEN_PERIODS = 60
TRIES = 3
"""So often the markers are sent while periods are lost."""
PEAK = 8000
"""Of the noise: far below full scale, so that G.711 and gains do not clip it."""
ALIKE = 0.9
"""Correlation from which on it counts as the marker."""
SEED = 20


@dataclass(frozen=True, slots=True)
class SlotProof:
    """What one slot gave back."""

    jack: str
    slot: int
    found: int
    """The slot whose marker came; -1: none did."""
    late: int
    """Samples from sending to hearing; -1 if none came."""
    likeness: float
    """Correlation, 0 to 1; 1.0 is the marker itself."""
    level: float
    """Of what was heard, against the marker's; 1.0 is the same."""

    @property
    def proved(self) -> bool:
        """Whether its own marker came back."""
        return self.found == self.slot


def markers(slots: int) -> list[Samples]:
    """Noise for each of a number of `slots`, the same in each run."""
    random = np.random.default_rng(SEED)
    length = MARKER_PERIODS * PERIOD
    return [random.integers(-PEAK, PEAK, length).astype(np.int16) for _ in range(slots)]


def prove_slots(bench: Bench) -> list[SlotProof]:
    """Send each slot its marker with all chips looped back. Raises HardwareError.

    Once more where a period was lost meanwhile, because this machine was late: that tears a marker.
    """
    for _ in range(TRIES):
        lost = bench.lost_periods
        proofs = _proved(bench)
        if bench.lost_periods == lost:
            break
    return proofs


def _proved(bench: Bench) -> list[SlotProof]:
    sent = markers(bench.spec.slots)
    jacks = [*bench.stations, *bench.trunks]
    bench.quiet = True
    try:
        _loop(bench, jacks, on=True)
        for jack in jacks:
            bench.sounds[jack].play(sent[bench.lines[jack].slot])
        bench.beat(MARKER_PERIODS)
        for jack in jacks:
            bench.sounds[jack].listen()
        bench.beat(LISTEN_PERIODS)
        return [_compared(bench, jack, sent) for jack in jacks]
    finally:
        for jack in jacks:
            bench.sounds[jack].play(None)
        _loop(bench, jacks, on=False)
        bench.quiet = False


def _loop(bench: Bench, jacks: list[str], on: bool) -> None:
    for jack in jacks:
        registers = bench.registers(jack)
        if bench.lines[jack].kind == "station":
            registers.write(fxs.LOOPBACK, fxs.DLM.mask if on else 0)
        else:
            registers.write(fxo.DAA_CONTROL_3, fxo.DDL.mask if on else 0)


def _compared(bench: Bench, jack: str, sent: list[Samples]) -> SlotProof:
    heard = bench.sounds[jack].heard().astype(np.float64)
    slot = bench.lines[jack].slot
    best = SlotProof(jack, slot, -1, -1, 0.0, 0.0)
    for number, marker in enumerate(sent):
        likeness, late = _alike(heard, marker.astype(np.float64))
        if likeness > max(best.likeness, ALIKE):
            level = float(np.std(heard) / np.std(marker))
            best = SlotProof(jack, slot, number, late, round(likeness, 3), round(level, 3))
    return best


def _alike(heard: NDArray[np.float64], marker: NDArray[np.float64]) -> tuple[float, int]:
    """The best correlation of one round of the marker, and how many samples late it is."""
    length = len(marker)
    piece = heard[-length:]
    scale = float(np.linalg.norm(piece) * np.linalg.norm(marker))
    if scale == 0:
        return 0.0, -1
    both = np.fft.irfft(np.fft.rfft(piece) * np.conj(np.fft.rfft(marker)), length)
    place = int(np.argmax(np.abs(both)))
    began = (LISTEN_PERIODS + MARKER_PERIODS) * PERIOD - length
    return float(abs(both[place]) / scale), (place + began) % length
