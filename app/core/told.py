"""Sentences as records have them, so that another process can say them in another language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Union

from app.core.records import BadRecord, from_json
from app.core.sentences import Sentence, sentence


@dataclass(frozen=True)
class Told:
    """A sentence for app/core/records.py: its text, and what is put in at its %(name)s."""

    text: str
    values: Mapping[str, Union[str, int, float, "Told"]] = field(default_factory=dict)

    @property
    def sentence(self) -> Sentence:
        """The sentence again."""
        values = {
            name: value.sentence if isinstance(value, Told) else value
            for name, value in self.values.items()
        }
        return sentence(self.text, **values)


def told(text: str) -> Told:
    """Any text, or a Sentence with all that it was made of."""
    if not isinstance(text, Sentence):
        return Told(text)
    return Told(text.text, {name: _kept(value) for name, value in text.values.items()})


def heard(record: object, text: str) -> str:
    """The sentence that a record of another process holds; the plain text if it holds none."""
    try:
        return from_json(Told, record, "told").sentence
    except BadRecord:
        return text


def _kept(value: object) -> str | int | float | Told:
    if isinstance(value, Sentence):
        return told(value)
    return value if isinstance(value, str | int | float) else str(value)
