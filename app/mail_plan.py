"""What the mail service must know of the settings of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.mail.smtp.faxes import FaxNumbers

if TYPE_CHECKING:
    from app.config.settings import Settings


def fax_numbers(settings: Settings) -> FaxNumbers:
    """Which numbers are faxed to."""
    numbers = settings.numbers
    classes = {pattern: str(name) for pattern, name in numbers.number_classes.items()}
    return FaxNumbers(
        settings.fax.sending, settings.site.country, str(numbers.person_class), classes
    )
