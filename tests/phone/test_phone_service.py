"""The service's loop over a box in this process, its door, and its end."""

import asyncio
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.phone.calls.line import Line
from app.phone.pace import FreePace, NotWithin
from drivers.buses import PERIOD, Samples
from drivers.errors import BusClosed
from drivers.models.box import BoxPcm
from tests.kit.phone import Bench
from tests.kit.phone_house import House


def test_service_becomes_ready_answers_questions_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house:
            status, rubbish, unknown = await house.ask(
                '{"ask": "status"}', "not JSON", '{"ask": "time"}'
            )
            assert status["ready"] and status["lost_periods"] == status["xruns"] == 0
            assert status["slot_proofs"] > 0 and status["slot_failures"] == 0
            assert {name: line["state"] for name, line in status["lines"].items()} == {
                "101": "on hook",
                "102": "on hook",
                "line1": "idle",
                "line2": "idle",
            }
            assert "not understood" in rubbish["error"]
            assert "allowed are status, changed, shown" in unknown["error"]
            watched = (house.box.pcm().fileno(), house.clerk.fileno())
        loop = asyncio.get_running_loop()
        assert [loop.remove_reader(fd) for fd in watched] == [False, False], "still watched"
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(watched[0])
        assert house.clerk.closed and not house.path.exists()

    asyncio.run(story())


def test_service_that_nobody_can_ask_takes_calls_all_the_same(tmp_path: Path) -> None:
    async def story() -> None:
        house = House(tmp_path)
        (tmp_path / "phone.sock").mkdir()  # as little can be bound there as on a read-only disk
        house.running = asyncio.create_task(house.service.run())
        await asyncio.sleep(0)
        house.box.pcm().write(np.zeros((house.box.spec.slots, PERIOD), np.int16))
        async with asyncio.timeout(20):
            await house.ready.wait()
        house.service.stop()
        async with asyncio.timeout(20):
            await house.running

    asyncio.run(story())


class StalledPcm:
    """A box's PCM port where periods have queued up, because the service's machine stood still.

    The chips' own time is not in the queue: it passed while nobody asked them.
    """

    def __init__(self, inner: BoxPcm, queued: int) -> None:
        self._inner, self.queued = inner, queued
        self._unplayed = queued
        self.slots, self.lost_periods, self.xruns = inner.slots, 0, 0
        self.start, self.fileno, self.close = inner.start, inner.fileno, inner.close
        self.restart = inner.restart

    def read(self) -> Samples | None:
        if self.queued:
            self.queued -= 1
            return np.zeros((self.slots, PERIOD), np.int16)
        return self._inner.read()

    def write(self, period: Samples) -> None:
        if self._unplayed:
            self._unplayed -= 1
        else:
            self._inner.write(period)


@pytest.mark.parametrize("queued", [70, 500])
def test_stall_while_starting_leaves_no_line_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, queued: int
) -> None:
    async def story() -> None:
        house = House(tmp_path)
        stalled = StalledPcm(house.box.pcm(), queued)
        monkeypatch.setattr(house.service._pcm, "_port", stalled)
        async with house:
            (status,) = await house.ask('{"ask": "status"}')
            faults = {name: line["fault"] for name, line in status["lines"].items()}
            assert faults == {"101": "", "102": "", "line1": "", "line2": ""}
        assert stalled.queued == 0

    asyncio.run(story())


def test_running_service_gives_its_clerk_a_regular_tick(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house, asyncio.timeout(20):
            await house.clerk.ticked.wait()

    asyncio.run(story())


def test_shown_is_answered_once_the_lamps_show_the_change(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house:
            assert await house.ask('{"ask": "shown", "change": 0}') == [{"shown": 0}]
            waiting = asyncio.create_task(house.ask('{"ask": "shown", "change": 7}'))
            for change in (5, 6):
                for _ in range(3):  # time enough to ask, and for a wrong answer
                    await house.ask('{"ask": "status"}')
                assert not waiting.done()
                house.clerk.push(change)
            while house.clerk.change < 6:
                await house.ask('{"ask": "status"}')
            house.clerk.push(7)
            async with asyncio.timeout(20):
                assert await waiting == [{"shown": 7}]

    asyncio.run(story())


def test_whoever_asks_is_told_at_once_that_a_line_rings_and_then_who_calls(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house:

            async def changed(since: int) -> dict[str, Any]:
                async with asyncio.timeout(20):
                    (status,) = await house.ask(f'{{"ask": "changed", "since": {since}}}')
                return status

            status = await changed(-1)
            assert "caller" not in status["lines"]["line1"]
            waiting = asyncio.create_task(changed(status["changes"]))
            for _ in range(3):  # time enough for a wrong answer
                await house.ask('{"ask": "status"}')
            assert not waiting.done(), "nothing has changed"
            house.box.office_lines["line1"].ring("5551234", "EVIL\r\n\x1b[2J")
            status = await waiting
            rung = house.service.pbx.periods
            while status["lines"]["line1"].get("caller", {}).get("number") is None:
                status = await changed(status["changes"])
            assert status["lines"]["line1"]["call"] == "ringing"
            assert status["lines"]["line1"]["caller"]["number"] == "5551234"
            assert house.service.pbx.periods - rung < 400, "caller ID comes between two bursts"
            status = await changed(status["changes"])
            assert status["lines"]["line1"]["state"] in ("ringing", "between bursts")

    asyncio.run(story())


def test_quiet_is_answered_once_the_clerk_has_no_job_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house:
            assert await house.ask('{"ask": "quiet"}') == [{"quiet": True}]
            house.clerk.held = True
            house.clerk.directory()
            waiting = asyncio.create_task(house.ask('{"ask": "quiet"}'))
            house.clerk.push(1)
            for _ in range(3):  # time enough for a wrong answer
                await house.ask('{"ask": "status"}')
            assert not waiting.done()
            house.clerk.held = False
            house.clerk.answer_all()
            house.clerk.push(2)
            assert await waiting == [{"quiet": True}]

    asyncio.run(story())


def test_service_that_stops_lets_a_recording_be_finished(tmp_path: Path) -> None:
    trail: list[str] = []

    async def answer(line: Line, mailbox: str) -> None:
        trail.append("recording")
        trail.append((await line.record(lambda _: None, 600, 600)).why)

    async def story() -> None:
        async with House(tmp_path, answer=answer) as house:
            house.box.office_lines["line1"].ring("5551234")
            async with asyncio.timeout(20):
                while not trail:
                    await house.ask('{"ask": "status"}')
        assert trail == ["recording", "hung up"]
        for _ in range(50):
            house.box.period(np.zeros((house.box.spec.slots, PERIOD), np.int16))
        assert house.box.office_lines["line1"].hung_up

    asyncio.run(story())


def test_service_whose_board_is_lost_ends_with_its_error(tmp_path: Path) -> None:
    async def story() -> None:
        house = House(tmp_path)
        async with asyncio.timeout(20):
            with pytest.raises(BusClosed):
                async with house:
                    house.clerk.fails = True
                    house.clerk.push(1)
                    await house.running
        assert house.clerk.closed

    asyncio.run(story())


class Silence:
    """The other side of a PCM highway on which nobody speaks."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.periods = 0

    def period(self, played: np.ndarray[Any, np.dtype[np.int16]]) -> Any:
        self.periods += 1
        return np.zeros_like(played)


def test_free_pace_awaits_idle_before_each_period_and_after_the_last() -> None:
    bench = Bench()
    box, trail = Silence(bench), list[int]()
    pace = FreePace(box, bench.pbx, bench.board.slots, lambda: trail.append(box.periods))
    pace.run(3)
    assert trail == [0, 1, 2, 3]
    pace.seconds(0.5)
    assert box.periods == 53
    pace.until(lambda: box.periods >= 60, 1, "sixty periods")
    assert box.periods == 60
    with pytest.raises(NotWithin, match=r"a miracle: not within 0.2 s of line time"):
        pace.until(lambda: False, 0.2, "a miracle")
    assert box.periods == 80
