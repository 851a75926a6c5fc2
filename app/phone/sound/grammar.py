"""How a language puts numbers, times, dates and counts together from its recordings.

One Grammar for each language whose sound pack we know (Debian's asterisk-core-sounds-*), in
app/phone/sound/languages.py. Every other language has the generic one: a whole number or time is
one name that no pack records, so that the language's own synthesizer says all of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from app.phone.sound.prompts import Names

Kind = Literal["new", "old"]
Noun = Literal["message", "e-mail"]

Number = Callable[[int], Names]


def one_or_many(value: int) -> int:
    """The form of a word after a count: 0 for one, 1 for none and for many."""
    return 0 if value == 1 else 1


@dataclass(frozen=True, slots=True)
class Grammar:
    """How one language says what is made of parts."""

    number: Number
    """A number from 0 to 999,999 that stands alone: message 21."""

    amount: Number
    """The same before what is counted: 21 messages."""

    at: Callable[[int, int], Names]
    """At hour 0..23 and minute 0..59, by the clock that people of the language use."""

    date: Callable[[int, int], Names]
    """Month 1..12 and day of the month."""

    kinds: dict[Kind, Names]
    """The forms of "new" and "old"; the last one is also that of further forms of the noun."""

    nouns: dict[Noun, Names]
    """The forms of what is counted."""

    form: Callable[[int], int]
    """Which form stands after a count."""

    none: Names
    """You have no."""

    kind_first: bool = True
    """Whether "new" stands before what is new."""

    def day(self, month: int, day_of_month: int, weekday: int, days_ago: int) -> Names:
        """A day as people say it: today, yesterday, a weekday, else the date.

        `month` 1..12, `weekday` 0 = Sunday .. 6, `days_ago` in calendar days.
        """
        near = {0: "digits/today", 1: "digits/yesterday"}.get(days_ago)
        if near is not None:
            return (near,)
        if 2 <= days_ago <= 6:
            return (f"digits/day-{weekday}",)
        return self.date(month, day_of_month)

    def counted(self, value: int, noun: Noun, kind: Kind) -> Names:
        """A count from 1 with its words: one new message, five new messages."""
        return (*self.amount(value), *self._thing(self.form(value), noun, kind))

    def have(self, value: int, noun: Noun, kind: Kind) -> Names:
        """You have no new messages; you have five new messages."""
        if value:
            return ("vm-youhave", *self.counted(value, noun, kind))
        return (*self.none, *self._thing(self.form(0), noun, kind))

    def many(self, noun: Noun, kind: Kind) -> Names:
        """New messages, without a count."""
        return self._thing(len(self.nouns[noun]) - 1, noun, kind)

    def _thing(self, form: int, noun: Noun, kind: Kind) -> Names:
        kinds = self.kinds[kind]
        thing, described = self.nouns[noun][form], kinds[min(form, len(kinds) - 1)]
        return (described, thing) if self.kind_first else (thing, described)
