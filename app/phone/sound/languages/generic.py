"""Any language without a module of its own: its synthesizer says numbers and times as a whole."""

from app.phone.sound import prompts
from app.phone.sound.grammar import Gender, Grammar, Noun, digits, one_or_many
from app.phone.sound.prompts import Names

MESSAGE = ("vm-message", "vm-messages")
E_MAIL = ("switchhook/e-mail", "switchhook/e-mails")

NOUNS: dict[Noun, Names] = {
    "message": MESSAGE,
    "e-mail": E_MAIL,
    "minute": ("minute", "minutes"),
    "second": ("second", "seconds"),
}


def whole(value: int) -> Names:
    """A number as one name, which no pack has."""
    return digits(value)


def _amount(value: int, _: Gender) -> Names:
    return whole(value)


def _at(hour: int, minute: int) -> Names:
    return ("digits/at", f"{prompts.TIMES}{hour:02}-{minute:02}")


def _date(month: int, day: int) -> Names:
    return digits(day, f"mon-{month - 1}")


GRAMMAR = Grammar(
    number=whole,
    amount=_amount,
    at=_at,
    date=_date,
    kinds={"new": ("vm-INBOX",), "old": ("vm-Old",)},
    nouns=NOUNS,
    form=one_or_many,
    none=("vm-youhave", "vm-no"),
)
