"""What the keys of the owner's menus do, and how the menus say so.

A key map is data (key_maps.py): another habit is another row there, and each menu speaks the keys
of the map in use. A pack's recordings name the keys of small exchanges ("press seven to delete");
where a map differs, "press", the digits and what they do are said one after the other.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.phone.sound import prompts
from app.phone.sound.prompts import Names

WITHOUT_PACK = prompts.LANGUAGE
"""The language in which prompts are heard when no pack is installed: their words' own."""


class Menu(StrEnum):
    """Where keys are pressed: what the same key does may differ."""

    MAIN = "main"
    """Before the messages."""
    LISTS = "lists"
    """Which messages to go through."""
    MESSAGE = "message"
    """At a message."""
    PLAYING = "playing"
    """While it is played or paused; what is not said here is as at a message."""
    MORE = "more"
    """Less usual things to do with a message."""
    SOUND = "sound"
    """How fast and how loud messages are played."""
    INTRODUCTION = "introduction"
    """Before a message is sent on: whether something is said for it."""
    SENDING = "sending"
    """After something was said that is to be sent."""


class Action(StrEnum):
    """What an owner can ask for."""

    LISTEN = "listen"
    MAIL = "mail"
    MISSED = "missed"
    OPTIONS = "options"
    LISTS = "lists"
    NEW = "new"
    OLD = "old"
    BIN = "bin"
    MAIN = "main"
    FIRST = "first"
    PREVIOUS = "previous"
    REPEAT = "repeat"
    NEXT = "next"
    LAST = "last"
    DELETE = "delete"
    UNDELETE = "undelete"
    SAVE = "save"
    KEEP_NEW = "keep-new"
    ENVELOPE = "envelope"
    URGENT = "urgent"
    PRIVATE = "private"
    MORE = "more"
    PAUSE = "pause"
    BACK = "back"
    AHEAD = "ahead"
    SOUND = "sound"
    SLOWER = "slower"
    FASTER = "faster"
    LOUDER = "louder"
    QUIETER = "quieter"
    CLAIM = "claim"
    REPLY = "reply"
    CALL_BACK = "call-back"
    FORWARD = "forward"
    WRITE = "write"
    RECORD = "record"
    SEND = "send"
    HEAR = "hear"
    AGAIN = "again"
    HELP = "help"
    LEAVE = "leave"


Keys = Mapping[str, Action]
"""Of one menu: what each key does, or each sequence of keys."""

SAME_KEY = {Action.UNDELETE: Action.DELETE}
"""What is on the key of something else, while that cannot be done."""


@dataclass(frozen=True)
class KeyMap:
    """The keys of one habit. Undelete is on the key of delete, for as long as it can be undone."""

    meaning: str
    menus: Mapping[Menu, Keys]

    def keys(self, menu: Menu) -> Keys:
        """All keys of a menu."""
        own = self.menus.get(menu, {})
        return {**self.menus[Menu.MESSAGE], **own} if menu is Menu.PLAYING else own

    def action(self, menu: Menu, key: str, possible: Collection[Action]) -> Action | None:
        """What this key asks for among what is possible now; None if nothing."""
        action = self.keys(menu).get(key)
        for other, usual in SAME_KEY.items():
            if action is usual and other in possible:
                return other
        return action if action is not None and action in possible else None

    def key(self, menu: Menu, action: Action) -> str | None:
        """The keys of an action; None if this menu has none for it."""
        wanted = SAME_KEY.get(action, action)
        return next((key for key, does in self.keys(menu).items() if does is wanted), None)

    def goes_on(self, menu: Menu, key: str) -> bool:
        """Whether another key behind this one may mean something else."""
        return any(other != key and other.startswith(key) for other in self.keys(menu))


# The order in which a menu says what it offers; "or nine to save" is worded to come last.
_SPOKEN_ORDER = (
    Action.LISTEN,
    Action.NEW,
    Action.OLD,
    Action.BIN,
    Action.FIRST,
    Action.PREVIOUS,
    Action.REPEAT,
    Action.PAUSE,
    Action.BACK,
    Action.AHEAD,
    Action.SLOWER,
    Action.FASTER,
    Action.QUIETER,
    Action.LOUDER,
    Action.NEXT,
    Action.LAST,
    Action.RECORD,
    Action.SEND,
    Action.HEAR,
    Action.AGAIN,
    Action.ENVELOPE,
    Action.REPLY,
    Action.CALL_BACK,
    Action.FORWARD,
    Action.URGENT,
    Action.PRIVATE,
    Action.CLAIM,
    Action.KEEP_NEW,
    Action.DELETE,
    Action.UNDELETE,
    Action.SAVE,
    Action.SOUND,
    Action.LISTS,
    Action.WRITE,
    Action.MORE,
    Action.MAIN,
    Action.MISSED,
    Action.MAIL,
    Action.OPTIONS,
)

SHORT = frozenset(
    {
        Action.PREVIOUS,
        Action.REPEAT,
        Action.NEXT,
        Action.DELETE,
        Action.UNDELETE,
        Action.SAVE,
        Action.MORE,
    }
)
"""What the menu at a message says of itself; the help says all."""

# (action, key): the prompt in which the packs say both
_RECORDED: dict[tuple[Action, str], Names] = {
    (Action.PREVIOUS, "4"): ("vm-prev",),
    (Action.REPEAT, "5"): ("vm-repeat",),
    (Action.NEXT, "6"): ("vm-next",),
    (Action.DELETE, "7"): ("vm-delete",),
    (Action.UNDELETE, "7"): ("vm-undelete",),
    (Action.SAVE, "9"): ("vm-savemessage",),
}
_AT_THE_END = ("*", "#")
"""Keys of help and of leaving for which the packs have one recording, vm-helpexit."""


def offers(keys: KeyMap, menu: Menu, possible: Collection[Action], listen: Names = ()) -> Names:
    """The prompts of a menu that offers just these actions; help and leave always come last.

    `listen` names the messages that "press one for" is followed by, e.g. new messages.
    """
    wanted = frozenset(possible)
    said = [_offer(keys, menu, action, listen) for action in _SPOKEN_ORDER if action in wanted]
    return (*_joined(said), *_ending(keys, menu))


def _offer(keys: KeyMap, menu: Menu, action: Action, listen: Names) -> Names:
    key = keys.key(menu, action)
    if key is None:
        return ()
    if action is Action.LISTEN and key == "1" and listen:
        return ("vm-onefor", *listen)
    recorded = _RECORDED.get((action, key))
    return recorded or ("vm-press", *prompts.digits(key), f"switchhook/to-{action}")


def _ending(keys: KeyMap, menu: Menu) -> Names:
    both = tuple(keys.key(menu, action) for action in (Action.HELP, Action.LEAVE))
    if both == _AT_THE_END:
        return ("vm-helpexit",)
    return _joined(_offer(keys, menu, action, ()) for action in (Action.HELP, Action.LEAVE))


def _joined(parts: Iterable[Names]) -> Names:
    return tuple(name for names in parts for name in names)
