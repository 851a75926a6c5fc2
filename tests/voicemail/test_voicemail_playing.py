"""Playing a message: pause, back and ahead, speed, volume, and the other lists."""

from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from tests.kit.voicemail import House, ScriptLine, tone
from tests.voicemail.test_voicemail_owner import RECEIVED, logged_in, message, states

HELP = (
    "vm-press digits/2 switchhook/to-pause vm-press digits/1 switchhook/to-back"
    " vm-press digits/3 switchhook/to-ahead vm-press digits/0 switchhook/to-sound vm-helpexit"
)
SOUND = (
    "vm-press digits/4 switchhook/to-slower vm-press digits/6 switchhook/to-faster"
    " vm-press digits/8 switchhook/to-quieter vm-press digits/2 switchhook/to-louder vm-helpexit"
)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def playing(house: House, seconds: float = 30) -> ScriptLine:
    """A message is being played for 10 s."""
    house.leave("201", tone(seconds))
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\nlistens 10")
    return line


def at(line: ScriptLine) -> float:
    """Where the message is, in seconds."""
    assert line.head is not None
    return round(line.head.position / 8000, 1)


def test_three_seconds_back_and_ahead(house: House) -> None:
    line = playing(house)
    line.talk("presses 1")
    assert at(line) == 7.0
    line.talk("presses 333")
    assert at(line) == 16.1  # a period is heard between two keys
    line.talk("presses 111111")
    assert at(line) < 0.1


def test_going_ahead_beyond_the_end_is_the_end(house: House) -> None:
    line = playing(house, 12)
    line.talk(f"presses 3\nhears {message(house)} vm-repeat")
    assert states(house) == ["heard"]


def test_a_pause_goes_on_where_it_was(house: House) -> None:
    line = playing(house)
    line.talk("presses 2\nwaits\nhears vm-press")
    line.talk("presses 2")
    assert at(line) == 10.0
    assert states(house) == ["new"]
    line.talk(f"hears {message(house)}")
    assert states(house) == ["heard"]


def test_a_pause_ends_with_what_is_asked_for_in_it(house: House) -> None:
    line = playing(house)
    line.talk("presses 2\npresses 7\nhears vm-deleted")
    assert states(house) == []


def test_who_does_not_come_back_from_a_pause_is_let_go(house: House) -> None:
    line = playing(house)
    line.talk(f"presses 2\nhears silence {HELP} silence {HELP} silence {HELP} vm-goodbye\nends")
    assert states(house) == ["new"]


def test_speed_and_volume_change_and_hold_for_the_visit(house: House) -> None:
    line = playing(house)
    line.talk(f"presses 0\nhears {SOUND}\npresses 6")
    assert line.head is not None and line.head.speed == 1.15 and at(line) == 10.0
    line.talk("presses 06060606060202")
    assert (line.head.speed, line.head.gain_db) == (2.0, 6.0)
    line.talk("presses 5\nhears vm-first vm-message")
    assert (line.head.speed, line.head.gain_db, at(line)) == (2.0, 6.0, 0.0)
    line.talk("presses 04\npresses 08")
    assert (line.head.speed, line.head.gain_db) == (1.6, 3.0)


def test_volume_and_speed_have_ends(house: House) -> None:
    line = playing(house)
    line.talk("presses " + "04" * 12 + "08" * 12)
    assert line.head is not None
    assert (line.head.speed, line.head.gain_db) == (0.5, -12.0)


def test_unknown_key_in_the_middle_of_a_message_says_what_there_is_and_goes_on(
    house: House,
) -> None:
    line = playing(house)
    line.talk(f"presses 4\nhears vm-sorry {HELP}")
    assert at(line) == 10.0


def test_who_called_is_said_in_the_middle_of_a_message_which_goes_on(house: House) -> None:
    line = playing(house)
    line.talk("presses 8\nhears vm-from spoken:CARL_CALLER digits/5")
    line.talk(f"hears digits/5 digits/5 digits/1 digits/2 digits/3 digits/4 {RECEIVED}")
    assert at(line) == 10.0


def test_name_of_the_caller_is_made_before_it_is_asked_for(house: House) -> None:
    house.leave("201", tone(2), name="ZOE NEVERSPOKEN")
    cached = set((house.directory / "spoken").rglob("*"))
    logged_in(house).talk("presses 1\nhears vm-first vm-message")
    assert len(set((house.directory / "spoken").rglob("*")) - cached) > 0


# ---- lists


def test_bin_is_a_list_and_what_is_in_it_can_be_brought_back_on_a_later_day(house: House) -> None:
    house.leave("201")
    house.leave("201", tone(3))
    logged_in(house).talk("presses 1\npresses 7\npresses 6\npresses 7\nhears vm-deleted\nhangs up")
    assert states(house) == []
    house.kit.clock.advance(3 * 24 * 3600)
    line = logged_in(house)
    line.talk("hears vm-youhave vm-no vm-INBOX vm-messages\npresses 23\nhears vm-first vm-message")
    line.talk("presses 6\nhears vm-last vm-message\npresses 8\nhears vm-from spoken:CARL_CALLER")
    line.talk("presses 7\nhears vm-undeleted")
    assert states(house) == ["new"]
    row = house.kit.store.history()[-1]
    assert (row.verb, row.door, row.by) == ("restored", "phone", "anna")
    line.talk("presses 4\nhears vm-first vm-message\npresses 6\nhears vm-nomore\npresses #")
    line.talk("hears vm-goodbye\nends")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("1", "vm-youhave vm-no vm-INBOX vm-messages"),
        ("2", "vm-youhave vm-no vm-Old vm-messages"),
        ("3", "switchhook/bin-empty"),
    ],
)
def test_an_empty_list_is_said_to_be_empty(house: House, key: str, said: str) -> None:
    logged_in(house).talk(f"presses 2{key}\nhears {said} vm-press digits/2 switchhook/to-lists")


def test_new_and_old_messages_are_lists_of_their_own(house: House) -> None:
    for name in ("OLD ONE", "NEW ONE"):
        house.leave("201", name=name, number=None)
    anna = house.kit.person("anna").id
    house.jobs.mark(anna, (house.voicemails("anna")[0].id,))
    line = logged_in(house)
    line.talk("presses 22\nhears vm-first vm-message\npresses 8\nhears vm-from spoken:OLD_ONE")
    line.talk(
        f"presses 6\nhears vm-nomore\npresses 21\nhears vm-first vm-message {message(house, 1)}"
    )
    line.talk("presses 0\nhears vm-onefor vm-Old vm-messages")


def test_first_and_last(house: House) -> None:
    for _ in range(3):
        house.leave("201")
    line = logged_in(house)
    line.talk("presses 1\nhears vm-first vm-message\npresses 6\nhears vm-message digits/2")
    line.talk(
        f"hears {message(house, 1)}\npresses 36\nhears vm-last vm-message {message(house, 2)}"
    )
    line.talk(f"presses 1\nhears vm-first vm-message {message(house)}")


def test_keeping_a_message_as_new(house: House) -> None:
    line = playing(house, 12)
    line.talk(f"hears {message(house)}\npresses 37\nhears switchhook/kept-new")
    assert [entry.state for entry in house.voicemails("anna")] == [EntryState.NEW]


def test_message_begins_at_most_four_seconds_after_its_key(house: House) -> None:
    """With the lengths of the prompts of the pack that is installed."""
    for _ in range(21):
        house.leave("201", tone(1))
    line = logged_in(house)
    line.talk("presses 1")
    longest = 0
    for place in range(21):
        pressed = line.periods
        while line.now != message(house, place):
            line.talk("waits")
        longest = max(longest, line.periods - pressed)
        line.talk("presses 6")
    assert longest <= 400, f"{longest / 100} s"
