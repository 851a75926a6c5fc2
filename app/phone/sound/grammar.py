"""How a language puts numbers, times, dates and counts together from its recordings.

One Grammar for each language whose sound pack we know (Debian's asterisk-core-sounds-*), a module
each in app/phone/sound/languages. Every other language has the generic one: a whole number or time
is one name that no pack records, so that the language's own synthesizer says all of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.phone.sound.prompts import Names

Kind = Literal["new", "old"]
Noun = Literal["message", "e-mail", "hour", "minute", "second"]
Gender = Literal["m", "f", "n"]

Number = Callable[[int], Names]
Amount = Callable[[int, Gender], Names]


def digits(*values: int | str) -> Names:
    """Names below digits/, where packs have what numbers, times and dates are made of."""
    return tuple(f"digits/{value}" for value in values)


def one_or_many(value: int) -> int:
    """The form of a word after a count: 0 for one, 1 for none and for many."""
    return 0 if value == 1 else 1


def up_to_one_or_many(value: int) -> int:
    """The form of a word after a count where none is like one: 0 for none and for one."""
    return 0 if value < 2 else 1


def days_by_name(weekday: int) -> Names:
    """A weekday, 0 = Sunday .. 6, where on that day is said like the day itself."""
    return digits(f"day-{weekday}")


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one language says what is made of parts."""

    number: Number
    """A number from 0 to 999,999 that stands alone: message 21."""

    amount: Amount
    """The same before what is counted, which has a gender: 21 messages."""

    at: Callable[[int, int], Names]
    """At hour 0..23 and minute 0..59, by the clock that people of the language use."""

    date: Callable[[int, int], Names]
    """On month 1..12 and day of the month."""

    kinds: Mapping[Kind, Names]
    """The forms of "new" and "old"; the last one is also that of further forms of the noun."""

    nouns: Mapping[Noun, Names]
    """The forms of what is counted."""

    form: Callable[[int], int]
    """Which form stands after a count."""

    none: Names
    """You have no."""

    none_as: int = 0
    """The count whose form of the noun stands after it."""

    kind_first: bool = True
    """Whether "new" stands before what is new."""

    genders: Mapping[Noun, Gender] = field(default_factory=dict)
    """Of what is counted; what is not named is masculine."""

    weekday: Number = days_by_name
    """On a weekday, 0 = Sunday .. 6."""

    def day(self, month: int, day_of_month: int, weekday: int, days_ago: int) -> Names:
        """A day as people say it: today, yesterday, on a weekday, else on the date.

        `month` 1..12, `weekday` 0 = Sunday .. 6, `days_ago` in calendar days.
        """
        near = {0: "digits/today", 1: "digits/yesterday"}.get(days_ago)
        if near is not None:
            return (near,)
        if 2 <= days_ago <= 6:
            return self.weekday(weekday)
        return self.date(month, day_of_month)

    def count(self, value: int, noun: Noun) -> Names:
        """A count from 0 with what is counted: one minute, five minutes."""
        return (*self._amount(value, noun), self.nouns[noun][self.form(value)])

    def lasting(self, seconds: int) -> Names:
        """A length of less than an hour: five seconds; two minutes; two minutes five seconds."""
        minutes, rest = divmod(seconds, 60)
        said = self.count(minutes, "minute") if minutes else ()
        return (*said, *self.count(rest, "second")) if rest or not minutes else said

    def counted(self, value: int, noun: Noun, kind: Kind) -> Names:
        """A count from 1 with its words: one new message, five new messages."""
        return (*self._amount(value, noun), *self._thing(self.form(value), noun, kind))

    def have(self, value: int, noun: Noun, kind: Kind) -> Names:
        """You have no new messages; you have five new messages."""
        if value:
            return ("vm-youhave", *self.counted(value, noun, kind))
        return (*self.none, *self._thing(self.form(self.none_as), noun, kind))

    def many(self, noun: Noun, kind: Kind) -> Names:
        """New messages, without a count."""
        return self._thing(len(self.nouns[noun]) - 1, noun, kind)

    def _amount(self, value: int, noun: Noun) -> Names:
        return self.amount(value, self.genders.get(noun, "m"))

    def _thing(self, form: int, noun: Noun, kind: Kind) -> Names:
        kinds = self.kinds[kind]
        thing, described = self.nouns[noun][form], kinds[min(form, len(kinds) - 1)]
        return (described, thing) if self.kind_first else (thing, described)
