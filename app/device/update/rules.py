"""Whether a good bundle may be installed here: every rule, with its text for the owner."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from app.core.sentences import Sentence, sentence
from app.core.units import MB
from app.device.update.bundle import Manifest
from app.device.update.errors import Refused
from app.device.update.slots_content import Release, named


@dataclass(frozen=True)
class Here:
    """What a bundle is judged against."""

    release: Release
    """Of the running system."""
    machines: frozenset[str]
    """What the device tree says this machine is: its own name, then its processor's."""
    board: str
    """The board in the settings."""
    store_readable_from: int
    """The oldest program, by the tables it knows, that can work on the store as it is now."""
    free: int
    """Octets free on the data partition."""
    slot_octets: int
    """Size of the other slot's partition."""


def order_of(release: Release) -> tuple[tuple[int, ...], int]:
    """What makes one release newer than another: the numbers of its version, then its build."""
    numbers = re.findall(r"[0-9]+", re.split(r"[-+~]", release.version)[0])
    return (*(int(number) for number in numbers), 0, 0, 0)[:4], release.built


def _older(new: Manifest, here: Here) -> Sentence | None:
    if order_of(new.release) >= order_of(here.release):
        return None
    return sentence(
        "it is older (%(new)s) than what runs (%(runs)s); `update rollback` goes back to the"
        " version before",
        new=named(new.release),
        runs=named(here.release),
    )


def _foreign_machine(new: Manifest, here: Here) -> Sentence | None:
    if here.machines & set(new.machines):
        return None
    others, own = ", ".join(new.machines), ", ".join(sorted(here.machines))
    if not own:
        return sentence(
            "it is for other machines (%(others)s), and this is none that says its name",
            others=others,
        )
    return sentence(
        "it is for other machines (%(others)s), and this is %(own)s", others=others, own=own
    )


def _foreign_board(new: Manifest, here: Here) -> Sentence | None:
    if here.board in new.boards:
        return None
    return sentence(
        "it cannot drive the board %(board)s, only %(others)s",
        board=here.board,
        others=", ".join(new.boards),
    )


def _no_way_back(new: Manifest, here: Here) -> Sentence | None:
    if new.release.readable_from <= here.release.schema:
        return None
    return sentence(
        "it changes the store so that the running version could not read it any more (it needs"
        " tables of version %(needs)s, known here are %(known)s): there would be no way back."
        " Install a version in between first",
        needs=new.release.readable_from,
        known=here.release.schema,
    )


def _store_too_new(new: Manifest, here: Here) -> Sentence | None:
    if here.store_readable_from <= new.release.schema:
        return None
    return sentence(
        "it knows the store's tables up to version %(known)s, and this store needs %(needs)s",
        known=new.release.schema,
        needs=here.store_readable_from,
    )


def _no_room(new: Manifest, here: Here) -> Sentence | None:
    if here.free >= new.needs_free:
        return None
    return sentence(
        "the data partition has %(free)s MB free and it needs %(needs)s MB to take the store over;"
        " empty the bin or remove messages first",
        free=here.free // MB,
        needs=new.needs_free // MB,
    )


def _too_large(new: Manifest, here: Here) -> Sentence | None:
    if new.octets <= here.slot_octets:
        return None
    return sentence(
        "its %(size)s MB do not fit the slot of %(room)s MB",
        size=new.octets // MB,
        room=here.slot_octets // MB,
    )


RULES: tuple[Callable[[Manifest, Here], Sentence | None], ...] = (
    _foreign_machine,
    _foreign_board,
    _older,
    _no_way_back,
    _store_too_new,
    _no_room,
    _too_large,
)
"""Each gives the reason against, or None."""


def judge(new: Manifest, here: Here) -> None:
    """Raise Refused with every reason against this bundle."""
    reasons = [reason for rule in RULES if (reason := rule(new, here)) is not None]
    if reasons:
        raise Refused(sentence("not installed: %(why)s", why=reduce(_also, reasons)))


def _also(one: Sentence, other: Sentence) -> Sentence:
    return sentence("%(one)s; also, %(other)s", one=one, other=other)


def judge_rollback(other: Release | None, here: Here) -> None:
    """Raise Refused if what is in the other slot could not work on the store as it is now."""
    if other is not None and here.store_readable_from > other.schema:
        raise Refused(
            sentence(
                "not gone back: %(version)s knows the store's tables up to version %(known)s, and"
                " this store needs %(needs)s",
                version=named(other),
                known=other.schema,
                needs=here.store_readable_from,
            )
        )
