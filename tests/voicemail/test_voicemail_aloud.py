"""A handset that was rung to play one message: it is played, counts as heard, is its owner's."""

from pathlib import Path

import pytest

from app.inbox.entries import EntryState
from app.inbox.greetings import COMPANY
from app.voicemail.aloud import aloud, play_script
from tests.kit.voicemail import House, ScriptLine


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.leave("201")
    house.leave("201")
    return house


def lift(house: House, mailbox: str, entry: int) -> ScriptLine:
    line = ScriptLine(house.clerk, name="101", kind="station")
    return line.runs(aloud(line, house.clerk, mailbox, entry))


def test_the_message_alone_is_played_and_counts_as_heard(house: House) -> None:
    _, second = house.voicemails("anna")
    lift(house, "201", second.id).talk(f"hears message:{second.id}\nhears vm-goodbye\nends")
    states = [entry.state for entry in house.voicemails("anna")]
    assert states == [EntryState.NEW, EntryState.HEARD]


def test_message_that_is_hung_up_on_stays_new(house: House) -> None:
    first, _ = house.voicemails("anna")
    lift(house, "201", first.id).talk("hangs up\nends")
    assert house.voicemails("anna")[0].state is EntryState.NEW


def test_message_of_another_mailbox_is_not_played(house: House) -> None:
    first, _ = house.voicemails("anna")
    lift(house, "202", first.id).talk("hears vm-deleted\nhears vm-goodbye\nends")
    assert house.voicemails("anna")[0].state is EntryState.NEW


@pytest.mark.parametrize(
    ("greeting", "login", "kind"),
    [("busy", "anna", "busy"), ("company/unavailable", "", "unavailable")],
)
def test_greeting_is_recorded_on_the_handset_that_was_rung_for_it(
    house: House, greeting: str, login: str, kind: str
) -> None:
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(play_script(house.clerk)(line, "201", greeting))
    line.talk("hears switchhook/greeting-say beep\nsays 3\npresses #\nhears vm-review\npresses 1")
    line.talk("hears vm-msgsaved vm-goodbye\nends")
    person = house.kit.person(login).id if login else COMPANY
    assert [one.kind for one in house.clerk.greetings(person).result()] == [kind]
    (row,) = [row for row in house.kit.store.history() if row.verb == "greeting set"]
    assert (row.person, row.door) == (person or None, "phone")
