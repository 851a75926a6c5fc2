"""Writes what the keys of the owner's menus do into docs/telephone-keys.md.

    python -m scripts.telephone_keys

From app/voicemail/key_maps.py; a test of the house holds the page to it.
"""

from pathlib import Path

from app.phone.sound import prompts
from app.voicemail.key_maps import DEFAULT, KEY_MAPS
from app.voicemail.menu import Action, KeyMap, Menu

PAGE = Path(__file__).resolve().parents[1] / "docs" / "telephone-keys.md"

TITLES = {
    Menu.MAIN: "Before the messages",
    Menu.MESSAGE: "At a message",
    Menu.PLAYING: "While a message is played, besides those",
    Menu.LISTS: "Which messages",
    Menu.MORE: "More about a message",
    Menu.SOUND: "Speed and volume",
    Menu.INTRODUCTION: "Before a message is sent on",
    Menu.SENDING: "When something was said that is to be sent",
}
WORDS = {
    Action.PREVIOUS: "for the previous message",
    Action.DELETE: "to delete this message, or to bring it back",
}
HEAD = """# The keys of the voicemail menu

Dial your mailbox (or your own number) and the PIN. Any key cuts short whatever is said, so whoever
knows the way need not wait; a key that means nothing is told so and ends nothing. Who presses
nothing hears the menu three times and is let go.

Each person chooses a key map (`people change LOGIN --key-map NAME`, or *My Switchhook*); the menus
speak the keys of that map. This page is written from the maps by
`python -m scripts.telephone_keys`.

"""


def words(action: Action) -> str:
    """What an action is for, as the menu says it."""
    return (WORDS.get(action) or prompts.words(f"switchhook/to-{action}")).rstrip(".")


def table(menu: Menu) -> str:
    """One menu: an action in each line, a map in each column."""
    actions = dict.fromkeys(
        action for keys in KEY_MAPS.values() for action in keys.menus.get(menu, {}).values()
    )
    rows = ["| | " + " | ".join(KEY_MAPS) + " |", "|---|" + "---|" * len(KEY_MAPS)]
    for action in actions:
        cells = " | ".join(cell(keys, menu, action) for keys in KEY_MAPS.values())
        rows.append(f"| {words(action)} | {cells} |")
    return "\n".join(rows)


def cell(keys: KeyMap, menu: Menu, action: Action) -> str:
    """The keys of an action in a map, one after the other; empty if that menu has none."""
    found = [key for key, does in keys.menus.get(menu, {}).items() if does is action]
    return f"`{' '.join(found[0])}`" if found else ""


def page() -> str:
    """The whole of docs/telephone-keys.md."""
    maps = "\n".join(
        f"- `{name}`{' (the usual one)' if name == DEFAULT else ''}: {keys.meaning}"
        for name, keys in KEY_MAPS.items()
    )
    menus = "\n\n".join(f"## {TITLES[menu]}\n\n{table(menu)}" for menu in TITLES)
    return f"{HEAD}{maps}\n\n{menus}\n"


if __name__ == "__main__":
    PAGE.write_text(page())
