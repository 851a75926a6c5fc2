"""Bursts of ringing, whatever the chip's RDT and RDTI turn out to be on silicon."""

from collections.abc import Iterator

import pytest

from drivers.board import virtual_board
from drivers.countries import codes, country
from drivers.countries.base import RingingPlan
from drivers.models.faults import Fault
from drivers.models.si3050 import Si3050Model
from drivers.models.si3050_ring import RdtKind
from drivers.ports import BatteryChanged, PolarityReversed, PortEvent, RingBurst
from drivers.si3050_ring import RingDetector
from tests.kit.lines import Lines

TRUNKS = 10
PLANS = {country(code).ringing: code for code in codes()}
"""Each way of ringing, with a country that has it."""
KINDS = list(RdtKind)


def seen(detector: RingDetector, pattern: str) -> list[tuple[int, bool]]:
    """When it began or ended to ring: "+" and "-" are halves, "e" an edge, "r" RDT alone."""
    changes = []
    for look, letter in enumerate(pattern):
        half = {"+": 1, "-": 2}.get(letter, 0)
        if detector.see(half, rdt=letter in "+-er", edge=letter == "e"):
            changes.append((look, detector.ringing))
    return changes


@pytest.mark.parametrize(
    ("pattern", "rings"),
    [
        ("+-" * 4, True),
        ("+-+-+-", False),
        ("+.-." * 5, True),  # a hit weighs 10 ms, a miss takes 2.5 ms off
        ("+...-..." * 4, False),
        ("+...-..." * 13, True),
        ("+" * 19, False),  # one half alone is a change of polarity
        ("+" * 20, True),
        ("r" * 400, False),  # RDT alone says nothing
        ("e" + "r" * 14, False),
        ("e" + "r" * 15, True),  # its edge and RDT say that it rings where no half is seen
        ("e" + "r" * 8 + "e" + "r" * 400, False),  # begun and ended: too short
        ("e" + "." * 400, False),
        ("e." * 10, True),  # edges in quick succession are half waves
    ],
)
def test_what_is_ringing_and_what_is_not(pattern: str, rings: bool) -> None:
    assert bool(seen(RingDetector(), pattern)) is rings


@pytest.mark.parametrize(
    "after", ["." * 40, "r" * 400, "r" * 9 + "e" + "r" * 400, "re" + "r" * 400]
)
def test_burst_that_was_seen_ends_by_its_gap_whatever_rdt_does(after: str) -> None:
    burst = "e" + "+-" * 30
    assert seen(RingDetector(), burst + after) == [(7, True), (len(burst) + 9, False)]


@pytest.mark.parametrize(("after", "ends"), [("." * 40, 0), ("e" + "r" * 400, 0), ("r" * 600, 399)])
def test_burst_that_was_not_seen_ends_by_the_chips_edge_or_after_5_s(after: str, ends: int) -> None:
    burst = "e" + "r" * 100
    assert seen(RingDetector(), burst + after) == [(15, True), (len(burst) + ends, False)]


def test_gaps_of_near_threshold_ringing_are_bridged() -> None:
    assert seen(RingDetector(), "+-" * 6 + (".........+" + "-") * 30) == [(6, True)]


# --- against the model ---------------------------------------------------------------------------


def ringing(kind: RdtKind, code: str = "us") -> Lines:
    """A board of outside lines whose chips have this RDT."""
    lines = Lines(virtual_board(0, TRUNKS), code=code).up()
    for _, chip in daas(lines):
        chip.ring_detector.kind = kind
    assert lines.beat(40) == []
    return lines


def daas(lines: Lines) -> Iterator[tuple[int, Si3050Model]]:
    for number, jack in enumerate(lines.board.trunks):
        chip = lines.box.chips[jack]
        assert isinstance(chip, Si3050Model)
        yield number, chip


def rung(lines: Lines, hertz: float, vrms: float, burst: int, gap: int) -> list[dict[str, list]]:  # type: ignore[type-arg]
    """Two bursts on each line, every line at another phase; events by jack of each burst."""
    told: list[dict[str, list[PortEvent]]] = []
    for _ in range(2):
        events: dict[str, list[PortEvent]] = {jack: [] for jack in lines.board.trunks}
        for number, chip in daas(lines):
            chip.loop.hertz = hertz
            chip.loop.ring(vrms, lines.box.now - round(number * 8000 / hertz / TRUNKS))
        for jack, event in lines.beat(burst):
            events[jack].append(event)
        for _, chip in daas(lines):
            chip.loop.ring(0.0, lines.box.now)
        for jack, event in lines.beat(gap):
            events[jack].append(event)
        told.append(events)
    return told


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("hertz", [16.667, 20.0, 25.0, 33.333, 50.0])
@pytest.mark.parametrize("vrms", [16.0, 21.0, 45.0, 90.0])
def test_burst_is_one_whatever_phase_the_looks_have(
    kind: RdtKind, hertz: float, vrms: float
) -> None:
    lines = ringing(kind)
    for burst in rung(lines, hertz, vrms, burst=80, gap=120):
        for jack, events in burst.items():
            assert events == [RingBurst(True), RingBurst(False)], jack
    assert lines.box.violations() == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
def test_ringing_below_the_threshold_is_none(kind: RdtKind) -> None:
    lines = ringing(kind)
    assert all(not any(burst.values()) for burst in rung(lines, 25.0, 14.0, 100, 200))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("volts", [-48.0, -20.0])
def test_reversal_is_no_call_and_told_once(kind: RdtKind, volts: float) -> None:
    lines = ringing(kind)
    for _, chip in daas(lines):
        chip.loop.feed(volts)
    events = lines.beat(800)
    assert sorted(jack for jack, _ in events) == sorted(lines.board.trunks)
    assert {event for _, event in events} == {PolarityReversed()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
def test_battery_that_goes_and_comes_is_no_call(kind: RdtKind) -> None:
    lines = ringing(kind)
    loop = next(daas(lines))[1].loop
    loop.feed(0.0)
    assert lines.beat(200) == [("line1", BatteryChanged(False))]
    loop.feed(48.0)
    assert lines.beat(800) == [("line1", BatteryChanged(True))]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("late", [3, 7])
def test_late_polls_make_no_burst_of_one_and_no_two_of_it(kind: RdtKind, late: int) -> None:
    lines = ringing(kind)
    told: list[tuple[str, PortEvent]] = []
    for rings in (True, False, True, False):
        for number, chip in daas(lines):
            chip.loop.ring(75.0 if rings else 0.0, lines.box.now - 20 * number)
        for _ in range(200 // late):
            for _ in range(late):
                lines.heard = lines.box.period(lines.silence())
            told += lines.board.poll(late)
    for jack in lines.board.trunks:
        mine = [event for who, event in told if who == jack]
        assert mine == [RingBurst(True), RingBurst(False)] * 2, jack


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.lower())
@pytest.mark.parametrize("plan", PLANS, ids=PLANS.values())
def test_cadence_of_every_country_is_told_burst_by_burst(kind: RdtKind, plan: RingingPlan) -> None:
    lines = Lines(virtual_board(0, 1), code=PLANS[plan]).up()
    chip = next(daas(lines))[1]
    chip.ring_detector.kind = kind
    lines.beat(40)
    chip.loop.hertz = plan.network_hz
    told: list[tuple[bool, int]] = []
    wanted: list[tuple[bool, int]] = []
    cadence, now = plan.cadence_ms, 0
    for place in range(2 * len(cadence)):
        rings = place % 2 == 0
        wanted.append((rings, now))
        chip.loop.ring(plan.network_vrms if rings else 0.0, lines.box.now)
        for _ in range(cadence[place % len(cadence)] // 10):
            now += 10
            told += [(event.on, now) for _, event in lines.beat() if isinstance(event, RingBurst)]
    assert [on for on, _ in told] == [on for on, _ in wanted]
    for (_, at), (_, due) in zip(told, wanted, strict=True):
        assert due + 50 <= at <= due + 250


def test_rdt_drops_when_the_line_is_seized_and_the_next_call_rings() -> None:
    lines = ringing(RdtKind.ONE_SHOT)
    chip = next(daas(lines))[1]
    chip.loop.ring(75.0, lines.box.now)
    lines.until(RingBurst(True), "line1", 12)
    assert chip.ring_detector.detected
    lines.trunk().seize()
    assert not chip.ring_detector.detected
    chip.loop.ring(0.0, lines.box.now)
    assert lines.beat(100) == []
    lines.trunk().release()
    assert lines.beat(100) == []
    chip.loop.ring(75.0, lines.box.now)
    lines.until(RingBurst(True), "line1", 12)


def test_chip_that_dies_while_it_rings_leaves_its_neighbours_ringing() -> None:
    lines = ringing(RdtKind.ONE_SHOT)
    for _, chip in daas(lines):
        chip.loop.ring(75.0, lines.box.now)
    lines.beat(30)
    lines.box.chips["line1"].inject(Fault.STUCK_BUS)
    assert {jack for jack, _ in lines.beat(60)} == {"line1"}
    for _, chip in daas(lines):
        chip.loop.ring(0.0, lines.box.now)
    ended = {jack for jack, event in lines.beat(20) if event == RingBurst(False)}
    assert ended == set(lines.board.trunks) - {"line1"}
