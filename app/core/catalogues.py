"""Texts in other languages: gettext catalogues, compiled by `python -m scripts.languages`.

English is what stands in the code, and what is said where there is no catalogue.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.sentences import Sentence, translated

if TYPE_CHECKING:
    from gettext import NullTranslations

WORDS = Path(__file__).parents[1] / "web" / "languages"
"""Of the pages and the console, and of all sentences of operations that they show."""


@cache
def catalogue(language: str) -> "NullTranslations":
    """The catalogue of a language (ISO 639-1); English says everything as it stands in the code."""
    return load(WORDS, language)


def in_language(language: str, text: str) -> str:
    """A Sentence in this language; any other text as it is."""
    if language == "en" or not isinstance(text, Sentence):
        return text
    return translated(text, catalogue(language).gettext)


def load(folder: Path, language: str) -> "NullTranslations":
    """The catalogue of a language (ISO 639-1); one that says everything in English if none."""
    from gettext import (  # services that translate nothing go without
        GNUTranslations,
        NullTranslations,
    )

    path = folder / f"{language}.mo"
    if language == "en" or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        return GNUTranslations(file)
