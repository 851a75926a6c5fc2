"""Countries by their ISO 3166 code: one file each, found by its name.

"generic" is any other country whose lines follow TBR 21, the harmonized European rules.

`drivers/countries/de.py` holds all of Germany as COUNTRY. A country of whose tones we have no
table is a file in `drivers/countries/partial/` with its LINES: line chips can be set up for it,
but no box works there. A code that is a Python keyword has an underscore behind
it (`in_.py`).
"""

from functools import cache
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

from drivers.countries.base import Country, LineSettings, Tones
from drivers.errors import HardwareError

__all__ = [
    "Country",
    "LineSettings",
    "Tones",
    "UnknownCountry",
    "codes",
    "country",
    "line_settings",
]

GENERIC = "generic"
"""In place of a country's code."""

_ALIASES = {"uk": "gb", "tbr21": GENERIC}
"""Codes that people write and ISO 3166 does not have: UK is reserved for the United Kingdom."""

_HERE = Path(__file__).parent


class UnknownCountry(HardwareError, ValueError):
    """No data for this country; the text lists those we have."""


def codes() -> list[str]:
    """The countries with complete data, sorted."""
    return list(_codes_in(_HERE))


def country(code: str) -> Country:
    """All of a country; the code's case does not matter, "uk" is "gb".

    Raises UnknownCountry with the codes that are complete.
    """
    wanted = _canonical(code)
    if wanted not in codes():
        partial = wanted in _codes_in(_HERE / "partial")
        why = ": its tones are not known here" if partial else ""
        raise UnknownCountry(f"country {code!r}{why}; allowed: {', '.join(codes())}")
    found = import_module(f"drivers.countries.{_module(wanted)}").COUNTRY
    assert isinstance(found, Country)
    return found


def line_settings(code: str) -> LineSettings:
    """What the line chips need of a country, of one without tones too.

    Raises UnknownCountry with all codes.
    """
    wanted = _canonical(code)
    partial = _codes_in(_HERE / "partial")
    if wanted not in partial:
        if wanted not in codes():
            allowed = ", ".join(sorted([*partial, *codes()]))
            raise UnknownCountry(f"country {code!r}; allowed: {allowed}")
        return country(wanted)
    found = import_module(f"drivers.countries.partial.{_module(wanted)}").LINES
    assert isinstance(found, LineSettings)
    return found


def _canonical(code: str) -> str:
    small = code.strip().lower()
    return _ALIASES.get(small, small)


def _module(code: str) -> str:
    return f"{code}_" if iskeyword(code) else code


@cache  # a country is asked for once for each person, and the program's files stay as they are
def _codes_in(folder: Path) -> tuple[str, ...]:
    """Two letters and perhaps an underscore are a country; base and families are not."""
    names = {path.name.split(".")[0].rstrip("_") for path in folder.glob("*.py*")}
    return tuple(sorted(name for name in names if len(name) == 2 or name == GENERIC))
