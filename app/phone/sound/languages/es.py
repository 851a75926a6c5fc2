"""Spanish: ciento and the hundreds are words; un before a noun, una for an hour; the 12-hour clock.

The pack's vm-INBOX and vm-Old are plural ("nuevos", "antiguos"), vm-INBOXs and vm-Olds singular.
"""

from app.phone.sound.grammar import Gender, Grammar, digits, one_or_many
from app.phone.sound.languages.generic import E_MAIL, MESSAGE
from app.phone.sound.prompts import Names

VOICE = "es-419+f3"

WORDS = {"second": "segundo"}
_ONE: dict[Gender, str] = {"m": "1M", "f": "1F"}


def _number(value: int, one: str = "1") -> Names:
    if value >= 1000:
        thousands = _number(value // 1000, "1M") if value >= 2000 else ()
        return (*thousands, *digits("thousand"), *_rest(value % 1000, one))
    if value == 100:
        return digits("hundred")
    if value > 100:
        hundreds = "100-and" if value < 200 else value // 100 * 100
        return (*digits(hundreds), *_rest(value % 100, one))
    return _below_hundred(value, one)


def _rest(value: int, one: str) -> Names:
    return _number(value, one) if value else ()


def _below_hundred(value: int, one: str) -> Names:
    if value == 1:
        return digits(one)
    if value == 21 and one != "1":
        return digits("20-and", one)
    if value < 30 or value % 10 == 0:
        return digits(value)
    return digits(value // 10 * 10, "and", value % 10 if value % 10 > 1 else one)


def _amount(value: int, gender: Gender) -> Names:
    return _number(value, _ONE[gender])


def _at(hour: int, minute: int) -> Names:
    """For example 15:05: a las tres y cinco p.m.; 1:00: a la una a.m."""
    minutes = (*digits("and"), *_number(minute)) if minute else ()
    half = "p-m" if hour >= 12 else "a-m"
    hours = (hour - 1) % 12 + 1
    at = "at_s" if hours == 1 else "at"
    return (*digits(at), *_number(hours, "1F"), *minutes, *digits(half))


def _date(month: int, day: int) -> Names:
    """El veintiocho de febrero; el primero de febrero."""
    numbered = digits("h-1") if day == 1 else _number(day)
    return (*digits("es-el"), *numbered, *digits("es-de", f"mon-{month - 1}"))


def _weekday(weekday: int) -> Names:
    """El martes."""
    return digits("es-el", f"day-{weekday}")


GRAMMAR = Grammar(
    number=_number,
    amount=_amount,
    at=_at,
    date=_date,
    kinds={"new": ("vm-INBOXs", "vm-INBOX"), "old": ("vm-Olds", "vm-Old")},
    nouns={
        "message": MESSAGE,
        "e-mail": E_MAIL,
        "minute": ("queue-minute", "minutes"),
        "second": ("second", "seconds"),
    },
    form=one_or_many,
    none=("vm-youhaveno",),
    kind_first=False,
    weekday=_weekday,
)
