"""A caller hangs up after the beep, in every way an office has to show it: how long until the line
is free, and what is recorded of it."""

from io import BytesIO
from pathlib import Path

import pytest

from drivers.buses import SAMPLE_RATE, Samples
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World

WAYS = [
    ("us", "", 1.5),  # CPC of 500 ms
    ("us", "clears_by_current", 1.5),
    ("us", "clears_by_reversal", 1.5),
    ("us", "clears_by_tone", 6.0),
    ("us", "clears_by_dial_tone", 6.0),
    ("us", "clears_silently", 15.0),  # the silence that ends a recording is 10 s, then a farewell
    ("fr", "clears_by_tone", 6.0),
    ("au", "clears_by_tone", 6.0),
]
"""Country, how its office clears, and the seconds until the line is free."""


@pytest.mark.parametrize(("country", "way", "within_s"), WAYS)
def test_line_is_free_soon_after_the_caller_has_gone_and_the_message_ends_with_the_words(
    tmp_path: Path, words: Path, words_at_8_khz: Samples, country: str, way: str, within_s: float
) -> None:
    with World(tmp_path, country=country) as world:
        office = world.box.office_lines["line1"]
        if way:
            setattr(office, way, True)
        world.board("ring line1", "wait-for line1 beep", f"say line1 {words}")
        assert not office.speaking
        office.hang_up()
        hung_up = world.box.now
        while world.phone.pbx.status()["lines"]["line1"]["state"] != "idle":
            world.board("time 0.1s")
        assert (world.box.now - hung_up) / SAMPLE_RATE <= within_s
        world.board("time 1s")
        (octets,) = world.fetch("anna")
        heard = read_wav(BytesIO(wav_of(parsed(octets))))
        assert likeness(words_at_8_khz, heard) > SAME
        assert len(heard) < len(words_at_8_khz) + SAMPLE_RATE / 2
        assert world.box.violations() == []
