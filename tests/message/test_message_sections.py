"""Texts in sections that are read aloud, and the language that they are read in."""

import time

import pytest

from app.message.language_of import language_of
from app.message.sections import FIRST_MOST, MOST, WORD_MOST, sections


def test_sections_are_of_whole_sentences_and_the_first_is_short() -> None:
    text = " ".join(f"This is sentence number {n}, which says a little." for n in range(30))
    found = sections(text)
    assert " ".join(found) == text
    assert len(found[0]) <= FIRST_MOST and all(len(one) <= MOST for one in found)
    assert all(one.endswith(".") for one in found)
    assert len(found) <= 2 * len(text) / MOST + 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ()),
        ("\n \n====\n----\n", ()),
        ("Hello", ("Hello",)),
        ("See https://www.example.org/a/b?c=d#e for more.", ("See www.example.org for more.",)),
        ("See <http://example.org>.", ("See example.org.",)),
        ("One\n\ntwo", ("One two",)),
        ("a ********** b", ("a b",)),
        ("x" * 500, ("x" * WORD_MOST + "…",)),
    ],
)
def test_what_is_said_of_odd_texts(text: str, said: tuple[str, ...]) -> None:
    assert sections(text) == said


def test_long_sentence_is_cut_between_words() -> None:
    found = sections("word " * 400)
    assert all(len(one) <= MOST for one in found)
    assert " ".join(found).split() == ["word"] * 400


@pytest.mark.parametrize("evil", ["<http://" * 40_000, ". " * 150_000, "-" * 300_000])
def test_hostile_text_takes_linear_time_to_cut(evil: str) -> None:
    began = time.process_time()
    sections(evil)
    language_of(evil)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Could you please send me the report that we talked about on Monday? Thank you."),
        ("de", "Könnten Sie mir bitte den Bericht schicken, über den wir am Montag gesprochen und"
               " den Sie nicht gefunden haben? Das ist die Sache mit dem Dach."),
        ("es", "¿Puede enviarme el informe del que hablamos el lunes? Es urgente para la obra."),
        ("fr", "Pourriez-vous m'envoyer le rapport dont nous avons parlé lundi ? C'est pour la"
               " réunion avec les clients et je vous en remercie."),
        ("it", "Può inviarmi la relazione di cui abbiamo parlato? Non è urgente, ma mi serve per"
               " la riunione con i clienti che si tiene il giorno dopo."),
        ("ru", "Пришлите, пожалуйста, отчёт, о котором мы говорили в понедельник, и не забудьте,"
               " что это для встречи с клиентами на неделе."),
        (None, "OK"),
        (None, "Kunnen we dat morgen bespreken? Bedankt alvast voor jouw antwoord, groetjes Piet"),
        (None, "12345 67890"),
        (None, ""),
    ],
)  # fmt: skip
def test_language_is_told_by_its_commonest_words(language: str | None, text: str) -> None:
    assert language_of(text) == language
