"""Two people talk: an outside caller and whoever lifts."""

import hashlib
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from drivers.buses import SAMPLE_RATE, Samples
from tests.kit.hearing import prompt, prompt_file
from tests.kit.world import World

ANSWER = "demo-thanks"


def test_ringing_handset_that_is_lifted_is_connected_both_ways(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 102 ringing", "time 5s")
    world.board("lift 102", "wait-for line1 answered within 1s")
    caller, ben = world.listen("line1"), world.listen("102")
    world.board("time 500ms")  # the trunk's chip carries sound 0.4 s after it has answered
    rung = list(world.box.telephones["101"].bells)
    world.board(f"say line1 {words}")
    ben.hears(words_at_8_khz, within_s=1)
    world.board(f"say 102 {prompt_file(ANSWER)}")
    caller.hears(ANSWER, within_s=1)
    assert list(world.box.telephones["101"].bells) == rung, "it rang on"
    world.board("hangup line1", "wait-for 102 busy within 5s", "hangup 102")
    assert world.fetch("anna") == world.fetch("ben") == []
    assert world.store.recordings.all() == []
    assert world.box.violations() == []


class Trace(logging.Handler):
    """Every move of every line and call, with its period."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.rows: list[str] = []
        self._pbx = world.phone.pbx

    def emit(self, record: logging.LogRecord) -> None:
        self.rows.append(f"{self._pbx.periods} {record.getMessage()}")


@contextmanager
def traced(world: World) -> Iterator[list[str]]:
    """The moves made meanwhile."""
    moves, trace = logging.getLogger("app.core.fsm"), Trace(world)
    level = moves.level
    moves.setLevel(logging.INFO)
    moves.addHandler(trace)
    try:
        yield trace.rows
    finally:
        moves.removeHandler(trace)
        moves.setLevel(level)


def minutes_of_talk(name: str, minutes: int = 3) -> Samples:
    """A prompt said again and again."""
    return np.resize(prompt(name), minutes * 60 * SAMPLE_RATE)


def talk_for_three_minutes(directory: Path) -> tuple[list[str], list[str], float]:
    """(moves, digests of what both heard, seconds that the three minutes took)."""
    with World(directory) as world, traced(world) as moves:
        world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 101 ringing", "lift 101")
        world.board("wait-for line1 answered")
        caller, anna = world.box.office_lines["line1"], world.box.telephones["101"]
        caller.say(minutes_of_talk("demo-instruct"))
        anna.say(minutes_of_talk("demo-congrats"))
        heard = [caller.hear(), anna.hear()]
        begun = time.perf_counter()
        world.board("time 3m")
        took = time.perf_counter() - begun
        digests = [hashlib.sha256(one.samples.tobytes()).hexdigest() for one in heard]
        assert [len(one.samples) for one in heard] == [180 * SAMPLE_RATE] * 2
        assert all(np.abs(one.samples).max() > 1000 for one in heard)
        world.board("hangup line1", "wait-for 101 busy", "hangup 101")
        return list(moves), digests, took


@pytest.mark.soak
def test_call_of_three_minutes_run_twice_gives_the_same_samples(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (talk_for_three_minutes(tmp_path / name) for name in ("one", "two"))
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert first[1][0] != first[1][1]
    assert any("connected" in move for move in first[0])
    print(f"three minutes of two lines took {first[2]:.2f} s and {second[2]:.2f} s")


def test_outside_caller_who_gives_up_while_it_rings_leaves_no_message(world: World) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 101 ringing", "time 5s")
    world.board("hangup line1", "time 1m")
    assert world.phone.pbx.status()["lines"]["line1"]["state"] == "idle"
    assert not world.phone.pbx.busy
    assert world.fetch("anna") == []
