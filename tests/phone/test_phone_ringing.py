"""How a handset rings: a beat for each kind of call where that is wanted, and no ring too long."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.phone.config import PhoneConfig
from app.phone.groups import RingGroup
from app.phone.lines.caller_id import parse
from app.phone.lines.ring_kinds import DISTINCTIVE, RingKind
from app.phone.sound.dsp import FskReceiver
from drivers.countries import country
from drivers.ports import Feed
from tests.kit.phone import Bench
from tests.kit.world import World

GROUP = RingGroup(("101", "102"))
US = country("us").ringing.cadence_ms


def bench(distinctive: bool = True) -> Bench:
    return Bench(
        PhoneConfig(
            distinctive_rings=distinctive,
            no_answer_seconds=40,
            ring_seconds=40,
            park_return_seconds=10,
            groups={"620": GROUP},
        ),
        stations=3,
    )


def beats(at: Bench, name: str, count: int) -> list[int]:
    """Ringing and silence in turn in ms; the line's exchange rings on if it is that which calls."""
    handset, from_exchange = at.station(name), not at.station("103").off_hook
    lengths, state, periods = [0], handset.ringing, 0
    while len(lengths) <= count:
        if from_exchange and periods % 300 in (150, 299):
            at.trunk("line1").burst(periods % 300 == 299)
        periods += 1
        assert periods < 3000
        at.run(1)
        if handset.ringing != state:
            state = not state
            lengths.append(0)
        lengths[-1] += 10
    return lengths[1:count]


def call(at: Bench, name: str, digits: str) -> None:
    at.station(name).lift()
    at.run(10)
    at.dial(name, digits)


def from_outside(at: Bench) -> None:
    at.trunk("line1").burst(True)


def from_inside(at: Bench) -> None:
    call(at, "103", "102")


def to_a_group(at: Bench) -> None:
    call(at, "103", "620")


def parked(at: Bench) -> None:
    """102 has parked who called it."""
    call(at, "103", "102")
    at.run(50)
    at.station("102").lift()
    at.run(50)
    at.station("102").lower()
    at.run(50)
    at.station("102").lift()
    at.run(100)
    at.dial("102", "*5")
    at.run(100)
    at.station("102").lower()
    at.run(200)


@pytest.mark.parametrize(
    ("kind", "comes"),
    [
        (RingKind.OUTSIDE, from_outside),
        (RingKind.INTERNAL, from_inside),
        (RingKind.GROUP, to_a_group),
        (RingKind.URGENT, parked),
    ],
)
@pytest.mark.parametrize("distinctive", [True, False])
def test_handset_rings_in_the_beat_of_what_it_rings_for(
    kind: RingKind, comes: Callable[[Bench], None], distinctive: bool
) -> None:
    at = bench(distinctive)
    comes(at)
    wanted = DISTINCTIVE.get(kind, US) if distinctive else US
    found = beats(at, "102", 2 * len(wanted) + 3)
    turns = [tuple(found[n : n + len(wanted)]) for n in range(len(wanted) + 1)]
    assert wanted in turns


@pytest.mark.parametrize("kind", DISTINCTIVE)
def test_every_beat_has_room_for_caller_id(kind: RingKind) -> None:
    assert max(DISTINCTIVE[kind][1::2]) >= 4000 and len(DISTINCTIVE[kind]) % 2 == 0


def test_caller_of_a_distinctive_ring_is_shown_in_its_long_silence() -> None:
    at = bench()
    from_inside(at)
    at.run(1)
    handset = at.station("102")
    handset.heard.clear()
    at.seconds(6)
    receiver = FskReceiver()
    callers = [parse(m) for row in handset.heard for m in receiver.hear(row)]
    assert [caller.number for caller in callers if caller is not None] == ["103"]


@pytest.mark.parametrize("code", ["us", "gb", "fr", "jp"])  # ringing of 20, 25, 25 and 16 Hz
def test_ringing_stops_within_200_ms_of_lifting(tmp_path: Path, code: str) -> None:
    """The chip's ring trip and the driver's orders, begun 100 ms into a burst."""
    with World(tmp_path, country=code) as world:
        world.board("lift 102", "wait-for 102 dial-tone within 3s", "dial 102 101")
        telephone = world.box.telephones["101"]
        world.board("wait-for 101 ringing within 8s", "time 0.1s")
        assert telephone.ringing
        telephone.lift()
        chip = world.box.chips["101"]
        periods = 0
        while chip.loop.ring_vrms:
            world.pace.period()
            periods += 1
            assert periods <= 20
        world.board("hangup 101", "hangup 102")


def test_handset_that_stops_ringing_has_its_feed_at_once() -> None:
    at = bench()
    from_inside(at)
    at.run(3)
    at.station("102").lift()
    at.run(1)
    assert at.station("102").feeds[-1] is Feed.ACTIVE
    assert np.any([feed is Feed.RINGING for feed in at.station("102").feeds])
