"""What is kept of the words of a model of speech: no loops, no music, no other language."""

import re

_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|[♪♫♩♬*#_]+")
"""What a model writes of sounds that are no words: "[Music]", "(applause)"."""
_WORD = re.compile(r"[a-z']+|\d")
LOOP = 3
"""Times that some words follow themselves and are a loop; a single one LOOP_OF_ONE times."""
LOOP_OF_ONE = 5
LONGEST_LOOP = 12
"""Words."""


def cleaned(text: str) -> str:
    """The text without asides, and cut off where the model began to turn in a circle."""
    plain = " ".join(_ASIDE.sub(" ", text).split())
    words = plain.split(" ")
    end = _loop_begins([word.lower().strip(".,!?") for word in words])
    kept = " ".join(words[:end])
    return kept if _WORD.search(kept.lower()) else ""


def _loop_begins(words: list[str]) -> int:
    """Behind how many words nothing new is said; all of them if there is no loop.

    Digits are no loop: numbers have "0 0 0".
    """
    for at in range(len(words)):
        for length in range(1, LONGEST_LOOP + 1):
            times = LOOP_OF_ONE if length == 1 else LOOP
            part = words[at : at + length]
            if at + length * times > len(words) or all(word in DIGITS for word in part):
                continue
            if words[at : at + length * times] == part * times:
                return at + length
    return len(words)


DIGITS = {
    **{str(digit): str(digit) for digit in range(10)},
    **{
        word: str(digit)
        for digit, word in enumerate(
            ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        )
    },
    "oh": "0",
    "o": "0",
    "niner": "9",
}
"""The digit that a word says."""
