"""Numbers that no mailbox may have, because a handset dials them for something else."""

from collections.abc import Iterable

from app.core.sentences import sentence
from app.inbox.claim import SERVICE_NUMBER
from drivers.countries import country as country_of
from drivers.countries.numbering import VISITORS

SERVICES = (SERVICE_NUMBER,)
"""Numbers that a handset dials for the box's own services."""


def emergency_numbers(country: str) -> frozenset[str]:
    """Every number that may be dialled for help in this country."""
    numbering = country_of(country).numbering
    return frozenset((*VISITORS, *numbering.emergency, *numbering.helplines))


def why_no_number(number: str, country: str) -> str | None:
    """Why nothing here can be called by this number, in words; None if something can."""
    if number in emergency_numbers(country):
        return sentence(
            "%(number)s is an emergency number; whoever dials it needs help", number=number
        )
    for first in country_of(country).numbering.emergency:
        if number.startswith(first):
            return sentence(
                "%(number)s begins with the emergency number %(first)s, which is called at once",
                number=number,
                first=first,
            )
    return None


def why_no_code(code: str) -> str | None:
    """Why this cannot be the code of a feature, in words; None if it can."""
    for service in SERVICES:
        if code.startswith(service) or service.startswith(code):
            return sentence(
                "%(code)s is taken for %(service)s, by which a new box says its claim code",
                code=code,
                service=service,
            )
    return None


def why_no_mailbox(number: str, country: str, handsets: Iterable[str]) -> str | None:
    """Why this number cannot be a mailbox, in words; None if it can. `handsets` are the jacks."""
    if text := why_no_number(number, country):
        return text
    if number in SERVICES:
        return sentence("%(number)s is a service of the box", number=number)
    if number in handsets:
        return sentence(
            "%(number)s is the number of a handset; another one, such as %(other)s, will do",
            number=number,
            other=f"2{number[1:]}",
        )
    return None
