"""What a dialled number means: a handset, a mailbox, or nobody's."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.core.presence import Presence


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


@dataclass(frozen=True, slots=True)
class Directory:
    """The people and their numbers, as the clerk knows them."""

    people: tuple[Subscriber, ...] = ()
    default: str = ""
    """Mailbox that answers trunks whose setting names none."""
    services: tuple[str, ...] = ()
    """Numbers that are no mailbox and yet answered as one is, such as the claim code's."""

    def of_handset(self, station: str) -> Subscriber | None:
        """Whose handset this is."""
        return next((p for p in self.people if p.handset == station), None)


@dataclass(frozen=True, slots=True)
class Handset:
    """A station, and the mailbox of its owner ("" if it has none)."""

    station: str
    mailbox: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox number, for its owner's menu; or a service's."""

    number: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody has this number, nor a longer one that begins so."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """More digits are needed, or possible; `so_far` is what it means if none follow."""

    so_far: Handset | Mailbox | Unknown


Meaning = Handset | Mailbox | Unknown | Incomplete


@dataclass(frozen=True)
class Dialplan:
    """All numbers of one board and its people; a station goes before a mailbox of its number."""

    stations: Iterable[str]
    directory: Directory
    _numbers: dict[str, Handset | Mailbox] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for service in self.directory.services:
            self._numbers[service] = Mailbox(service)
        for person in self.directory.people:
            if person.mailbox:
                self._numbers[person.mailbox] = Mailbox(person.mailbox)
        for station in self.stations:
            owner = self.directory.of_handset(station)
            self._numbers[station] = Handset(station, owner.mailbox if owner else "")

    def find(self, digits: str) -> Meaning:
        """What these digits mean now."""
        found = self._numbers.get(digits, Unknown())
        if any(n != digits and n.startswith(digits) for n in self._numbers):
            return Incomplete(found)
        return found
