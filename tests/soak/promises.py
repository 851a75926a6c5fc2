"""What a box has promised, item by item, and whether it has kept it.

An item is one message for one person. Each has a set of places where it may be; an answer of the
box narrows it ("250": in the inbox; QUIT's "+OK": in the bin), a question without an answer widens
it. settle() compares with where everything is, and from then on every item is where it was found.
"""

import hashlib
import io
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from app.appliance import Inbox
from app.clerk.spool import Spool, SpoolFolder
from app.config.paths import Paths
from app.inbox.entries import Entry, EntryState, Kind
from tests.kit.hearing import read_wav
from tests.kit.letters import parsed, wav_of

Key = tuple[str, str]
"""(login, number): one message for one person."""

SHORTEST = 16_000
"""Octets of samples, one second: a shorter recording may become a missed call."""


class Place(Enum):
    """Where an item is."""

    NOWHERE = "nowhere"
    RECORDING = "in a recording that is being finished, or in the spool"
    INBOX = "in the inbox"
    OUT = "on its way out"
    BIN = "in the bin"


_PLACES = {
    EntryState.NEW: Place.INBOX,
    EntryState.HEARD: Place.INBOX,
    EntryState.LEAVING: Place.OUT,
    EntryState.BIN: Place.BIN,
}
DELIVERED = frozenset({Place.INBOX})
SPOKEN = frozenset({Place.INBOX, Place.RECORDING})
FORWARDED = frozenset({Place.OUT, Place.BIN})
NOWHERE = frozenset({Place.NOWHERE})


@dataclass
class Item:
    """One message for one person."""

    key: Key
    octets: bytes
    """Of the letter as it was sent, or of the samples as they were spoken."""
    spoken: bool
    allowed: frozenset[Place]
    kept: int = 0
    """Octets of samples that were acknowledged."""
    whole: bool = False
    """All samples are acknowledged, and no more follow."""
    digest: str = ""
    """Of the message as it lies in the store, once it has been compared."""
    entry: int = 0
    uidl: str = ""
    place: Place = Place.NOWHERE
    """Where it was found last."""


@dataclass
class Counts:
    """What was acknowledged and found to be so, by what it was."""

    sums: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __iadd__(self, other: "Counts") -> "Counts":
        for name, more in other.sums.items():
            self.sums[name] += more
        return self


class Promises:
    """All items of one box."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}
        self.acknowledged = Counts()
        self._together: list[tuple[Key, ...]] = []
        self._touched: set[Key] = set()
        self._lock = threading.Lock()
        self._journal: list[tuple[float, Callable[[Promises], object]]] = []
        self._before: Promises | None = None

    def copy(self) -> "Promises":
        """The same promises of a box that is a copy of this one."""
        other = Promises()
        with self._lock:
            other.items = {key: replace(item) for key, item in self.items.items()}
            other._together, other._touched = list(self._together), set(self._touched)
        return other

    def note_times(self) -> None:
        """From now on it can be told what was promised at any instant: see `at`."""
        self._journal.clear()
        self._before = self.copy()

    def at(self, instant: float) -> "Promises":
        """What was promised at this time (seconds since 1970), since `note_times` at the earliest.

        What was asked then may have happened or not; what was answered must be so.
        """
        assert self._before is not None, "nobody has noted any times"
        then = self._before.copy()
        for when, what in self._journal:
            if when <= instant:
                what(then)
        return then

    def _note(self, what: "Callable[[Promises], object]") -> None:
        """Keep what is done to the promises, with its time; the lock is held."""
        if self._before is not None:
            self._journal.append((time.time(), what))

    # what is asked of the box, and what it answers

    def begin(self, keys: Iterable[Key], octets: bytes, spoken: bool = False) -> list[Item]:
        """Something is sent to these; nobody knows whether it arrives, but all get it or none."""
        keys = tuple(keys)
        with self._lock:
            for key in keys:
                places = SPOKEN if spoken else FORWARDED if key[0] == "dora" else DELIVERED
                self.items[key] = Item(key, octets, spoken, places | NOWHERE)
            self._together.append(keys)
            self._touched.update(keys)
            self._note(lambda then: then.begin(keys, octets, spoken))
            return [self.items[key] for key in keys]

    def choose(
        self, dice: random.Random, logins: Iterable[str], place: Place, most: int
    ) -> list[Item]:
        """Some items there, of one person, that nothing was done with since the last settlement."""
        with self._lock:
            login = dice.choice(sorted(logins))
            there = [
                item
                for item in self.items.values()
                if item.place is place and item.key[0] == login and item.key not in self._touched
            ]
            chosen = dice.sample(there, min(len(there), dice.randint(1, most)))
            self._touched.update(item.key for item in chosen)
            return chosen

    def move(self, items: Iterable[Item], to: Place) -> None:
        """They are asked to go there, all or none; nobody knows whether they do."""
        keys = tuple(item.key for item in items)
        with self._lock:
            self._together.append(keys)
            for key in keys:
                self.items[key].allowed |= {to}
            self._note(lambda then: then.move([then.items[key] for key in keys], to))

    def heard(self, item: Item, octets: int) -> None:
        """The box has answered that it keeps so many more octets of samples."""
        key = item.key
        with self._lock:
            item.kept += octets
            item.allowed = SPOKEN
            self._note(lambda then: then.heard(then.items[key], octets))

    def answered(
        self, items: Iterable[Item], places: frozenset[Place], what: str, whole: bool = False
    ) -> None:
        """The box has answered: from now on they are in one of these places.

        `whole`: all their samples are acknowledged, and no more follow.
        """
        keys = tuple(item.key for item in items)
        with self._lock:
            for key in keys:
                self.items[key].allowed = places
                self.items[key].whole |= whole
            self.acknowledged.sums[what] += 1
            self._note(
                lambda then: then.answered([then.items[key] for key in keys], places, what, whole)
            )

    # whether it is so

    def doubt(self, why: str) -> None:
        """The disk failed and then lost its power: samples may have been kept in memory only."""
        with self._lock:
            for item in self.items.values():
                if item.spoken and Place.RECORDING in item.allowed:
                    item.allowed, item.kept = item.allowed | NOWHERE, 0
                    self.acknowledged.sums[why] += 1

    def settle(self, box: Inbox) -> None:
        """Compare everything; AssertionError names the item."""
        recordings = _recordings(box)  # first: what is delivered meanwhile is seen twice, not never
        found: dict[Key, list[Entry]] = defaultdict(list)
        for person in box.people.all():
            for entry in box.store.entries(person.id, states=tuple(EntryState)):
                found[person.login, _number(entry)].append(entry)
        for key, item in self.items.items():
            self._compare(box, item, found.pop(key, []), recordings)
        assert not found, f"nobody has sent these: {list(found)[:5]}"
        for keys in self._together:
            places = {self.items[key].place is Place.NOWHERE for key in keys}
            moved = {self.items[key].place for key in keys if key[0] != "dora"}
            assert len(places) == 1 and len(moved) <= 1, f"not all or none: {keys}: {moved}"
        self._together.clear()
        self._touched.clear()

    def _compare(
        self, box: Inbox, item: Item, entries: list[Entry], recordings: dict[str | None, int]
    ) -> None:
        # What is delivered may lie in the spool for a moment more; it is not delivered again.
        recorded = recordings.get(item.key[1]) if item.spoken else None
        assert len(entries) <= 1, f"{item.key} is there twice: {entries}"
        if entries:
            (entry,) = entries
            item.place, item.entry, item.uidl = _PLACES[entry.state], entry.id, entry.uidl
            self._compare_octets(item, b"".join(box.store.octets(entry)))
        elif recorded is not None:
            item.place = Place.RECORDING
            assert recorded >= item.kept, f"{item.key}: {recorded} octets of {item.kept} are left"
        else:
            item.place = Place.NOWHERE
        assert item.place in item.allowed, f"{item.key} is {item.place}, not {item.allowed}"
        if item.place is not Place.RECORDING:
            item.allowed = FORWARDED if item.place is Place.OUT else frozenset({item.place})

    def _compare_octets(self, item: Item, octets: bytes) -> None:
        digest = hashlib.sha256(octets).hexdigest()
        if not item.digest:
            (_compare_sound if item.spoken else _compare_letter)(item, octets)
            item.digest = digest
        assert item.digest == digest, f"{item.key} has changed in the store"


def spool_of(box: Inbox) -> Spool:
    """What lies in the box's spool."""
    paths = Paths(box.db.path.parent.parent)
    return Spool(SpoolFolder(str(path), 0) for path in (paths.spool, paths.spool_memory))


def _recordings(box: Inbox) -> dict[str | None, int]:
    """Octets of what is no message yet, in the store and in the spool, by the caller's number."""
    rows = {row.id: row for row in box.store.recordings.all()}
    kept = {row.caller_number: row.octets for row in rows.values()}
    for rest in spool_of(box).all():
        caller = rows[rest.number].caller_number if rest.number in rows else rest.facts.number
        octets = sum(octets for _, _, octets in rest.pieces.values())
        kept[caller] = kept.get(caller, 0) + octets
    return kept


def _number(entry: Entry) -> str:
    if entry.kind is Kind.VOICEMAIL:
        return entry.caller_number or "?"
    return entry.subject.removeprefix("letter ")


def _compare_letter(item: Item, octets: bytes) -> None:
    assert octets.endswith(item.octets), f"{item.key}: not the octets that were sent"


def _compare_sound(item: Item, octets: bytes) -> None:
    sound = read_wav(io.BytesIO(wav_of(parsed(octets))))
    spoken = np.frombuffer(item.octets, "<i2")
    assert len(sound) * 2 >= item.kept, f"{item.key}: {len(sound) * 2} of {item.kept} octets"
    assert not item.whole or len(sound) == len(spoken), f"{item.key}: not all that was said"
    assert np.array_equal(sound, spoken[: len(sound)]), f"{item.key}: other samples than spoken"
