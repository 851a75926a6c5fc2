"""A call for help goes out from every handset, whatever else is the matter with the box."""

from collections.abc import Callable
from typing import Any

import pytest

from app.core.presence import Presence
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.calls.line import HungUp, Line
from app.phone.config import PhoneConfig
from app.phone.jobs import JobFailed
from tests.kit.phone import Bench, StubClerk, no_script
from tests.phone.test_phone_outgoing import dial, dial_tone, sent

CONFIG = PhoneConfig(ring_seconds=10, no_answer_seconds=10)


def directory_of(presence: Presence = Presence.IN, night: bool = False) -> Directory:
    """Ann at 101, who may call nobody outside."""
    ann = Subscriber(
        *(1, "Ann", "201", "101"),
        may_call="internal",
        presence=presence,
        rings=presence is Presence.IN,
    )
    return Directory((ann,), "201", night=night)


def bench_of(directory: Callable[[], Directory], **scripts: Any) -> Bench:
    return Bench(CONFIG, clerk=StubClerk(directory=directory), **scripts)


def is_called(bench: Bench) -> bool:
    """Whether the call for help of 101 goes out on a line, once the office gives dial tone."""
    bench.seconds(3)
    (line,) = [name for name in bench.board.trunks if bench.trunk(name).seized]
    bench.trunk(line).heard.clear()
    bench.trunk(line).says.clear()
    bench.say(line, dial_tone())
    bench.seconds(4)
    return sent(bench, line) == "911" and bench.call("101") == "connected"


@pytest.mark.parametrize("presence", Presence)
@pytest.mark.parametrize("night", [False, True])
def test_whatever_the_owner_has_said_of_their_presence_and_by_night(
    presence: Presence, night: bool
) -> None:
    bench = bench_of(lambda: directory_of(presence, night))
    dial(bench, "101", "911")
    assert is_called(bench)


def no_store() -> Directory:
    raise JobFailed("the store cannot be opened")


@pytest.mark.parametrize("silent", [False, True])
def test_without_a_store_that_says_whose_handset_it_is(silent: bool) -> None:
    bench = bench_of(no_store)
    bench.clerk.held = silent
    dial(bench, "101", "911")
    assert is_called(bench)


class Menu:
    """An owner's menu, or a greeting, that takes its time to end after the caller has left."""

    def __init__(self) -> None:
        self.ended = False

    async def __call__(self, line: Line, _: str) -> None:
        try:
            while True:
                await line.digits(1, first_s=60)
        except HungUp:
            self.ended = True
            raise


def test_from_within_the_owners_menu_after_hanging_up() -> None:
    menu = Menu()
    bench = bench_of(directory_of, owner=menu)
    dial(bench, "101", "201")
    bench.run(20)
    assert bench.call("101") == "script"
    bench.station("101").lower()
    bench.run(130)
    assert menu.ended
    dial(bench, "101", "911")
    assert is_called(bench)


def test_digits_in_the_owners_menu_are_the_menus() -> None:
    bench = bench_of(directory_of, owner=Menu())
    dial(bench, "101", "201")
    bench.run(20)
    bench.dial("101", "911")
    assert bench.call("101") == "script"
    assert not any(bench.trunk(name).seized for name in bench.board.trunks)


def test_while_both_lines_leave_messages() -> None:
    bench = bench_of(directory_of, answer=Menu())
    for name in bench.board.trunks:
        for _ in range(3):
            bench.trunk(name).burst(True)
            bench.seconds(2)
            if bench.trunk(name).seized:
                break
            bench.trunk(name).burst(False)
            bench.seconds(4)
        assert bench.call(name) == "script"
    dial(bench, "101", "911")
    bench.seconds(1)
    states = [bench.call(name) for name in bench.board.trunks]
    assert states.count("script") == 1, "one caller is let go, and no more"
    bench.seconds(3)
    assert bench.call("101") == "calling out"


def test_from_a_handset_that_was_left_off_its_hook_after_a_call() -> None:
    bench = bench_of(directory_of, owner=no_script)
    dial(bench, "101", "201")
    bench.seconds(100)
    assert bench.states()["101"] == "silent"
    bench.station("101").lower()
    bench.run(5)
    dial(bench, "101", "911")
    assert is_called(bench)
