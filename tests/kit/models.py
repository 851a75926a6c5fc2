"""Bench helpers for the chip models: registers by hand, as data sheets say, without a driver."""

import math
from collections.abc import Iterable

import numpy as np

from drivers.board import virtual_board
from drivers.buses import PERIOD, SAMPLE_RATE, Samples
from drivers.models.box import VirtualBox
from drivers.models.si3050 import Si3050Model
from drivers.models.si3210 import Si3210Model
from drivers.sampling import amplitude


def slic_read(chip: Si3210Model, register: int) -> int:
    """One register of a Si3210."""
    return chip.transfer([0x80 | register, 0])[1]


def slic_write(chip: Si3210Model, register: int, value: int) -> None:
    """Write one register of a Si3210."""
    chip.transfer([register, value])


def slic_write_indirect(chip: Si3210Model, address: int, word: int) -> None:
    """Write one indirect register and wait until it is served."""
    for register, value in ((28, word & 0xFF), (29, word >> 8), (30, address)):
        slic_write(chip, register, value)
    wait_served(chip)


def slic_read_indirect(chip: Si3210Model, address: int) -> int:
    """Read one indirect register."""
    slic_write(chip, 30, address)
    wait_served(chip)
    return slic_read(chip, 28) | slic_read(chip, 29) << 8


def wait_served(chip: Si3210Model) -> None:
    """Poll IAS, with an end."""
    for _ in range(50):
        if not slic_read(chip, 31):
            return
    raise AssertionError("indirect access is not served")


def daa_read(chip: Si3050Model, register: int) -> int:
    """One register of a Si3050."""
    return chip.transfer([0x60, register, 0])[2]


def daa_write(chip: Si3050Model, register: int, value: int) -> None:
    """Write one register of a Si3050."""
    chip.transfer([0x20, register, value])


def run(box: VirtualBox, periods: int, played: Samples | None = None) -> Samples:
    """Let so many periods pass with the same sound; what was heard, joined: (slots, samples)."""
    rows = np.zeros((box.spec.slots, PERIOD), np.int16) if played is None else played
    return np.concatenate([box.period(rows) for _ in range(periods)], axis=1)


def play(box: VirtualBox, slot: int, samples: Samples) -> Samples:
    """Play samples into one slot; what was heard meanwhile in all slots."""
    heard = []
    for row in np.resize(samples, (-(-len(samples) // PERIOD), PERIOD)):
        rows = np.zeros((box.spec.slots, PERIOD), np.int16)
        rows[slot] = row
        heard.append(box.period(rows))
    return np.concatenate(heard, axis=1)


def sine(hertz: Iterable[float], dbm0: float, ms: int) -> Samples:
    """Sines together, made by other code than the models'."""
    t = np.arange(ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
    total = np.sum([amplitude(dbm0) * np.cos(2 * np.pi * f * t) for f in hertz], axis=0)
    return np.asarray(total, np.int16)


def level_dbm0(samples: Samples) -> float:
    """Level of some sound; a full-scale sine is +3.17 dBm0."""
    rms = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return 20 * math.log10(max(rms, 1e-3) / (32_767 / math.sqrt(2))) + 3.17


# Indirect registers of the Si3210 that a line needs, with the usual values (20 Hz, 70 V peak).
SLIC_WORDS = {19: 0, 20: 0x7EFD, 21: 0x0177, 22: 0, 26: 0x4000, 27: 0x4000, 28: 0x1000, 29: 0x3600}
SLIC_WORDS |= {36: 0x0320, 41: 0x0C00, 43: 0x1000, 97: 0}


def set_up_station(box: VirtualBox, name: str) -> Si3210Model:
    """Bring a station chip to forward active on its own slot, 16-bit linear."""
    chip = box.chips[name]
    assert isinstance(chip, Si3210Model)
    slot = next(line.slot for line in box.spec.lines if line.name == name)
    slic_write(chip, 8, 0)
    slic_write(chip, 108, 0xEB)
    slic_write(chip, 67, 0x07)
    slic_write(chip, 14, 0)
    for address, word in SLIC_WORDS.items():
        slic_write_indirect(chip, address, word)
    run(box, 40)
    count = 1 + 16 * slot
    for register, value in ((1, 0x3C), (2, count & 0xFF), (3, count >> 8)):
        slic_write(chip, register, value)
    for register, value in ((4, count & 0xFF), (5, count >> 8), (22, 0x03), (64, 1)):
        slic_write(chip, register, value)
    run(box, 2)
    return chip


def set_up_trunk(box: VirtualBox, name: str) -> Si3050Model:
    """Bring a trunk chip to on-hook line monitoring on its own slot, 16-bit linear."""
    chip = box.chips[name]
    assert isinstance(chip, Si3050Model)
    count = 1 + 16 * next(line.slot for line in box.spec.lines if line.name == name)
    daa_write(chip, 33, 0x38)
    for register, value in ((34, count & 0xFF), (35, count >> 8)):
        daa_write(chip, register, value)
    for register, value in ((36, count & 0xFF), (37, count >> 8)):
        daa_write(chip, register, value)
    for register, value in ((7, 0), (15, 0), (24, 0x19), (26, 0xC0), (31, 0xA3), (6, 0)):
        daa_write(chip, register, value)
    run(box, 15)
    daa_write(chip, 4, 0)
    daa_write(chip, 5, 0x08)
    return chip


def new_box(stations: int = 1, trunks: int = 1, echo_db: float | None = None) -> VirtualBox:
    """A box whose PCM clock runs, and whose lines send nothing back unless they are to."""
    box = VirtualBox(virtual_board(stations, trunks), echo_db=echo_db)
    box.pcm().start()
    return box
