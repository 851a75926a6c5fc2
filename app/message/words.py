"""What the box writes to people by mail, in their language: gettext catalogues in `languages/`.

They are apart from those of the pages, which are twenty times as large: services that write mails
need these alone.
"""

import textwrap
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from app.core.catalogues import load
from app.core.sentences import Sentence, sentence, translated

WIDTH = 72
"""Characters of a line of text."""
FOLDER = Path(__file__).parent / "languages"


@cache
def catalogue(language: str) -> NullTranslations:
    """The catalogue of a language (ISO 639-1)."""
    return load(FOLDER, language)


def say(language: str, text: str, **values: object) -> str:
    """A sentence in a language, with values at its %(name)s."""
    return said(language, sentence(text, **values))


def said(language: str, what: Sentence) -> str:
    """A sentence that stands somewhere else, in a language."""
    return translated(what, catalogue(language).gettext)


def wrapped(paragraph: str, indent: str = "") -> list[str]:
    """A paragraph in lines, each behind the indent."""
    return textwrap.wrap(paragraph, WIDTH, initial_indent=indent, subsequent_indent=indent)
