"""What the keys of the owner's menu do, and how the menu says so.

A key map is data: another habit is another row here, and the menu speaks the keys of the map in
use. A pack's recordings name the keys of the standard map ("press seven to delete ..."); where a
map differs, "press", the digit and what it does are said one after the other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.phone.sound import prompts
from app.phone.sound.prompts import Names

WITHOUT_PACK = prompts.LANGUAGE
"""The language in which prompts are heard when no pack is installed: their words' own."""


class Action(StrEnum):
    """What an owner can ask for."""

    LISTEN = "listen"
    PREVIOUS = "previous"
    REPEAT = "repeat"
    NEXT = "next"
    DELETE = "delete"
    UNDELETE = "undelete"
    SAVE = "save"
    HELP = "help"
    LEAVE = "leave"


@dataclass(frozen=True)
class KeyMap:
    """Keys of one habit. Undelete is on the key of delete, for as long as it can be undone."""

    meaning: str
    keys: Mapping[str, Action]

    def action(self, key: str, possible: Collection[Action]) -> Action | None:
        """What this key asks for among what is possible now; None if nothing."""
        action = self.keys.get(key)
        if action is Action.DELETE and Action.UNDELETE in possible:
            return Action.UNDELETE
        return action if action is not None and action in possible else None

    def key(self, action: Action) -> str:
        """The key of an action."""
        wanted = Action.DELETE if action is Action.UNDELETE else action
        return next(key for key, does in self.keys.items() if does is wanted)


_ALWAYS = {"*": Action.HELP, "#": Action.LEAVE}

KEY_MAPS: dict[str, KeyMap] = {
    "standard": KeyMap(
        "1 listen, 4 previous, 5 repeat, 6 next, 7 delete, 9 save (as most small PBXs)",
        {
            "1": Action.LISTEN,
            "4": Action.PREVIOUS,
            "5": Action.REPEAT,
            "6": Action.NEXT,
            "7": Action.DELETE,
            "9": Action.SAVE,
            **_ALWAYS,
        },
    ),
    "swapped": KeyMap(
        "1 listen, 4 previous, 5 repeat, 6 next, 7 save, 9 delete (as Mitel 5000)",
        {
            "1": Action.LISTEN,
            "4": Action.PREVIOUS,
            "5": Action.REPEAT,
            "6": Action.NEXT,
            "7": Action.SAVE,
            "9": Action.DELETE,
            **_ALWAYS,
        },
    ),
}
STANDARD = KEY_MAPS["standard"]

# The order in which a menu says what it offers; "or nine to save" is worded to come last.
_SPOKEN_ORDER = (
    Action.LISTEN,
    Action.PREVIOUS,
    Action.REPEAT,
    Action.NEXT,
    Action.DELETE,
    Action.UNDELETE,
    Action.SAVE,
)

# (action, key): the prompt in which the packs say both
_RECORDED: dict[tuple[Action, str], Names] = {
    (Action.PREVIOUS, "4"): ("vm-prev",),
    (Action.REPEAT, "5"): ("vm-repeat",),
    (Action.NEXT, "6"): ("vm-next",),
    (Action.DELETE, "7"): ("vm-delete",),
    (Action.UNDELETE, "7"): ("vm-undelete",),
    (Action.SAVE, "9"): ("vm-savemessage",),
}


def offers(keys: KeyMap, possible: Collection[Action], listen: Names = ()) -> Names:
    """The prompts of a menu that offers just these actions; help and leave always come last.

    `listen` names the messages that "press one for" is followed by, e.g. new messages.
    """
    wanted = frozenset(possible)
    said = [_offer(keys, action, listen) for action in _SPOKEN_ORDER if action in wanted]
    return (*(name for names in said for name in names), "vm-helpexit")


def _offer(keys: KeyMap, action: Action, listen: Names) -> Names:
    key = keys.key(action)
    if action is Action.LISTEN and key == "1" and listen:
        return ("vm-onefor", *listen)
    recorded = _RECORDED.get((action, key))
    return recorded or ("vm-press", *prompts.digits(key), f"switchhook/to-{action}")
