"""Values of form fields: what was typed, as operations want it."""

import asyncio

from app.core.sentences import N_, sentence
from app.core.units import MB
from app.operations.errors import OperationError
from app.web.forms import Typed
from app.web.web import Visit

LONGEST_NUMBER = 12
"""Digits; more is no number of anything here."""


async def sent(visit: Visit, name: str) -> bytes:
    """The content of a file that was sent with a form; b"" if none was chosen."""
    found = visit.files.get(name)
    return b"" if found is None else await asyncio.to_thread(found.path.read_bytes)


def text(form: Typed, name: str) -> str:
    """A line of text without the blanks around it."""
    return form.get(name, "").strip()


def number(form: Typed, name: str, unit: str = "") -> int | None:
    """A whole number; None for an empty field. Raises OperationError."""
    typed = text(form, name)
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER):
        if not unit:
            raise OperationError(name, "%(typed)s is not a whole number", typed=repr(typed))
        raise OperationError(
            name,
            "%(typed)s is not a whole number of %(unit)s",
            typed=repr(typed),
            unit=sentence(unit),
        )
    return int(typed)


def megabytes(form: Typed, name: str) -> int | None:
    """A number of MB, as octets; None for an empty field. Raises OperationError."""
    found = number(form, name, N_("MB"))
    return None if found is None else found * MB


def words(form: Typed, name: str) -> list[str]:
    """Words between blanks, commas or line ends, each once."""
    return list(dict.fromkeys(form.get(name, "").replace(",", " ").split()))


def page_of(typed: str) -> int:
    """The number of a page as it was asked for; 1 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 7 else 1
