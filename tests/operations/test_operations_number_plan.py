"""No number hides another: each pair is refused where it is typed, or both are reached."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from typing import Any

import pytest

from app.config.settings import Settings
from app.inbox.claim import SERVICE_NUMBER
from app.operations.references import Known, known_of, problems, why_not
from app.phone.calls.dialplan import (
    Dialplan,
    Directory,
    Feature,
    Group,
    Handset,
    Incomplete,
    Mailbox,
    Meaning,
    Outside,
    Service,
    Subscriber,
)
from app.phone_plan import number_plan
from drivers.countries import country
from tests.kit.smtp_talk import person

GROUP: dict[str, Any] = {"handsets": ["101"]}
TYPED = {
    "code": ("*0", "*01", "*4", "*41", "*8", "*810", "*97", "*9", "*2", "*1"),
    "group": ("9", "90", "101", "1011", "10", "112", "118", "1197", "201", "911", "114"),
    "access": ("9", "90", "1", "11", "10", "101", "20", "201", "112", "118"),
    "mailbox": ("9", "90", "101", "1011", "10", "112", "118", "1197", "201", "911", "114"),
}
"""Numbers of each kind that are equal to, begin, or begin like those of another."""


@dataclass
class Plan:
    """A number plan that is typed bit by bit."""

    settings: dict[str, dict[str, Any]]
    mailboxes: tuple[str, ...] = ()

    @cached_property
    def built(self) -> Settings:
        return Settings.model_validate({"site": {"country": "gb"}, **self.settings})

    @cached_property
    def known(self) -> Known:
        return known_of(self.built)

    def people(self) -> list[Any]:
        return [replace(person(f"p{number}"), mailbox=number) for number in self.mailboxes]

    def with_one(self, kind: str, digits: str) -> "Plan":
        """This plan with another number. Raises ValueError if it is refused where it is typed."""
        if kind == "mailbox":
            if why := why_not({"mailbox": digits}, self.known):
                raise ValueError(why)
            return replace(self, mailboxes=(*self.mailboxes, digits))
        section, name, value = {
            "code": ("codes", "park", digits),
            "group": ("phone", "groups", {digits: GROUP}),
            "access": ("numbers", "access_digits", {digits: ()}),
        }[kind]
        field = f"{section}.{name}" if kind == "code" else f"{section}.{name}.{digits}"
        new = replace(self, settings={**self.settings, section: {name: value}})
        for found in problems(new.built, self.people(), new.known):
            if found.concerns(field):
                raise ValueError(found.text)
        return new

    def dialplan(self) -> Dialplan:
        settings = self.built
        people = tuple(Subscriber(n, m, m, None) for n, m in enumerate(self.mailboxes))
        directory = Directory(people, services=(SERVICE_NUMBER,))
        numbering = country(settings.site.country).numbering
        plan = number_plan(settings)
        stations = self.known.stations or ()
        return Dialplan(stations, directory, plan, numbering, settings.phone.groups)

    def expected(self) -> Iterator[tuple[str, Meaning]]:
        """All that can be dialled, and what it must mean."""
        settings = self.built
        yield SERVICE_NUMBER, Service(SERVICE_NUMBER)
        for name, code in settings.codes:
            yield code, Feature(name)
        for slot in "19":
            yield settings.codes.fetch + slot, Feature("fetch", slot)
        for number in settings.phone.groups:
            yield number, Group(number)
        for mailbox in self.mailboxes:
            yield mailbox, Mailbox(mailbox)
        for station in self.known.stations or ():
            yield station, Handset(station, "")
            yield settings.codes.pick_up + station, Feature("pick_up", station)
        for access in settings.numbers.access_digits:
            yield access + "5550123", Outside("5550123")
        for number in ("999", "112", "911"):
            yield number, Outside("999" if number == "911" else number, emergency=True)


EMPTY = Plan({})


def meaning(plan: Dialplan, digits: str) -> Meaning:
    found = plan.find(digits)
    return found.so_far if isinstance(found, Incomplete) else found


@pytest.mark.parametrize(("first", "second"), list(permutations(TYPED, 2)))
def test_each_pair_of_numbers_is_refused_or_both_are_reached(first: str, second: str) -> None:
    reached = 0
    for one in TYPED[first]:
        try:
            before = EMPTY.with_one(first, one)
        except ValueError:
            continue
        for other in TYPED[second]:
            try:
                plan = before.with_one(second, other)
            except ValueError:
                continue
            dialplan = plan.dialplan()
            for digits, wanted in plan.expected():
                assert meaning(dialplan, digits) == wanted, (one, other, digits)
            reached += 1
    assert reached
