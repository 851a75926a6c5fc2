"""What owners set for themselves at the telephone, as conversations."""

from pathlib import Path

import pytest

from app.core.presence import Presence
from app.inbox.follow_me import FollowMe
from app.inbox.greetings import GreetingKind
from app.inbox.people import PinOrigin, PinResult
from app.phone.calls.caller import Caller
from app.phone.calls.line import Kind as LineKind
from app.voicemail.own_greetings import KINDS
from app.voicemail.own_settings import SPOKEN_LANGUAGES
from app.voicemail.owner import owner
from tests.kit.voicemail import PIN, House, ScriptLine, tone

DAY_MS = "switchhook/greeting-days"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def settings(house: House, keys: str = "") -> ScriptLine:
    """Anna in the menu of her settings, or where these keys lead from there."""
    line = ScriptLine(house.clerk, name="101", kind="station")
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"hears vm-password\npresses {PIN}#\nhears vm-youhave\npresses 0{keys}")
    return line


def recorded(house: House) -> dict[str, str]:
    anna = house.kit.person("anna").id
    return {one.kind: one.until for one in house.clerk.greetings(anna).result()}


def test_menu_says_its_keys_and_goes_back(house: House) -> None:
    settings(house).talk(
        """
        hears vm-press digits/1 switchhook/to-greetings vm-press digits/2 switchhook/to-pin
        hears vm-press digits/3 switchhook/to-presence vm-press digits/4 switchhook/to-language
        hears vm-press digits/5 switchhook/to-keys vm-press digits/6 switchhook/to-follow-me
        hears vm-press digits/star switchhook/to-return
        presses 8
        hears vm-sorry vm-press digits/1
        presses *
        hears vm-press digits/2 switchhook/to-lists
        """
    )


def test_new_pin(house: House) -> None:
    line = settings(house, "2")
    line.talk("hears vm-newpassword\npresses 481596#\nhears vm-reenterpassword\npresses 481596#")
    line.talk("hears vm-passchanged vm-press digits/1")
    anna, origin = house.kit.person("anna").id, PinOrigin("101")
    assert house.kit.people.check_pin(anna, "481596", origin).result is PinResult.OK


@pytest.mark.parametrize(("key", "kind"), KINDS.items())
def test_every_kind_of_greeting_is_recorded_and_taken_back(
    house: House, key: str, kind: GreetingKind
) -> None:
    line = settings(house, f"1{key}")
    line.talk("hears switchhook/greeting-none vm-press digits/1 switchhook/to-record\npresses 1")
    say = "vm-rec-name" if kind is GreetingKind.NAME else "switchhook/greeting-say"
    line.talk(f"hears {say} beep\nsays 2\npresses #\nhears vm-review\npresses 1")
    if kind is GreetingKind.TEMPORARY:
        line.talk(f"hears {DAY_MS}\npresses 3#")
    line.talk("hears vm-msgsaved vm-press digits/1 switchhook/greeting-unavailable")
    # the clock stands at 2026-09-21: today, tomorrow and the day after
    assert recorded(house) == {kind.value: "2026-09-23" if kind is GreetingKind.TEMPORARY else ""}
    line.talk(f"presses {key}\nhears vm-press digits/1 switchhook/to-record vm-press digits/2")
    line.talk("presses 3\nhears switchhook/is-removed vm-press")
    assert recorded(house) == {}


def test_recording_is_heard_and_made_again_before_it_is_kept(house: House) -> None:
    line = settings(house, "111")
    line.talk("hears switchhook/greeting-say beep\nsays 2\npresses #\nhears vm-review\npresses 2")
    line.talk("hears draft\nhears vm-review\npresses 3\nhears beep\nsays 4\npresses #\npresses 1")
    line.talk("hears vm-msgsaved\npresses 1\npresses 2")
    anna = house.kit.person("anna").id
    line.talk(f"hears greeting:{anna}:unavailable")
    assert len(line.audio[f"greeting:{anna}:unavailable"]) == pytest.approx(len(tone(4)), rel=0.02)


@pytest.mark.parametrize("leave", ["presses *\nhears vm-press", "hangs up\nends"])
def test_recording_that_is_not_kept_changes_nothing(house: House, leave: str) -> None:
    line = settings(house, "111")
    line.talk(f"hears switchhook/greeting-say beep\nsays 2\npresses #\nhears vm-review\n{leave}")
    assert recorded(house) == {}


def test_recording_of_silence_is_refused(house: House) -> None:
    line = settings(house, "111")
    line.talk("hears switchhook/greeting-say beep\npresses #\nhears vm-review\npresses 1")
    line.talk("hears switchhook/greeting-empty")
    assert recorded(house) == {}


@pytest.mark.parametrize(
    ("keys", "presence"),
    [("1", "in"), ("2", "out"), ("3", "meeting"), ("5", "dnd"), ("4#", "away"), ("41224", "away")],
)
def test_presence(house: House, keys: str, presence: str) -> None:
    line = settings(house, f"3{keys}")
    line.talk("hears switchhook/is-changed")
    now = house.kit.people.presences.of(house.kit.person("anna").id)
    assert now.presence is Presence(presence)
    assert (now.until is not None) is (keys == "41224")


def test_day_that_there_is_not_is_asked_for_again(house: House) -> None:
    line = settings(house, "34")
    line.talk("hears switchhook/away-until\npresses 1332\nhears switchhook/no-such-day")
    line.talk("hears switchhook/away-until\npresses 1001\nhears switchhook/is-changed")


def test_language_is_spoken_from_then_on(house: House, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    for name in ("en", "fr"):
        (packs / name).mkdir(parents=True)
    object.__setattr__(house.config, "packs", str(packs))
    house.restart()
    line = settings(house, "4")
    line.talk("hears vm-press digits/1 switchhook/language-en vm-press digits/2")
    line.talk("hears switchhook/language-fr\npresses 2\nhears fr:switchhook/is-changed")
    line.talk("presses *\nhears fr:vm-press\npresses #\nhears fr:vm-goodbye\nends")
    assert house.kit.person("anna").language == "fr"


def test_keys_hold_from_then_on(house: House) -> None:
    house.leave("201")
    line = settings(house, "53")  # those of Cisco Unity
    line.talk("hears switchhook/is-changed\npresses *1\nhears vm-first vm-message\npresses 3")
    line.talk("hears vm-deleted")
    assert house.kit.person("anna").key_map == "unity" and house.voicemails("anna") == []


def follows(house: House) -> FollowMe | None:
    return house.kit.people.follow_mes.of(house.kit.person("anna").id)


def test_follow_me_is_set_said_and_turned_off_at_the_own_handset(house: House) -> None:
    line = settings(house, "6")
    line.talk("hears switchhook/follow-me-no vm-press digits/1 switchhook/to-follow-me-number")
    line.talk("hears vm-press digits/star switchhook/to-return\npresses 1")
    line.talk("hears switchhook/follow-me-dial\npresses 5550199#\nhears switchhook/is-changed")
    assert follows(house) == FollowMe("5550199", 15)
    rows = [row for row in house.kit.store.history() if row.verb == "follow-me set"]
    assert [(row.door, row.by) for row in rows] == [("phone", "anna")]
    digits = " ".join(f"digits/{digit}" for digit in "5550199")
    line.talk(f"presses 6\nhears switchhook/follow-me-at {digits}\npresses 2")
    line.talk("hears switchhook/is-changed")
    assert follows(house) is None


@pytest.mark.parametrize("number", ["911", "112", "5", "5*1"])
def test_follow_me_goes_to_no_emergency_number_and_to_none_that_is_no_number(
    house: House, number: str
) -> None:
    line = settings(house, f"61{number}#")
    line.talk("hears switchhook/follow-me-wrong vm-press")
    assert follows(house) is None


def test_follow_me_without_a_number_stays_as_it_is(house: House) -> None:
    settings(house, "61#").talk("hears vm-press digits/1 switchhook/to-greetings")
    assert follows(house) is None


@pytest.mark.parametrize(("name", "kind"), [("102", "station"), ("line1", "trunk")])
def test_follow_me_is_set_at_no_other_telephone_and_not_from_outside(
    house: House, name: str, kind: LineKind
) -> None:
    anna = house.kit.person("anna").id
    house.kit.db.now(lambda tx: house.kit.people.change(tx, anna, outside_login=True))
    line = ScriptLine(house.clerk, name=name, kind=kind, caller=Caller("5551234"))
    line.runs(owner(line, house.clerk, "201"))
    line.talk(f"presses {PIN}#\nhears vm-youhave\npresses 06")
    line.talk("hears switchhook/follow-me-not-here vm-press digits/1")
    assert house.clerk.follow_me(anna, name, "5550199").result() is None
    assert follows(house) is None


def test_each_language_with_a_grammar_has_a_name(house: House) -> None:
    from app.phone.sound.languages import GRAMMARS

    assert set(GRAMMARS) - {"ja"} <= set(SPOKEN_LANGUAGES)
