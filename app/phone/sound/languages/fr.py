"""French: 71 is soixante et onze, 91 quatre-vingt-onze; hours and minutes are feminine; 24 hours.

The pack (of Canada, which counts so, too) has no "une" and no article.
"""

from app.phone.sound.grammar import Gender, Grammar, digits, up_to_one_or_many
from app.phone.sound.languages.generic import E_MAIL, MESSAGE
from app.phone.sound.prompts import Names

VOICE = "fr+f3"

WORDS = {
    "digits/1F": "une",
    "digits/le": "le",
    "digits/seconde": "seconde",
    "vm-youhaveno": "Vous n'avez aucun",
}
_ONE: dict[Gender, str] = {"m": "1", "f": "1F"}


def _number(value: int, one: str = "1") -> Names:
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if value >= unit:
            before = _number(value // unit) if value >= 2 * unit else ()
            return (*before, *digits(name), *(_number(value % unit, one) if value % unit else ()))
    if value == 1:
        return digits(one)
    if value <= 20 or value % 10 == 0:
        return digits(value)
    tens = value // 10 * 10 - (10 if value // 10 in (7, 9) else 0)
    linked = ("et",) if value % 10 == 1 and tens < 80 else ()
    return (*digits(tens, *linked), *_number(value - tens, one))


def _amount(value: int, gender: Gender) -> Names:
    return _number(value, _ONE[gender])


def _at(hour: int, minute: int) -> Names:
    """For example 15:05: à quinze heures cinq."""
    minutes = _number(minute, "1F") if minute else ()
    return (*digits("at"), *_number(hour, "1F"), *digits("oclock"), *minutes)


def _date(month: int, day: int) -> Names:
    """Le vingt-huit février; le premier février."""
    numbered = digits("h-1") if day == 1 else _number(day)
    return (*digits("le"), *numbered, *digits(f"mon-{month - 1}"))


GRAMMAR = Grammar(
    number=_number,
    amount=_amount,
    at=_at,
    date=_date,
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns={
        "message": MESSAGE,
        "e-mail": E_MAIL,
        "minute": ("minute", "minutes"),
        "second": ("digits/seconde", "seconds"),
    },
    form=up_to_one_or_many,
    none=("vm-youhaveno",),
    genders={"minute": "f", "second": "f"},
)
