"""Where the settings let calls go: what of it is not there, or is another's number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from app.core.sentences import sentence
from app.operations.numbers import why_no_mailbox

if TYPE_CHECKING:
    from app.config.groups import Group
    from app.config.settings import Settings

ATTENDANT = "attendant"


def target_problems(
    settings: Settings, country: str, mailboxes: Collection[str], handsets: Collection[str] | None
) -> Iterator[tuple[str, ...]]:
    """Settings that lead calls to nobody, each with what is wrong.

    Where two numbers are one, the other's setting is third. `handsets` are the board's jacks; None
    if the board is not known.
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
    yield from _outside_problems(settings, there)
    for number, group in groups.items():
        if number in (circle := _circle(number, groups)):
            text = sentence(
                "calls would go round without an end: %(way)s; they end at its last group",
                way=" to ".join((*circle, number)),
            )
            yield f"phone.groups.{number}.then", text
        yield from _group_problems(number, group, country, mailboxes, handsets)
        named[f"phone.groups.{number}.then"] = group.then
    named["attendant.operator"] = settings.attendant.operator
    for name, number in named.items():
        if wrong(number):
            yield (
                name,
                sentence("%(number)s is the number of no handset, mailbox or group", number=number),
            )


def _circle(number: str, groups: Mapping[str, Group]) -> list[str]:
    """The groups to which one goes on, itself first, if they lead back to it; else none."""
    way = [number]
    while (then := groups[way[-1]].then) in groups:
        if then == number:
            return way
        if then in way:
            return []
        way.append(then)
    return []


def _outside_problems(settings: Settings, numbers: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Access digits that are a number of ours, and lines that are named twice behind them."""
    for digits, lines in settings.numbers.access_digits.items():
        name = f"numbers.access_digits.{digits}"
        if digits in numbers:
            text = sentence(
                "%(digits)s is the number of a handset, mailbox or group as well: whoever dials it"
                " waits for 4 s, and reaches that before an outside line",
                digits=digits,
            )
            yield name, text, f"phone.groups.{digits}" if digits in settings.phone.groups else ""
        for line in dict.fromkeys(line for line in lines if lines.count(line) > 1):
            yield name, sentence("the line %(line)s is named twice", line=line)


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
        yield (
            name,
            sentence(
                "%(number)s is somebody's mailbox; a group needs a number of its own", number=number
            ),
        )
    if not group.handsets:
        yield (
            f"{name}.handsets",
            sentence("nobody is in this group; name the jacks of its handsets"),
        )
    for handset in dict.fromkeys(h for h in group.handsets if group.handsets.count(h) > 1):
        yield (
            f"{name}.handsets",
            sentence("the handset %(handset)s is named twice", handset=handset),
        )
    for handset in group.handsets:
        if handsets is not None and handset not in handsets:
            yield (
                f"{name}.handsets",
                sentence("there is no handset jack %(handset)s", handset=handset),
            )
