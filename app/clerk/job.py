"""How one job of the clerk travels: arguments and result become JSON and come back checked."""

import inspect
import logging
import typing
from collections.abc import Callable
from typing import Any

from app.core.records import BadRecord, Reader, reader_of, to_json
from app.phone.jobs import JobFailed

log = logging.getLogger(__name__)


class NotReady(Exception):
    """A job cannot be answered yet: ask again, with the same arguments, when work has been done."""


class Job:
    """How one job's arguments and result travel."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        hints = typing.get_type_hints(function)
        self.name = name
        self.parameters = [p for p in inspect.signature(function).parameters if p != "self"]
        self._defaults = {
            p.name: p.default
            for p in inspect.signature(function).parameters.values()
            if p.default is not inspect.Parameter.empty
        }
        self._readers: dict[str, Reader] = {p: reader_of(hints[p]) for p in self.parameters}
        self._octets = {p for p in self.parameters if hints[p] is bytes}
        self.takes_octets = bool(self._octets)
        """Whether one of them is sound, which lies beside the JSON."""
        self._result = reader_of(hints["return"])
        self._gives_octets = hints["return"] is bytes

    def arguments(self, *values: Any, **named: Any) -> dict[str, Any]:
        """Arguments by name, as JSON values; octets stay octets."""
        given = dict(zip(self.parameters, values, strict=False))
        if len(given) < len(self.parameters):
            given = self._defaults | given | named
        return {k: v if k in self._octets else to_json(v) for k, v in given.items()}

    def call(self, api: object, arguments: dict[str, Any]) -> Any:
        """Check the arguments and do the job; the result as JSON values or octets.

        Raises NotReady, and JobFailed for everything that goes wrong, after logging it.
        """
        try:
            if arguments.keys() != self._readers.keys():
                raise BadRecord(f"{sorted(arguments)} given, {self.parameters} wanted")
            read = {
                k: v if k in self._octets else self._readers[k](v, k) for k, v in arguments.items()
            }
        except BadRecord as problem:
            raise JobFailed(f"{self.name}: {problem}") from problem
        try:
            result = getattr(api, self.name)(**read)
        except (JobFailed, NotReady):
            raise
        except Exception as problem:  # whatever it is, the call must go on
            log.exception("job %s failed", self.name)
            raise JobFailed(f"{self.name}: {problem}") from problem
        return result if self._gives_octets else to_json(result)

    def result(self, answer: Any) -> Any:
        """Check what came back. Raises JobFailed if it is of another type."""
        try:
            if self._gives_octets:
                if not isinstance(answer, bytes):
                    raise BadRecord("octets expected")
                return answer
            return self._result(answer, "result")
        except BadRecord as problem:
            raise JobFailed(f"{self.name}: {problem}") from problem
