"""Names as they are dialled: the letters on the keys of a telephone [ITU-T E.161 §3].

Accents are left out; Cyrillic letters are those of Russian keypads.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from app.phone.calls.dialplan import Subscriber

_KEYS = {
    "2": "abcабвг",
    "3": "defдежз",
    "4": "ghiийкл",
    "5": "jklмноп",
    "6": "mnoрсту",
    "7": "pqrsфхцч",
    "8": "tuvшщъы",
    "9": "wxyzьэюя",
}
_KEY = {letter: key for key, letters in _KEYS.items() for letter in letters}
_WHOLE = {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "й": "й", "ё": "е"}
"""Letters that lose no accent, or would lose one that makes them another letter."""


def keys_of(name: str) -> tuple[str, ...]:
    """A name as keys, from each of its words to the end: "Li Wu" is 5498, and 98."""
    words = [keys for word in name.split() if (keys := _keys(word))]
    return tuple("".join(words[begin:]) for begin in range(len(words)))


def _keys(word: str) -> str:
    return "".join(_KEY.get(letter, "") for letter in _plain(word.lower()))


def _plain(word: str) -> Iterator[str]:
    for letter in word:
        if letter in _WHOLE:
            yield from _WHOLE[letter]
        else:
            yield from (x for x in unicodedata.normalize("NFKD", letter) if x.isalpha())


def found(dialled: str, people: Iterable[Subscriber]) -> list[Subscriber]:
    """Those with a mailbox of whose names one begins with these keys, by name."""
    fit = (
        person
        for person in people
        if person.mailbox and any(keys.startswith(dialled) for keys in keys_of(person.name))
    )
    return sorted(fit, key=lambda person: person.name)
