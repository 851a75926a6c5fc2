"""What somebody hears whom the box has called to tell of a message."""

from pathlib import Path

import pytest

from app.phone.calls.calling_out import Told
from app.phone.calls.line import Caller
from app.phone.jobs import CallOut
from app.voicemail.notify import TIMES, notify_script
from tests.kit.voicemail import PIN, House, ScriptLine

ASKED = "hears switchhook/message-for spoken:Anna_A. vm-password silence\n"


class Called:
    """Anna is called on line2 for her one message."""

    def __init__(self, directory: Path) -> None:
        self.house = House(directory)
        self.house.leave("201")
        (self.entry,) = self.house.voicemails("anna")
        self.told = Told()
        line = ScriptLine(self.house.clerk, name="line2", caller=Caller("5559876"))
        call = CallOut(7, "201", "5559876", self.entry.id)
        self.line = line.runs(notify_script(self.house.clerk)(line, call, self.told))

    @property
    def state(self) -> str:
        (entry,) = [self.house.kit.store.need(self.entry.id)]
        return entry.state.value

    def talk(self, words: str) -> None:
        self.line.talk(words)


@pytest.fixture
def called(tmp_path: Path) -> Called:
    return Called(tmp_path)


def test_who_gives_the_pin_hears_the_message_which_is_heard_then(called: Called) -> None:
    called.talk(
        f"{ASKED}hears switchhook/message-for\npresses {PIN}#\nhears message:{called.entry.id}"
    )
    assert called.state == "heard" and called.told.outcome == "heard"
    called.talk("presses 1\nhears vm-goodbye\nends")


def test_nobody_is_told_of_anything_without_the_pin(called: Called) -> None:
    called.talk(f"{ASKED * TIMES}ends")
    assert called.told == Told("not answered", inside=False) and called.state == "new"


def test_wrong_pins_are_throttled_as_on_any_outside_line(called: Called) -> None:
    called.talk(
        "presses 111111#\nhears vm-incorrect\npresses 222222#\nhears vm-incorrect\n"
        "presses 333333#\nhears switchhook/locked\nends"
    )
    assert called.told.outcome == "answered, and no right PIN was given"
    assert called.state == "new"


def test_keys_keep_it_at_once_hear_it_again_and_delete_it(called: Called) -> None:
    called.talk(f"presses {PIN}#\npresses 2\npresses 7")
    assert called.state == "bin" and called.told.outcome == "removed"
    called.talk("hears vm-deleted vm-goodbye\nends")


def test_who_hangs_up_in_the_middle_has_not_heard_it(called: Called) -> None:
    called.talk(f"presses {PIN}#\nhangs up")
    assert called.state == "new" and called.told.inside
