"""Forms: what was typed, what of it is refused, and how it comes out of a request."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.operations.errors import OperationError

MOST_FIELDS = 2000
"""Fields of one form."""
URLENCODED = "application/x-www-form-urlencoded"

Typed = ImmutableMultiDict[str, str]
"""The fields of a form as they were typed; `getlist` for those that come several times."""


class Form:
    """What a template shows in a form: values, and beside each what is wrong with it."""

    def __init__(
        self, values: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None
    ) -> None:
        self._values, self.errors = values or {}, dict(errors or {})

    @classmethod
    def refused(cls, typed: Mapping[str, Any], problem: OperationError) -> "Form":
        """What was typed, with what an operation has refused of it."""
        return cls(typed, {problem.field: problem.text})

    def value(self, name: str, otherwise: object = "") -> Any:
        """The value of a field."""
        found = self._values.get(name)
        return otherwise if found is None else found

    def has(self, name: str, option: object) -> bool:
        """Whether a field has this value, or has it among others."""
        several = getattr(self._values, "getlist", None)
        found = several(name) if several is not None else self._values.get(name)
        if isinstance(found, list | tuple | set | frozenset):
            return option in found
        return found is not None and str(found) == str(option)

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked: browsers leave out what is not."""
        return self._values.get(name) not in (None, False, "", "0", "no")

    def error(self, name: str) -> str:
        """What is wrong with a field; "" if nothing is."""
        return self.errors.get(name, "")


async def typed(request: Request) -> Typed:
    """The fields of a form that was sent. Raises HTTPException 400, 413 and 415."""
    if request.scope["length"]:
        raise HTTPException(413, "The form is longer than any of ours.")
    kind = request.headers.get("content-type", URLENCODED).partition(";")[0].strip().lower()
    if kind != URLENCODED:
        raise HTTPException(415, "This form was not sent as a form.")
    body = (await request.body()).decode("ascii", "replace")
    try:
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise HTTPException(400, "The form has too many fields.") from problem
    return Typed(fields)
