"""A call from outside in each country: ringing, caller ID, voicemail, hanging up."""

from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.buses import SAMPLE_RATE, Samples
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World

CALLER = '5551234 "CARL CALLER"'

# As an owner writes it; ringing on the line in Hz; burst and silence in turn in ms; who the message
# is from (Japan's networks show the number only).
NAMED = "CARL CALLER 5551234"
COUNTRIES = [
    ("us", 20, (2000, 4000), NAMED),
    ("uk", 25, (400, 200, 400, 2000), NAMED),
    ("DE", 25, (1000, 4000), NAMED),
    ("fr", 50, (1500, 3500), NAMED),
    ("au", 25, (400, 200, 400, 2000), NAMED),
    ("jp", 16, (1000, 2000), "5551234"),
]


@pytest.mark.parametrize(("country", "hz", "cadence_ms", "who"), COUNTRIES)
def test_caller_in_each_country_is_rung_through_answered_and_recorded(
    tmp_path: Path,
    words: Path,
    words_at_8_khz: Samples,
    country: str,
    hz: float,
    cadence_ms: tuple[int, ...],
    who: str,
) -> None:
    with World(tmp_path, country=country) as world:
        world.board(f"ring line1 from {CALLER}", "wait-for line1 ringback within 3s")
        world.board("wait-for 101 ringing")
        assert world.box.chips["line1"].loop.hertz == hz
        telephone = world.box.telephones["101"]

        world.board("wait-for line1 answered", "wait-for line1 beep", f"say line1 {words}")
        shown = telephone.caller_id
        assert shown is not None and shown.number == "5551234"
        edges = [bell.at for bell in telephone.bells]
        rung_ms = [(after - before) * 1000 / SAMPLE_RATE for before, after in pairwise(edges)]
        assert rung_ms[: len(cadence_ms)] == pytest.approx(cadence_ms, abs=30)

        world.board("hangup line1", "time 1s")
        (octets,) = world.fetch("anna")
        message = parsed(octets)
        assert message["Subject"] == f"Voicemail from {who} (0:05)"
        assert likeness(words_at_8_khz, read_wav(BytesIO(wav_of(message)))) > SAME
        assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
        assert world.box.violations() == []


@pytest.mark.parametrize(
    ("country", "tone"),  # in Australia and Japan reorder sounds as busy does
    [
        ("us", "reorder"),
        ("gb", "reorder"),
        ("de", "reorder"),
        ("fr", "reorder"),
        ("au", "busy"),
        ("jp", "busy"),
    ],
)
def test_handset_that_dials_nobodys_number_hears_the_countrys_reorder_tone(
    tmp_path: Path, country: str, tone: str
) -> None:
    with World(tmp_path, country=country) as world:
        world.board("lift 101", "wait-for 101 dial-tone within 3s")
        world.board("dial 101 9", f"wait-for 101 {tone} within 20s", "hangup 101")


def without_cpc(world: World, dial_tone: bool) -> None:
    """The office on line1 shows that the caller has gone by a tone alone."""
    office = world.box.office_lines["line1"]
    office.clears_by_tone, office.clears_by_dial_tone = not dial_tone, dial_tone


ENDINGS = [("us", False), ("de", False), ("gb", False), ("us", NAMED), ("de", True)]
"""Countries, and whether the office gives its dial tone after the call, or busy or reorder."""


@pytest.mark.parametrize(("country", "dial_tone"), ENDINGS)
def test_message_of_a_caller_whose_office_only_sounds_its_tone_is_what_they_said(
    tmp_path: Path, words: Path, words_at_8_khz: Samples, country: str, dial_tone: bool
) -> None:
    with World(tmp_path, country=country) as world:
        without_cpc(world, dial_tone)
        world.board(f"ring line1 from {CALLER}", "wait-for line1 beep", f"say line1 {words}")
        world.board("hangup line1", "time 6s")
        assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
        (octets,) = world.fetch("anna")
        message = parsed(octets)
        assert str(message["Subject"]).endswith("5551234 (0:05)")
        heard = read_wav(BytesIO(wav_of(message)))
        assert likeness(words_at_8_khz, heard) > SAME
        assert len(heard) < len(words_at_8_khz) + SAMPLE_RATE / 2


@pytest.mark.parametrize(("country", "dial_tone"), ENDINGS)
@pytest.mark.parametrize("until", ["answered", "beep"])
def test_caller_who_says_nothing_to_a_box_whose_office_only_sounds_its_tone_is_a_missed_call(
    tmp_path: Path, country: str, dial_tone: bool, until: str
) -> None:
    with World(tmp_path, country=country) as world:
        without_cpc(world, dial_tone)
        world.board(f"ring line1 from {CALLER}", f"wait-for line1 {until}", "time 1s")
        world.board("hangup line1", "time 6s")
        assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
        assert world.entries("anna") == []
        (missed,) = [row for row in world.history("anna") if row.verb == "missed call"]
        assert missed.detail.startswith("CARL CALLER 5551234, 0.0 s recorded")
        assert world.lamps() == {"101": "dark", "102": "dark"}
