"""What a handset hears of its country's tones, measured where the chip gets the samples."""

import numpy as np
import pytest

from drivers.buses import Samples
from drivers.countries import country
from drivers.tones import Tone
from tests.kit.phone import power_at
from tests.phone.test_phone_lines import OneStation

# Frequencies in Hz with their levels in dBm0 | ms on and off; T1.401 for us, BT SIN 350 for gb,
# Deutsche Telekom 1 TR 110-1 for de, AS/CA S002 for au, else ITU-T E.180 and its Supplement 2.
# 425~25 is a carrier that another sine modulates by 90 %: its side bands are 6.9 dB below it.
TABLE = """
us dial         | 350 -13, 440 -13 |
us ringback     | 440 -19, 480 -19 | 2000 4000
us busy         | 480 -24, 620 -24 | 500 500
us reorder      | 480 -24, 620 -24 | 250 250
us call_waiting | 440 -18          | 300 10000
us stutter      | 350 -13, 440 -13 | 100 100 100 100 100 100 100 100 100 100 100 100
gb dial         | 350 -22, 440 -18 |
gb ringback     | 400 -18, 450 -18 | 400 200 400 2000
gb busy         | 400 -18          | 375 375
gb reorder      | 400 -18          | 400 350 225 525
gb call_waiting | 400 -18          | 100 4000
de dial         | 425 -18          |
de ringback     | 425 -18          | 1000 4000
de busy         | 425 -18          | 480 480
de reorder      | 425 -18          | 240 240
de call_waiting | 425 -18          | 200 200 200 5000
de stutter      | 425 -18, 400 -18 |
fr dial         | 440 -18          |
fr ringback     | 440 -18          | 1500 3500
fr busy         | 440 -18          | 500 500
fr reorder      | 440 -18          | 250 250
fr call_waiting | 440 -18          | 300 10000
fr stutter      | 440 -18          | 100 100 100 100 100 100 100 100 100 100 100 100
au dial         | 425~25 -18       |
au ringback     | 425~25 -18       | 400 200 400 2000
au busy         | 425 -18          | 375 375
au reorder      | 425 -18          | 375 375
au call_waiting | 425 -18          | 200 200 200 4400
au stutter      | 425~25 -18       | 100 40
jp dial         | 400 -18          |
jp ringback     | 400~15 -18       | 1000 2000
jp busy         | 400 -18          | 500 500
jp reorder      | 400 -18          | 500 500
jp call_waiting | 400~16 -18       | 500 8000
jp stutter      | 400 -18          | 100 100 100 100 100 100 100 100 100 100 100 100
generic dial         | 425 -18     |
generic ringback     | 425 -18     | 1000 4000
generic busy         | 425 -18     | 500 500
generic reorder      | 425 -18     | 250 250
generic call_waiting | 425 -18     | 200 200 200 4000
"""
ROWS = [[part.strip() for part in line.split("|")] for line in TABLE.strip().split("\n")]
EVERYWHERE = ("us", "gb", "de", "fr", "au", "jp", "generic")


def at_the_line(code: str, tone: Tone, ms: int) -> Samples:
    """So much of a tone as the handset gets it."""
    handset = OneStation(code)
    handset.run(1)
    first = len(handset.played)
    handset.line.channel.tone(tone)
    handset.run(ms // 10)
    return np.concatenate(handset.played[first:])


def on_and_off(sound: Samples) -> list[int]:
    """Lengths of sound and silence in turn, in ms; a modulated tone is loud for all of it."""
    loud = np.abs(sound.astype(np.int32)).reshape(-1, 40).max(axis=1) > 50
    loud[1:-1] |= loud[:-2] & loud[2:]
    edges = np.flatnonzero(np.diff(loud)) + 1
    return [int(n) * 5 for n in np.diff([0, *edges, len(loud)])]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_tone_at_the_line_has_the_levels_and_the_cadence_of_the_national_standard(
    row: list[str],
) -> None:
    code, kind = row[0].split()
    cadence = [int(ms) for ms in row[2].split()]
    tone = getattr(country(code).tones, kind)
    sound = at_the_line(code, tone, max(2 * sum(cadence), 2000))
    burst = sound[: 8 * (cadence[0] if cadence else 2000)]
    for part in row[1].split(","):
        hz, dbm0 = part.split()
        carrier, _, by = hz.partition("~")
        assert power_at(burst, float(carrier)) == pytest.approx(float(dbm0), abs=0.9)
        if by and len(burst) >= 8 * 400:
            for side in (float(carrier) - float(by), float(carrier) + float(by)):
                assert power_at(burst, side) == pytest.approx(float(dbm0) - 6.9, abs=0.5)
    if cadence:
        found = on_and_off(sound)
        assert found[: len(cadence)] == cadence
    else:
        assert len(on_and_off(sound)) == 1


@pytest.mark.parametrize("code", EVERYWHERE)
def test_howler_at_the_line_is_as_loud_as_four_tones_can_be(code: str) -> None:
    sound = at_the_line(code, country(code).tones.howler, 2000)
    assert on_and_off(sound) == [100] * 20
    burst = sound[:800]
    for hz in (1400, 2060, 2450, 2600):
        assert power_at(burst, hz) == pytest.approx(-9, abs=0.9)
    power = 3.17 + 10 * np.log10(np.mean(np.square(burst, dtype=np.float64)) / (32767**2 / 2))
    assert power == pytest.approx(-3, abs=0.5)
