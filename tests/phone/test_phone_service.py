"""The service's loop over a box in this process, its door, and its end."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.phone.calls.line import Line
from app.phone.config import PhoneConfig
from app.phone.pace import FreePace, NotWithin
from app.phone.service import PhoneService
from drivers.board import virtual_board
from drivers.buses import PERIOD
from drivers.errors import BusClosed
from drivers.models.box import VirtualBox
from tests.kit.phone import Bench, StubClerk, directory, no_script


class DoorClerk(StubClerk):
    """A hand clerk with what a clerk in another process has more."""

    def __init__(self, **jobs: Any) -> None:
        super().__init__(**jobs)
        self.reader, self.writer = os.pipe()
        self.change = 0
        self.closed = False
        self.fails = False
        self.ticked = asyncio.Event()

    def fileno(self) -> int:
        return self.reader

    def dispatch(self) -> None:
        self.change = os.read(self.reader, 1)[0]
        if self.fails:
            raise BusClosed("the board is gone")

    def tick(self) -> None:
        self.ticked.set()

    def close(self) -> None:
        self.closed = True

    def push(self, change: int) -> None:
        """The store has changed: what a push of the clerk tells."""
        os.write(self.writer, bytes([change]))


class House:
    """A phone service over a box that takes a period for every period it gives."""

    def __init__(self, tmp_path: Path, **scripts: Any) -> None:
        spec = virtual_board()
        self.box = VirtualBox(spec)
        self.clerk = DoorClerk(directory=directory(default="201"))
        self.ready = asyncio.Event()
        self.path = tmp_path / "phone.sock"
        self.service = PhoneService(
            spec,
            self.box,
            self.clerk,
            PhoneConfig(ring_seconds=4),
            scripts.get("answer", no_script),
            no_script,
            self.path,
            lambda change: self.clerk.change >= change,
            self.ready.set,
            lambda: "11241530",
        )

    async def __aenter__(self) -> "House":
        self.path.write_text("left over by a dead service")
        self.path.unlink()
        self.running = asyncio.create_task(self.service.run())
        await asyncio.sleep(0)
        self.box.pcm().write(np.zeros((self.box.spec.slots, PERIOD), np.int16))
        async with asyncio.timeout(20):
            await self.ready.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.service.stop()
        async with asyncio.timeout(20):
            await self.running

    async def ask(self, *questions: str) -> list[dict[str, Any]]:
        reader, writer = await asyncio.open_unix_connection(self.path)
        writer.write("".join(question + "\n" for question in questions).encode())
        answers = [json.loads(await reader.readline()) for _ in questions]
        writer.close()
        return answers


def test_service_becomes_ready_answers_questions_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        async with House(tmp_path) as house:
            status, rubbish, unknown = await house.ask(
                '{"ask": "status"}', "not JSON", '{"ask": "time"}'
            )
            assert status["ready"] and status["lost_periods"] == 0
            assert {name: line["state"] for name, line in status["lines"].items()} == {
                "101": "on hook",
                "102": "on hook",
                "line1": "idle",
                "line2": "idle",
            }
            assert "not understood" in rubbish["error"]
            assert "allowed are status, shown" in unknown["error"]
        assert house.clerk.closed and not house.path.exists()

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
