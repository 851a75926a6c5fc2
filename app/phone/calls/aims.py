"""Whom a call is for: which handsets ring, one step after another, and what answers in the end.

A number is a handset's, a group's or a mailbox's: an outside line that leads to it, a group that
goes on to it and the attendant mean the same by it. No number here leads to an outside line, so
that nobody outside can call out by one.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.core.presence import Presence
from app.phone.calls.caller import WhyVoicemail
from app.phone.calls.dialplan import Directory, Subscriber
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.groups import ATTENDANT, RingGroup

log = logging.getLogger(__name__)


FOLLOWED = frozenset({Presence.IN, Presence.OUT})
"""Presences in which somebody is called at their follow-me number."""
FOLLOWED_S = 45.0
"""From dialling that number to giving it up."""


@dataclass(frozen=True, slots=True)
class Step:
    """Handsets that ring together."""

    handsets: tuple[str, ...]
    seconds: float | None = None
    """For how long; None: as the setting for such calls says."""
    outside: str = ""
    """Number on an outside line that is called instead: follow-me."""
    mailbox: str = ""
    """Whose follow-me that is."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a call goes."""

    steps: tuple[Step, ...] = ()
    mailbox: str = ""
    """Whose voicemail answers when nobody has lifted; "": that of the line, or nobody's."""
    attendant: bool = False
    """Whether the attendant answers, and no mailbox."""
    why: WhyVoicemail = WhyVoicemail.NO_ANSWER
    """Why voicemail answers if no step is left that could ring."""
    way: str = ""
    """Group or attendant by which it goes, for the list of calls."""
    of_group: bool = False
    """Whether a ring group is called."""


class Aims:
    """Where the calls of one board go; it remembers whom a group has rung last."""

    def __init__(self, config: PhoneConfig, stations: Callable[[], Mapping[str, object]]) -> None:
        """`stations` gives the board's handsets by their jacks."""
        self._config, self._board = config, stations
        self._last: dict[str, str] = {}

    @property
    def _stations(self) -> Mapping[str, object]:
        return self._board()

    def of_trunk(self, line: str, directory: Directory) -> Aim:
        """Where a call that comes in on this outside line goes."""
        route = self._config.incoming.get(line, IncomingRoute())
        number = (directory.night and route.night_to) or route.to
        if number:
            found = self.of(number, directory)
            if found is not None:
                return found if found.mailbox else replace(found, mailbox=route.mailbox)
            log.warning("%s: nobody has the number %s it leads to: its handsets ring", line, number)
        names = route.handsets or tuple(self._stations)
        return self._rings(names, None, directory, Aim(mailbox=route.mailbox))

    def of(self, number: str, directory: Directory) -> Aim | None:
        """Where a call to this number of ours goes; None if it is nobody's."""
        return self._of(number, directory, frozenset())

    def rang(self, station: str) -> None:
        """A handset is rung: the groups that go round begin after it the next time."""
        for number, group in self._config.groups.items():
            if group.order == "round" and station in group.handsets:
                self._last[number] = station

    def _of(self, number: str, directory: Directory, seen: frozenset[str]) -> Aim | None:
        if number == ATTENDANT:
            return Aim(attendant=True, way=ATTENDANT)
        group = self._config.groups.get(number)
        if group is not None:
            return self._of_group(number, group, directory, seen | {number})
        if number in self._stations:
            owner = directory.of_handset(number)
            after = Aim(mailbox=owner.mailbox if owner else "")
            return _followed(self._rings((number,), None, directory, after), owner)
        person = directory.of_mailbox(number)
        if person is None:
            return None
        after = Aim(mailbox=number, why=WhyVoicemail.NOT_RUNG)
        names = (person.handset,) if person.handset else ()
        return _followed(self._rings(names, None, directory, after), person)

    def _of_group(
        self, number: str, group: RingGroup, directory: Directory, seen: frozenset[str]
    ) -> Aim:
        after = Aim()
        if group.then and group.then not in seen:
            after = self._after(group.then, directory, seen)
        after = replace(after, way=f"group {number}", of_group=True)
        if group.order == "all":
            return self._rings(group.handsets, group.step_s, directory, after)
        turns = [(name,) for name in self._turns(number, group)]
        for names in reversed(turns):
            after = self._rings(names, group.step_s, directory, after)
        return after

    def _after(self, number: str, directory: Directory, seen: frozenset[str]) -> Aim:
        """Where a call goes on to: of a person's number only the mailbox, which was not asked for.

        Whoever is to be rung is named by the handset.
        """
        if number not in self._stations and directory.of_mailbox(number) is not None:
            return Aim(mailbox=number)
        return self._of(number, directory, seen) or Aim()

    def _turns(self, number: str, group: RingGroup) -> Iterable[str]:
        last = self._last.get(number)
        if group.order != "round" or last not in group.handsets:
            return group.handsets
        begin = group.handsets.index(last) + 1
        return (*group.handsets[begin:], *group.handsets[:begin])

    def _rings(
        self, names: Iterable[str], seconds: float | None, directory: Directory, after: Aim
    ) -> Aim:
        """An aim whose first step rings those of these handsets that want to be rung."""
        there = [name for name in names if name in self._stations]
        willing = tuple(_willing(there, directory))
        if willing:
            return replace(after, steps=(Step(willing, seconds), *after.steps))
        return replace(after, why=WhyVoicemail.NOT_RUNG) if there and not after.steps else after


def _followed(aim: Aim, owner: Subscriber | None) -> Aim:
    """The aim, with the owner's follow-me after their handset: while they are in, or out at once.

    Who is in a meeting, away or not to be disturbed is not called elsewhere either.
    """
    if owner is None or not owner.follow or owner.presence not in FOLLOWED:
        return aim
    there = Step((), FOLLOWED_S, owner.follow, owner.mailbox)
    if not aim.steps:
        return replace(aim, steps=(there,))
    first, *others = aim.steps
    return replace(aim, steps=(replace(first, seconds=owner.follow_after_s), *others, there))


def _willing(names: Iterable[str], directory: Directory) -> Iterator[str]:
    """Those of the handsets whose owners' presence lets them ring."""
    for name in names:
        owner = directory.of_handset(name)
        if owner is None or owner.rings:
            yield name
