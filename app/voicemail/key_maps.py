"""The key maps that a person can choose from, as data.

`switchhook` is the usual one; `asterisk` is for people who come from Asterisk or FreePBX, `unity`
from Cisco Unity, `panasonic` from Panasonic's small exchanges. What those systems have no key for
lies on keys that they leave free. `swapped` is `switchhook` with 7 and 9 changed, as on a Mitel
5000. Every action has a key in every map, which a test holds.
"""

from app.voicemail.menu import Action, KeyMap, Keys, Menu

_ENDS: Keys = {"*": Action.HELP, "#": Action.LEAVE}

_OWN: Keys = {"4": Action.MAIL, "5": Action.MISSED, "0": Action.OPTIONS}

_LISTS: Keys = {"1": Action.NEW, "2": Action.OLD, "3": Action.BIN, **_ENDS}

_SOUND: Keys = {
    "4": Action.SLOWER,
    "6": Action.FASTER,
    "2": Action.LOUDER,
    "8": Action.QUIETER,
}

_INTRODUCTION: Keys = {"1": Action.RECORD, "2": Action.SEND}
_SENDING: Keys = {
    "1": Action.SEND,
    "2": Action.HEAR,
    "3": Action.AGAIN,
    "4": Action.URGENT,
    "5": Action.PRIVATE,
}


def _send(ends: Keys) -> dict[Menu, Keys]:
    """The menus of what is sent, which are the same in all maps but for help and leaving."""
    return {
        Menu.INTRODUCTION: {**_INTRODUCTION, **ends},
        Menu.SENDING: {**_SENDING, **ends},
    }


_SWITCHHOOK: dict[Menu, Keys] = {
    Menu.MAIN: {"1": Action.LISTEN, "2": Action.LISTS, "8": Action.WRITE, **_OWN, **_ENDS},
    Menu.LISTS: _LISTS,
    Menu.MESSAGE: {
        "1": Action.FIRST,
        "2": Action.LISTS,
        "3": Action.MORE,
        "4": Action.PREVIOUS,
        "5": Action.REPEAT,
        "6": Action.NEXT,
        "7": Action.DELETE,
        "8": Action.ENVELOPE,
        "9": Action.SAVE,
        "0": Action.MAIN,
        **_ENDS,
    },
    Menu.PLAYING: {
        "1": Action.BACK,
        "2": Action.PAUSE,
        "3": Action.AHEAD,
        "0": Action.SOUND,
    },
    Menu.MORE: {
        "2": Action.CALL_BACK,
        "9": Action.CLAIM,
        "1": Action.REPLY,
        "8": Action.FORWARD,
        "4": Action.URGENT,
        "5": Action.PRIVATE,
        "6": Action.LAST,
        "7": Action.KEEP_NEW,
        "0": Action.SOUND,
        **_ENDS,
    },
    Menu.SOUND: {**_SOUND, **_ENDS},
    **_send(_ENDS),
}

_ASTERISK: dict[Menu, Keys] = {
    Menu.MAIN: {"1": Action.LISTEN, "2": Action.LISTS, "3": Action.WRITE, **_OWN, **_ENDS},
    Menu.LISTS: {"0": Action.NEW, "1": Action.OLD, "2": Action.BIN, **_ENDS},
    Menu.MESSAGE: {
        "1": Action.FIRST,
        "2": Action.LISTS,
        "3": Action.MORE,
        "4": Action.PREVIOUS,
        "5": Action.REPEAT,
        "6": Action.NEXT,
        "7": Action.DELETE,
        "8": Action.FORWARD,
        "9": Action.SAVE,
        "0": Action.MAIN,
        **_ENDS,
    },
    Menu.PLAYING: {
        "0": Action.PAUSE,
        "1": Action.SOUND,
        "2": Action.REPEAT,
        "*": Action.BACK,
        "#": Action.AHEAD,
    },
    Menu.MORE: {
        "2": Action.CALL_BACK,
        "5": Action.CLAIM,
        "1": Action.REPLY,
        "3": Action.ENVELOPE,
        "4": Action.URGENT,
        "6": Action.PRIVATE,
        "7": Action.KEEP_NEW,
        "9": Action.LAST,
        "0": Action.SOUND,
        **_ENDS,
    },
    Menu.SOUND: {**_SOUND, **_ENDS},
    **_send(_ENDS),
}

_UNITY_ENDS: Keys = {"0": Action.HELP, "*": Action.LEAVE}
_UNITY_MAIN: Keys = {
    "4": Action.OPTIONS,
    "5": Action.MISSED,
    "7": Action.MAIL,
    **_UNITY_ENDS,
}

_UNITY: dict[Menu, Keys] = {
    Menu.MAIN: {
        "1": Action.LISTEN,
        "2": Action.WRITE,
        "3": Action.LISTS,
        **_UNITY_MAIN,
    },
    Menu.LISTS: {"1": Action.OLD, "2": Action.BIN, "3": Action.NEW, **_UNITY_ENDS},
    Menu.MESSAGE: {
        "1": Action.REPEAT,
        "2": Action.SAVE,
        "3": Action.DELETE,
        "4": Action.REPLY,
        "5": Action.FORWARD,
        "6": Action.KEEP_NEW,
        "7": Action.PREVIOUS,
        "8": Action.MORE,
        "9": Action.ENVELOPE,
        "#": Action.NEXT,
        **_UNITY_ENDS,
    },
    Menu.PLAYING: {
        "4": Action.SLOWER,
        "5": Action.SOUND,
        "6": Action.FASTER,
        "7": Action.BACK,
        "8": Action.PAUSE,
        "9": Action.AHEAD,
    },
    Menu.MORE: {
        "7": Action.CALL_BACK,
        "6": Action.CLAIM,
        "1": Action.FIRST,
        "2": Action.LAST,
        "3": Action.LISTS,
        "4": Action.URGENT,
        "5": Action.PRIVATE,
        "9": Action.MAIN,
        **_UNITY_ENDS,
    },
    Menu.SOUND: {**_SOUND, **_UNITY_ENDS},
    **_send(_UNITY_ENDS),
}

_PANASONIC: dict[Menu, Keys] = {
    Menu.MAIN: {"1": Action.LISTEN, "2": Action.LISTS, "3": Action.WRITE, **_OWN, **_ENDS},
    Menu.LISTS: _LISTS,
    Menu.MESSAGE: {
        "1": Action.REPEAT,
        "11": Action.PREVIOUS,
        "12": Action.NEXT,
        "2": Action.MORE,
        "23": Action.ENVELOPE,
        "26": Action.KEEP_NEW,
        "3": Action.DELETE,
        "4": Action.REPLY,
        "7": Action.FORWARD,
        "0": Action.MAIN,
        "9": Action.SAVE,
        **_ENDS,
    },
    Menu.PLAYING: {
        "2": Action.PAUSE,
        "5": Action.BACK,
        "6": Action.AHEAD,
        "8": Action.SOUND,
        "9": Action.FASTER,
    },
    Menu.MORE: {
        "6": Action.CALL_BACK,
        "9": Action.CLAIM,
        "1": Action.FIRST,
        "2": Action.LAST,
        "4": Action.URGENT,
        "5": Action.PRIVATE,
        "7": Action.LISTS,
        **_ENDS,
    },
    Menu.SOUND: {**_SOUND, **_ENDS},
    **_send(_ENDS),
}


def _swapped(menus: dict[Menu, Keys]) -> dict[Menu, Keys]:
    """The same with 7 and 9 changed at a message."""
    message = menus[Menu.MESSAGE]
    return {**menus, Menu.MESSAGE: {**message, "7": message["9"], "9": message["7"]}}


DEFAULT = "switchhook"
"""The name of the map of people who have chosen none."""

KEY_MAPS: dict[str, KeyMap] = {
    DEFAULT: KeyMap(
        "4 previous, 5 repeat, 6 next, 7 delete, 8 who and when, 9 save;"
        " while playing 1 back, 2 pause, 3 ahead",
        _SWITCHHOOK,
    ),
    "asterisk": KeyMap(
        "the same; while playing * back, 0 pause, # ahead (as Asterisk and FreePBX)", _ASTERISK
    ),
    "unity": KeyMap(
        "1 repeat, 2 save, 3 delete, # next; while playing 7 back, 8 pause, 9 ahead (as Cisco)",
        _UNITY,
    ),
    "panasonic": KeyMap(
        "1 repeat, 11 previous, 12 next, 3 delete; while playing 2 pause, 5 back, 6 ahead",
        _PANASONIC,
    ),
    "swapped": KeyMap(
        "as switchhook, but 7 save and 9 delete (as Mitel 5000)", _swapped(_SWITCHHOOK)
    ),
}

FORMERLY = {"standard": DEFAULT}
"""Names that key maps had in stores of earlier versions."""


def key_map(name: str) -> KeyMap:
    """The map of this name; for a name that is none's, the usual one."""
    return KEY_MAPS.get(FORMERLY.get(name, name), KEY_MAPS[DEFAULT])
