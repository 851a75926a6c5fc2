"""A telephone number that somebody says in a message: heard twice, and offered as possible.

The model writes words before a number into it, and the number into them. So where the first pass
has found digits, the stretch that holds nothing else is looked for, between two pauses, and heard
again by a model that may write digits only.
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from app.transcript.gate import Floats, Span
from app.transcript.wording import DIGITS
from drivers.sampling import SAMPLE_RATE

LEAST = 5
"""Digits of a telephone number at least; fewer are a time, a price or an extension."""
MOST = 15
"""[ITU-T E.164, 6.2.1]"""
WINDOW = SAMPLE_RATE // 50
"""Samples in which loudness is measured, to find pauses: 20 ms."""
PAUSE = 4
"""Windows of a pause at least."""
QUIET = 0.1
"""Part of the speech's loudness that a pause has at most."""
TRIED = 12
"""Pauses that are tried as the number's beginning, or its end."""
_TIMES = {"double": 2, "triple": 3}
_WORD = re.compile(r"[a-z']+|\d+")

Hear = Callable[[Floats, bool], str]
"""Gives the words of a piece of sound; with True as digits alone."""


class _Word(NamedTuple):
    """A word of the first pass."""

    piece: int
    digits: str
    """"" for a word that is none."""


def digits_in(text: str) -> list[str]:
    """The digits that each word of a text says; "" for a word that says none."""
    said, times = list[str](), 1
    for word in _WORD.findall(text.lower()):
        if word in _TIMES:
            times = _TIMES[word]
            continue
        said.append((word if word.isdigit() else DIGITS.get(word, "")) * times)
        times = 1
    return said


def number_in(sound: Floats, said: Sequence[tuple[Span, str]], hear: Hear) -> str:
    """The longest number of the pieces of a sound, as digits; "" if there is none.

    `said` has the words that were heard in each piece.
    """
    words = [
        _Word(piece, digits) for piece, (_, text) in enumerate(said) for digits in digits_in(text)
    ]
    runs = [list(run) for is_digit, run in groupby(words, lambda w: bool(w.digits)) if is_digit]
    longest = max(runs, key=lambda run: len(_digits(run)), default=[])
    if len(_digits(longest)) < LEAST:
        return ""
    number = ""
    for piece in dict.fromkeys(word.piece for word in longest):
        span = said[piece][0]
        expected = _digits([word for word in longest if word.piece == piece])
        number += _heard_again(sound[span.start : span.end], expected, hear)
    return number if LEAST <= len(number) <= MOST else ""


def _digits(words: Sequence[_Word]) -> str:
    return "".join(word.digits for word in words)


def _heard_again(sound: Floats, expected: str, hear: Hear) -> str:
    """The digits of a piece by the second pass, if they are as many as the first has found.

    More or fewer are of a model that has lost its thread.
    """
    cuts = pauses(sound)
    for start in [0, *cuts][:TRIED]:
        words = digits_in(hear(sound[start:], False))
        if not words or not words[0]:
            continue
        for end in [len(sound), *(cut for cut in reversed(cuts) if cut > start)][:TRIED]:
            words = digits_in(hear(sound[start:end], False))
            if words and all(words):
                again = "".join(digits_in(hear(sound[start:end], True)))
                return again if len(again) == len(expected) else expected
            if not any(words):
                break
        return expected
    return expected


def pauses(sound: Floats) -> list[int]:
    """The middles of the pauses in a piece of sound, in samples."""
    count = len(sound) // WINDOW
    loud = np.sqrt((sound[: count * WINDOW].reshape(count, WINDOW) ** 2).mean(axis=1))
    level = float(np.quantile(loud, 0.8)) if count else 0.0
    quiet = (loud <= QUIET * level).tolist()
    found, at = list[int](), 0
    for is_quiet, run in groupby(quiet):
        length = len(list(run))
        if is_quiet and length >= PAUSE and at > 0 and at + length < count:
            found.append((at + length // 2) * WINDOW)
        at += length
    return found
