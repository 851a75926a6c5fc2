"""What the mail service must know of the settings of other packages."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from app.mail.smtp.faxes import FaxNumbers

if TYPE_CHECKING:
    from app.config.settings import Settings

RENDERER = "pypdfium2"
"""What makes pages of a PDF; without it nothing can be sent."""


def fax_numbers(settings: Settings) -> FaxNumbers:
    """Which numbers are faxed to; a box that cannot make pages sends no faxes."""
    numbers = settings.numbers
    classes = {pattern: str(name) for pattern, name in numbers.number_classes.items()}
    on = settings.fax.sending and can_render()
    return FaxNumbers(on, settings.site.country, str(numbers.person_class), classes)


def can_render() -> bool:
    """Whether this machine can make pages of a PDF."""
    return importlib.util.find_spec(RENDERER) is not None
