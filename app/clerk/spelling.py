"""Texts said with the recordings of a sound pack, when no synthesizer can say them."""

import unicodedata
from collections.abc import Callable, Iterator

from app.phone.sound.prompts import WORDS, Names

_PROMPT_SAYING = {said.strip(".").lower(): name for name, said in WORDS.items()}


def recorded(text: str, has: Callable[[str], bool]) -> Names:
    """Prompts that say this text: the whole of it, else word by word, else sign by sign.

    `has` tells whether there is a recording of a prompt. What no prompt says is left out.
    """
    return tuple(_names(text, has))


def _names(text: str, has: Callable[[str], bool]) -> Iterator[str]:
    whole = _prompt(text, has)
    if whole is not None:
        yield whole
        return
    for word in text.split():
        name = _prompt(word, has)
        yield from (name,) if name is not None else _spelled(word, has)


def _prompt(text: str, has: Callable[[str], bool]) -> str | None:
    name = _PROMPT_SAYING.get(text.strip(" .,").lower())
    return name if name is not None and has(name) else None


def _spelled(word: str, has: Callable[[str], bool]) -> Iterator[str]:
    for sign in unicodedata.normalize("NFKD", word).lower():
        if sign.isdecimal():
            yield from filter(has, (f"digits/{unicodedata.decimal(sign)}",))
        elif sign.isalpha():
            yield from filter(has, (f"letters/{sign}",))
