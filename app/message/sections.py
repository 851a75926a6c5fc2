"""A text in sections that are read aloud one after the other, and may be skipped one by one."""

import re
from collections.abc import Iterator

FIRST_MOST, MOST = 160, 360
"""Characters of the first section, which is to be heard soon, and of each further one (20 s)."""
WORD_MOST = 40
"""Characters of a word; what is longer is no word, and nobody wants it spelled."""

_ADDRESS = re.compile(r"<?\b(?:https?://|www\.)([^\s/>?#]{1,80})[^\s>]*>?", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?…:;])\s+|\n+")
_RULED = re.compile(r"[-_=*#~+.]{4,}")


def sections(text: str) -> tuple[str, ...]:
    """The sections of a text, each of whole sentences where these are not too long.

    Of the address of a page only the site is said. Takes time linear in the text.
    """
    found: list[str] = []
    here = ""
    for sentence in _sentences(text):
        most = MOST if found else FIRST_MOST
        if here and len(here) + 1 + len(sentence) > most:
            found.append(here)
            here = sentence
        else:
            here = f"{here} {sentence}" if here else sentence
    return (*found, here) if here else tuple(found)


def _sentences(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.split(_RULED.sub(" ", _ADDRESS.sub(r"\1", text))):
        piece = ""
        for word in sentence.split():
            word = word if len(word) <= WORD_MOST else f"{word[:WORD_MOST]}…"
            if piece and len(piece) + 1 + len(word) > FIRST_MOST:
                yield piece
                piece = word
            else:
                piece = f"{piece} {word}" if piece else word
        if any(sign.isalnum() for sign in piece):
            yield piece
