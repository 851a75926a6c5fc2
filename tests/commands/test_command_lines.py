"""`lines`: what the chips measure, asked of a telephone service that runs over the models."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.commands import output
from app.commands.lines import show_findings
from app.operations.line_tests import LineTestResult
from drivers.models.faults import Fault
from drivers.si321x_line_test import LEAK
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


def test_test_of_an_outside_line_shows_values_ranges_and_verdicts(shell: Shell) -> None:
    said = beside_service(shell, lambda _: shell.ok("lines test line1"))
    assert re.search(r"line voltage +48\.0 V +20 to 66 +good", said)
    assert re.search(r"dial tone +-10\.0 dBm0 +-30 to -3 +good", said)
    assert re.search(r"echo return loss +1[12]\.\d dB +8 or more +good", said)


def test_test_of_a_bad_line_ends_with_exit_code_1_and_the_remedy(shell: Shell) -> None:
    def work(house: House) -> str:
        house.box.office_lines["line1"]._loop.feed(9.0)
        return shell.refused("lines test line1")

    said = beside_service(shell, work)
    assert re.search(r"line voltage +9\.0 V .* bad", said)
    assert "line voltage: 0 to 3: not plugged in" in said
    assert re.search(r"loop current +- .*not measured +somebody may talk", said)


def test_test_of_a_handset_rings_it_and_gives_its_line_back(shell: Shell) -> None:
    def work(house: House) -> str:
        told = shell.ok("lines test 101 --json")
        assert len(house.box.telephones["101"].bells) == 2
        return told + shell.ok("lines")

    said = beside_service(shell, work)
    assert '"name": "ringer load"' in said
    assert row(said, "101")[4:8] == ["on", "hook", "forward", "active"]


def test_test_of_a_line_in_use_is_refused(shell: Shell) -> None:
    def work(house: House) -> str:
        house.box.telephones["101"].lift()
        wait_for_state(shell, "101", "off hook")
        return shell.refused("lines test 101")

    assert "101 is in use (off hook); test it when the call is over" in beside_service(shell, work)


def wait_for_state(shell: Shell, jack: str, state: str) -> None:
    for _ in range(200):
        told = json.loads(shell.ok("lines --json"))
        if any(one["jack"] == jack and one["state"] == state for one in told["jacks"]):
            return
    raise AssertionError(f"{jack} does not become {state}")


def test_test_of_a_line_that_is_not_there_names_those_that_are(shell: Shell) -> None:
    said = beside_service(shell, lambda _: shell.refused("lines test line9"))
    assert "there is no line line9; there are: 101, 102, line1, line2" in said


def test_test_of_a_chip_that_failed_says_what_is_wrong(shell: Shell) -> None:
    def work(house: House) -> str:
        house.box.chips["101"].inject(Fault.STUCK_BUS)
        wait_for_state(shell, "101", "down")
        return shell.refused("lines test 101")

    assert "101 does not work: " in beside_service(shell, work)


def test_flash_of_a_line_without_a_call_is_refused_with_what_it_needs(shell: Shell) -> None:
    said = beside_service(shell, lambda _: shell.refused("lines flash line1"))
    assert "no handset talks on line1; its exchange takes a flash in a call only" in said


def test_flash_in_a_call_reaches_the_exchange(shell: Shell) -> None:
    def work(house: House) -> str:
        house.box.office_lines["line1"].ring()
        wait_for_state(shell, "101", "ringing")
        house.box.telephones["101"].lift()
        wait_for_state(shell, "line1", "seized")
        return shell.ok("lines flash line1")

    assert "line1: the exchange has got a flash" in beside_service(shell, work)


def test_test_without_a_service_says_what_to_look_at(shell: Shell) -> None:
    assert "is the appliance running?" in shell.refused("lines test 101")


@pytest.mark.parametrize("seconds", ["-1", "121", "soon"])
def test_test_refuses_a_time_that_is_none(shell: Shell, seconds: str) -> None:
    assert "--lift" in shell.refused(f"lines test 101 --lift {seconds}")


def test_findings_are_in_the_language_of_the_session(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "_language", "es")
    show_findings(LineTestResult([LEAK.judge(5.0)], "somebody calls on this line"))
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("qué significa", "fuga 5.0 mA 1.25 o menos mal", "fuga: desenchufe el teléfono",
                  "la prueba acabó antes: alguien llama por esta línea"):  # fmt: skip
        assert words in shown, shown
