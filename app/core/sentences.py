"""English sentences that a page can say in its reader's language.

    raise NotFound("name", sentence("there is no alias %(name)s", name=name))

Commands, logs and mails print them as they are; app/web/rendering.py looks the text before its
values are put in up in the reader's catalogue. `python -m scripts.languages` finds these calls.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


def N_(text: str) -> str:  # gettext's own name for it
    """Marks a text that is translated where it is shown."""
    return text


class Sentence(str):
    """An English sentence which remembers the text and the values that it was made of.

    It does not outlive str(), f-strings or joins: hand on the object itself.
    """

    text: str
    values: Mapping[str, object]

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.text, dict(self.values))


def sentence(text: str, /, **values: object) -> Sentence:
    """A sentence with values at its %(name)s; without values, % stands for itself.

    An error among the values stands for its text.
    """
    said = {
        name: getattr(value, "text", value) if isinstance(value, Exception) else value
        for name, value in values.items()
    }
    return _made(text, said)


def joined(separator: str, parts: Sequence[str]) -> Sentence:
    """Sentences one after the other, of which each is translated by itself."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return _made(separator.join(f"%({name})s" for name in values), values)


def translated(said: Sentence, translate: Callable[[str], str]) -> str:
    """The sentence by another language's words for its text; values may be sentences, too."""
    text = translate(said.text) if said.text else ""  # a catalogue's own header is named ""
    if not said.values:
        return text
    return text % {
        name: translated(value, translate) if isinstance(value, Sentence) else value
        for name, value in said.values.items()
    }


def _made(text: str, values: Mapping[str, object]) -> Sentence:
    made = Sentence(text % values if values else text)
    made.text, made.values = text, values
    return made
