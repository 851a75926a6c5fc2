"""Two calls on one handset, by keys and by rotary dial: hold, transfer, three-way, call waiting."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.models.telephone import SecondCallerDisplay
from tests.kit.hearing import prompt_file
from tests.kit.world import World

MUSIC = "demo-congrats"
WORDS = "demo-thanks"

VERBS = pytest.mark.parametrize("dial", ["dial", "pulse"])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    """Four handsets and two outside lines, with music for parties on hold."""
    settings = f'\n[calls]\nhold_music = "{prompt_file(MUSIC)}"\ntransfer_return_s = 8\n'
    settings += '[phone.incoming.line1]\nhandsets = ["101", "102"]\n'
    with World(tmp_path, more_settings=settings, lines=(4, 2)) as world:
        yield world


def in_europe(tmp_path: Path) -> World:
    """The same in Germany, where keys follow the flash; without music."""
    return World(tmp_path, country="de", lines=(4, 2))


def connect(world: World, dial: str, caller: str, called: str) -> None:
    world.board(f"lift {caller}", f"wait-for {caller} dial-tone", f"{dial} {caller} {called}")
    world.board(f"wait-for {called} ringing within 6s", f"lift {called}", "time 200ms")


def consult(world: World, dial: str, handset: str, other: str) -> None:
    """A flash, recall dial tone, and another handset is rung."""
    tone = "stutter" if world.settings.site.country == "us" else "dial-tone"
    world.board(f"flash {handset}", f"wait-for {handset} {tone} within 2s")
    world.board(f"{dial} {handset} {other}", f"wait-for {other} ringing within 6s")


def hears(world: World, speaker: str, *listeners: str) -> None:
    """What this party says is heard by those."""
    ears = [world.listen(name) for name in listeners]
    world.board(f"say {speaker} {prompt_file(WORDS)}")
    for ear in ears:
        ear.hears(WORDS, within_s=1)


def hang_up_all(world: World) -> None:
    world.board(*(f"hangup {name}" for name in world.box.telephones), "time 2s")
    assert not any(line["call"] for line in world.phone.pbx.status()["lines"].values())
    assert world.box.violations() == []


@VERBS
def test_hold_with_music_second_call_and_back(house: World, dial: str) -> None:
    connect(house, dial, "101", "102")
    ben = house.listen("102")
    consult(house, dial, "101", "103")
    house.board("lift 103", "time 200ms")
    hears(house, "103", "101")
    ben.hears(MUSIC, within_s=60)
    house.board("hangup 103", "wait-for 101 busy within 3s", "flash 101", "time 200ms")
    hears(house, "102", "101")
    hears(house, "101", "102")
    hang_up_all(house)


@VERBS
def test_announced_transfer_of_an_outside_call(house: World, dial: str) -> None:
    house.board("ring line1 from 5551234", "wait-for 101 ringing", "lift 101", "time 1s")
    house.board("lift 102", "hangup 102")  # who has been rung in vain may be called
    consult(house, dial, "101", "102")
    house.board("lift 102", "time 200ms")
    hears(house, "101", "102")
    house.board("hangup 101", "time 300ms")
    hears(house, "line1", "102")
    hears(house, "102", "line1")
    house.board("hangup line1", "wait-for 102 busy within 5s")
    hang_up_all(house)


@VERBS
def test_blind_transfer_that_is_answered_and_one_that_returns(house: World, dial: str) -> None:
    house.board("ring line1 from 5551234", "wait-for 101 ringing", "lift 101", "time 1s")
    consult(house, dial, "101", "102")
    house.board("hangup 101", "wait-for line1 ringback within 4s")
    house.board("wait-for 101 ringing within 12s", "lift 101", "time 300ms")
    hears(house, "line1", "101")
    consult(house, dial, "101", "103")
    house.board("hangup 101", "lift 103", "time 300ms")
    hears(house, "line1", "103")
    house.board("hangup line1", "wait-for 103 busy within 5s")
    hang_up_all(house)


@VERBS
def test_three_talk_and_two_go_on(house: World, dial: str) -> None:
    connect(house, dial, "101", "102")
    consult(house, dial, "101", "103")
    house.board("lift 103", "time 200ms", "flash 101", "time 200ms")
    hears(house, "101", "102", "103")
    hears(house, "102", "101", "103")
    hears(house, "103", "101", "102")
    house.board("hangup 101", "time 200ms")
    hears(house, "102", "103")
    hang_up_all(house)


@VERBS
def test_second_caller_waits_is_answered_and_the_first_comes_back(house: World, dial: str) -> None:
    connect(house, dial, "101", "102")
    house.board(
        "lift 103", "wait-for 103 dial-tone", f"{dial} 103 101", "wait-for 103 ringback within 6s"
    )
    house.board("flash 101", "time 200ms")
    hears(house, "103", "101")
    house.board("flash 101", "time 200ms")
    hears(house, "102", "101")
    house.board("hangup 102", "wait-for 101 busy within 3s", "hangup 101")
    house.board("wait-for 101 ringing within 3s", "lift 101", "time 200ms")
    hears(house, "103", "101")
    hang_up_all(house)


def test_caller_on_hold_is_not_lost_when_the_handset_is_put_back(house: World) -> None:
    house.board("ring line1 from 5551234", "wait-for 101 ringing", "lift 101", "time 1s")
    house.board("flash 101", "time 200ms", "hangup 101", "wait-for 101 ringing within 4s")
    house.board("lift 101", "time 300ms")
    hears(house, "line1", "101")
    house.board("hangup line1", "wait-for 101 busy within 5s")
    hang_up_all(house)


@VERBS
def test_r_and_a_key_in_europe(tmp_path: Path, dial: str) -> None:
    with in_europe(tmp_path) as world:
        connect(world, dial, "101", "102")
        consult(world, dial, "101", "103")
        world.board("lift 103", "time 200ms", "flash 101", "time 200ms")
        world.board(f"{dial} 101 2", "time 500ms")
        hears(world, "101", "102")
        world.board("flash 101", "time 200ms", f"{dial} 101 3", "time 500ms")
        hears(world, "101", "102", "103")
        hang_up_all(world)


@pytest.mark.parametrize(("dial", "star"), [("dial", "*"), ("pulse", "11")])
def test_pick_up_park_and_fetch(house: World, dial: str, star: str) -> None:
    house.board("lift 104", "wait-for 104 dial-tone", f"{dial} 104 {star}8")
    house.board("ring line1 from 5551234", "wait-for 102 ringing", f"{dial} 104 102")
    house.board("wait-for line1 answered within 3s", "time 500ms")
    hears(house, "line1", "104")
    house.board("flash 104", "wait-for 104 stutter within 2s")
    parker, caller = house.listen("104"), house.listen("line1")
    house.board(f"{dial} 104 {star}5")
    parker.hears("digits/1", within_s=10)
    caller.hears(MUSIC, within_s=60)
    house.board("hangup 104", "lift 102", "wait-for 102 dial-tone", f"{dial} 102 {star}41")
    house.board("time 500ms")
    hears(house, "line1", "102")
    hears(house, "102", "line1")
    house.board("hangup line1", "wait-for 102 busy within 5s")
    hang_up_all(house)


def test_telephone_that_can_shows_who_calls_during_a_call(house: World) -> None:
    telephone = house.box.telephones["101"]
    telephone.second_display = SecondCallerDisplay()
    connect(house, "dial", "101", "103")
    house.board("lift 102", "wait-for 102 dial-tone", "dial 102 101", "time 3s")
    shown = telephone.caller_id
    assert shown is not None and (shown.number, shown.name) == ("102", "Ben Okafor")
    house.board("flash 101", "time 200ms")
    hears(house, "102", "101")
    hang_up_all(house)
