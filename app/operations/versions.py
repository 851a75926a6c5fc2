"""Noticing that something was changed by somebody else since it was shown.

A door shows a thing with its version, and gives that back with the change. Where the thing is
another one by then, the change is refused and nothing is saved: who is asked again sees both.
"""

import hashlib
from typing import Any

from app.operations.errors import OperationError

VERSION_DIGITS = 16
"""Hexadecimal digits; two versions of one thing that are alike by chance do not happen."""


class ChangedMeanwhile(OperationError):
    """Somebody else has changed it since it was shown; `now` is what it is by now."""

    def __init__(self, text: str, now: Any) -> None:
        super().__init__("", text)
        self.now = now

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.text, self.now)


def version_of(value: Any) -> str:
    """The version of a value that prints all it is made of; None is nothing yet."""
    return hashlib.sha256(repr(value).encode()).hexdigest()[:VERSION_DIGITS]
