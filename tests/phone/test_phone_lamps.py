"""Every way to show that messages wait, through the register models: data, polarity, neon, tone."""

from itertools import pairwise

import pytest

from app.phone.config import Lamps
from drivers.models.faults import Fault
from drivers.models.telephone import Telephone
from tests.phone.test_phone_on_virtual_board import House

WAYS = pytest.mark.parametrize(
    ("kind", "way"), [("fsk", "data"), ("polarity", "polarity"), ("neon", "neon")]
)
NONE = Lamps(stutter=(), fsk=(), polarity=(), neon=())


def house(**kinds: tuple[str, ...]) -> House:
    house = House(lamps=Lamps(**{"stutter": (), "fsk": (), **kinds}))
    house.pace.seconds(3)
    return house


def shown(phone: Telephone) -> str:
    """By what this telephone's lamp would shine now."""
    ways = {"data": phone.lamp, "polarity": phone.reversed, "neon": phone.neon}
    return " ".join(way for way, lit in ways.items() if lit)


@pytest.mark.parametrize(
    ("kind", "way"), [("fsk", "data"), ("polarity", "polarity"), ("neon",) * 2]
)
def test_a_lamp_is_lit_and_dark_again_in_its_own_way(kind: str, way: str) -> None:
    here = house(**{kind: ("101",)})
    ann, bob = here.phones["101"], here.phones["102"]
    for jack in ("101", "102"):
        here.pbx.message_waiting(jack, True)
    here.pace.seconds(3)
    assert (shown(ann), shown(bob)) == (way, "")
    assert not ann.bells, "no bell rings by it"
    here.pbx.message_waiting("101", False)
    here.pace.seconds(3)
    assert shown(ann) == ""


def test_lamp_that_understands_single_messages_only_is_lit_and_dark_again_by_those() -> None:
    here = house(fsk=("all",), sdmf=("101",))
    ann, bob = here.phones["101"], here.phones["102"]
    ann.single_only = bob.single_only = True
    for waiting in (True, False):
        for jack in ("101", "102"):
            here.pbx.message_waiting(jack, waiting)
        here.pace.seconds(3)
        assert (ann.lamp, bob.lamp) == (waiting, False)


def test_display_that_understands_single_messages_only_shows_who_calls() -> None:
    here = house(sdmf=("101",))
    ann, bob = here.phones["101"], here.phones["102"]
    ann.single_only = True
    bob.lift()
    here.pace.seconds(0.3)
    bob.dial("101")
    here.until(lambda: ann.caller_id is not None, 8, "101 shows who calls")
    assert ann.caller_id is not None and ann.caller_id.number == "102"


def test_all_means_every_handset() -> None:
    here = house(polarity=("all",))
    for jack in ("101", "102"):
        here.pbx.message_waiting(jack, True)
    here.pace.seconds(1)
    assert [shown(here.phones[jack]) for jack in ("101", "102")] == ["polarity"] * 2


def test_several_ways_at_once() -> None:
    here = house(fsk=("101",), polarity=("101",), stutter=("101",))
    here.pbx.message_waiting("101", True)
    here.pace.seconds(4)
    assert shown(here.phones["101"]) == "data polarity"
    here.phones["101"].lift()
    assert "stutter" in here.sounds(here.phones["101"], 2)


@pytest.mark.parametrize("kind", ["polarity", "neon"])
def test_lifting_takes_the_light_away_and_hanging_up_brings_it_back(kind: str) -> None:
    here = house(**{kind: ("101",)})
    ann = here.phones["101"]
    here.pbx.message_waiting("101", True)
    here.pace.seconds(2)
    ann.lift()
    here.pace.seconds(1)
    assert shown(ann) == ""
    assert "dial-tone" in here.sounds(ann), "steady: this handset's tone does not stutter"
    ann.hang_up()
    here.pace.seconds(2)
    assert shown(ann) == kind


@pytest.mark.parametrize("kind", ["polarity", "neon"])
def test_a_call_rings_through_a_lit_lamp_and_is_answered(kind: str) -> None:
    here = house(**{kind: ("101",)})
    ann, bob = here.phones["101"], here.phones["102"]
    here.pbx.message_waiting("101", True)
    here.pace.seconds(2)
    bob.lift()
    here.pace.seconds(0.3)
    bob.dial("101")
    here.until(lambda: ann.ringing, 5, "101 rings")
    ann.lift()
    here.pace.seconds(1)
    assert here.pbx.status()["lines"]["101"]["call"] == "connected"
    ann.hang_up()
    bob.hang_up()
    here.pace.seconds(3)
    assert shown(ann) == kind


@pytest.mark.parametrize("kind", ["polarity", "neon"])
def test_pulses_and_a_ring_after_it_work_as_before(kind: str) -> None:
    """What lies on the line of a lamp is gone when the line is used."""
    here = house(**{kind: ("101",)})
    ann, bob = here.phones["101"], here.phones["102"]
    here.pbx.message_waiting("101", True)
    here.pace.seconds(2)
    ann.lift()
    here.pace.seconds(0.5)
    ann.dial_pulses("102")
    here.until(lambda: bob.ringing, 10, "102 rings")


@pytest.mark.parametrize(
    ("kind", "way"), [("fsk", "data"), ("polarity", "polarity"), ("neon",) * 2]
)
def test_a_line_that_was_down_is_lit_again(kind: str, way: str) -> None:
    here = house(**{kind: ("101",)})
    here.pbx.message_waiting("101", True)
    here.pace.seconds(3)
    chip = here.box.chips["101"]
    chip.inject(Fault.STUCK_BUS)
    here.pace.seconds(3)
    here.phones["101"].lamp = False  # a telephone without current forgets
    chip.mend(Fault.STUCK_BUS)
    here.until(lambda: here.pbx.status()["lines"]["101"]["working"], 40, "101 works again")
    here.pace.seconds(4)
    assert shown(here.phones["101"]) == way


def test_a_neon_lamp_flashes_four_times_a_second() -> None:
    here = house(neon=("101",))
    here.pbx.message_waiting("101", True)
    here.pace.seconds(1)
    loop, lit = here.phones["101"]._loop, []
    for _ in range(200):
        here.pace.seconds(0.01)
        lit.append(loop.ring_vrms > 65)
    flashes = sum(now and not before for before, now in pairwise(lit))
    assert 7 <= flashes <= 9
    assert loop.hertz in (0.0, 4.0)


def test_without_any_kind_nothing_is_shown() -> None:
    here = House(lamps=NONE)
    here.pace.seconds(2)
    here.pbx.message_waiting("101", True)
    here.pace.seconds(3)
    assert shown(here.phones["101"]) == ""
    here.phones["101"].lift()
    assert "dial-tone" in here.sounds(here.phones["101"])
