"""What a dialled number means: a handset, a person, a feature, an outside number, or nobody's.

An emergency number goes before everything else, with and without access digits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.core.presence import Presence
from app.phone.numbers import SLOTS, STAR_BY_PULSES, NumberPlan
from drivers.countries.numbering import VISITORS, Numbering

LONGEST = 24
"""Digits of an outside number: 15 [ITU-T E.164] and what selects country and carrier before."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person as the phone side knows them."""

    person: int
    name: str
    mailbox: str
    handset: str | None
    presence: Presence = Presence.IN
    rings: bool = True
    """Whether their handset rings now: presence decides."""
    follow: str = ""
    """Outside number at which they are called besides, as dialled on a line; "" is none."""
    follow_after_s: float = 0.0
    """Seconds that their handset rings before; 0: it does not ring."""
    may_call: str = ""
    """The dearest calls they may make outside; "" is what the number plan says of people."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The people and their numbers, as the clerk knows them."""

    people: tuple[Subscriber, ...] = ()
    default: str = ""
    """Mailbox that answers trunks whose setting names none."""
    services: tuple[str, ...] = ()
    """Numbers that are no mailbox and yet answered as one is, such as the claim code's."""
    night: bool = False
    """Whether somebody has said that it is night: lines may lead elsewhere then."""

    def of_handset(self, station: str) -> Subscriber | None:
        """Whose handset this is."""
        return next((p for p in self.people if p.handset == station), None)

    def of_mailbox(self, number: str) -> Subscriber | None:
        """Whose mailbox this is."""
        return next((p for p in self.people if number and p.mailbox == number), None)


@dataclass(frozen=True, slots=True)
class Handset:
    """A station, and the mailbox of its owner ("" if it has none)."""

    station: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A person's number: it opens their mailbox from their own handset, and calls them from others.

    `handset` is theirs, if the board has it.
    """

    number: str
    handset: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A number that is no mailbox and yet answered as one is."""

    number: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that the box does for who dials its code; the name is that of NumberPlan.codes."""

    name: str
    argument: str = ""
    """What follows the code: whose telephone is picked up, or a slot's number."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A number to be dialled on an outside line."""

    number: str
    lines: tuple[str, ...] = ()
    """In the order in which they are tried; none: all."""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The number of a ring group."""

    number: str


Whole = Handset | Mailbox | Service | Feature | Group | Outside
"""What a number can mean that is somebody's."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody has this number, nor a longer one that begins so."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """More digits are needed, or possible; `so_far` is what it means if none follow."""

    so_far: Whole | Unknown


Meaning = Whole | Unknown | Incomplete

NO_NUMBERING = Numbering(emergency=())


@dataclass(frozen=True)
class Dialplan:
    """All numbers of one board and its people; a station goes before a mailbox of its number."""

    stations: Iterable[str]
    directory: Directory
    plan: NumberPlan = field(default_factory=NumberPlan)
    numbering: Numbering = NO_NUMBERING
    """Of the country."""
    group_numbers: Iterable[str] = ()
    """Numbers of ring groups; all goes before them but what a rotary dial dials for a code."""
    _numbers: dict[str, Whole] = field(default_factory=dict, init=False)
    _help: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        numbering = self.numbering
        if numbering.emergency:
            self._help.extend((*numbering.emergency, *numbering.helplines, *VISITORS))
        for digits, feature in self._features():
            by_pulses = STAR_BY_PULSES + digits[1:]
            if not any(n.startswith(by_pulses) or by_pulses.startswith(n) for n in self._help):
                self._numbers[by_pulses] = feature
        for group in self.group_numbers:
            self._numbers[group] = Group(group)
        self._numbers.update(self._features())
        for service in self.directory.services:
            self._numbers[service] = Service(service)
        stations = tuple(self.stations)
        for person in self.directory.people:
            if person.mailbox:
                handset = person.handset if person.handset in stations else None
                self._numbers[person.mailbox] = Mailbox(person.mailbox, handset or "")
        for station in stations:
            owner = self.directory.of_handset(station)
            self._numbers[station] = Handset(station, owner.mailbox if owner else "")

    def _features(self) -> Iterator[tuple[str, Feature]]:
        codes = self.plan.codes
        for name, code in codes.items():
            yield code, Feature(name)
        for slot in SLOTS if "fetch" in codes else ():
            yield codes["fetch"] + slot, Feature("fetch", slot)
        if "pick_up" in codes:
            for person in self.directory.people:
                if person.mailbox and person.handset:
                    yield codes["pick_up"] + person.mailbox, Feature("pick_up", person.handset)
            for station in self.stations:
                yield codes["pick_up"] + station, Feature("pick_up", station)

    def find(self, digits: str) -> Meaning:
        """What these digits mean now."""
        if digits in self.numbering.emergency:
            return Outside(digits, emergency=True)
        found = self._numbers.get(digits)
        known = (*self._numbers, *self._help)
        more = any(n != digits and n.startswith(digits) for n in known)
        for lines, number in self._outside(digits, direct=found is None):
            outside = self._outside_number(lines, number)
            if outside.emergency and number in self.numbering.emergency:
                return outside
            if self.numbering.is_whole(number) and found is None and not more:
                return outside
            more = True
            if outside.emergency or found is None:
                found = outside if number else None
        if digits in self._help:
            help_ = self.numbering.emergency_for(digits)
            found = Outside(help_, emergency=True)
        return Incomplete(found or Unknown()) if more else found or Unknown()

    def calling_back(self, number: str) -> Handset | Mailbox | Group | Outside | Unknown:
        """What a caller's number means to who calls back: somebody here, or an outside number.

        Anybody can send any number: it is no code of ours, no order to the network, and no call
        for help.
        """
        ours = self._numbers.get(number)
        if isinstance(ours, Handset | Mailbox | Group):
            return ours
        access = self.plan.access_digits
        help_ = number in self._help or number.startswith(self.numbering.emergency)
        if not number or not _can_be_dialled(number) or help_:
            return Unknown()
        if not access and not self.plan.direct:
            return Unknown()
        return Outside(number, next(iter(access.values()), ()))

    def _outside_number(self, lines: tuple[str, ...], number: str) -> Outside:
        if number in self._help:
            return Outside(self.numbering.emergency_for(number), emergency=True)
        return Outside(number, lines)

    def _outside(self, digits: str, direct: bool) -> Iterator[tuple[tuple[str, ...], str]]:
        """The lines, and the outside number so far, if these digits lead to outside lines."""
        for access, lines in self.plan.access_digits.items():
            if digits.startswith(access) and _can_be_dialled(digits[len(access) :]):
                yield lines, digits[len(access) :]
            elif access.startswith(digits) and digits != access:
                yield lines, ""
        if direct and self.plan.direct and digits and _can_be_dialled(digits):
            yield next(iter(self.plan.access_digits.values()), ()), digits


def _can_be_dialled(number: str) -> bool:
    """A * or # would be an order to the network, such as forwarding all calls of the line."""
    return len(number) <= LONGEST and not set(number) - set("0123456789")
