"""Where the settings let calls go: what of it is not there, or is another's number."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from app.operations.numbers import why_no_mailbox

if TYPE_CHECKING:
    from app.config.groups import Group
    from app.config.settings import Settings

ATTENDANT = "attendant"


def target_problems(
    settings: Settings, country: str, mailboxes: Collection[str], handsets: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """Settings that lead calls to nobody, each with what is wrong.

    `handsets` are the board's jacks; None if the board is not known.
    """
    groups = settings.phone.groups
    there = {*mailboxes, *(handsets or ()), *groups, ATTENDANT, ""}

    def wrong(number: str) -> bool:
        return handsets is not None and number not in there

    named = {
        f"phone.incoming.{line}.{field}": getattr(incoming, field)
        for line, incoming in settings.phone.incoming.items()
        for field in ("to", "night_to")
    }
    for number, group in groups.items():
        yield from _group_problems(number, group, country, mailboxes, handsets)
        named[f"phone.groups.{number}.then"] = group.then
    named["attendant.operator"] = settings.attendant.operator
    for name, number in named.items():
        if wrong(number):
            yield name, f"{number} is the number of no handset, mailbox or group"


def _group_problems(
    number: str,
    group: Group,
    country: str,
    mailboxes: Collection[str],
    handsets: Collection[str] | None,
) -> Iterator[tuple[str, str]]:
    name = f"phone.groups.{number}"
    if why := why_no_mailbox(number, country, handsets or ()):
        yield name, why
    if number in mailboxes:
        yield name, f"{number} is somebody's mailbox; a group needs a number of its own"
    if not group.handsets:
        yield f"{name}.handsets", "nobody is in this group; name the jacks of its handsets"
    for handset in group.handsets:
        if handsets is not None and handset not in handsets:
            yield f"{name}.handsets", f"there is no handset jack {handset}"
