"""Which numbers are faxed to for whom: what a person may call by telephone, never an emergency."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.countries import country
from drivers.countries.numbering import CallClass

if TYPE_CHECKING:
    from app.config.settings import Settings

LONGEST = 32
"""Digits of a number at most."""
RENDERER = "pypdfium2"
"""What makes pages of a PDF; without it nothing can be sent."""


@dataclass(frozen=True)
class FaxNumbers:
    """See app.mail.smtp.faxes.FaxNumbers."""

    on: bool
    country: str
    person_class: str
    """The dearest calls of people without a class of their own."""
    number_classes: Mapping[str, str] = field(default_factory=dict)
    """What numbers cost, by pattern: before what is known of the country."""

    def why_not(self, number: str, may_call: str) -> str:
        """Why this number is not called for a person with this class of calls; "": it is."""
        numbering = country(self.country).numbering
        if len(number) > LONGEST:
            return f"a number has {LONGEST} digits at most"
        if numbering.emergency_for(number):
            return f"{number} is an emergency number"
        own = {pattern: CallClass(name) for pattern, name in self.number_classes.items()}
        wanted = numbering.class_of(number, own)
        allowed = CallClass(may_call or self.person_class)
        if wanted.rank > allowed.rank:
            return f"{number} is {wanted}, and you may make calls up to {allowed}"
        return ""


def fax_numbers(settings: Settings) -> FaxNumbers:
    """What the settings say of it; a box that cannot make pages sends no faxes."""
    numbers = settings.numbers
    classes = {pattern: str(name) for pattern, name in numbers.number_classes.items()}
    on = settings.fax.sending and can_render()
    return FaxNumbers(on, settings.site.country, str(numbers.person_class), classes)


def can_render() -> bool:
    """Whether this machine can make pages of a PDF."""
    return importlib.util.find_spec(RENDERER) is not None
