"""What an operation refuses. A door shows the text; a form puts it beside the field it names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core.errors import SwitchhookError
from app.core.sentences import Sentence, sentence
from app.inbox.errors import InboxError, Invalid


class OperationError(SwitchhookError):
    """An operation is refused; nothing was changed.

    `field` is the argument that is wrong ("mailbox"), the setting's name, or "" if it is none of
    them; the text, with values at its %(name)s, says what is wrong and what would do.
    """

    def __init__(self, field: str, text: str, **values: object) -> None:
        super().__init__(text if isinstance(text, Sentence) else sentence(text, **values))
        self.field = field

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.field, self.text)  # as it comes from a process of its own


class NotAllowed(OperationError):
    """The actor has no right to do this."""


class NotFound(OperationError):
    """The person, message, alias or queued mail named is not there."""


@contextmanager
def field_of_errors(field: str) -> Iterator[None]:
    """What the inbox refuses inside concerns this field, unless its error names one itself.

    Raises OperationError.
    """
    try:
        yield
    except Invalid as problem:
        raise OperationError(problem.field or field, problem.text) from problem
    except InboxError as problem:
        raise OperationError(field, problem.text) from problem
