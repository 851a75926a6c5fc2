"""`lines`: what the chips measure, asked of a telephone service that runs over the models."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.models.faults import Fault
from tests.kit.commands import Shell
from tests.kit.phone_house import House


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


def beside_service(shell: Shell, work: Callable[[House], str]) -> str:
    """What `work` gives while a telephone service runs where the shell looks for it."""

    async def story() -> str:
        async with House(shell.paths.sockets) as house:
            return await asyncio.to_thread(work, house)

    return asyncio.run(story())


def row(text: str, jack: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.split()[:1] == [jack])


def test_lines_shows_chip_feed_volts_and_hook_of_each_jack(shell: Shell) -> None:
    said = beside_service(shell, lambda _: shell.ok("lines"))
    assert row(said, "101") == [
        *("101", "station", "Si3210", "E", "on", "hook", "forward", "active"),
        *("48.0", "0.0", "74.8", "on", "-", "0"),
    ]
    assert row(said, "line2") == [
        *("line2", "trunk", "Si3050", "+", "Si3019", "D", "idle", "on", "hook"),
        *("48.0", "0.0", "-", "on", "-", "0"),
    ]
    assert "0 periods of 10 ms lost" in said


def test_lines_as_json_has_numbers(shell: Shell) -> None:
    told = json.loads(beside_service(shell, lambda _: shell.ok("lines --json")))
    assert [jack["jack"] for jack in told["jacks"]] == ["101", "102", "line1", "line2"]
    assert told["jacks"][0]["reading"]["battery_volts"] == pytest.approx(75.0, abs=0.4)
    assert told["lost_periods"] == 0


def test_lines_of_a_chip_that_is_gone_says_so_and_shows_the_others(shell: Shell) -> None:
    def work(house: House) -> str:
        house.box.chips["101"].inject(Fault.STUCK_BUS)
        return shell.ok("lines")

    said = beside_service(shell, work)
    assert row(said, "101")[2:4] == ["-", "-"]
    assert "101: " in said and "check the" in said and "line hat" in said
    assert row(said, "102")[2] == "Si3210"


def test_lines_without_a_service_say_what_to_look_at(shell: Shell) -> None:
    said = shell.refused("lines")
    assert said.count("\n") == 1 and "is the appliance running?" in said
