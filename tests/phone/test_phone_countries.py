"""What a handset gets in its country: the ringing cadence, the caller-ID modem, the howler."""

from itertools import pairwise

import numpy as np
import pytest

from app.phone.config import PhoneConfig
from app.phone.lines.caller_id import parse
from app.phone.sound.dsp import FskReceiver
from drivers.buses import PERIOD, Samples
from drivers.countries.base import Modem
from tests.kit.phone import Bench, power_at

MARKS_FROM, MARKS = 300 * 8000 // 1200, 180 * 8000 // 1200
"""Samples of channel seizure, and of the marks that follow it [GR-30]."""


def rung(country: str, periods: int) -> tuple[list[int], Samples]:
    """101 calls 102: (silence and ringing in turn in ms after the first burst, what 102 hears)."""
    bench = Bench(PhoneConfig(country=country, no_answer_seconds=15))
    bench.station("101").lift()
    bench.run(10)
    bench.dial("101", "102")
    while not bench.station("102").ringing:
        bench.run(1)
    ringing, called = [], bench.station("102")
    called.heard.clear()
    for _ in range(periods):
        ringing.append(called.ringing)
        bench.run(1)
    edges = [n for n in range(1, periods) if ringing[n] != ringing[n - 1]]
    return [(n - m) * 10 for m, n in pairwise(edges)], np.concatenate(called.heard)


@pytest.mark.parametrize(
    ("country", "cadence_ms"),
    [
        ("us", [4000, 2000]),
        ("gb", [200, 400, 2000, 400, 200, 400]),
        ("de", [4000, 1000]),
        ("fr", [3500, 1500]),
        ("jp", [2000, 1000, 2000, 1000]),
    ],
)
def test_handset_is_rung_in_the_countrys_cadence(country: str, cadence_ms: list[int]) -> None:
    found, _ = rung(country, 1000)
    assert found[: len(cadence_ms)] == cadence_ms


@pytest.mark.parametrize(
    ("country", "modem", "mark_hz"), [("us", Modem.BELL_202, 1200), ("de", Modem.V23, 1300)]
)
def test_handset_is_shown_the_caller_by_the_countrys_modem(
    country: str, modem: Modem, mark_hz: float
) -> None:
    _, heard = rung(country, 480)
    start = int(np.flatnonzero(heard)[0])
    marks = heard[start + MARKS_FROM :][:MARKS]
    assert power_at(marks, mark_hz) == pytest.approx(-13.5, abs=1.5)
    receiver = FskReceiver(modem)
    messages = [m for row in heard.reshape(-1, PERIOD) for m in receiver.hear(row)]
    callers = [parse(message) for message in messages]
    assert [caller.number for caller in callers if caller is not None] == ["101"]


def test_receiver_left_off_hook_hears_the_howler_of_four_frequencies() -> None:
    bench = Bench(PhoneConfig(country="de"))
    bench.station("101").lift()
    bench.run(10)
    bench.dial("101", "9")
    bench.seconds(36)  # too slow: reorder tone for 30 s, then the howler
    burst = bench.hears("101", 20)
    for hz in (1400, 2060, 2450, 2600):
        assert power_at(burst, hz) == pytest.approx(-9 - 6, abs=1)  # it sounds half of the time
