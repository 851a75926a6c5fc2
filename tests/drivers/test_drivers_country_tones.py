"""Tones and ringing of every country, against a second transcript of the national tables."""

import pytest

from drivers.countries import codes, country
from drivers.tones import Tone

# One country a line: ringing | dial | ringback | busy | reorder | call waiting, as ms on and off in
# turn after the frequencies: 440+480 sound together, 400*25 is modulated. Read from the table that
# open-source exchanges carry [ITU-T E.180 Supplement 2, various tones used in national networks;
# gb: BT SIN 350; au: AS/CA S002:2010, 5.3.4; generic: 425 Hz as recommended in E.180], not from our
# own files. "-": not given, or no plain cadence.
TABLE = """
at 1000 5000 | 420 | 420 1000 5000 | 420 400 400 | 420 200 200 | 420 40 1960
au 400 200 400 2000 | 425*25 | 425*25 400 200 400 2000 | 425 375 375 | - | 425 200 200 200 4400
be 1000 3000 | 425 | 425 1000 3000 | 425 500 500 | 425 167 167 | 1400 175 175 175 3500
br 1000 4000 | 425 | 425 1000 4000 | 425 250 250 | 425 250 250 750 250 | 425 50 1000
ca 2000 4000 | 350+440 | 440+480 2000 4000 | 480+620 500 500 | 480+620 250 250 | 440 300 10000
ch 1000 4000 | 425 | 425 1000 4000 | 425 500 500 | 425 200 200 | 425 200 200 200 4000
cl 1000 3000 | 400 | 400 1000 3000 | 400 500 500 | 400 200 200 | 400 250 8750
cn 1000 4000 | 450 | 450 1000 4000 | 450 350 350 | 450 700 700 | 450 400 4000
cz 1000 4000 | 425 330 330 660 660 | 425 1000 4000 | 425 330 330 | 425 165 165 | 425 330 9000
de 1000 4000 | 425 | 425 1000 4000 | 425 480 480 | 425 240 240 | -
dk 1000 4000 | 425 | 425 1000 4000 | 425 500 500 | 425 200 200 | -
es 1500 3000|425|425 1500 3000|425 200 200|425 200 200 200 200 200 600|425 175 175 175 3500
fi 1000 4000 | 425 | 425 1000 4000 | 425 300 300 | 425 200 200 | 425 150 150 150 8000
fr 1500 3500 | 440 | 440 1500 3500 | 440 500 500 | 440 250 250 | 440 300 10000
gb 400 200 400 2000|350+440|400+450 400 200 400 2000|400 375 375|400 400 350 225 525|400 100 4000
generic 1000 4000|425|425 1000 4000|425 500 500|425 250 250|425 200 200 200 4000
gr 1000 4000|425 200 300 700 800|425 1000 4000|425 300 300|425 200 200|425 150 150 150 8000
il 1000 3000 | 414 | 414 1000 3000 | 414 500 500 | 414 250 250 | 414 100 100 100 100 600 3000
in 400 200 400 2000|400*25|400*25 400 200 400 2000|400 750 750|400 250 250|400 200 100 200 7500
it 1000 4000|425 200 200 600 1000|425 1000 4000|425 500 500|425 200 200|425 400 100 250 100 150 14000
jp 1000 2000 | 400 | 400*15 1000 2000 | 400 500 500 | 400 500 500 | 400*16 500 8000
mx 2000 4000 | 425 | 425 1000 4000 | 425 250 250 | 425 250 250 | 425 200 600 200 10000
my 2000 4000 | 425 | 425 400 200 400 2000 | 425 500 500 | 425 500 500 | -
nl 1000 4000 | 425 | 425 1000 4000 | 425 500 500 | 425 250 250 | 425 500 9500
no 1000 4000 | 425 | 425 1000 4000 | 425 500 500 | 425 200 200 | 425 200 600 200 10000
nz 400 200 400 2000 | 400 | 400+450 400 200 400 2000 | 400 500 500 | 400 250 250 | 400 200 3000
ph 1000 4000 | 425 | 425+480 1000 4000 | 480+620 500 500 | 480+620 250 250 | 440 300 10000
pl 1000 4000 | 425 | 425 1000 4000 | 425 500 500 | 425 500 500 | 425 150 150 150 4000
pt 1000 5000 | 425 | 425 1000 5000 | 425 500 500 | 425 200 200 | 440 300 10000
ru 1000 4000 | 425 | 425 1000 4000 | 425 350 350 | 425 175 175 | 425 200 5000
se 1000 5000 | 425 | 425 1000 5000 | 425 250 250 | 425 250 750 | 425 200 500 200 9100
th 1000 4000 | 400*50 | 420 1000 5000 | 400 500 500 | 400 300 300 | -
tw 1000 4000|350+440|440+480 1000 2000|480+620 500 500|480+620 250 250|350+440 250 250 250 3250
us 2000 4000 | 350+440 | 440+480 2000 4000 | 480+620 500 500 | 480+620 250 250 | 440 300 10000
za 400 200 400 2000 | 400*33 | 400*33 400 200 400 2000 | 400 500 500 | 400 250 250 | -
"""  # noqa: E501
ROWS = {
    line.split()[0]: [part.strip() for part in line.partition(" ")[2].split("|")]
    for line in TABLE.split("\n")[1:-1]
}
KINDS = ("dial", "ringback", "busy", "reorder", "call_waiting")


def written(tone: Tone) -> str:
    """A tone as the table writes it."""
    hz = [int(each) for each in tone.hz]
    if len(hz) == 3 and len(set(tone.levels_dbm0)) == 2:
        frequencies = f"{hz[1]}*{hz[2] - hz[1]}"
    else:
        frequencies = "+".join(map(str, hz))
    return " ".join([frequencies, *map(str, tone.cadence_ms)])


def test_table_has_every_country_whose_tones_are_known() -> None:
    assert sorted(ROWS) == list(codes())


@pytest.mark.parametrize("code", codes())
def test_ringing_cadence_of_country_is_that_of_the_national_table(code: str) -> None:
    assert " ".join(map(str, country(code).ringing.cadence_ms)) == ROWS[code][0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", codes())
def test_tone_of_country_is_that_of_the_national_table(code: str, kind: str) -> None:
    expected = ROWS[code][1 + KINDS.index(kind)]
    if expected != "-":
        assert written(getattr(country(code).tones, kind)) == expected


# The stutter tone where it is a tone of its own; elsewhere it is dial tone, six times broken for
# 100 ms, and then steady. Frequencies from the lowest.
STUTTER = """
at 380+420 | au 400+425+450 100 40 | be 425 1000 250
br 350+440 | ch 340+425 1100 1100 | cn 425+450
cz 425 450 50 | de 400+425 | dk 425 450 50 | fi 425 650 25 | gr 425 650 25 | nl 425 500 50
th 400 200 200 600 200
"""
OWN_STUTTER = {
    row.strip()[:2]: row.strip()[3:] for row in STUTTER.replace("\n", "|").split("|") if row.strip()
}
IN_TWO_PARTS = {"gb", "it", "no"}
BROKEN_NORTH_AMERICAN_TONE = {"in", "mx", "ph"}  # 350+440 broken, then their own dial tone


@pytest.mark.parametrize("code", sorted(set(codes()) - IN_TWO_PARTS))
def test_stutter_tone_is_the_countrys_own_or_its_dial_tone_broken(code: str) -> None:
    tones = country(code).tones
    if code in OWN_STUTTER:
        hz, _, cadence = OWN_STUTTER[code].partition(" ")
        assert "+".join(str(int(each)) for each in sorted(tones.stutter.hz)) == hz
        assert " ".join(map(str, tones.stutter.cadence_ms)) == cadence
        assert (tones.stutter.repeat, tones.stutter.then) == (0, None), "it goes on for ever"
    else:
        assert tones.stutter.cadence_ms == ((160, 160) if code == "il" else (100, 100))
        assert tones.stutter.then == tones.dial
        broken = (350, 440) if code in BROKEN_NORTH_AMERICAN_TONE else tones.dial.hz
        assert tones.stutter.hz == broken


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [("gb", "350+440 750", "440 750"), ("it", "470 400", "425 400"), ("no", "470 400", "425 400")],
)
def test_stutter_tone_of_two_parts_ends_as_that_of_its_country(
    code: str, first: str, second: str
) -> None:
    chain = country(code).tones.stutter.chain
    turns = [tone for tone in chain if tone.cadence_ms]
    assert {written(tone) for tone in turns[::2]} == {first}
    assert {written(tone) for tone in turns[1::2]} == {second}
    if code == "gb":
        assert len(turns) == 10 and chain[-1] == country(code).tones.dial


LEVELS = {"dial": -13.0, "ringback": -19.0, "busy": -24.0, "reorder": -24.0, "call_waiting": -18.0}
"""Of North America, dBm0 per frequency [T1.401]; elsewhere all are -18."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", codes())
def test_level_of_a_tone_is_that_of_its_region(code: str, kind: str) -> None:
    levels = getattr(country(code).tones, kind).levels_dbm0
    if (code, kind) == ("gb", "dial"):
        assert levels == (-22.0, -18.0)
    else:
        assert max(levels) == (LEVELS[kind] if code in ("us", "ca") else -18.0)


@pytest.mark.parametrize(
    ("code", "tone"),
    [
        ("de", "425 200 200 200 5000"),
        ("dk", "425 200 600 200 3000"),
        ("za", "400*33 250 250 250 250 250 250 250 250"),
    ],
)
def test_call_waiting_tone_that_the_table_of_exchanges_leaves_open(code: str, tone: str) -> None:
    assert written(country(code).tones.call_waiting) == tone
