"""A handset that is rung to play something on it, for which nobody has dialled."""

import pytest

from app.phone.calls.line import ANY, Line
from app.phone.config import PhoneConfig
from drivers.ports import PortFault, PortRecovered
from tests.kit.phone import Bench


class Heard:
    """What the script was given."""

    def __init__(self) -> None:
        self.mailboxes: list[str] = []
        self.entries: list[int | str] = []
        self.keys = ""

    async def script(self, line: Line, mailbox: str, entry: int | str) -> None:
        self.mailboxes.append(mailbox)
        self.entries.append(entry)
        while True:
            self.keys += await line.digits(1, first_s=60)


async def menu(line: Line, mailbox: str) -> None:
    """The owner's menu, that waits for a key."""
    await line.digits(1, end=ANY, first_s=60)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def bench(heard: Heard) -> Bench:
    bench = Bench(PhoneConfig(ring_seconds=10, no_answer_seconds=10), owner=menu)
    bench.pbx.calls.play_script = heard.script
    return bench


def test_handset_rings_and_plays_when_it_is_lifted(bench: Bench, heard: Heard) -> None:
    assert bench.pbx.calls.play("101", "201") == ""
    bench.run(5)
    assert bench.station("101").ringing
    assert bench.pbx.status()["lines"]["101"]["call"] == "calling back"
    bench.station("101").lift()
    bench.run(20)
    assert not bench.station("101").ringing
    assert heard.mailboxes == ["201"]
    assert bench.pbx.calls.press("101", "6") == ""
    bench.dial("101", "7")
    assert heard.keys == "67"
    bench.station("101").lower()
    bench.seconds(2)
    assert bench.pbx.status()["lines"]["101"]["call"] == ""
    assert bench.pbx.calls.press("101", "6") == "no messages are played on the handset 101"


def test_one_message_alone_is_asked_for_by_its_number(bench: Bench, heard: Heard) -> None:
    assert bench.pbx.calls.play("101", "201", 17) == ""
    bench.run(5)
    bench.station("101").lift()
    bench.run(20)
    assert (heard.mailboxes, heard.entries) == (["201"], [17])


def test_handset_that_nobody_lifts_stops_ringing(bench: Bench, heard: Heard) -> None:
    bench.pbx.calls.play("101", "201")
    bench.seconds(10.2)
    assert not bench.station("101").ringing
    status = bench.pbx.status()["lines"]["101"]
    assert (status["call"], status["state"], heard.mailboxes) == ("", "on hook", [])
    assert bench.clerk.missed() == []
    bench.station("101").lift()
    bench.run(20)
    assert bench.pbx.status()["lines"]["101"]["call"] == "dial tone"


def test_handset_in_use_is_left_alone(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    assert "in use" in bench.pbx.calls.play("101", "201")
    assert bench.pbx.status()["lines"]["101"]["call"] == "dial tone"
    assert bench.pbx.calls.play("102", "201") == ""
    assert "in use" in bench.pbx.calls.play("102", "201")
    assert "no handset 109" in bench.pbx.calls.play("109", "201")


def test_keys_of_others_reach_no_menu_that_the_owner_has_dialled(bench: Bench) -> None:
    bench.station("101").lift()
    bench.run(20)
    bench.dial("101", "201")
    bench.seconds(6)
    assert bench.pbx.status()["lines"]["101"]["call"] == "script"
    assert bench.pbx.calls.press("101", "7") == "no messages are played on the handset 101"


def test_call_back_ends_with_all_calls(bench: Bench) -> None:
    bench.pbx.calls.play("101", "201")
    bench.run(5)
    bench.pbx.hang_up_all()
    bench.run(5)
    assert not bench.station("101").ringing
    assert bench.pbx.status()["lines"]["101"]["state"] == "on hook"


def test_handset_whose_port_fails_while_it_is_called_back_is_free_again(bench: Bench) -> None:
    assert bench.pbx.calls.play("101", "201") == ""
    bench.run(5)
    bench.station("101").events.append(PortFault("torn out"))
    bench.run(5)
    assert bench.call("101") == ""
    bench.station("101").events.append(PortRecovered())
    bench.run(5)
    assert bench.pbx.calls.play("101", "201") == ""
