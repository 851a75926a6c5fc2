"""Russian: a noun has three forms after a count, and one and two agree with its gender.

A message and a letter are neuter, a minute, a second and a thousand feminine, an hour masculine.
Days are in the genitive (двадцать восьмого февраля), weekdays in the accusative (в среду). The pack
has numbers to ninety in the masculine and "одно", its ordinals are masculine nominatives, of no use
in dates, its months are genitives.
"""

from app.phone.sound.grammar import Gender, Grammar, digits
from app.phone.sound.prompts import Names

VOICE = "ru+f3"

_UNITS_OF = (
    "", "первого", "второго", "третьего", "четвёртого", "пятого", "шестого", "седьмого",
    "восьмого", "девятого", "десятого", "одиннадцатого", "двенадцатого", "тринадцатого",
    "четырнадцатого", "пятнадцатого", "шестнадцатого", "семнадцатого", "восемнадцатого",
    "девятнадцатого", "двадцатого",
)  # fmt: skip

WORDS = {
    "digits/1f": "одна",
    "digits/2f": "две",
    "digits/200": "двести",
    "digits/300": "триста",
    "digits/400": "четыреста",
    "digits/500": "пятьсот",
    "digits/600": "шестьсот",
    "digits/700": "семьсот",
    "digits/800": "восемьсот",
    "digits/900": "девятьсот",
    "digits/thousand-few": "тысячи",
    "digits/thousand-many": "тысяч",
    "digits/pound": "решётка",
    "digits/on-2": "во вторник",
    "digits/on-3": "в среду",
    "digits/on-5": "в пятницу",
    "digits/on-6": "в субботу",
    "switchhook/e-mails-few": "электронных письма",
    "hour": "час",
    "hours-few": "часа",
    "minutes-few": "минуты",
    "second": "секунда",
    "seconds-few": "секунды",
    **{f"digits/of-{day}": _UNITS_OF[day] for day in range(1, 21)},
    **{f"digits/of-{day}": f"двадцать {_UNITS_OF[day - 20]}" for day in range(21, 30)},
    "digits/of-30": "тридцатого",
    "digits/of-31": "тридцать первого",
}

WRONG = frozenset({"digits/pound"})
"""Recordings that say something else: this one is the weight and the money, not the key."""

ALSO = {"please-try-call-later": "pls-try-call-later"}
"""What the pack has by another name."""

_AFTER: dict[Gender, str] = {"m": "", "f": "f", "n": "n"}
_ON = {2, 3, 5, 6}
"""Weekdays whose accusative or preposition differs from what is recorded."""


def _number(value: int, gender: Gender = "m") -> Names:
    if value >= 1000:
        return (*_thousands(value // 1000), *_rest(value % 1000, gender))
    if value >= 100:
        hundreds = "hundred" if value < 200 else value // 100 * 100
        return (*digits(hundreds), *_rest(value % 100, gender))
    if value in (1, 2):
        return digits(f"{value}{_AFTER[gender]}")
    if value <= 20 or value % 10 == 0:
        return digits(value)
    return (*digits(value // 10 * 10), *_number(value % 10, gender))


def _thousands(value: int) -> Names:
    """Тысяча; две тысячи; пять тысяч."""
    before = _number(value, "f") if value > 1 else ()
    return (*before, *digits(("thousand", "thousand-few", "thousand-many")[_form(value)]))


def _rest(value: int, gender: Gender) -> Names:
    return _number(value, gender) if value else ()


def _form(value: int) -> int:
    """0 after 1, 21, 31; 1 after 2 to 4, 22 to 24; 2 after 0, 5 to 20, 25 and so on."""
    if value % 10 == 1 and value % 100 != 11:
        return 0
    return 1 if value % 10 in (2, 3, 4) and value % 100 not in (12, 13, 14) else 2


def _at(hour: int, minute: int) -> Names:
    """For example 15:05: в пятнадцать часов пять минут; 1:00: в один час."""
    minutes = GRAMMAR.count(minute, "minute") if minute else ()
    return (*digits("at"), *GRAMMAR.count(hour, "hour"), *minutes)


def _date(month: int, day: int) -> Names:
    return digits(f"of-{day}", f"mon-{month - 1}")


def _weekday(weekday: int) -> Names:
    """В понедельник; во вторник; в среду."""
    return digits(f"on-{weekday}") if weekday in _ON else digits("at", f"day-{weekday}")


GRAMMAR = Grammar(
    number=_number,
    amount=_number,
    at=_at,
    date=_date,
    kinds={"new": ("vm-newn", "vm-newx"), "old": ("vm-oldn", "vm-oldx")},
    nouns={
        "message": ("vm-message", "vm-messagex1", "vm-messagex2"),
        "e-mail": ("switchhook/e-mail", "switchhook/e-mails-few", "switchhook/e-mails"),
        "hour": ("hour", "hours-few", "hours"),
        "minute": ("queue-minute", "minutes-few", "minutes"),
        "second": ("second", "seconds-few", "seconds"),
    },
    form=_form,
    none=("vm-youhave", "vm-no"),
    genders={"message": "n", "e-mail": "n", "minute": "f", "second": "f"},
    weekday=_weekday,
)
