"""The grammars of the languages: names of recordings that their packs really have.

Where a pack lacks a recording, the name is one that app/phone/sound/translations.py has words for,
or a whole number such as digits/345, which is spoken.
"""

from app.phone.sound import prompts
from app.phone.sound.grammar import Grammar, one_or_many
from app.phone.sound.prompts import Names

_MESSAGE = ("vm-message", "vm-messages")
_E_MAIL = ("switchhook/e-mail", "switchhook/e-mails")


def _digits(*values: int | str) -> Names:
    return tuple(f"digits/{value}" for value in values)


def grammar_of(language: str | None) -> Grammar:
    """The grammar of a language [ISO 639-1]; None, a language not known, is the words' own."""
    return GRAMMARS.get(language or prompts.LANGUAGE, GENERIC)


# ---- any language: the synthesizer says numbers and times as a whole


def _whole(value: int) -> Names:
    return _digits(value)


def _at_whole(hour: int, minute: int) -> Names:
    return ("digits/at", f"{prompts.TIMES}{hour:02}-{minute:02}")


def _day_and_month(month: int, day: int) -> Names:
    return _digits(day, f"mon-{month - 1}")


GENERIC = Grammar(
    number=_whole,
    amount=_whole,
    at=_at_whole,
    date=_day_and_month,
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns={"message": _MESSAGE, "e-mail": _E_MAIL},
    form=one_or_many,
    none=("vm-youhave", "vm-no"),
)

ENGLISH = Grammar(
    number=prompts.number,
    amount=prompts.number,
    at=lambda hour, minute: ("digits/at", *prompts.time(hour, minute)),
    date=lambda month, day: (f"digits/mon-{month - 1}", *prompts.ordinal(day)),
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns={"message": _MESSAGE, "e-mail": _E_MAIL},
    form=one_or_many,
    none=("vm-youhave", "vm-no"),
)


# ---- Spanish: ciento and the hundreds are words; "un" before a noun, "una" for an hour


def _spanish(value: int, one: str = "1") -> Names:
    if value >= 1000:
        thousands = _spanish(value // 1000, "1M") if value >= 2000 else ()
        return (*thousands, "digits/thousand", *_spanish_rest(value % 1000, one))
    if value == 100:
        return _digits("hundred")
    if value > 100:
        hundreds = "100-and" if value < 200 else value // 100 * 100
        return (*_digits(hundreds), *_spanish_rest(value % 100, one))
    return _spanish_below_hundred(value, one)


def _spanish_rest(value: int, one: str) -> Names:
    return _spanish(value, one) if value else ()


def _spanish_below_hundred(value: int, one: str) -> Names:
    if value == 1:
        return _digits(one)
    if value == 21 and one != "1":
        return _digits("20-and", one)
    if value < 30 or value % 10 == 0:
        return _digits(value)
    return _digits(value // 10 * 10, "and", value % 10 if value % 10 > 1 else one)


def _at_spanish(hour: int, minute: int) -> Names:
    """By the 12-hour clock, e.g. 15:05: a las tres y cinco p.m.; 1:00: a la una a.m."""
    minutes = ("digits/and", *_spanish(minute)) if minute else ()
    half = "p-m" if hour >= 12 else "a-m"
    hours = (hour - 1) % 12 + 1
    at = "at_s" if hours == 1 else "at"
    return (*_digits(at), *_spanish(hours, "1F"), *minutes, *_digits(half))


SPANISH = Grammar(
    number=_spanish,
    amount=lambda value: _spanish(value, "1M"),
    at=_at_spanish,
    date=lambda month, day: _digits("h-1" if day == 1 else day, "es-de", f"mon-{month - 1}"),
    kinds={"new": ("vm-INBOX", "vm-INBOXs"), "old": ("vm-Old", "vm-Olds")},
    nouns={"message": _MESSAGE, "e-mail": _E_MAIL},
    form=one_or_many,
    none=("vm-youhaveno",),
    kind_first=False,
)


# ---- French: 71 is soixante et onze, 91 quatre-vingt-onze; hours and minutes are feminine


def _french(value: int, one: str = "1") -> Names:
    for unit, name in ((1000, "digits/thousand"), (100, "digits/hundred")):
        if value >= unit:
            before = _french(value // unit) if value >= 2 * unit else ()
            return (*before, name, *(_french(value % unit, one) if value % unit else ()))
    if value == 1:
        return _digits(one)
    if value <= 20 or value % 10 == 0:
        return _digits(value)
    tens = value // 10 * 10 - (10 if value // 10 in (7, 9) else 0)
    linked = ("et",) if value % 10 == 1 and tens < 80 else ()
    return (*_digits(tens, *linked), *_french(value - tens, one))


def _at_french(hour: int, minute: int) -> Names:
    """By the 24-hour clock, e.g. 15:05: à quinze heures cinq."""
    minutes = _french(minute, "1F") if minute else ()
    return ("digits/at", *_french(hour, "1F"), "digits/oclock", *minutes)


FRENCH = Grammar(
    number=_french,
    amount=_french,
    at=_at_french,
    date=lambda month, day: (
        *(_digits("h-1") if day == 1 else _french(day)),
        f"digits/mon-{month - 1}",
    ),
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns={"message": _MESSAGE, "e-mail": _E_MAIL},
    form=lambda value: 0 if value < 2 else 1,
    none=("vm-youhave", "vm-no"),
)


# ---- Italian: ventuno and ventotto lose a vowel, so the pack has them as one; mille, due mila


def _italian(value: int) -> Names:
    if value >= 2000:
        rest = _italian(value % 1000) if value % 1000 else ()
        return (*_italian(value // 1000), "digits/thousands", *rest)
    for unit, name in ((1000, "digits/thousand"), (100, "digits/hundred")):
        if value >= unit:
            before = _italian(value // unit) if value >= 2 * unit else ()
            return (*before, name, *(_italian(value % unit) if value % unit else ()))
    if value <= 20 or value % 10 in (0, 1, 8):
        return _digits(value)
    return _digits(value // 10 * 10, value % 10)


def _at_italian(hour: int, minute: int) -> Names:
    """By the 24-hour clock, e.g. 15:05: alle ore quindici e cinque."""
    named = {0: _digits("ore-mezzanotte"), 1: _digits("ore-una")}.get(hour)
    hours = named or _italian(hour)
    return (
        "digits/at",
        "digits/hours",
        *hours,
        *(("digits/e", *_italian(minute)) if minute else ()),
    )


ITALIAN = Grammar(
    number=_italian,
    amount=lambda value: _digits("un") if value == 1 else _italian(value),
    at=_at_italian,
    date=lambda month, day: (
        *(_digits("h-1") if day == 1 else _italian(day)),
        f"digits/mon-{month - 1}",
    ),
    kinds={"new": ("vm-nuovo", "vm-nuovi"), "old": ("vm-vecchio", "vm-vecchi")},
    nouns={"message": _MESSAGE, "e-mail": _E_MAIL},
    form=lambda value: 0 if value < 2 else 1,
    none=("vm-youhave", "vm-no"),
)


# ---- Russian: three forms after a count; a message is neuter; the pack has no hundreds


def _russian(value: int, neuter: bool = False) -> Names:
    if value >= 100:
        return _digits(value)
    if neuter and value in (1, 2):
        return _digits(f"{value}n")
    if value <= 20 or value % 10 == 0:
        return _digits(value)
    return (*_digits(value // 10 * 10), *_russian(value % 10, neuter))


def _russian_form(value: int) -> int:
    """0 after 1, 21, 31; 1 after 2 to 4, 22 to 24; 2 after 0, 5 to 20, 25 and so on."""
    if value % 10 == 1 and value % 100 != 11:
        return 0
    return 1 if value % 10 in (2, 3, 4) and value % 100 not in (12, 13, 14) else 2


def _at_russian(hour: int, minute: int) -> Names:
    """By the 24-hour clock, e.g. 15:05: fifteen, zero, five."""
    minutes = _digits(0, minute) if minute < 10 else _russian(minute)
    return ("digits/at", *_russian(hour), *minutes)


RUSSIAN = Grammar(
    number=_russian,
    amount=lambda value: _russian(value, neuter=True),
    at=_at_russian,
    date=lambda month, day: (*prompts.ordinal(day), f"digits/mon-{month - 1}"),
    kinds={"new": ("vm-newn", "vm-newx"), "old": ("vm-oldn", "vm-oldx")},
    nouns={
        "message": ("vm-message", "vm-messagex1", "vm-messagex2"),
        "e-mail": ("switchhook/e-mail", "switchhook/e-mails-few", "switchhook/e-mails"),
    },
    form=_russian_form,
    none=("vm-youhave", "vm-no"),
)

GRAMMARS = {
    "en": ENGLISH,
    "es": SPANISH,
    "fr": FRENCH,
    "it": ITALIAN,
    "ru": RUSSIAN,
}
