"""The words of pages in the reader's language: gettext catalogues in `languages/`.

English is what stands in templates and code; `python -m scripts.languages` takes it from there, out
of `_("…")`, `{% trans %}`, `visit.say("…")`, and `N_("…")` where a text only lies in a table.
"""

from app.core.catalogues import WORDS, catalogue
from app.core.sentences import N_, sentence, translated

__all__ = ["N_", "accepted", "catalogue", "say"]


def accepted(header: str) -> str:
    """The language to speak to somebody who is not known, by Accept-Language [RFC 9110 §12.5.4].

    The first that there are words in; browsers name them in their order. English if there is none.
    """
    for wanted in header.split(",")[:20]:
        language = wanted.strip()[:2].lower()
        if language == "en" or (language.isascii() and (WORDS / f"{language}.mo").is_file()):
            return language
    return "en"


def say(language: str, text: str, **values: object) -> str:
    """A sentence in a language, with values at its %(name)s: sentences and errors in it, too."""
    return translated(sentence(text, **values), catalogue(language).gettext)
