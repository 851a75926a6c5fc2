"""The number that somebody says: the second pass hears the digits alone."""

import numpy as np
import pytest

from app.transcript.gate import Floats, Span
from app.transcript.number import digits_in, number_in, pauses

WORD, PAUSE = 2400, 1200
"""Samples of a word and of the pause behind it."""


def said(*words: str) -> tuple[Floats, list[str]]:
    """A sound whose words are stretches of a level of their own."""
    parts = []
    for number, _ in enumerate(words, 1):
        parts += [np.full(WORD, number / 100, np.float32), np.zeros(PAUSE, np.float32)]
    return np.concatenate(parts), [*words]


class Model:
    """Hears whole words; with words around them it makes digits of those, too, if it may."""

    def __init__(self, words: list[str], first_pass: dict[str, str]) -> None:
        self._words, self._first = words, first_pass

    def __call__(self, sound: Floats, digits: bool) -> str:
        there = [round(level * 100) - 1 for level in np.unique(sound) if level > 0]
        words = [self._words[n] for n in there if (sound == np.float32((n + 1) / 100)).sum() > 1200]
        if digits:
            return " ".join(word if word.isdigit() else "9" for word in words)
        if all(word.isdigit() for word in words):
            return " ".join(words)
        return " ".join(self._first.get(word, word) for word in words)


def found(words: str, **misheard: str) -> str:
    sound, spoken = said(*words.split())
    model = Model(spoken, misheard)
    return number_in(sound, [(Span(0, len(sound)), model(sound, False))], model)


def test_words_before_and_behind_a_number_are_cut_off() -> None:
    assert found("call me at 5 5 5 0 1 2 3 thanks bye") == "5550123"


def test_what_the_first_pass_has_misheard_is_heard_again() -> None:
    sound, words = said(*["call", "5", "5", "5", "0", "1", "2", "3"])
    model = Model(words, {})
    first = "call 5 5 5 0 1 2 2"
    assert number_in(sound, [(Span(0, len(sound)), first)], model) == "5550123"


@pytest.mark.parametrize("words", ["call me at 5 30", "hello there", "extension 2 0 4 please"])
def test_few_digits_are_no_number(words: str) -> None:
    assert found(words) == ""


def test_more_digits_than_any_number_has_are_none() -> None:
    assert found("it is " + " ".join("1234567890123456")) == ""


def test_a_number_that_goes_on_behind_a_pause_is_one() -> None:
    sound, words = said(*["at", "5", "5", "5", "0", "1", "2", "3", "bye"])
    model, middle = Model(words, {}), 4 * (WORD + PAUSE)
    spans = [Span(0, middle), Span(middle, len(sound))]
    heard = [(span, model(sound[span.start : span.end], False)) for span in spans]
    assert number_in(sound, heard, model) == "5550123"


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("555-0123", "5550123"),
        ("five oh two, double four", "50244"),
        ("triple nine niner", "9999"),
        ("one of them", "1"),
    ],
)
def test_digits_in_words(text: str, digits: str) -> None:
    assert "".join(digits_in(text)) == digits


def test_pauses_are_found_between_words() -> None:
    sound, _ = said("a", "b", "c")
    assert pauses(np.concatenate((sound, sound[:WORD]))) == pytest.approx(
        [WORD + PAUSE // 2, 2 * WORD + PAUSE * 3 // 2, 3 * WORD + PAUSE * 5 // 2], abs=200
    )
