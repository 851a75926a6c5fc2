"""Whether a good bundle may be installed here: every rule, with its text for the owner."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.core.units import MB
from app.device.update.bundle import Manifest
from app.device.update.errors import Refused
from app.device.update.slots_content import Release


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


def _older(new: Manifest, here: Here) -> str | None:
    if order_of(new.release) >= order_of(here.release):
        return None
    return (
        f"it is older ({named(new.release)}) than what runs ({named(here.release)});"
        " `update rollback` goes back to the version before"
    )


def _foreign_machine(new: Manifest, here: Here) -> str | None:
    if here.machines & set(new.machines):
        return None
    return (
        f"it is for other machines ({', '.join(new.machines)}), and this is"
        f" {', '.join(sorted(here.machines)) or 'none that says its name'}"
    )


def _foreign_board(new: Manifest, here: Here) -> str | None:
    if here.board in new.boards:
        return None
    return f"it cannot drive the board {here.board}, only {', '.join(new.boards)}"


def _no_way_back(new: Manifest, here: Here) -> str | None:
    if new.release.readable_from <= here.release.schema:
        return None
    return (
        "it changes the store so that the running version could not read it any more (it needs"
        f" tables of version {new.release.readable_from}, known here are {here.release.schema}):"
        " there would be no way back. Install a version in between first"
    )


def _store_too_new(new: Manifest, here: Here) -> str | None:
    if here.store_readable_from <= new.release.schema:
        return None
    return (
        f"it knows the store's tables up to version {new.release.schema}, and this store needs"
        f" {here.store_readable_from}"
    )


def _no_room(new: Manifest, here: Here) -> str | None:
    if here.free >= new.needs_free:
        return None
    return (
        f"the data partition has {here.free // MB} MB free and it needs {new.needs_free // MB} MB"
        " to take the store over; empty the bin or remove messages first"
    )


def _too_large(new: Manifest, here: Here) -> str | None:
    if new.octets <= here.slot_octets:
        return None
    return f"its {new.octets // MB} MB do not fit the slot of {here.slot_octets // MB} MB"


RULES: tuple[Callable[[Manifest, Here], str | None], ...] = (
    _foreign_machine,
    _foreign_board,
    _older,
    _no_way_back,
    _store_too_new,
    _no_room,
    _too_large,
)
"""Each gives the reason against, or None."""


def named(release: Release) -> str:
    """A release for people: version and build."""
    return f"{release.version} of build {release.built}"


def judge(new: Manifest, here: Here) -> None:
    """Raise Refused with every reason against this bundle."""
    reasons = [reason for rule in RULES if (reason := rule(new, here)) is not None]
    if reasons:
        raise Refused(f"not installed: {'; also, '.join(reasons)}")


def judge_rollback(other: Release | None, here: Here) -> None:
    """Raise Refused if what is in the other slot could not work on the store as it is now."""
    if other is not None and here.store_readable_from > other.schema:
        raise Refused(
            f"not gone back: {named(other)} knows the store's tables up to version"
            f" {other.schema}, and this store needs {here.store_readable_from}"
        )
