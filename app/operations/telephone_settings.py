"""Changes of settings that are tables: ring groups, access digits, what numbers cost, lamps.

Each gives values for `change_settings` (settings.py) out of what a form has; nothing is saved here.
It needs no settings but those that pages are shown, so that they can ask for it themselves.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.config.defaults import ALL_HANDSETS
from app.config.entries import as_line, read_entries
from app.operations.configuration import ShownSettings
from app.operations.errors import NotFound, OperationError

Values = Mapping[str, str | None]
"""What settings are to be, by their names; None: as if nothing was said of them."""

GROUPS, PARTS = "phone.groups", ("handsets", "order", "seconds", "then")
LAMPS = "lamps"
ACCESS, CLASSES = "numbers.access_digits", "numbers.number_classes"
_GROUP = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True)
class ShownGroup:
    """One ring group as the settings have it; its fields are texts, as in a form."""

    number: str
    handsets: str
    order: str
    seconds: str
    then: str


def list_groups(known: ShownSettings) -> list[ShownGroup]:
    """Every group, by its number."""
    prefix = f"{GROUPS}."
    names = (one.name for one in known.settings if one.name.startswith(prefix))
    numbers = sorted({name.split(".")[2] for name in names})
    return [ShownGroup(n, *(known.shown(f"{prefix}{n}.{part}") for part in PARTS)) for n in numbers]


def find_group(known: ShownSettings, number: str) -> ShownGroup:
    """The group of this number. Raises NotFound."""
    for group in list_groups(known):
        if group.number == number:
            return group
    raise NotFound("number", "there is no group %(number)s", number=number)


def group_to_add(known: ShownSettings, number: str, fields: Mapping[str, str]) -> Values:
    """A group that is not there yet; `fields` by PARTS. Raises OperationError: field "number"."""
    if not _GROUP.fullmatch(number):
        raise OperationError(
            "number", "%(typed)s is no number of a group: 1 to 10 digits are", typed=repr(number)
        )
    if any(group.number == number for group in list_groups(known)):
        raise OperationError("number", "there is a group %(number)s already", number=number)
    if not fields["handsets"]:
        raise OperationError("handsets", "choose the handsets that ring")
    return {f"{GROUPS}.{number}.{part}": fields[part] for part in PARTS if fields[part]}


def group_to_change(group: ShownGroup, fields: Mapping[str, str]) -> Values:
    """What differs from the group as it was shown. Raises OperationError: field "handsets"."""
    if not fields["handsets"]:
        raise OperationError("handsets", "choose the handsets that ring")
    return {
        f"{GROUPS}.{group.number}.{part}": fields[part] or None
        for part in PARTS
        if fields[part] != getattr(group, part)
    }


def group_to_remove(group: ShownGroup) -> Values:
    """The group is not there any more."""
    return {f"{GROUPS}.{group.number}.{part}": None for part in PARTS}


def with_entry(known: ShownSettings, name: str, key: str, words: Sequence[str]) -> Values:
    """A table of entries with this one, new or changed. Raises OperationError: field "key"."""
    if not key:
        raise OperationError("key", "type the digits")
    return {name: as_line({**read_entries(known.shown(name)), key: " ".join(words)})}


def without_entry(known: ShownSettings, name: str, key: str) -> Values:
    """A table of entries without this one. Raises NotFound."""
    entries = read_entries(known.shown(name))
    if key not in entries:
        raise NotFound("key", "there is no entry %(key)s", key=key)
    return {name: as_line({one: words for one, words in entries.items() if one != key})}


def lamps_of(known: ShownSettings) -> dict[str, set[str]]:
    """The handsets of each kind of lamp; ALL_HANDSETS among them is every one."""
    return {
        one.name.partition(".")[2]: set(one.shown.replace(",", " ").split())
        for one in known.of(LAMPS)
    }


def lamps_to_change(known: ShownSettings, ticked: Mapping[str, Collection[str]]) -> Values:
    """What differs from the lamps as they were shown; `ticked` are handsets by kind."""
    values = dict[str, str | None]()
    for kind, before in lamps_of(known).items():
        chosen = {ALL_HANDSETS} if ALL_HANDSETS in ticked[kind] else set(ticked[kind])
        if chosen != before:
            values[f"{LAMPS}.{kind}"] = ", ".join(sorted(chosen))
    return values
