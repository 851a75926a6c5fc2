"""English: the 12-hour clock, ordinals for days, "one hundred" said as two recordings."""

from app.phone.sound.grammar import Gender, Grammar, digits, one_or_many
from app.phone.sound.languages.generic import NOUNS
from app.phone.sound.prompts import Names

VOICE = "en-us+f3"


def number(value: int) -> Names:
    """A number from 0 to 999,999, e.g. 21: twenty, one."""
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if value >= unit:
            rest = number(value % unit) if value % unit else ()
            return (*number(value // unit), *digits(name), *rest)
    if value <= 20 or value % 10 == 0:
        return digits(value)
    return digits(value // 10 * 10, value % 10)


def _amount(value: int, _: Gender) -> Names:
    return number(value)


def _ordinal(value: int) -> Names:
    if value <= 20 or value == 30:
        return digits(f"h-{value}")
    return digits(value // 10 * 10, f"h-{value % 10}")


def _at(hour: int, minute: int) -> Names:
    """For example 15:05: at three, oh, five, p.m."""
    half = "p-m" if hour >= 12 else "a-m"
    return (*digits("at"), *number((hour - 1) % 12 + 1), *_minutes(minute), *digits(half))


def _minutes(minute: int) -> Names:
    if minute == 0:
        return digits("oclock")
    return digits("oh", minute) if minute < 10 else number(minute)


def _date(month: int, day: int) -> Names:
    return (*digits(f"mon-{month - 1}"), *_ordinal(day))


GRAMMAR = Grammar(
    number=number,
    amount=_amount,
    at=_at,
    date=_date,
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns=NOUNS,
    form=one_or_many,
    none=("vm-youhave", "vm-no"),
)
