"""Italian: ventuno and ventotto lose a vowel, so the pack has them as one; mille, but due mila.

The 24-hour clock. What the pack has for one o'clock and for midnight does not go with its
"alle ore" (it is "l'una", "mezzanotte"), so "una" is spoken and midnight is zero.
"""

from app.phone.sound.grammar import Gender, Grammar, digits, one_or_many
from app.phone.sound.languages.generic import E_MAIL, MESSAGE
from app.phone.sound.prompts import Names

VOICE = "it"

WORDS = {
    "digits/1F": "una",
    "digits/il": "il",
    "digits/il-8": "l'otto",
    "digits/il-11": "l'undici",
    "second": "secondo",
    "vm-youhaveno": "Non ha nessun",
}
_ONE: dict[Gender, str] = {"m": "un", "f": "1F"}


def _number(value: int) -> Names:
    if value >= 2000:
        rest = _number(value % 1000) if value % 1000 else ()
        return (*_number(value // 1000), *digits("thousands"), *rest)
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if value >= unit:
            before = _number(value // unit) if value >= 2 * unit else ()
            return (*before, *digits(name), *(_number(value % unit) if value % unit else ()))
    if value <= 20 or value % 10 in (0, 1, 8):
        return digits(value)
    return digits(value // 10 * 10, value % 10)


def _amount(value: int, gender: Gender) -> Names:
    """Only one has a gender: un messaggio, una chiamata; ventuno messaggi."""
    return digits(_ONE[gender]) if value == 1 else _number(value)


def _at(hour: int, minute: int) -> Names:
    """For example 15:05: alle ore quindici e cinque."""
    minutes = (*digits("e"), *_number(minute)) if minute else ()
    return (*digits("at", "hours"), *_amount(hour, "f"), *minutes)


def _date(month: int, day: int) -> Names:
    """Il ventotto febbraio; il primo febbraio; l'otto febbraio."""
    if day in (8, 11):
        return digits(f"il-{day}", f"mon-{month - 1}")
    numbered = digits("h-1") if day == 1 else _number(day)
    return (*digits("il"), *numbered, *digits(f"mon-{month - 1}"))


GRAMMAR = Grammar(
    number=_number,
    amount=_amount,
    at=_at,
    date=_date,
    kinds={"new": ("vm-nuovo", "vm-nuovi"), "old": ("vm-vecchio", "vm-vecchi")},
    nouns={
        "message": MESSAGE,
        "e-mail": E_MAIL,
        "minute": ("queue-minute", "digits/minutes"),
        "second": ("second", "seconds"),
    },
    form=one_or_many,
    none=("vm-youhaveno",),
    none_as=1,
)
