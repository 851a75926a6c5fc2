"""Sentences: English as they are, and in another language where somebody looks them up."""

import pickle

from app.core.sentences import sentence, translated
from app.operations.errors import NotFound, OperationError

GERMAN = {"there is no alias %(name)s": "es gibt keinen Alias %(name)s", "or none": "oder keiner"}


def german(text: str) -> str:
    return GERMAN.get(text, text)


def test_sentence_is_its_english_text() -> None:
    said = sentence("there is no alias %(name)s", name="sales")
    assert said == "there is no alias sales" and f"{said}." == "there is no alias sales."


def test_sentence_is_said_in_another_language_with_its_values() -> None:
    said = sentence("there is no alias %(name)s", name=sentence("or none"))
    assert translated(said, german) == "es gibt keinen Alias oder keiner"


def test_error_among_the_values_is_said_in_the_other_language_too() -> None:
    problem = NotFound("name", "there is no alias %(name)s", name="sales")
    said = sentence("it stays as it is: %(why)s", why=problem)
    assert said == "it stays as it is: there is no alias sales"
    assert translated(said, german) == "it stays as it is: es gibt keinen Alias sales"


def test_percent_sign_stands_for_itself_where_no_values_are() -> None:
    assert (
        sentence("100 % is all") == translated(sentence("100 % is all"), german) == "100 % is all"
    )


def test_error_of_another_process_can_still_be_translated() -> None:
    problem = NotFound("name", "there is no alias %(name)s", name="50 % off")
    came = pickle.loads(pickle.dumps(problem))
    assert isinstance(came, NotFound) and came.field == "name"
    assert translated(came.text, german) == "es gibt keinen Alias 50 % off"  # type: ignore[arg-type]
    assert str(came) == "there is no alias 50 % off"


def test_text_that_came_from_elsewhere_is_left_as_it_is() -> None:
    assert str(OperationError("", "disk is 100% full: %(what)s")) == "disk is 100% full: %(what)s"
