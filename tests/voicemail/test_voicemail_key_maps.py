"""Key maps: every action is reachable in each, and the menus speak the keys of the one in use."""

import pytest

from app.voicemail import menu
from app.voicemail.key_maps import DEFAULT, FORMERLY, KEY_MAPS, key_map
from app.voicemail.menu import Action, KeyMap, Menu, offers

SIGNS = {"*": "star", "#": "pound"}
OPENED_BY = {
    Menu.LISTS: Action.LISTS,
    Menu.MORE: Action.MORE,
    Menu.SOUND: Action.SOUND,
    Menu.INTRODUCTION: Action.FORWARD,
    Menu.SENDING: Action.RECORD,
    Menu.PLAYING: Action.LISTEN,
    Menu.MESSAGE: Action.LISTEN,
}
"""What leads from one menu to another."""


def reachable(keys: KeyMap) -> set[Action]:
    """What can be asked for by keys alone, from the main menu on."""
    found, open_menus = set[Action](), {Menu.MAIN}
    while True:
        seen = {action for where in open_menus for action in keys.keys(where).values()}
        seen |= {other for other, usual in menu.SAME_KEY.items() if usual in seen}
        more = {where for where, action in OPENED_BY.items() if action in seen}
        if seen == found and more <= open_menus:
            return found
        found, open_menus = seen, open_menus | more


@pytest.mark.parametrize("keys", KEY_MAPS.values(), ids=KEY_MAPS)
def test_every_action_is_reachable_in_each_map(keys: KeyMap) -> None:
    assert reachable(keys) == set(Action)


@pytest.mark.parametrize("keys", KEY_MAPS.values(), ids=KEY_MAPS)
def test_each_menu_has_each_action_once_and_real_keys(keys: KeyMap) -> None:
    for where in Menu:
        own = keys.menus.get(where, {})
        assert set("".join(own)) <= set("0123456789*#")
        assert all(1 <= len(key) <= 2 for key in own)
        assert len(own) == len(set(own.values())), where


@pytest.mark.parametrize("keys", KEY_MAPS.values(), ids=KEY_MAPS)
def test_menus_speak_the_keys_of_the_map_in_use(keys: KeyMap) -> None:
    """What a recording of the pack says is checked by its name: vm-delete says seven."""
    recorded = {"vm-prev": "4", "vm-repeat": "5", "vm-next": "6", "vm-delete": "7"}
    recorded |= {"vm-undelete": "7", "vm-savemessage": "9"}
    for where in Menu:
        for action in set(keys.keys(where).values()) - {Action.HELP, Action.LEAVE}:
            key = keys.key(where, action)
            said = offers(keys, where, {action})
            if said[0] in recorded:
                assert recorded[said[0]] == key
            else:
                signs = tuple(f"digits/{SIGNS.get(one, one)}" for one in key or "")
                assert said[: len(signs) + 2] == ("vm-press", *signs, f"switchhook/to-{action}")


def test_menu_says_press_one_for_messages_only_when_key_one_lists_named_messages() -> None:
    listen, messages = {Action.LISTEN}, ("vm-INBOX", "vm-messages")
    usual = key_map(DEFAULT)
    two = KeyMap("2 listen", {Menu.MAIN: {"2": Action.LISTEN, "*": Action.HELP, "#": Action.LEAVE}})
    assert offers(usual, Menu.MAIN, listen, messages) == ("vm-onefor", *messages, "vm-helpexit")
    pressed = ("switchhook/to-listen", "vm-helpexit")
    assert offers(usual, Menu.MAIN, listen) == ("vm-press", "digits/1", *pressed)
    assert offers(two, Menu.MAIN, listen, messages) == ("vm-press", "digits/2", *pressed)


def test_help_on_another_key_is_said_with_its_key() -> None:
    help_, leave = ("digits/0", "switchhook/to-help"), ("digits/star", "switchhook/to-leave")
    said = offers(key_map("unity"), Menu.MAIN, set())
    assert said == ("vm-press", *help_, "vm-press", *leave)


def test_names_of_earlier_versions_are_understood() -> None:
    assert FORMERLY == {"standard": "switchhook"}
    assert key_map("standard") is KEY_MAPS["switchhook"]
    assert key_map("swapped").action(Menu.MESSAGE, "9", {Action.DELETE}) is Action.DELETE
    assert key_map("no such map") is KEY_MAPS[DEFAULT]
