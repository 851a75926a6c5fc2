"""Texts in other languages: gettext catalogues, compiled by `python -m scripts.languages`.

English is what stands in the code, and what is said where there is no catalogue.
"""

from gettext import GNUTranslations, NullTranslations
from pathlib import Path


def load(folder: Path, language: str) -> NullTranslations:
    """The catalogue of a language (ISO 639-1); one that says everything in English if none."""
    path = folder / f"{language}.mo"
    if language == "en" or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)
