"""Sentences: English as they are, and in another language where somebody looks them up."""

import pickle

from app.core.records import from_json, to_json
from app.core.sentences import joined, sentence, translated
from app.core.told import Told, told
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


def test_sentence_of_a_task_can_still_be_translated_after_its_record() -> None:
    said = sentence("it stays as it is: %(why)s", why=sentence("or none"))
    came = from_json(Told, to_json(told(said))).sentence
    assert came == said and translated(came, german) == "it stays as it is: oder keiner"


def test_sentences_one_after_the_other_are_each_translated() -> None:
    said = joined("; ", [sentence("or none"), "100 %", sentence("or none")])
    assert said == "or none; 100 %; or none"
    assert translated(said, german) == "oder keiner; 100 %; oder keiner"
    assert translated(joined("; ", []), german) == ""


def test_text_that_came_from_elsewhere_is_left_as_it_is() -> None:
    assert str(OperationError("", "disk is 100% full: %(what)s")) == "disk is 100% full: %(what)s"
